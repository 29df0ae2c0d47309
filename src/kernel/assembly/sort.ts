// Sorting by normalised keys. A key is a string of bytes whose order as bytes is the order of the rows:
//
//     │ u32 size │ per sort key: NULL flag, then the value (bytes inverted when descending) │ zeros up to `size` │
//
// `size` is a multiple of 8 and at least 16. No key's bytes are the beginning of another's, so the padding never decides.
// An entry stands for a row in a sort: the key's prefix, the key's address, the row (16 bytes). The prefix is bits 7 to 70 of the key
// as a big-endian number: the first byte is a NULL flag, 0 or 1, so that a whole 8-byte value but for one bit fits.

import { bitIsSet } from "./bits";

const dayMicros: i64 = 86400000000;

export function sortKeyAddLength(lengths: usize, count: i32, bytes: u32): void {
  for (let i = 0; i < count; i++) {
    const at = lengths + (<usize>i << 2);
    store<u32>(at, load<u32>(at) + bytes);
  }
}

// @ts-ignore: decorator
@inline
function bytesOfView(view: usize): usize {
  return load<u32>(view) <= 12 ? view + 4 : <usize>load<u32>(view, 12);
}

/** Adds what sortKeyString will write: the flag and, unless NULL, the bytes, one more for each zero byte, two for the end. */
export function sortKeyAddString(data: usize, validity: usize, count: i32, lengths: usize): void {
  for (let i = 0; i < count; i++) {
    let bytes: u32 = 1;
    if (validity == 0 || bitIsSet(validity, i)) {
      const view = data + (<usize>i << 4);
      const size = load<u32>(view);
      const from = bytesOfView(view);
      bytes += size + 2;
      for (let at: u32 = 0; at < size; at++) bytes += <u32>(load<u8>(from + at) == 0);
    }
    const at = lengths + (<usize>i << 2);
    store<u32>(at, load<u32>(at) + bytes);
  }
}

// @ts-ignore: decorator
@inline
function paddedSize(length: u32): u32 {
  return max<u32>(16, (length + 7) & ~7);
}

/** Bytes for all keys of these lengths. */
export function sortKeyBytes(lengths: usize, count: i32): u32 {
  let total: u32 = 0;
  for (let i = 0; i < count; i++) total += 4 + paddedSize(load<u32>(lengths + (<usize>i << 2)));
  return total;
}

/** Lays keys out from `heap`: writes sizes and zeros the ends; `keys` receives the addresses, `cursors` where to write first. */
export function placeSortKeys(lengths: usize, count: i32, heap: usize, keys: usize, cursors: usize): void {
  for (let i = 0; i < count; i++) {
    const size = paddedSize(load<u32>(lengths + (<usize>i << 2)));
    store<u32>(heap, size);
    store<u64>(heap + 4 + size - 16, 0);
    store<u64>(heap + 4 + size - 8, 0);
    store<u32>(keys + (<usize>i << 2), <u32>heap);
    store<u32>(cursors + (<usize>i << 2), <u32>heap + 4);
    heap += 4 + size;
  }
}

// @ts-ignore: decorator
@inline
function isNullRow(validity: usize, i: i32): bool {
  return validity != 0 && !bitIsSet(validity, i);
}

/** Writes flag and zeros for a NULL, else the flag; gives where the value goes, or 0. `flags`: low byte for NULL, next for a value. */
// @ts-ignore: decorator
@inline
function begin(validity: usize, i: i32, cursors: usize, bytes: u32, flags: u32): usize {
  const at = <usize>load<u32>(cursors + (<usize>i << 2));
  store<u32>(cursors + (<usize>i << 2), <u32>at + 1 + bytes);
  if (isNullRow(validity, i)) {
    store<u8>(at, <u8>flags);
    memory.fill(at + 1, 0, bytes);
    return 0;
  }
  store<u8>(at, <u8>(flags >> 8));
  return at + 1;
}

/** `flip`: 1 for signed numbers, whose sign bit is turned; `invert`: 1 = descending. */
export function sortKey1(data: usize, validity: usize, count: i32, cursors: usize, flags: u32, flip: u32, invert: u32): void {
  const mask = <u8>((flip << 7) ^ (invert ? 0xff : 0));
  for (let i = 0; i < count; i++) {
    const to = begin(validity, i, cursors, 1, flags);
    if (to != 0) store<u8>(to, load<u8>(data + <usize>i) ^ mask);
  }
}

export function sortKey2(data: usize, validity: usize, count: i32, cursors: usize, flags: u32, flip: u32, invert: u32): void {
  const mask = <u16>((flip << 15) ^ (invert ? 0xffff : 0));
  for (let i = 0; i < count; i++) {
    const to = begin(validity, i, cursors, 2, flags);
    if (to != 0) store<u16>(to, bswap<u16>(load<u16>(data + (<usize>i << 1)) ^ mask));
  }
}

export function sortKey4(data: usize, validity: usize, count: i32, cursors: usize, flags: u32, flip: u32, invert: u32): void {
  const mask = (flip << 31) ^ (invert ? 0xffffffff : 0);
  for (let i = 0; i < count; i++) {
    const to = begin(validity, i, cursors, 4, flags);
    if (to != 0) store<u32>(to, bswap<u32>(load<u32>(data + (<usize>i << 2)) ^ mask));
  }
}

export function sortKey8(data: usize, validity: usize, count: i32, cursors: usize, flags: u32, flip: u32, invert: u32): void {
  const mask = (<u64>flip << 63) ^ (invert ? u64.MAX_VALUE : 0);
  for (let i = 0; i < count; i++) {
    const to = begin(validity, i, cursors, 8, flags);
    if (to != 0) store<u64>(to, bswap<u64>(load<u64>(data + (<usize>i << 3)) ^ mask));
  }
}

export function sortKey16(data: usize, validity: usize, count: i32, cursors: usize, flags: u32, flip: u32, invert: u32): void {
  const low: u64 = invert ? u64.MAX_VALUE : 0;
  const high = (<u64>flip << 63) ^ low;
  for (let i = 0; i < count; i++) {
    const to = begin(validity, i, cursors, 16, flags);
    if (to == 0) continue;
    store<u64>(to, bswap<u64>(load<u64>(data + (<usize>i << 4), 8) ^ high));
    store<u64>(to, bswap<u64>(load<u64>(data + (<usize>i << 4)) ^ low), 8);
  }
}

/** -0 is 0, and NaN, whatever its bits, comes after infinity. */
export function sortKeyFloat4(data: usize, validity: usize, count: i32, cursors: usize, flags: u32, _flip: u32, invert: u32): void {
  for (let i = 0; i < count; i++) {
    const to = begin(validity, i, cursors, 4, flags);
    if (to == 0) continue;
    const value = load<f32>(data + (<usize>i << 2));
    let bits = value != value ? 0x7fc00000 : value == 0 ? 0 : reinterpret<u32>(value);
    bits ^= bits >> 31 ? 0xffffffff : 0x80000000;
    store<u32>(to, bswap<u32>(invert ? ~bits : bits));
  }
}

export function sortKeyFloat8(data: usize, validity: usize, count: i32, cursors: usize, flags: u32, _flip: u32, invert: u32): void {
  for (let i = 0; i < count; i++) {
    const to = begin(validity, i, cursors, 8, flags);
    if (to == 0) continue;
    const value = load<f64>(data + (<usize>i << 3));
    let bits: u64 = value != value ? 0x7ff8000000000000 : value == 0 ? 0 : reinterpret<u64>(value);
    bits ^= bits >> 63 ? u64.MAX_VALUE : 0x8000000000000000;
    store<u64>(to, bswap<u64>(invert ? ~bits : bits));
  }
}

/** By length, a month being 30 days: whole days, then the microseconds left. */
export function sortKeyInterval(data: usize, validity: usize, count: i32, cursors: usize, flags: u32, _flip: u32, invert: u32): void {
  const mask: u64 = invert ? u64.MAX_VALUE : 0;
  for (let i = 0; i < count; i++) {
    const to = begin(validity, i, cursors, 16, flags);
    if (to == 0) continue;
    const from = data + (<usize>i << 4);
    const micros = load<i64>(from, 8);
    let rest = micros % dayMicros;
    let days = <i64>load<i32>(from) * 30 + <i64>load<i32>(from, 4) + micros / dayMicros;
    if (rest < 0) {
      rest += dayMicros;
      days--;
    }
    store<u64>(to, bswap<u64>(<u64>days ^ 0x8000000000000000 ^ mask));
    store<u64>(to, bswap<u64>(<u64>rest ^ mask), 8);
  }
}

/** The bytes, a zero byte as 0 255, and 0 0 at the end: shorter strings come first, and no string begins another. */
export function sortKeyString(data: usize, validity: usize, count: i32, cursors: usize, flags: u32, _flip: u32, invert: u32): void {
  const mask: u8 = invert ? 0xff : 0;
  for (let i = 0; i < count; i++) {
    let to = begin(validity, i, cursors, 0, flags);
    if (to == 0) continue;
    const view = data + (<usize>i << 4);
    const size = load<u32>(view);
    const from = bytesOfView(view);
    for (let at: u32 = 0; at < size; at++) {
      const byte = load<u8>(from + at);
      store<u8>(to++, byte ^ mask);
      if (byte == 0) store<u8>(to++, 0xff ^ mask);
    }
    store<u8>(to++, mask);
    store<u8>(to++, mask);
    store<u32>(cursors + (<usize>i << 2), <u32>to);
  }
}

// @ts-ignore: decorator
@inline
function prefixOf(key: usize): u64 {
  return (bswap<u64>(load<u64>(key, 4)) << 7) | <u64>(load<u8>(key, 12) >> 1);
}

/** Entries of keys at `keys` (u32s); row i has the number at `rows` + 4 i, or i when `rows` is 0. */
export function makeSortEntries(keys: usize, count: i32, rows: usize, entries: usize): void {
  for (let i = 0; i < count; i++) {
    const key = load<u32>(keys + (<usize>i << 2));
    const entry = entries + (<usize>i << 4);
    store<u64>(entry, prefixOf(<usize>key));
    store<u32>(entry, key, 8);
    store<u32>(entry, rows == 0 ? <u32>i : load<u32>(rows + (<usize>i << 2)), 12);
  }
}

/** Sets the rows of entries. */
export function setEntryRows(entries: usize, count: i32, rows: usize): void {
  for (let i = 0; i < count; i++) store<u32>(entries + (<usize>i << 4), load<u32>(rows + (<usize>i << 2)), 12);
}

export function entryRows(entries: usize, count: i32, rows: usize): void {
  for (let i = 0; i < count; i++) store<u32>(rows + (<usize>i << 2), load<u32>(entries + (<usize>i << 4), 12));
}

/** String views of the entries' keys, sizes included. */
export function entryKeyViews(entries: usize, count: i32, views: usize): void {
  for (let i = 0; i < count; i++) {
    const key = load<u32>(entries + (<usize>i << 4), 8);
    const size = load<u32>(key);
    const view = views + (<usize>i << 4);
    store<u32>(view, size + 4);
    store<u32>(view, size, 4);
    store<u32>(view, 0, 8);
    store<u32>(view, key, 12);
  }
}

/** The reverse: entries of key views, row i being i. */
export function entriesOfKeyViews(views: usize, count: i32, entries: usize): void {
  for (let i = 0; i < count; i++) {
    const key = load<u32>(views + (<usize>i << 4), 12);
    const entry = entries + (<usize>i << 4);
    store<u64>(entry, prefixOf(<usize>key));
    store<u32>(entry, key, 8);
    store<u32>(entry, <u32>i, 12);
  }
}

/** Compares keys of equal prefix. */
function compareRest(left: usize, right: usize): i32 {
  const end = min(load<u32>(left), load<u32>(right));
  for (let at: u32 = 8; at < end; at += 8) {
    const a = load<u64>(left + at, 4);
    const b = load<u64>(right + at, 4);
    if (a != b) return bswap<u64>(a) < bswap<u64>(b) ? -1 : 1;
  }
  return 0;
}

/** -1, 0 or 1 by the keys of two entries. */
// @ts-ignore: decorator
@inline
export function compareSortEntries(left: usize, right: usize): i32 {
  const a = load<u64>(left);
  const b = load<u64>(right);
  if (a != b) return a < b ? -1 : 1;
  return compareRest(<usize>load<u32>(left, 8), <usize>load<u32>(right, 8));
}

// @ts-ignore: decorator
@inline
function moveEntry(from: usize, to: usize): void {
  v128.store(to, v128.load(from));
}

/** Insertion sort in runs of 16, then merges between the two areas; the result is in `entries`. Stable. */
function mergeSort(entries: usize, count: u32, temporary: usize): void {
  for (let first: u32 = 0; first < count; first += 16) {
    const end = min(first + 16, count);
    for (let i = first + 1; i < end; i++) {
      const moved = v128.load(entries + (<usize>i << 4));
      v128.store(temporary, moved);
      let at = i;
      while (at > first && compareSortEntries(temporary, entries + (<usize>(at - 1) << 4)) < 0) {
        moveEntry(entries + (<usize>(at - 1) << 4), entries + (<usize>at << 4));
        at--;
      }
      v128.store(entries + (<usize>at << 4), moved);
    }
  }
  let from = entries;
  let to = temporary;
  for (let width: u32 = 16; width < count; width <<= 1) {
    for (let first: u32 = 0; first < count; first += width << 1) {
      const middle = min(first + width, count);
      const end = min(middle + width, count);
      mergeAdjacent(from, first, middle, end, to);
    }
    const swap = from;
    from = to;
    to = swap;
  }
  if (from != entries) memory.copy(entries, from, <usize>count << 4);
}

// @ts-ignore: decorator
@inline
function mergeAdjacent(from: usize, first: u32, middle: u32, end: u32, to: usize): void {
  let left = from + (<usize>first << 4);
  let right = from + (<usize>middle << 4);
  const leftEnd = right;
  const rightEnd = from + (<usize>end << 4);
  let out = to + (<usize>first << 4);
  while (left < leftEnd && right < rightEnd) {
    if (compareSortEntries(right, left) < 0) {
      moveEntry(right, out);
      right += 16;
    } else {
      moveEntry(left, out);
      left += 16;
    }
    out += 16;
  }
  memory.copy(out, left, leftEnd - left);
  memory.copy(out + (leftEnd - left), right, rightEnd - right);
}

/**
 * Sorts entries, stably. Many are first sorted by their prefix, byte by byte from the last (bytes that are the same in all
 * are skipped), then those of equal prefix by the whole key if any is `wide`, longer than that. `temporary`: as large as the entries, and at least 16 bytes.
 * `histograms`: 8 KiB.
 */
export function sortEntries(entries: usize, count: u32, wide: bool, temporary: usize, histograms: usize): void {
  if (count < 512) {
    mergeSort(entries, count, temporary);
    return;
  }
  radixSort(entries, count, temporary, histograms);
  if (!wide) return;
  let first: u32 = 0;
  while (first < count) {
    const prefix = load<u64>(entries + (<usize>first << 4));
    let end = first + 1;
    while (end < count && load<u64>(entries + (<usize>end << 4)) == prefix) end++;
    if (end - first > 1) mergeSort(entries + (<usize>first << 4), end - first, temporary);
    first = end;
  }
}

function radixSort(entries: usize, count: u32, temporary: usize, histograms: usize): void {
  memory.fill(histograms, 0, 8 * 1024);
  for (let i: u32 = 0; i < count; i++) {
    const prefix = load<u64>(entries + (<usize>i << 4));
    for (let byte: u32 = 0; byte < 8; byte++) {
      const at = histograms + (<usize>byte << 10) + (<usize>((prefix >> <u64>(byte << 3)) & 0xff) << 2);
      store<u32>(at, load<u32>(at) + 1);
    }
  }
  let from = entries;
  let to = temporary;
  for (let byte: u32 = 0; byte < 8; byte++) {
    const histogram = histograms + (<usize>byte << 10);
    const shift = <u64>(byte << 3);
    const sample = <usize>((load<u64>(from) >> shift) & 0xff);
    if (load<u32>(histogram + (sample << 2)) == count) continue;
    let start: u32 = 0;
    for (let value: usize = 0; value < 256; value++) {
      const size = load<u32>(histogram + (value << 2));
      store<u32>(histogram + (value << 2), start);
      start += size;
    }
    for (let i: u32 = 0; i < count; i++) {
      const entry = from + (<usize>i << 4);
      const at = histogram + (<usize>((load<u64>(entry) >> shift) & 0xff) << 2);
      const place = load<u32>(at);
      store<u32>(at, place + 1);
      moveEntry(entry, to + (<usize>place << 4));
    }
    const swap = from;
    from = to;
    to = swap;
  }
  if (from != entries) memory.copy(entries, from, <usize>count << 4);
}

/** Keeps the entries before `limit`, an entry, in their order: moves them to the front of `entries` and gives their number. */
export function entriesBefore(entries: usize, count: i32, limit: usize): i32 {
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const entry = entries + (<usize>i << 4);
    if (compareSortEntries(entry, limit) >= 0) continue;
    moveEntry(entry, entries + (<usize>kept << 4));
    kept++;
  }
  return kept;
}

/** Bytes of the entries' keys. */
export function entryKeyBytes(entries: usize, count: i32): u32 {
  let total: u32 = 0;
  for (let i = 0; i < count; i++) total += 4 + load<u32>(<usize>load<u32>(entries + (<usize>i << 4), 8));
  return total;
}

/** Copies the entries' keys to `heap` and points the entries there. */
export function moveEntryKeys(entries: usize, count: i32, heap: usize): void {
  for (let i = 0; i < count; i++) {
    const entry = entries + (<usize>i << 4);
    const key = <usize>load<u32>(entry, 8);
    const size = 4 + load<u32>(key);
    memory.copy(heap, key, <usize>size);
    store<u32>(entry, <u32>heap, 8);
    heap += <usize>size;
  }
}
