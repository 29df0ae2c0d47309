// What DuckDB's vectors need on their way into a batch. A vector holds at most 2,048 values.

/** Appends `count` bits to a bitmap that has `targetBit` bits; touches up to 8 bytes past the end. */
export function appendBits(target: usize, targetBit: i32, source: usize, count: i32): void {
  let word = target + ((<usize>targetBit >> 6) << 3);
  const shift = <u64>(targetBit & 63);
  let pending: u64 = shift == 0 ? 0 : load<u64>(word) & ((<u64>1 << shift) - 1);
  for (let done = 0; done < count; done += 64) {
    let bits = load<u64>(source);
    const rest = count - done;
    if (rest < 64) bits &= (<u64>1 << <u64>rest) - 1;
    store<u64>(word, pending | (bits << shift));
    pending = shift == 0 ? 0 : bits >> (64 - shift);
    source += 8;
    word += 8;
  }
  store<u64>(word, pending);
}

/** Appends `count` set bits to a bitmap that has `targetBit` bits; touches up to 8 bytes past the end. */
export function appendOnes(target: usize, targetBit: i32, count: i32): void {
  let word = target + ((<usize>targetBit >> 6) << 3);
  const shift = <u64>(targetBit & 63);
  let pending: u64 = shift == 0 ? 0 : load<u64>(word) & ((<u64>1 << shift) - 1);
  for (let done = 0; done < count; done += 64) {
    const rest = count - done;
    const bits: u64 = rest < 64 ? (<u64>1 << <u64>rest) - 1 : ~(<u64>0);
    store<u64>(word, pending | (bits << shift));
    pending = shift == 0 ? 0 : bits >> (64 - shift);
    word += 8;
  }
  store<u64>(word, pending);
}

/** Bytes between two strings that are copied along rather than starting another span; less than a page, so readable. */
const spanGapMax: u64 = 512;
const spanSize: usize = 16;

/**
 * Finds where the long strings of `count` entries lie: entries are DuckDB's (length u32, 4 bytes, address u64), and
 * each long one becomes (length, 4 bytes, 0, offset in the spans laid end to end). Entries that are NULL (`validity`
 * bitmap, 0 = none) become empty. Writes spans (address u64, byte size u64) to `spans`, room for one per entry.
 * Gives the number of spans; 0 = all strings are inline.
 */
export function collectStringSpans(entries: usize, validity: usize, count: i32, spans: usize): i32 {
  let spanCount = 0;
  let start: u64 = 0;
  let end: u64 = 0;
  // Bytes in the spans before the current one.
  let before: u64 = 0;
  for (let row = 0; row < count; row++) {
    const entry = entries + (<usize>row << 4);
    if (validity != 0 && ((<u32>load<u8>(validity + (<usize>row >> 3)) >> (row & 7)) & 1) == 0) {
      store<u64>(entry, 0);
      store<u64>(entry, 0, 8);
      continue;
    }
    const length = <u64>load<u32>(entry);
    if (length <= 12) continue;
    const address = load<u64>(entry, 8);
    if (spanCount > 0 && address >= start && address <= end + spanGapMax) {
      if (address + length > end) end = address + length;
    } else {
      if (spanCount > 0) {
        before += end - start;
        store<u64>(spans + <usize>(spanCount - 1) * spanSize, end - start, 8);
      }
      start = address;
      end = address + length;
      store<u64>(spans + <usize>spanCount * spanSize, start);
      spanCount++;
    }
    store<u32>(entry, 0, 8);
    store<u32>(entry, <u32>(before + (address - start)), 12);
  }
  if (spanCount > 0) store<u64>(spans + <usize>(spanCount - 1) * spanSize, end - start, 8);
  return spanCount;
}

/** Adds `base` to the address of every long string. */
export function relocateStrings(entries: usize, count: i32, base: u32): void {
  for (let row = 0; row < count; row++) {
    const entry = entries + (<usize>row << 4);
    if (load<u32>(entry) > 12) store<u32>(entry, load<u32>(entry, 12) + base, 12);
  }
}

export function widen16To64(source: usize, target: usize, count: i32): void {
  for (let row = 0; row < count; row++) {
    store<i64>(target + (<usize>row << 3), <i64>load<i16>(source + (<usize>row << 1)));
  }
}

export function widen32To64(source: usize, target: usize, count: i32): void {
  for (let row = 0; row < count; row++) {
    store<i64>(target + (<usize>row << 3), <i64>load<i32>(source + (<usize>row << 2)));
  }
}

export function widen16To128(source: usize, target: usize, count: i32): void {
  for (let row = 0; row < count; row++) {
    const value = <i64>load<i16>(source + (<usize>row << 1));
    store<i64>(target + (<usize>row << 4), value);
    store<i64>(target + (<usize>row << 4), value >> 63, 8);
  }
}

export function widen32To128(source: usize, target: usize, count: i32): void {
  for (let row = 0; row < count; row++) {
    const value = <i64>load<i32>(source + (<usize>row << 2));
    store<i64>(target + (<usize>row << 4), value);
    store<i64>(target + (<usize>row << 4), value >> 63, 8);
  }
}

/** `source` may not overlap `target`. */
export function widen64To128(source: usize, target: usize, count: i32): void {
  for (let row = 0; row < count; row++) {
    const value = load<i64>(source + (<usize>row << 3));
    store<i64>(target + (<usize>row << 4), value);
    store<i64>(target + (<usize>row << 4), value >> 63, 8);
  }
}

/** Gives 1 when a value that is not NULL (`validity` bitmap, 0 = no NULL) does not fit 64 bits, else 0. */
export function narrow128To64(source: usize, target: usize, count: i32, validity: usize): i32 {
  let lost: i32 = 0;
  for (let row = 0; row < count; row++) {
    const low = load<i64>(source + (<usize>row << 4));
    if (load<i64>(source + (<usize>row << 4), 8) != low >> 63) {
      if (validity == 0 || ((<u32>load<u8>(validity + (<usize>row >> 3)) >> (row & 7)) & 1) != 0) lost = 1;
    }
    store<i64>(target + (<usize>row << 3), low);
  }
  return lost;
}
