import { bitIsSet } from "./bits";
import * as equality from "./equality";

// Updates of accumulators that lie in rows at `offset`. Value i of the vector goes to the row whose address is the i-th of `rows`; with
// `rows` = 0 all values go to the row at `single`. `nullMask` ≠ 0: the accumulator is NULL until it gets a value, so clear that flag of
// the byte at `nullOffset`. NULL values are left out.

// @ts-ignore: decorator
@inline
function target(rows: usize, single: usize, index: u32): usize {
  return rows == 0 ? single : <usize>load<u32>(rows + (<usize>index << 2));
}

// @ts-ignore: decorator
@inline
function clearNull(row: usize, nullOffset: u32, nullMask: u32): void {
  if (nullMask != 0) store<u8>(row + nullOffset, <u8>(<u32>load<u8>(row + nullOffset) & ~nullMask));
}

/** Adds 1 for each value that is not NULL. */
export function updateCount(validity: usize, rows: usize, single: usize, count: u32, offset: u32): void {
  if (rows == 0) {
    let total: u64 = count;
    if (validity != 0) {
      total = 0;
      for (let i: u32 = 0; i < count; i++) total += bitIsSet(validity, i) ? 1 : 0;
    }
    store<u64>(single + offset, load<u64>(single + offset) + total);
    return;
  }
  for (let i: u32 = 0; i < count; i++) {
    const at = target(rows, single, i) + offset;
    const one: u64 = validity == 0 || bitIsSet(validity, i) ? 1 : 0;
    store<u64>(at, load<u64>(at) + one);
  }
}

/** Adds integers in 64 bits. Gives 1 when a sum left the range of int64. */
// @ts-ignore: decorator
@inline
function sum64<T>(data: usize, validity: usize, rows: usize, single: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32): u32 {
  let overflow: i64 = 0;
  if (rows == 0) {
    let sum = load<i64>(single + offset);
    let any = false;
    for (let i: u32 = 0; i < count; i++) {
      if (validity != 0 && !bitIsSet(validity, i)) continue;
      const value = <i64>load<T>(data + <usize>i * sizeof<T>());
      const next = sum + value;
      overflow |= (sum ^ next) & (value ^ next);
      sum = next;
      any = true;
    }
    store<i64>(single + offset, sum);
    if (any) clearNull(single, nullOffset, nullMask);
    return overflow < 0 ? 1 : 0;
  }
  for (let i: u32 = 0; i < count; i++) {
    if (validity != 0 && !bitIsSet(validity, i)) continue;
    const row = target(rows, single, i);
    const sum = load<i64>(row + offset);
    const value = <i64>load<T>(data + <usize>i * sizeof<T>());
    const next = sum + value;
    overflow |= (sum ^ next) & (value ^ next);
    store<i64>(row + offset, next);
    clearNull(row, nullOffset, nullMask);
  }
  return overflow < 0 ? 1 : 0;
}

export function sum64_int8(data: usize, validity: usize, rows: usize, single: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32): u32 {
  return sum64<i8>(data, validity, rows, single, count, offset, nullOffset, nullMask);
}

export function sum64_int16(data: usize, validity: usize, rows: usize, single: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32): u32 {
  return sum64<i16>(data, validity, rows, single, count, offset, nullOffset, nullMask);
}

export function sum64_int32(data: usize, validity: usize, rows: usize, single: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32): u32 {
  return sum64<i32>(data, validity, rows, single, count, offset, nullOffset, nullMask);
}

export function sum64_int64(data: usize, validity: usize, rows: usize, single: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32): u32 {
  return sum64<i64>(data, validity, rows, single, count, offset, nullOffset, nullMask);
}

export function sum64_uint8(data: usize, validity: usize, rows: usize, single: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32): u32 {
  return sum64<u8>(data, validity, rows, single, count, offset, nullOffset, nullMask);
}

export function sum64_uint16(data: usize, validity: usize, rows: usize, single: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32): u32 {
  return sum64<u16>(data, validity, rows, single, count, offset, nullOffset, nullMask);
}

export function sum64_uint32(data: usize, validity: usize, rows: usize, single: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32): u32 {
  return sum64<u32>(data, validity, rows, single, count, offset, nullOffset, nullMask);
}

/** 128-bit values that are known to fit 64 bits, as their sums are. */
export function sum64_decimal128(data: usize, validity: usize, rows: usize, single: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32): u32 {
  let overflow: i64 = 0;
  for (let i: u32 = 0; i < count; i++) {
    if (validity != 0 && !bitIsSet(validity, i)) continue;
    const row = target(rows, single, i);
    const sum = load<i64>(row + offset);
    const value = load<i64>(data + (<usize>i << 4));
    const next = sum + value;
    overflow |= (sum ^ next) & (value ^ next);
    store<i64>(row + offset, next);
    clearNull(row, nullOffset, nullMask);
  }
  return overflow < 0 ? 1 : 0;
}

/** Adds 64-bit (signed: extended by sign) or 128-bit integers in 128 bits. Gives 1 when a sum left 128 bits. */
// @ts-ignore: decorator
@inline
function sum128(width: u32, signed: bool, data: usize, validity: usize, rows: usize, single: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32): u32 {
  let overflow: i64 = 0;
  let any = false;
  if (rows == 0) {
    let low = load<u64>(single + offset);
    let high = load<i64>(single + offset, 8);
    for (let i: u32 = 0; i < count; i++) {
      if (validity != 0 && !bitIsSet(validity, i)) continue;
      const at = data + <usize>i * width;
      const valueLow = load<u64>(at);
      const valueHigh: i64 = width == 16 ? load<i64>(at, 8) : signed ? <i64>valueLow >> 63 : 0;
      low += valueLow;
      const next = high + valueHigh + (low < valueLow ? 1 : 0);
      overflow |= (high ^ next) & (valueHigh ^ next);
      high = next;
      any = true;
    }
    store<u64>(single + offset, low);
    store<i64>(single + offset, high, 8);
    if (any) clearNull(single, nullOffset, nullMask);
    return overflow < 0 ? 1 : 0;
  }
  for (let i: u32 = 0; i < count; i++) {
    if (validity != 0 && !bitIsSet(validity, i)) continue;
    const row = target(rows, single, i);
    const at = data + <usize>i * width;
    const valueLow = load<u64>(at);
    const valueHigh: i64 = width == 16 ? load<i64>(at, 8) : signed ? <i64>valueLow >> 63 : 0;
    const low = load<u64>(row + offset) + valueLow;
    const high = load<i64>(row + offset, 8);
    const next = high + valueHigh + (low < valueLow ? 1 : 0);
    overflow |= (high ^ next) & (valueHigh ^ next);
    store<u64>(row + offset, low);
    store<i64>(row + offset, next, 8);
    clearNull(row, nullOffset, nullMask);
  }
  return overflow < 0 ? 1 : 0;
}

export function sum128_signed8(data: usize, validity: usize, rows: usize, single: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32): u32 {
  return sum128(8, true, data, validity, rows, single, count, offset, nullOffset, nullMask);
}

export function sum128_unsigned8(data: usize, validity: usize, rows: usize, single: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32): u32 {
  return sum128(8, false, data, validity, rows, single, count, offset, nullOffset, nullMask);
}

export function sum128_signed16(data: usize, validity: usize, rows: usize, single: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32): u32 {
  return sum128(16, true, data, validity, rows, single, count, offset, nullOffset, nullMask);
}

/** Adds floats in 64 bits. */
// @ts-ignore: decorator
@inline
function sumFloat<T>(data: usize, validity: usize, rows: usize, single: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32): u32 {
  if (rows == 0) {
    let sum = load<f64>(single + offset);
    let any = false;
    for (let i: u32 = 0; i < count; i++) {
      if (validity != 0 && !bitIsSet(validity, i)) continue;
      sum += <f64>load<T>(data + <usize>i * sizeof<T>());
      any = true;
    }
    store<f64>(single + offset, sum);
    if (any) clearNull(single, nullOffset, nullMask);
    return 0;
  }
  for (let i: u32 = 0; i < count; i++) {
    if (validity != 0 && !bitIsSet(validity, i)) continue;
    const row = target(rows, single, i);
    store<f64>(row + offset, load<f64>(row + offset) + <f64>load<T>(data + <usize>i * sizeof<T>()));
    clearNull(row, nullOffset, nullMask);
  }
  return 0;
}

export function sumFloat_float32(data: usize, validity: usize, rows: usize, single: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32): u32 {
  return sumFloat<f32>(data, validity, rows, single, count, offset, nullOffset, nullMask);
}

export function sumFloat_float64(data: usize, validity: usize, rows: usize, single: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32): u32 {
  return sumFloat<f64>(data, validity, rows, single, count, offset, nullOffset, nullMask);
}

// ---- min, max, any_value. The accumulator's NULL flag says whether there is a value yet.

const pickMin: u32 = 0;
const pickMax: u32 = 1;
const pickAny: u32 = 2;

/** NaN is above all other floats. */
// @ts-ignore: decorator
@inline
function isLess<T>(left: T, right: T): bool {
  if (isFloat<T>()) return left < right || (right != right && left == left);
  return left < right;
}

// @ts-ignore: decorator
@inline
function pick<T>(op: u32, data: usize, validity: usize, rows: usize, single: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32): u32 {
  for (let i: u32 = 0; i < count; i++) {
    if (validity != 0 && !bitIsSet(validity, i)) continue;
    const row = target(rows, single, i);
    const value = load<T>(data + <usize>i * sizeof<T>());
    if ((<u32>load<u8>(row + nullOffset) & nullMask) == 0) {
      const held = load<T>(row + offset);
      const better = op == pickMin ? isLess<T>(value, held) : op == pickMax ? isLess<T>(held, value) : false;
      if (better) store<T>(row + offset, value);
      continue;
    }
    store<T>(row + offset, value);
    clearNull(row, nullOffset, nullMask);
  }
  return 0;
}

export function pick_int8(op: u32, data: usize, validity: usize, rows: usize, single: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32): u32 {
  return pick<i8>(op, data, validity, rows, single, count, offset, nullOffset, nullMask);
}

export function pick_uint8(op: u32, data: usize, validity: usize, rows: usize, single: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32): u32 {
  return pick<u8>(op, data, validity, rows, single, count, offset, nullOffset, nullMask);
}

export function pick_int16(op: u32, data: usize, validity: usize, rows: usize, single: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32): u32 {
  return pick<i16>(op, data, validity, rows, single, count, offset, nullOffset, nullMask);
}

export function pick_uint16(op: u32, data: usize, validity: usize, rows: usize, single: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32): u32 {
  return pick<u16>(op, data, validity, rows, single, count, offset, nullOffset, nullMask);
}

export function pick_int32(op: u32, data: usize, validity: usize, rows: usize, single: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32): u32 {
  return pick<i32>(op, data, validity, rows, single, count, offset, nullOffset, nullMask);
}

export function pick_uint32(op: u32, data: usize, validity: usize, rows: usize, single: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32): u32 {
  return pick<u32>(op, data, validity, rows, single, count, offset, nullOffset, nullMask);
}

export function pick_int64(op: u32, data: usize, validity: usize, rows: usize, single: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32): u32 {
  return pick<i64>(op, data, validity, rows, single, count, offset, nullOffset, nullMask);
}

export function pick_uint64(op: u32, data: usize, validity: usize, rows: usize, single: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32): u32 {
  return pick<u64>(op, data, validity, rows, single, count, offset, nullOffset, nullMask);
}

export function pick_float32(op: u32, data: usize, validity: usize, rows: usize, single: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32): u32 {
  return pick<f32>(op, data, validity, rows, single, count, offset, nullOffset, nullMask);
}

export function pick_float64(op: u32, data: usize, validity: usize, rows: usize, single: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32): u32 {
  return pick<f64>(op, data, validity, rows, single, count, offset, nullOffset, nullMask);
}

// @ts-ignore: decorator
@inline
function compare128(left: usize, right: usize): i32 {
  const leftHigh = load<i64>(left, 8);
  const rightHigh = load<i64>(right, 8);
  if (leftHigh != rightHigh) return leftHigh < rightHigh ? -1 : 1;
  const leftLow = load<u64>(left);
  const rightLow = load<u64>(right);
  return leftLow == rightLow ? 0 : leftLow < rightLow ? -1 : 1;
}

// @ts-ignore: decorator
@inline
function pick16(intervals: bool, op: u32, data: usize, validity: usize, rows: usize, single: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32): u32 {
  for (let i: u32 = 0; i < count; i++) {
    if (validity != 0 && !bitIsSet(validity, i)) continue;
    const row = target(rows, single, i);
    const at = data + (<usize>i << 4);
    if ((<u32>load<u8>(row + nullOffset) & nullMask) == 0) {
      if (op == pickAny) continue;
      const order = intervals ? equality.compareIntervals(at, row + offset) : compare128(at, row + offset);
      if (op == pickMin ? order >= 0 : order <= 0) continue;
    }
    v128.store(row + offset, v128.load(at));
    clearNull(row, nullOffset, nullMask);
  }
  return 0;
}

export function pick_decimal128(op: u32, data: usize, validity: usize, rows: usize, single: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32): u32 {
  return pick16(false, op, data, validity, rows, single, count, offset, nullOffset, nullMask);
}

export function pick_interval(op: u32, data: usize, validity: usize, rows: usize, single: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32): u32 {
  return pick16(true, op, data, validity, rows, single, count, offset, nullOffset, nullMask);
}

/**
 * min, max, any_value of strings. A long one that wins still points into the batch and is marked so by a 1 in the view's third word;
 * the rows that hold one go to `pending` (room for count + 1). Gives their number; movePickedStrings settles them.
 */
export function pick_string(op: u32, data: usize, validity: usize, rows: usize, single: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32, pending: usize): u32 {
  let pendingCount: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    if (validity != 0 && !bitIsSet(validity, i)) continue;
    const row = target(rows, single, i);
    const view = data + (<usize>i << 4);
    const held = row + offset;
    const isNull = (<u32>load<u8>(row + nullOffset) & nullMask) != 0;
    if (!isNull) {
      if (op == pickAny) continue;
      const order = equality.compareViews(view, held);
      if (op == pickMin ? order >= 0 : order <= 0) continue;
    }
    const wasPending = !isNull && load<u32>(held) > 12 && load<u32>(held, 8) == 1;
    v128.store(held, v128.load(view));
    clearNull(row, nullOffset, nullMask);
    if (load<u32>(view) <= 12) continue;
    store<u32>(held, 1, 8);
    if (!wasPending) {
      store<u32>(pending + (<usize>pendingCount << 2), <u32>row);
      pendingCount++;
    }
  }
  return pendingCount;
}

/** Bytes of the long strings that the rows' views hold. */
export function pickedStringBytes(pending: usize, count: u32, offset: u32): u32 {
  let total: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const byteSize = load<u32>(<usize>load<u32>(pending + (<usize>i << 2)) + offset);
    if (byteSize > 12) total += byteSize;
  }
  return total;
}

export function movePickedStrings(pending: usize, count: u32, offset: u32, heap: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const held = <usize>load<u32>(pending + (<usize>i << 2)) + offset;
    const byteSize = load<u32>(held);
    if (byteSize <= 12 || load<u32>(held, 8) != 1) continue;
    memory.copy(heap, load<u32>(held, 12), byteSize);
    store<u32>(held, 0, 8);
    store<u32>(held, <u32>heap, 12);
    heap += byteSize;
  }
}

// ---- variance: count (i64), mean and sum of squared distances from it (f64), three accumulators of a row.

export function updateMoments(data: usize, validity: usize, rows: usize, single: usize, count: u32, countOffset: u32, meanOffset: u32, squaresOffset: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    if (validity != 0 && !bitIsSet(validity, i)) continue;
    const row = target(rows, single, i);
    const value = load<f64>(data + (<usize>i << 3));
    const seen = load<i64>(row + countOffset) + 1;
    const mean = load<f64>(row + meanOffset);
    const distance = value - mean;
    const nextMean = mean + distance / <f64>seen;
    store<i64>(row + countOffset, seen);
    store<f64>(row + meanOffset, nextMean);
    store<f64>(row + squaresOffset, load<f64>(row + squaresOffset) + distance * (value - nextMean));
  }
}

export function mergeMoments(counts: usize, means: usize, squares: usize, rows: usize, single: usize, count: u32, countOffset: u32, meanOffset: u32, squaresOffset: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const row = target(rows, single, i);
    const added = load<i64>(counts + (<usize>i << 3));
    if (added == 0) continue;
    const seen = load<i64>(row + countOffset);
    const total = seen + added;
    const mean = load<f64>(row + meanOffset);
    const distance = load<f64>(means + (<usize>i << 3)) - mean;
    const share = <f64>added / <f64>total;
    store<i64>(row + countOffset, total);
    store<f64>(row + meanOffset, seen == 0 ? load<f64>(means + (<usize>i << 3)) : mean + distance * share);
    const own = load<f64>(row + squaresOffset) + load<f64>(squares + (<usize>i << 3));
    store<f64>(row + squaresOffset, seen == 0 ? own : own + distance * distance * <f64>seen * share);
  }
}

/** Variances of dense vectors: divisor count, or with `sample` count - 1; NULL (in `validity`, all set before) where it is not above 0. */
export function finishVariance(counts: usize, squares: usize, count: u32, sample: bool, root: bool, out: usize, validity: usize): u32 {
  let nulls: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const divisor = load<i64>(counts + (<usize>i << 3)) - (sample ? 1 : 0);
    if (divisor <= 0) {
      store<f64>(out + (<usize>i << 3), 0);
      const at = validity + (i >> 3);
      store<u8>(at, <u8>(<u32>load<u8>(at) & ~(1 << (i & 7))));
      nulls++;
      continue;
    }
    const variance = load<f64>(squares + (<usize>i << 3)) / <f64>divisor;
    store<f64>(out + (<usize>i << 3), root ? sqrt(variance) : variance);
  }
  return nulls;
}

/** Quotients of float sums; where a count is 0 the sum is NULL and the quotient means nothing. */
export function finishAverageFloat(sums: usize, counts: usize, count: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const at = <usize>i << 3;
    store<f64>(out + at, load<f64>(sums + at) / <f64>load<i64>(counts + at));
  }
}
