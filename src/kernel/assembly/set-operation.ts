// Counting whole rows: each distinct row has an i64 counter at `offset` in its row of a table.

export function countSetRows(rows: usize, count: u32, offset: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const counter = <usize>load<u32>(rows + (<usize>i << 2)) + offset;
    store<i64>(counter, load<i64>(counter) + 1);
  }
}

/** Adds `counts` (i64s) to the rows' counters. */
export function addSetCounts(rows: usize, count: u32, offset: u32, counts: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const counter = <usize>load<u32>(rows + (<usize>i << 2)) + offset;
    store<i64>(counter, load<i64>(counter) + load<i64>(counts + (<usize>i << 3)));
  }
}

/**
 * Which rows of the left side come out, their counters being the right side's rows so far unused: writes their numbers to `out`, gives
 * how many. Operation: 0 INTERSECT ALL, 1 INTERSECT, 2 EXCEPT ALL, 3 EXCEPT.
 */
export function selectSetRows(operation: u32, rows: usize, count: u32, offset: u32, out: usize): u32 {
  let found: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const counter = <usize>load<u32>(rows + (<usize>i << 2)) + offset;
    const left = load<i64>(counter);
    store<u32>(out + (<usize>found << 2), i);
    if (operation < 2) {
      found += left > 0 ? 1 : 0;
      // One use of a row of the right side; without ALL it is used up by the first.
      if (left > 0) store<i64>(counter, operation == 0 ? left - 1 : 0);
    } else {
      found += left == 0 ? 1 : 0;
      // With ALL a row of the right side takes one away; without, the first is remembered and takes all others.
      if (operation == 2 && left > 0) store<i64>(counter, left - 1);
      if (operation == 3 && left == 0) store<i64>(counter, 1);
    }
  }
  return found;
}
