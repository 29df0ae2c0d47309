import { isNullAt } from "./bits";

// What a stage tells of a key column to the scans that start after it. A summary is four words (rows that are not NULL, least and
// greatest value, count of distinct values or -1 for too many), then those values; a Bloom filter is words of 64 bits, of which
// a key's hash chooses one by its high half and four bits in it by its low half.

const multiplier: u64 = 0x9e3779b97f4a7c15;

/** `slots`: a power of two of u16s, cleared, each the place of a value from 1; at most half of them are ever taken. */
// @ts-ignore: decorator
@inline
function summarize<T>(data: usize, validity: usize, count: u32, summary: usize, slots: usize, slotMask: u32, capacity: u32): void {
  let rows = load<u64>(summary);
  let least = load<i64>(summary, 8);
  let greatest = load<i64>(summary, 16);
  let distinct = load<i64>(summary, 24);
  const values = summary + 32;
  for (let i: u32 = 0; i < count; i++) {
    if (isNullAt(validity, i)) continue;
    const value = <i64>load<T>(data + <usize>i * sizeof<T>());
    rows++;
    least = min(least, value);
    greatest = max(greatest, value);
    if (distinct < 0) continue;
    let slot = <u32>((<u64>value * multiplier) >> 40) & slotMask;
    let place = <u32>load<u16>(slots + (<usize>slot << 1));
    while (place != 0 && load<i64>(values + (<usize>(place - 1) << 3)) != value) {
      slot = (slot + 1) & slotMask;
      place = <u32>load<u16>(slots + (<usize>slot << 1));
    }
    if (place != 0) continue;
    if (distinct == <i64>capacity) {
      distinct = -1;
      continue;
    }
    store<i64>(values + (<usize>distinct << 3), value);
    distinct++;
    store<u16>(slots + (<usize>slot << 1), <u16>distinct);
  }
  store<u64>(summary, rows);
  store<i64>(summary, least, 8);
  store<i64>(summary, greatest, 16);
  store<i64>(summary, distinct, 24);
}

export function summarize4(data: usize, validity: usize, count: u32, summary: usize, slots: usize, slotMask: u32, capacity: u32): void {
  summarize<i32>(data, validity, count, summary, slots, slotMask, capacity);
}

export function summarize8(data: usize, validity: usize, count: u32, summary: usize, slots: usize, slotMask: u32, capacity: u32): void {
  summarize<i64>(data, validity, count, summary, slots, slotMask, capacity);
}

/** Counts the rows that are not NULL, for keys without an order that counts. */
export function summarizeRows(validity: usize, count: u32, summary: usize): void {
  let rows = load<u64>(summary);
  for (let i: u32 = 0; i < count; i++) if (!isNullAt(validity, i)) rows++;
  store<u64>(summary, rows);
}

// @ts-ignore: decorator
@inline
function bloomBits(hash: u64): u64 {
  return (<u64>1 << (hash & 63)) | (<u64>1 << ((hash >> 6) & 63)) | (<u64>1 << ((hash >> 12) & 63)) | (<u64>1 << ((hash >> 18) & 63));
}

export function bloomInsert(bloom: usize, mask: u32, hashes: usize, validity: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    if (isNullAt(validity, i)) continue;
    const hash = load<u64>(hashes + (<usize>i << 3));
    const word = bloom + (<usize>(<u32>(hash >> 32) & mask) << 3);
    store<u64>(word, load<u64>(word) | bloomBits(hash));
  }
}

/** Rows (`positions`, 0 = all) whose key may be in the filter; NULL is in none. Gives their number. */
export function bloomSelect(bloom: usize, mask: u32, hashes: usize, validity: usize, positions: usize, count: u32, out: usize): u32 {
  let found: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const position = positions == 0 ? i : load<u32>(positions + (<usize>i << 2));
    const hash = load<u64>(hashes + (<usize>position << 3));
    const bits = bloomBits(hash);
    const word = load<u64>(bloom + (<usize>(<u32>(hash >> 32) & mask) << 3));
    store<u32>(out + (<usize>found << 2), position);
    found += <u32>((word & bits) == bits && !isNullAt(validity, position));
  }
  return found;
}

/** target |= source, word by word. */
export function mergeWords(target: usize, source: usize, count: u32): void {
  for (let i: usize = 0; i < count; i++) store<u64>(target + (i << 3), load<u64>(target + (i << 3)) | load<u64>(source + (i << 3)));
}
