// From batches to Arrow's wire form. Bitmaps: bit i of byte i >> 3; 0 in place of an address = no NULL.

// @ts-ignore: decorator
@inline
function isValid(validity: usize, row: i32): bool {
  return validity == 0 || ((<u32>load<u8>(validity + (<usize>row >> 3)) >> (row & 7)) & 1) != 0;
}

/**
 * Copies the views of rows `indices` (0 = rows 0 to count - 1) to `out`, and the bytes of long ones, one after another,
 * to `heap`; the views then say heap + `shift`. NULLs become empty views. Gives the bytes written to the heap.
 */
export function appendViews(data: usize, validity: usize, indices: usize, count: i32, out: usize, heap: usize, shift: u32): u32 {
  let next = heap;
  for (let i = 0; i < count; i++) {
    const row = indices == 0 ? i : load<i32>(indices + (<usize>i << 2));
    const target = out + (<usize>i << 4);
    if (!isValid(validity, row)) {
      store<u64>(target, 0);
      store<u64>(target, 0, 8);
      continue;
    }
    const source = data + (<usize>row << 4);
    store<u64>(target, load<u64>(source));
    const length = load<u32>(source);
    if (length <= 12) {
      store<u64>(target, load<u64>(source, 8), 8);
      continue;
    }
    memory.copy(next, <usize>load<u32>(source, 12), <usize>length);
    store<u32>(target, 0, 8);
    store<u32>(target, <u32>next + shift, 12);
    next += <usize>length;
  }
  return <u32>(next - heap);
}

/** Writes the end offset of each string after `start` to offsets[1 …] and 0 to offsets[0]; gives the total. NULLs are empty. */
export function viewOffsets(views: usize, validity: usize, count: i32, offsets: usize): u32 {
  let total: u32 = 0;
  store<u32>(offsets, 0);
  for (let row = 0; row < count; row++) {
    if (isValid(validity, row)) total += load<u32>(views + (<usize>row << 4));
    store<u32>(offsets + (<usize>row << 2), total, 4);
  }
  return total;
}

/** Lays the strings' bytes end to end, as `offsets` (from viewOffsets) says. `target` has 16 bytes to spare at its end. */
export function viewBytes(views: usize, count: i32, offsets: usize, target: usize): void {
  for (let row = 0; row < count; row++) {
    const start = load<u32>(offsets + (<usize>row << 2));
    const length = load<u32>(offsets + (<usize>row << 2), 4) - start;
    const view = views + (<usize>row << 4);
    const to = target + <usize>start;
    if (length <= 12) {
      // Bytes past the end are overwritten by the next string.
      store<u64>(to, load<u64>(view, 4));
      store<u32>(to, load<u32>(view, 12), 8);
    } else {
      memory.copy(to, <usize>load<u32>(view, 12), <usize>length);
    }
  }
}

/** Bytes 0 or 1 to bits; whole 8-byte words of `bits` are written, unused bits zero. */
export function packBits(bytes: usize, count: i32, bits: usize): void {
  for (let row = 0; row < count; row += 64) {
    let word: u64 = 0;
    const rest = min(64, count - row);
    for (let bit = 0; bit < rest; bit++) {
      word |= <u64>(load<u8>(bytes + <usize>(row + bit)) & 1) << <u64>bit;
    }
    store<u64>(bits + (<usize>row >> 3), word);
  }
}

/** Bits to bytes 0 or 1. */
export function unpackBits(bits: usize, count: i32, bytes: usize): void {
  for (let row = 0; row < count; row++) {
    store<u8>(bytes + <usize>row, <u8>((<u32>load<u8>(bits + (<usize>row >> 3)) >> (row & 7)) & 1));
  }
}

/** Number of rows that are NULL. */
export function countNulls(validity: usize, count: i32): i32 {
  let valid: i32 = 0;
  for (let row = 0; row < count; row += 64) {
    let word = load<u64>(validity + (<usize>row >> 3));
    if (count - row < 64) word &= (<u64>1 << <u64>(count - row)) - 1;
    valid += <i32>popcnt(word);
  }
  return count - valid;
}

/** Microseconds of intervals to Arrow's nanoseconds, into `target`. Gives 1 when a value that is not NULL does not fit. */
export function intervalsToNanos(source: usize, validity: usize, count: i32, target: usize): i32 {
  const most: i64 = i64.MAX_VALUE / 1000;
  let lost: i32 = 0;
  for (let row = 0; row < count; row++) {
    const from = source + (<usize>row << 4);
    const to = target + (<usize>row << 4);
    const micros = load<i64>(from, 8);
    if ((micros > most || micros < -most) && isValid(validity, row)) lost = 1;
    store<u64>(to, load<u64>(from));
    store<i64>(to, micros * 1000, 8);
  }
  return lost;
}
