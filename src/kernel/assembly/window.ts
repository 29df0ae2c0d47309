// Window functions over sorted rows. Rows are numbered from 0 within a chunk of whole partitions; a segment (a partition, or the
// peers within one) and a frame are half-open ranges of row numbers, one u32 for each end per row.

import { bitIsSet, bitmapBytes, clearBit, noRow, setBit } from "./bits";
import * as equality from "./equality";

// @ts-ignore: decorator
@inline
function word(list: usize, index: u32): u32 {
  return load<u32>(list + (<usize>index << 2));
}

// @ts-ignore: decorator
@inline
function setWord(list: usize, index: u32, value: u32): void {
  store<u32>(list + (<usize>index << 2), value);
}

// @ts-ignore: decorator
@inline
function isValid(validity: usize, index: u32): bool {
  return validity == 0 || bitIsSet(validity, index);
}

// ---- boundaries

/** Sets the flag (a byte) of each row that differs from the row before it in this column; NULLs are equal. */
// @ts-ignore: decorator
@inline
function markChanges(kind: u32, data: usize, validity: usize, count: u32, flags: usize): void {
  const shift = equality.shiftOf(kind);
  for (let i: u32 = 1; i < count; i++) {
    const valid = isValid(validity, i);
    let differs = valid != isValid(validity, i - 1);
    if (!differs && valid) {
      differs = !equality.entriesEqual(kind, data + (<usize>i << shift), data + (<usize>(i - 1) << shift));
    }
    if (differs) store<u8>(flags + i, 1);
  }
}

export function markChanges0(data: usize, validity: usize, count: u32, flags: usize): void {
  markChanges(equality.kindWord1, data, validity, count, flags);
}

export function markChanges1(data: usize, validity: usize, count: u32, flags: usize): void {
  markChanges(equality.kindWord2, data, validity, count, flags);
}

export function markChanges2(data: usize, validity: usize, count: u32, flags: usize): void {
  markChanges(equality.kindWord4, data, validity, count, flags);
}

export function markChanges3(data: usize, validity: usize, count: u32, flags: usize): void {
  markChanges(equality.kindWord8, data, validity, count, flags);
}

export function markChanges4(data: usize, validity: usize, count: u32, flags: usize): void {
  markChanges(equality.kindWord16, data, validity, count, flags);
}

export function markChanges5(data: usize, validity: usize, count: u32, flags: usize): void {
  markChanges(equality.kindFloat4, data, validity, count, flags);
}

export function markChanges6(data: usize, validity: usize, count: u32, flags: usize): void {
  markChanges(equality.kindFloat8, data, validity, count, flags);
}

export function markChanges7(data: usize, validity: usize, count: u32, flags: usize): void {
  markChanges(equality.kindString, data, validity, count, flags);
}

export function markChanges8(data: usize, validity: usize, count: u32, flags: usize): void {
  markChanges(equality.kindInterval, data, validity, count, flags);
}

/** The last row whose flag is set; 0 for none. */
export function lastFlag(flags: usize, count: u32): u32 {
  for (let i = count; i > 1; i--) if (load<u8>(flags + i - 1) != 0) return i - 1;
  return 0;
}

/** The segments that begin at row 0 and at each set flag: for each row where its own begins and ends, and its number. */
export function segmentBounds(flags: usize, count: u32, starts: usize, ends: usize, numbers: usize): void {
  let start: u32 = 0;
  let number: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    if (i > 0 && load<u8>(flags + i) != 0) {
      for (let row = start; row < i; row++) setWord(ends, row, i);
      start = i;
      number++;
    }
    setWord(starts, i, start);
    setWord(numbers, i, number);
  }
  for (let row = start; row < count; row++) setWord(ends, row, count);
}

// ---- functions of a row's place in its partition

/** out[i] (i64) = positions[i] - starts[i] + 1; `positions` 0 = the rows' own numbers. */
export function windowNumbers(positions: usize, starts: usize, count: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const position = positions == 0 ? i : word(positions, i);
    store<i64>(out + (<usize>i << 3), <i64>(position - word(starts, i)) + 1);
  }
}

/** dense_rank: the number of the row's peers, counted from those at the start of its partition. */
export function windowDenseRanks(numbers: usize, starts: usize, count: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    store<i64>(out + (<usize>i << 3), <i64>(word(numbers, i) - word(numbers, word(starts, i))) + 1);
  }
}

export function windowPercentRanks(peerStarts: usize, starts: usize, ends: usize, count: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const others = word(ends, i) - word(starts, i) - 1;
    const before = word(peerStarts, i) - word(starts, i);
    store<f64>(out + (<usize>i << 3), others == 0 ? 0 : <f64>before / <f64>others);
  }
}

export function windowCumulative(peerEnds: usize, starts: usize, ends: usize, count: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const upTo = word(peerEnds, i) - word(starts, i);
    store<f64>(out + (<usize>i << 3), <f64>upTo / <f64>(word(ends, i) - word(starts, i)));
  }
}

/**
 * Buckets (i32) of equal size, the first ones a row larger where the rows do not divide; their number is that of the partition's first
 * row in `buckets` (i32s). NULL gives NULL; gives 1 where it is not positive.
 */
export function windowTiles(buckets: usize, validity: usize, starts: usize, ends: usize, count: u32, out: usize, outValidity: usize): u32 {
  for (let i: u32 = 0; i < count; i++) {
    const start = word(starts, i);
    store<i32>(out + (<usize>i << 2), 0);
    if (!isValid(validity, start)) {
      clearBit(outValidity, i);
      continue;
    }
    const wanted = load<i32>(buckets + (<usize>start << 2));
    if (wanted <= 0) return 1;
    const rows = word(ends, i) - start;
    const size = rows / <u32>wanted;
    const larger = rows % <u32>wanted;
    const row = i - start;
    const inLarger = larger * (size + 1);
    const bucket = row < inLarger ? row / (size + 1) : larger + (row - inLarger) / size;
    store<i32>(out + (<usize>i << 2), <i32>bucket + 1);
  }
  return 0;
}

/**
 * lag (`sign` -1) and lead (1): the row `offsets[i]` (i32s) away, or noRow outside of the partition. `outside` gets the row's own number
 * where the default counts, else noRow: a NULL offset gives NULL whatever the default is.
 */
export function windowShift(offsets: usize, validity: usize, sign: i32, starts: usize, ends: usize, count: u32, out: usize, outside: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    setWord(out, i, noRow);
    setWord(outside, i, noRow);
    if (!isValid(validity, i)) continue;
    const target = <i64>i + <i64>sign * <i64>load<i32>(offsets + (<usize>i << 2));
    if (target >= <i64>word(starts, i) && target < <i64>word(ends, i)) setWord(out, i, <u32>target);
    else setWord(outside, i, i);
  }
}

/** target |= source, `byteSize` a multiple of 8 or padded to one. */
export function orBytes(target: usize, source: usize, byteSize: u32): void {
  for (let at: u32 = 0; at < byteSize; at += 8) store<u64>(target + at, load<u64>(target + at) | load<u64>(source + at));
}

// ---- frames

/** out[i] = the row `offset` away, kept within its partition. `isEnd`: one further, for the end of a frame. */
export function frameRows(offset: i64, isEnd: u32, starts: usize, ends: usize, count: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const at = <i64>i + offset + <i64>isEnd;
    const low = <i64>word(starts, i);
    const high = <i64>word(ends, i);
    setWord(out, i, <u32>(at < low ? low : at > high ? high : at));
  }
}

/** The same by groups of peers, whose numbers are `numbers`; `firstRows` has room for the first row of each, and for the end. */
export function frameGroups(offset: i64, isEnd: u32, numbers: usize, starts: usize, ends: usize, count: u32, firstRows: usize, out: usize): void {
  let groups: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    if (i == 0 || word(numbers, i) != word(numbers, i - 1)) setWord(firstRows, groups++, i);
  }
  setWord(firstRows, groups, count);
  for (let i: u32 = 0; i < count; i++) {
    const low = <i64>word(numbers, word(starts, i));
    const high = <i64>word(numbers, word(ends, i) - 1) + 1;
    const at = <i64>word(numbers, i) + offset + <i64>isEnd;
    setWord(out, i, word(firstRows, <u32>(at < low ? low : at > high ? high : at)));
  }
}

/** Whether `left` sorts before `right` (-1), after it (1), or with it (0); NaN is above all other numbers. */
// @ts-ignore: decorator
@inline
function compare<T>(left: usize, right: usize): i32 {
  const a = load<T>(left);
  const b = load<T>(right);
  if (isFloat<T>()) {
    if (a != a) return b != b ? 0 : 1;
    if (b != b) return -1;
  }
  return a == b ? 0 : a < b ? -1 : 1;
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

/** The forms of keys in range frames: 0 i32, 1 i64, 2 f32, 3 f64, 4 128-bit, 5 interval, 6 u64. */
// @ts-ignore: decorator
@inline
function compareKeys(form: u32, left: usize, right: usize): i32 {
  if (form == 0) return compare<i32>(left, right);
  if (form == 1) return compare<i64>(left, right);
  if (form == 2) return compare<f32>(left, right);
  if (form == 3) return compare<f64>(left, right);
  if (form == 4) return compare128(left, right);
  if (form == 5) return equality.compareIntervals(left, right);
  return compare<u64>(left, right);
}

// @ts-ignore: decorator
@inline
function formShift(form: u32): usize {
  return form == 0 || form == 2 ? 2 : form == 4 || form == 5 ? 4 : 3;
}

/**
 * Where frames begin (`isEnd` 0) or end (1) by value: the first row of the partition whose key is not before the row's value, or behind
 * it. A row with a NULL key has its peers. NULL keys lie at one end of the partition, as `nullsFirst` says.
 */
export function frameValues(form: u32, keys: usize, validity: usize, values: usize, valueValidity: usize, descending: u32, nullsFirst: u32, isEnd: u32, peers: usize, starts: usize, ends: usize, count: u32, out: usize): void {
  const shift = formShift(form);
  let low: u32 = 0;
  let high: u32 = 0;
  let partition: u32 = noRow;
  let at: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const start = word(starts, i);
    if (start != partition) {
      // The rows whose keys are not NULL.
      partition = start;
      low = start;
      high = word(ends, i);
      if (validity != 0) {
        if (nullsFirst != 0) while (low < high && !bitIsSet(validity, low)) low++;
        else while (high > low && !bitIsSet(validity, high - 1)) high--;
      }
      at = low;
    }
    if (!isValid(validity, i) || !isValid(valueValidity, i)) {
      setWord(out, i, word(peers, i));
      continue;
    }
    const value = values + (<usize>i << shift);
    // Values rise with the rows, so the search goes on from where it was; a step back never happens but costs little.
    while (at > low && isPast(form, keys + (<usize>(at - 1) << shift), value, descending, isEnd)) at--;
    while (at < high && !isPast(form, keys + (<usize>at << shift), value, descending, isEnd)) at++;
    setWord(out, i, at);
  }
}

// @ts-ignore: decorator
@inline
function isPast(form: u32, key: usize, value: usize, descending: u32, isEnd: u32): bool {
  const order = compareKeys(form, key, value);
  const directed = descending != 0 ? -order : order;
  return isEnd != 0 ? directed > 0 : directed >= 0;
}

/** An end before its start is an empty frame. */
export function trimFrames(starts: usize, ends: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i++) if (word(ends, i) < word(starts, i)) setWord(ends, i, word(starts, i));
}

/**
 * Frames with rows taken out, as up to three ranges: from the frame's start to headEnds[i], the current row where its byte in `middle` is
 * set, and from tailStarts[i] to the frame's end. `mode`: 1 the current row, 2 its peers with it, 3 its peers without it.
 */
export function excludeRows(mode: u32, frameStarts: usize, frameEnds: usize, peerStarts: usize, peerEnds: usize, count: u32, headEnds: usize, tailStarts: usize, middle: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const start = word(frameStarts, i);
    const end = word(frameEnds, i);
    const from = mode == 1 ? i : word(peerStarts, i);
    const to = mode == 1 ? i + 1 : word(peerEnds, i);
    setWord(headEnds, i, min(max(from, start), end));
    setWord(tailStarts, i, min(max(to, start), end));
    store<u8>(middle + i, mode == 3 && i >= start && i < end ? 1 : 0);
  }
}

// ---- functions of a frame's rows

/** The number of rows in the frame's parts; `headEnds` 0 = nothing is taken out. */
// @ts-ignore: decorator
@inline
function frameSize(i: u32, start: u32, end: u32, headEnds: usize, tailStarts: usize, middle: usize): u32 {
  if (headEnds == 0) return end - start;
  return word(headEnds, i) - start + <u32>load<u8>(middle + i) + (end - word(tailStarts, i));
}

/** The frame's row number `nth`, counted from 0, which it has. */
// @ts-ignore: decorator
@inline
function frameRow(i: u32, nth: u32, start: u32, headEnds: usize, tailStarts: usize, middle: usize): u32 {
  if (headEnds == 0) return start + nth;
  const head = word(headEnds, i) - start;
  if (nth < head) return start + nth;
  const rest = nth - head;
  if (load<u8>(middle + i) == 0) return word(tailStarts, i) + rest;
  return rest == 0 ? i : word(tailStarts, i) + rest - 1;
}

/** first_value (`fromEnd` 0), last_value (1): rows, or noRow for an empty frame. */
export function frameEdge(fromEnd: u32, frameStarts: usize, frameEnds: usize, headEnds: usize, tailStarts: usize, middle: usize, count: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const start = word(frameStarts, i);
    const size = frameSize(i, start, word(frameEnds, i), headEnds, tailStarts, middle);
    const nth = fromEnd != 0 ? size - 1 : 0;
    setWord(out, i, size == 0 ? noRow : frameRow(i, nth, start, headEnds, tailStarts, middle));
  }
}

/** nth_value, n (i32s) counted from 1; gives 1 where it is not positive. A NULL n gives noRow. */
export function frameNth(nths: usize, validity: usize, frameStarts: usize, frameEnds: usize, headEnds: usize, tailStarts: usize, middle: usize, count: u32, out: usize): u32 {
  for (let i: u32 = 0; i < count; i++) {
    setWord(out, i, noRow);
    if (!isValid(validity, i)) continue;
    const nth = load<i32>(nths + (<usize>i << 2));
    if (nth <= 0) return 1;
    const start = word(frameStarts, i);
    const size = frameSize(i, start, word(frameEnds, i), headEnds, tailStarts, middle);
    if (<u32>nth <= size) setWord(out, i, frameRow(i, <u32>nth - 1, start, headEnds, tailStarts, middle));
  }
  return 0;
}

/** The rows that an aggregate takes: those that are valid and whose filter is true. `filter` 0 = no filter. */
export function includedRows(validity: usize, filter: usize, filterValidity: usize, count: u32, out: usize): void {
  memory.fill(out, 0, bitmapBytes(count));
  for (let i: u32 = 0; i < count; i++) {
    if (!isValid(validity, i)) continue;
    if (filter != 0 && (load<u8>(filter + i) == 0 || !isValid(filterValidity, i))) continue;
    setBit(out, i);
  }
}

/** out[i] = how many of the rows before i are included, for i up to and with `count`. */
export function includedBefore(included: usize, count: u32, out: usize): void {
  let total: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    setWord(out, i, total);
    if (bitIsSet(included, i)) total++;
  }
  setWord(out, count, total);
}

/** Included rows of each frame (i64); `before` 0 = all rows are. */
export function frameCounts(before: usize, frameStarts: usize, frameEnds: usize, headEnds: usize, tailStarts: usize, middle: usize, count: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const start = word(frameStarts, i);
    const end = word(frameEnds, i);
    let total: u32;
    if (before == 0) {
      total = frameSize(i, start, end, headEnds, tailStarts, middle);
    } else if (headEnds == 0) {
      total = word(before, end) - word(before, start);
    } else {
      total = word(before, word(headEnds, i)) - word(before, start) + word(before, end) - word(before, word(tailStarts, i));
      if (load<u8>(middle + i) != 0) total += word(before, i + 1) - word(before, i);
    }
    store<i64>(out + (<usize>i << 3), <i64>total);
  }
}

/** The validity bitmap of results that are NULL where no row counted; gives the number of NULLs. */
export function validWhereCounted(counts: usize, count: u32, out: usize): u32 {
  memory.fill(out, 0, bitmapBytes(count));
  let nulls: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    if (load<i64>(counts + (<usize>i << 3)) != 0) setBit(out, i);
    else nulls++;
  }
  return nulls;
}

/** Appends `count` validity bits to a bitmap that has `start`: those of the rows `selection` (0 = all rows in order). */
export function appendValidity(validity: usize, selection: usize, count: u32, bitmap: usize, start: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const row = selection == 0 ? i : word(selection, i);
    if (isValid(validity, row)) setBit(bitmap, start + i);
    else clearBit(bitmap, start + i);
  }
}

/** Adds to `count` i64s. */
export function addToAll(values: usize, count: u32, summand: i64): void {
  for (let i: u32 = 0; i < count; i++) {
    const at = values + (<usize>i << 3);
    store<i64>(at, load<i64>(at) + summand);
  }
}
