// Aggregates over window frames. A frame is the rows from frameStarts[i] to frameEnds[i]; where rows are taken out of it, `headEnds`,
// `tailStarts` and `middle` (see excludeRows) say which, else they are 0. Exact sums are differences of running sums; the others go on
// from the frame before where that begins at the same row, and else ask a tree over the rows: no frame is summed row by row unless it
// is short.

import { bitIsSet, noRow } from "./bits";
import * as equality from "./equality";

/** Frames up to this many rows are read row by row. */
const shortFrame: u32 = 24;

// @ts-ignore: decorator
@inline
function word(list: usize, index: u32): u32 {
  return load<u32>(list + (<usize>index << 2));
}

// ---- exact sums: 8, 16 or 24 bytes for each running sum, modulo 2^64, 2^128 or 2^192, so that their differences are exact

// @ts-ignore: decorator
@inline
function runningSums64<T>(data: usize, included: usize, count: u32, out: usize): void {
  let sum: i64 = 0;
  for (let i: u32 = 0; i < count; i++) {
    store<i64>(out + (<usize>i << 3), sum);
    if (included == 0 || bitIsSet(included, i)) sum += <i64>load<T>(data + <usize>i * sizeof<T>());
  }
  store<i64>(out + (<usize>count << 3), sum);
}

export function runningSums_int8(data: usize, included: usize, count: u32, out: usize): void {
  runningSums64<i8>(data, included, count, out);
}

export function runningSums_int16(data: usize, included: usize, count: u32, out: usize): void {
  runningSums64<i16>(data, included, count, out);
}

export function runningSums_int32(data: usize, included: usize, count: u32, out: usize): void {
  runningSums64<i32>(data, included, count, out);
}

export function runningSums_uint8(data: usize, included: usize, count: u32, out: usize): void {
  runningSums64<u8>(data, included, count, out);
}

export function runningSums_uint16(data: usize, included: usize, count: u32, out: usize): void {
  runningSums64<u16>(data, included, count, out);
}

export function runningSums_uint32(data: usize, included: usize, count: u32, out: usize): void {
  runningSums64<u32>(data, included, count, out);
}

/** Sums of 8-byte integers in 16 bytes. */
export function runningSums128(signed: u32, data: usize, included: usize, count: u32, out: usize): void {
  let low: u64 = 0;
  let high: u64 = 0;
  for (let i: u32 = 0; i < count; i++) {
    store<u64>(out + (<usize>i << 4), low);
    store<u64>(out + (<usize>i << 4), high, 8);
    if (included != 0 && !bitIsSet(included, i)) continue;
    const value = load<u64>(data + (<usize>i << 3));
    low += value;
    high += (signed != 0 ? <u64>(<i64>value >> 63) : 0) + (low < value ? 1 : 0);
  }
  store<u64>(out + (<usize>count << 4), low);
  store<u64>(out + (<usize>count << 4), high, 8);
}

/** Sums of 16-byte integers in 24 bytes. */
export function runningSums192(data: usize, included: usize, count: u32, out: usize): void {
  let low: u64 = 0;
  let high: u64 = 0;
  let top: u64 = 0;
  for (let i: u32 = 0; i <= count; i++) {
    const at = out + <usize>i * 24;
    store<u64>(at, low);
    store<u64>(at, high, 8);
    store<u64>(at, top, 16);
    if (i == count || (included != 0 && !bitIsSet(included, i))) continue;
    const valueLow = load<u64>(data + (<usize>i << 4));
    const valueHigh = load<u64>(data + (<usize>i << 4), 8);
    low += valueLow;
    const carry: u64 = low < valueLow ? 1 : 0;
    const next = high + valueHigh;
    let carryHigh: u64 = next < high ? 1 : 0;
    high = next + carry;
    if (high < next) carryHigh += 1;
    top += <u64>(<i64>valueHigh >> 63) + carryHigh;
  }
}

let sumLow: u64 = 0;
let sumHigh: u64 = 0;
let sumTop: u64 = 0;

// @ts-ignore: decorator
@inline
function addDifference128(sums: usize, from: u32, to: u32): void {
  const a = sums + (<usize>from << 4);
  const b = sums + (<usize>to << 4);
  const low = load<u64>(b) - load<u64>(a);
  const high = load<u64>(b, 8) - load<u64>(a, 8) - (load<u64>(b) < load<u64>(a) ? 1 : 0);
  sumLow += low;
  sumHigh += high + (sumLow < low ? 1 : 0);
}

// @ts-ignore: decorator
@inline
function addDifference192(sums: usize, from: u32, to: u32): void {
  const a = sums + <usize>from * 24;
  const b = sums + <usize>to * 24;
  const low = load<u64>(b) - load<u64>(a);
  const borrow: u64 = load<u64>(b) < load<u64>(a) ? 1 : 0;
  const bHigh = load<u64>(b, 8);
  const aHigh = load<u64>(a, 8);
  const high = bHigh - aHigh - borrow;
  const borrowHigh: u64 = bHigh < aHigh || (bHigh == aHigh && borrow != 0) ? 1 : 0;
  const top = load<u64>(b, 16) - load<u64>(a, 16) - borrowHigh;
  sumLow += low;
  const carry: u64 = sumLow < low ? 1 : 0;
  const next = sumHigh + high;
  let carryHigh: u64 = next < high ? 1 : 0;
  sumHigh = next + carry;
  if (sumHigh < next) carryHigh += 1;
  sumTop += top + carryHigh;
}

export function frameSums64(sums: usize, frameStarts: usize, frameEnds: usize, headEnds: usize, tailStarts: usize, middle: usize, count: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    let sum = load<i64>(sums + (<usize>word(frameEnds, i) << 3)) - load<i64>(sums + (<usize>word(frameStarts, i) << 3));
    if (headEnds != 0) {
      sum -= load<i64>(sums + (<usize>word(tailStarts, i) << 3)) - load<i64>(sums + (<usize>word(headEnds, i) << 3));
      if (load<u8>(middle + i) != 0) sum += load<i64>(sums + (<usize>(i + 1) << 3)) - load<i64>(sums + (<usize>i << 3));
    }
    store<i64>(out + (<usize>i << 3), sum);
  }
}

export function frameSums128(sums: usize, frameStarts: usize, frameEnds: usize, headEnds: usize, tailStarts: usize, middle: usize, count: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    sumLow = 0;
    sumHigh = 0;
    addDifference128(sums, word(frameStarts, i), headEnds == 0 ? word(frameEnds, i) : word(headEnds, i));
    if (headEnds != 0) {
      if (load<u8>(middle + i) != 0) addDifference128(sums, i, i + 1);
      addDifference128(sums, word(tailStarts, i), word(frameEnds, i));
    }
    store<u64>(out + (<usize>i << 4), sumLow);
    store<u64>(out + (<usize>i << 4), sumHigh, 8);
  }
}

/** Gives 1 when a sum leaves 128 bits. */
export function frameSums192(sums: usize, frameStarts: usize, frameEnds: usize, headEnds: usize, tailStarts: usize, middle: usize, count: u32, out: usize): u32 {
  let overflow: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    sumLow = 0;
    sumHigh = 0;
    sumTop = 0;
    addDifference192(sums, word(frameStarts, i), headEnds == 0 ? word(frameEnds, i) : word(headEnds, i));
    if (headEnds != 0) {
      if (load<u8>(middle + i) != 0) addDifference192(sums, i, i + 1);
      addDifference192(sums, word(tailStarts, i), word(frameEnds, i));
    }
    if (sumTop != <u64>(<i64>sumHigh >> 63)) overflow = 1;
    store<u64>(out + (<usize>i << 4), sumLow);
    store<u64>(out + (<usize>i << 4), sumHigh, 8);
  }
  return overflow;
}

// ---- trees: node 1 is the root, nodes 2k and 2k + 1 are below node k, row r is node count + r (and not stored)

// ---- sums of floats; `wide`: f64, else f32

let floatSum: f64 = 0;

// @ts-ignore: decorator
@inline
function floatAt(wide: u32, data: usize, included: usize, row: u32): f64 {
  if (!bitIsSet(included, row)) return 0;
  return wide != 0 ? load<f64>(data + (<usize>row << 3)) : <f64>load<f32>(data + (<usize>row << 2));
}

/** `tree` has room for `count` f64s. */
export function buildFloatSums(wide: u32, data: usize, included: usize, count: u32, tree: usize): void {
  for (let node = count - 1; node >= 1; node--) {
    const left = node << 1;
    const a = left >= count ? floatAt(wide, data, included, left - count) : load<f64>(tree + (<usize>left << 3));
    const right = left + 1;
    const b = right >= count ? floatAt(wide, data, included, right - count) : load<f64>(tree + (<usize>right << 3));
    store<f64>(tree + (<usize>node << 3), a + b);
  }
}

function addFloats(wide: u32, data: usize, included: usize, count: u32, tree: usize, from: u32, to: u32): void {
  if (tree == 0 || to - from <= shortFrame) {
    for (let row = from; row < to; row++) floatSum += floatAt(wide, data, included, row);
    return;
  }
  let left = from + count;
  let right = to + count;
  while (left < right) {
    if ((left & 1) != 0) {
      floatSum += left >= count ? floatAt(wide, data, included, left - count) : load<f64>(tree + (<usize>left << 3));
      left++;
    }
    if ((right & 1) != 0) {
      right--;
      floatSum += right >= count ? floatAt(wide, data, included, right - count) : load<f64>(tree + (<usize>right << 3));
    }
    left >>= 1;
    right >>= 1;
  }
}

export function frameFloatSums(wide: u32, data: usize, included: usize, tree: usize, frameStarts: usize, frameEnds: usize, headEnds: usize, tailStarts: usize, middle: usize, count: u32, out: usize): void {
  let lastStart = noRow;
  let lastEnd: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const start = word(frameStarts, i);
    const end = word(frameEnds, i);
    if (headEnds != 0) {
      floatSum = 0;
      addFloats(wide, data, included, count, tree, start, word(headEnds, i));
      if (load<u8>(middle + i) != 0) floatSum += floatAt(wide, data, included, i);
      addFloats(wide, data, included, count, tree, word(tailStarts, i), end);
    } else if (start == lastStart && end >= lastEnd) {
      // In the order of the rows, as it is added up without a window.
      addFloats(wide, data, included, count, 0, lastEnd, end);
    } else {
      floatSum = 0;
      addFloats(wide, data, included, count, tree, start, end);
    }
    lastStart = start;
    lastEnd = end;
    store<f64>(out + (<usize>i << 3), floatSum);
  }
}

// ---- variance: count, mean and sum of squared distances from it (24 bytes a node)

let seen: f64 = 0;
let mean: f64 = 0;
let squares: f64 = 0;

// @ts-ignore: decorator
@inline
function addMoment(data: usize, included: usize, row: u32): void {
  if (!bitIsSet(included, row)) return;
  const value = load<f64>(data + (<usize>row << 3));
  const distance = value - mean;
  seen += 1;
  mean += distance / seen;
  squares += distance * (value - mean);
}

// @ts-ignore: decorator
@inline
function mergeMoment(node: usize): void {
  const added = load<f64>(node);
  if (added == 0) return;
  if (seen == 0) {
    seen = added;
    mean = load<f64>(node, 8);
    squares = load<f64>(node, 16);
    return;
  }
  const total = seen + added;
  const distance = load<f64>(node, 8) - mean;
  squares += load<f64>(node, 16) + distance * distance * seen * (added / total);
  mean += distance * (added / total);
  seen = total;
}

// @ts-ignore: decorator
@inline
function addMomentNode(data: usize, included: usize, count: u32, tree: usize, node: u32): void {
  if (node >= count) addMoment(data, included, node - count);
  else mergeMoment(tree + <usize>node * 24);
}

/** `tree` has room for 24 × `count` bytes. */
export function buildMoments(data: usize, included: usize, count: u32, tree: usize): void {
  for (let node = count - 1; node >= 1; node--) {
    seen = 0;
    mean = 0;
    squares = 0;
    addMomentNode(data, included, count, tree, node << 1);
    addMomentNode(data, included, count, tree, (node << 1) + 1);
    const at = tree + <usize>node * 24;
    store<f64>(at, seen);
    store<f64>(at, mean, 8);
    store<f64>(at, squares, 16);
  }
}

function addMoments(data: usize, included: usize, count: u32, tree: usize, from: u32, to: u32): void {
  if (tree == 0 || to - from <= shortFrame) {
    for (let row = from; row < to; row++) addMoment(data, included, row);
    return;
  }
  let left = from + count;
  let right = to + count;
  while (left < right) {
    if ((left & 1) != 0) addMomentNode(data, included, count, tree, left++);
    if ((right & 1) != 0) addMomentNode(data, included, count, tree, --right);
    left >>= 1;
    right >>= 1;
  }
}

/** Sums of squared distances (f64) from the frames' means. */
export function frameMoments(data: usize, included: usize, tree: usize, frameStarts: usize, frameEnds: usize, headEnds: usize, tailStarts: usize, middle: usize, count: u32, out: usize): void {
  let lastStart = noRow;
  let lastEnd: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const start = word(frameStarts, i);
    const end = word(frameEnds, i);
    const goesOn = headEnds == 0 && start == lastStart && end >= lastEnd;
    if (!goesOn) {
      seen = 0;
      mean = 0;
      squares = 0;
    }
    if (goesOn) {
      addMoments(data, included, count, 0, lastEnd, end);
    } else if (headEnds == 0) {
      addMoments(data, included, count, tree, start, end);
    } else {
      addMoments(data, included, count, tree, start, word(headEnds, i));
      if (load<u8>(middle + i) != 0) addMoment(data, included, i);
      addMoments(data, included, count, tree, word(tailStarts, i), end);
    }
    lastStart = start;
    lastEnd = end;
    store<f64>(out + (<usize>i << 3), squares);
  }
}

// ---- min, max, any_value: the row that has the value

/** The row that counts of two, either of which may be noRow. `op`: 0 the least, 1 the greatest, 2 the first; `form`: see compareRows. */
// @ts-ignore: decorator
@inline
function better(form: u32, op: u32, data: usize, left: u32, right: u32): u32 {
  if (left == noRow) return right;
  if (right == noRow) return left;
  if (op == 2) return min(left, right);
  const order = compareRows(form, data, left, right);
  return (op == 0 ? order <= 0 : order >= 0) ? left : right;
}

// @ts-ignore: decorator
@inline
function compareOf<T>(data: usize, left: u32, right: u32): i32 {
  const a = load<T>(data + <usize>left * sizeof<T>());
  const b = load<T>(data + <usize>right * sizeof<T>());
  if (isFloat<T>()) {
    if (a != a) return b != b ? 0 : 1;
    if (b != b) return -1;
  }
  return a == b ? 0 : a < b ? -1 : 1;
}

/** Forms: 0 to 7 are i8, u8, i16, u16, i32, u32, i64, u64; 8 f32, 9 f64, 10 128-bit integers, 11 intervals, 12 strings. */
function compareRows(form: u32, data: usize, left: u32, right: u32): i32 {
  switch (form) {
    case 0:
      return compareOf<i8>(data, left, right);
    case 1:
      return compareOf<u8>(data, left, right);
    case 2:
      return compareOf<i16>(data, left, right);
    case 3:
      return compareOf<u16>(data, left, right);
    case 4:
      return compareOf<i32>(data, left, right);
    case 5:
      return compareOf<u32>(data, left, right);
    case 6:
      return compareOf<i64>(data, left, right);
    case 7:
      return compareOf<u64>(data, left, right);
    case 8:
      return compareOf<f32>(data, left, right);
    case 9:
      return compareOf<f64>(data, left, right);
    case 10: {
      const a = data + (<usize>left << 4);
      const b = data + (<usize>right << 4);
      const aHigh = load<i64>(a, 8);
      const bHigh = load<i64>(b, 8);
      if (aHigh != bHigh) return aHigh < bHigh ? -1 : 1;
      const aLow = load<u64>(a);
      const bLow = load<u64>(b);
      return aLow == bLow ? 0 : aLow < bLow ? -1 : 1;
    }
    case 11:
      return equality.compareIntervals(data + (<usize>left << 4), data + (<usize>right << 4));
    default:
      return equality.compareViews(data + (<usize>left << 4), data + (<usize>right << 4));
  }
}

// @ts-ignore: decorator
@inline
function pickNode(included: usize, count: u32, tree: usize, node: u32): u32 {
  if (node < count) return word(tree, node);
  return bitIsSet(included, node - count) ? node - count : noRow;
}

/** `tree` has room for `count` u32s. */
export function buildPicks(form: u32, op: u32, data: usize, included: usize, count: u32, tree: usize): void {
  for (let node = count - 1; node >= 1; node--) {
    const left = pickNode(included, count, tree, node << 1);
    const right = pickNode(included, count, tree, (node << 1) + 1);
    store<u32>(tree + (<usize>node << 2), better(form, op, data, left, right));
  }
}

function pickRange(form: u32, op: u32, data: usize, included: usize, count: u32, tree: usize, from: u32, to: u32, best: u32): u32 {
  if (tree == 0 || to - from <= shortFrame) {
    for (let row = from; row < to; row++) if (bitIsSet(included, row)) best = better(form, op, data, best, row);
    return best;
  }
  let left = from + count;
  let right = to + count;
  while (left < right) {
    if ((left & 1) != 0) best = better(form, op, data, best, pickNode(included, count, tree, left++));
    if ((right & 1) != 0) best = better(form, op, data, best, pickNode(included, count, tree, --right));
    left >>= 1;
    right >>= 1;
  }
  return best;
}

/** The rows whose values are the frames' results, noRow for none. */
export function framePicks(form: u32, op: u32, data: usize, included: usize, tree: usize, frameStarts: usize, frameEnds: usize, headEnds: usize, tailStarts: usize, middle: usize, count: u32, out: usize): void {
  let lastStart = noRow;
  let lastEnd: u32 = 0;
  let best = noRow;
  for (let i: u32 = 0; i < count; i++) {
    const start = word(frameStarts, i);
    const end = word(frameEnds, i);
    if (headEnds != 0) {
      best = pickRange(form, op, data, included, count, tree, start, word(headEnds, i), noRow);
      if (load<u8>(middle + i) != 0 && bitIsSet(included, i)) best = better(form, op, data, best, i);
      best = pickRange(form, op, data, included, count, tree, word(tailStarts, i), end, best);
    } else if (start == lastStart && end >= lastEnd) {
      best = pickRange(form, op, data, included, count, 0, lastEnd, end, best);
    } else {
      best = pickRange(form, op, data, included, count, tree, start, end, noRow);
    }
    lastStart = start;
    lastEnd = end;
    store<u32>(out + (<usize>i << 2), best);
  }
}
