/** 1 when the product of two int64 is no int64. */
export function numberMultiplyOverflows(left: i64, right: i64): i32 {
  if (left == 0 || right == 0) return 0;
  if ((left == -1 && right == i64.MIN_VALUE) || (right == -1 && left == i64.MIN_VALUE)) return 1;
  const product = left * right;
  return product / right != left ? 1 : 0;
}

/** 1 when the product of two uint64 is no uint64. */
export function numberMultiplyOverflowsUnsigned(left: u64, right: u64): i32 {
  return right != 0 && left > u64.MAX_VALUE / right ? 1 : 0;
}

/** Whether an int64 is among `count` sorted ones. */
export function numberIsAmong(value: i64, sorted: usize, count: i32): i32 {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const candidate = load<i64>(sorted + (<usize>middle << 3));
    if (candidate == value) return 1;
    if (candidate < value) low = middle + 1;
    else high = middle;
  }
  return 0;
}
