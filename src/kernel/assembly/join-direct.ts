// A join's table for whole-number keys that lie close together: instead of slots an array of row addresses (u32, 0 = none), by the
// key less the least one, with a 0 behind the last. Chains are those of join.ts, and hold one key only: nothing is left to compare.

// @ts-ignore: decorator
@inline
function keyAt<T>(at: usize): i64 {
  return <i64>load<T>(at);
}

// @ts-ignore: decorator
@inline
function range<T>(rows: usize, count: u32, offset: u32, flagOffset: u32, skip: u32, out: usize): void {
  let least = load<i64>(out);
  let greatest = load<i64>(out, 8);
  for (let i: u32 = 0; i < count; i++) {
    const row = <usize>load<u32>(rows + (<usize>i << 2));
    if (skip != 0 && (<u32>load<u8>(row + flagOffset) & skip) != 0) continue;
    const key = keyAt<T>(row + offset);
    if (key < least) least = key;
    if (key > greatest) greatest = key;
  }
  store<i64>(out, least);
  store<i64>(out, greatest, 8);
}

/** Widens the range (least and greatest key, i64s at `out`) to the keys of these rows, except those with a bit of `skip` in the byte at `flagOffset`. */
export function joinKeyRange4(rows: usize, count: u32, offset: u32, flagOffset: u32, skip: u32, out: usize): void {
  range<i32>(rows, count, offset, flagOffset, skip, out);
}

export function joinKeyRange8(rows: usize, count: u32, offset: u32, flagOffset: u32, skip: u32, out: usize): void {
  range<i64>(rows, count, offset, flagOffset, skip, out);
}

// @ts-ignore: decorator
@inline
function insert<T>(array: usize, least: i64, rows: usize, count: u32, offset: u32, flagOffset: u32, skip: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const row = <usize>load<u32>(rows + (<usize>i << 2));
    if (skip != 0 && (<u32>load<u8>(row + flagOffset) & skip) != 0) continue;
    const at = array + (<usize>(keyAt<T>(row + offset) - least) << 2);
    store<u32>(row, load<u32>(at));
    store<u32>(at, <u32>row);
  }
}

/** Puts rows, whose keys are all in the range, into the array. */
export function joinInsertDirect4(array: usize, least: i64, rows: usize, count: u32, offset: u32, flagOffset: u32, skip: u32): void {
  insert<i32>(array, least, rows, count, offset, flagOffset, skip);
}

export function joinInsertDirect8(array: usize, least: i64, rows: usize, count: u32, offset: u32, flagOffset: u32, skip: u32): void {
  insert<i64>(array, least, rows, count, offset, flagOffset, skip);
}

// @ts-ignore: decorator
@inline
function probe<T>(array: usize, least: i64, span: u32, keys: usize, positions: usize, count: u32, outPositions: usize, outRows: usize): u32 {
  let found: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const position = positions == 0 ? i : load<u32>(positions + (<usize>i << 2));
    // Keys below the least become huge, and all outside the range the 0 behind the last: no branch to predict.
    const key = <u64>(keyAt<T>(keys + <usize>position * sizeof<T>()) - least);
    const place = select<u32>(<u32>key, span, key < <u64>span);
    const row = load<u32>(array + (<usize>place << 2));
    store<u32>(outPositions + (<usize>found << 2), position);
    store<u32>(outRows + (<usize>found << 2), row);
    found += row != 0 ? 1 : 0;
  }
  return found;
}

/** Finds the chain of each probe row, as joinProbe does. `span`: how many keys the array has room for. */
export function joinProbeDirect4(array: usize, least: i64, span: u32, keys: usize, positions: usize, count: u32, outPositions: usize, outRows: usize): u32 {
  return probe<i32>(array, least, span, keys, positions, count, outPositions, outRows);
}

export function joinProbeDirect8(array: usize, least: i64, span: u32, keys: usize, positions: usize, count: u32, outPositions: usize, outRows: usize): u32 {
  return probe<i64>(array, least, span, keys, positions, count, outPositions, outRows);
}
