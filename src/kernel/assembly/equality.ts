// How two values of a type are found equal, by the addresses of their fixed-width entries. `kind` is a constant at each call,
// so that after inlining only one branch is left. The numbers are those of equalityKindOf in row-layout.ts.

export const kindWord1: u32 = 0;
export const kindWord2: u32 = 1;
export const kindWord4: u32 = 2;
export const kindWord8: u32 = 3;
export const kindWord16: u32 = 4;
export const kindFloat4: u32 = 5;
export const kindFloat8: u32 = 6;
export const kindString: u32 = 7;
export const kindInterval: u32 = 8;

const dayMicros: i64 = 86400000000;

/** log2 of the entry's width. */
// @ts-ignore: decorator
@inline
export function shiftOf(kind: u32): u32 {
  return kind <= kindWord16 ? kind : kind == kindFloat4 ? 2 : kind == kindFloat8 ? 3 : 4;
}

/** Whether the bytes of two strings of this length (over 12) are equal. */
export function longBytesEqual(left: usize, right: usize, byteSize: u32): bool {
  let offset: u32 = 0;
  for (; offset + 8 <= byteSize; offset += 8) {
    if (load<u64>(left + offset) != load<u64>(right + offset)) return false;
  }
  return load<u64>(left + byteSize - 8) == load<u64>(right + byteSize - 8);
}

// @ts-ignore: decorator
@inline
function stringsEqual(left: usize, right: usize): bool {
  if (load<u64>(left) != load<u64>(right)) return false;
  const byteSize = load<u32>(left);
  if (byteSize <= 12) return load<u64>(left, 8) == load<u64>(right, 8);
  return longBytesEqual(load<u32>(left, 12), load<u32>(right, 12), byteSize);
}

/** Whole days and the microseconds left of an interval, a month being 30 days. */
// @ts-ignore: decorator
@inline
function intervalDays(at: usize): i64 {
  const micros = load<i64>(at, 8);
  const days = micros / dayMicros - (micros % dayMicros < 0 ? 1 : 0);
  return <i64>load<i32>(at) * 30 + <i64>load<i32>(at, 4) + days;
}

// @ts-ignore: decorator
@inline
function intervalRest(at: usize): i64 {
  const rest = load<i64>(at, 8) % dayMicros;
  return rest < 0 ? rest + dayMicros : rest;
}

/** -1, 0 or 1: intervals by their length. */
// @ts-ignore: decorator
@inline
export function compareIntervals(left: usize, right: usize): i32 {
  const leftDays = intervalDays(left);
  const rightDays = intervalDays(right);
  if (leftDays != rightDays) return leftDays < rightDays ? -1 : 1;
  const leftRest = intervalRest(left);
  const rightRest = intervalRest(right);
  return leftRest == rightRest ? 0 : leftRest < rightRest ? -1 : 1;
}

// @ts-ignore: decorator
@inline
export function entriesEqual(kind: u32, left: usize, right: usize): bool {
  if (kind == kindWord1) return load<u8>(left) == load<u8>(right);
  if (kind == kindWord2) return load<u16>(left) == load<u16>(right);
  if (kind == kindWord4) return load<u32>(left) == load<u32>(right);
  if (kind == kindWord8) return load<u64>(left) == load<u64>(right);
  if (kind == kindWord16) return load<u64>(left) == load<u64>(right) && load<u64>(left, 8) == load<u64>(right, 8);
  if (kind == kindFloat4) {
    const a = load<f32>(left);
    const b = load<f32>(right);
    return a == b || (a != a && b != b);
  }
  if (kind == kindFloat8) {
    const a = load<f64>(left);
    const b = load<f64>(right);
    return a == b || (a != a && b != b);
  }
  if (kind == kindString) return stringsEqual(left, right);
  return compareIntervals(left, right) == 0;
}

/** Strings by their bytes; -1, 0 or 1. */
export function compareViews(left: usize, right: usize): i32 {
  const leftSize = load<u32>(left);
  const rightSize = load<u32>(right);
  const size = min(leftSize, rightSize);
  // Both forms of a view hold the first four bytes at the same place, padded with zeros.
  const leftPrefix = bswap<u32>(load<u32>(left, 4));
  const rightPrefix = bswap<u32>(load<u32>(right, 4));
  if (leftPrefix != rightPrefix) return leftPrefix < rightPrefix ? -1 : 1;
  const leftBytes = leftSize <= 12 ? left + 4 : <usize>load<u32>(left, 12);
  const rightBytes = rightSize <= 12 ? right + 4 : <usize>load<u32>(right, 12);
  let offset: u32 = 4;
  for (; offset + 8 <= size; offset += 8) {
    const a = load<u64>(leftBytes + offset);
    const b = load<u64>(rightBytes + offset);
    if (a != b) return bswap<u64>(a) < bswap<u64>(b) ? -1 : 1;
  }
  for (; offset < size; offset++) {
    const a = load<u8>(leftBytes + offset);
    const b = load<u8>(rightBytes + offset);
    if (a != b) return a < b ? -1 : 1;
  }
  return leftSize == rightSize ? 0 : leftSize < rightSize ? -1 : 1;
}
