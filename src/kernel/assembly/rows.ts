import { bitIsSet, bitmapBytes } from "./bits";
import * as equality from "./equality";

// Rows of a fixed width (row-layout.ts): a value lies at `offset` from the row's address; its NULL flag is the bit `nullMask` of
// the byte at `nullOffset`, set = NULL. Lists of rows hold u32 addresses. `selection` ≠ 0 maps i to the row of the vectors.

// @ts-ignore: decorator
@inline
function sourceIndex(selection: usize, index: u32): u32 {
  return selection == 0 ? index : load<u32>(selection + (<usize>index << 2));
}

// @ts-ignore: decorator
@inline
function rowAt(rows: usize, index: u32): usize {
  return <usize>load<u32>(rows + (<usize>index << 2));
}

// @ts-ignore: decorator
@inline
function markNull(row: usize, nullOffset: u32, nullMask: u32): void {
  store<u8>(row + nullOffset, <u8>(<u32>load<u8>(row + nullOffset) | nullMask));
}

// ---- vectors into rows. The rows are zeroed before, so that a NULL is a flag over zeros.

// @ts-ignore: decorator
@inline
function scatter<T>(data: usize, validity: usize, selection: usize, count: u32, rows: usize, offset: u32, nullOffset: u32, nullMask: u32): void {
  if (validity == 0) {
    for (let i: u32 = 0; i < count; i++) {
      store<T>(rowAt(rows, i) + offset, load<T>(data + <usize>sourceIndex(selection, i) * sizeof<T>()));
    }
    return;
  }
  for (let i: u32 = 0; i < count; i++) {
    const source = sourceIndex(selection, i);
    const row = rowAt(rows, i);
    if (bitIsSet(validity, source)) store<T>(row + offset, load<T>(data + <usize>source * sizeof<T>()));
    else markNull(row, nullOffset, nullMask);
  }
}

export function scatterRows1(data: usize, validity: usize, selection: usize, count: u32, rows: usize, offset: u32, nullOffset: u32, nullMask: u32): void {
  scatter<u8>(data, validity, selection, count, rows, offset, nullOffset, nullMask);
}

export function scatterRows2(data: usize, validity: usize, selection: usize, count: u32, rows: usize, offset: u32, nullOffset: u32, nullMask: u32): void {
  scatter<u16>(data, validity, selection, count, rows, offset, nullOffset, nullMask);
}

export function scatterRows4(data: usize, validity: usize, selection: usize, count: u32, rows: usize, offset: u32, nullOffset: u32, nullMask: u32): void {
  scatter<u32>(data, validity, selection, count, rows, offset, nullOffset, nullMask);
}

export function scatterRows8(data: usize, validity: usize, selection: usize, count: u32, rows: usize, offset: u32, nullOffset: u32, nullMask: u32): void {
  scatter<u64>(data, validity, selection, count, rows, offset, nullOffset, nullMask);
}

export function scatterRows16(data: usize, validity: usize, selection: usize, count: u32, rows: usize, offset: u32, nullOffset: u32, nullMask: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const source = sourceIndex(selection, i);
    const row = rowAt(rows, i);
    if (validity == 0 || bitIsSet(validity, source)) v128.store(row + offset, v128.load(data + (<usize>source << 4)));
    else markNull(row, nullOffset, nullMask);
  }
}

/** Bytes that the strings over 12 bytes among these rows have together. */
export function longStringBytes(data: usize, validity: usize, selection: usize, count: u32): u32 {
  let total: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const source = sourceIndex(selection, i);
    const byteSize = load<u32>(data + (<usize>source << 4));
    if (byteSize > 12 && (validity == 0 || bitIsSet(validity, source))) total += byteSize;
  }
  return total;
}

/** Like scatterRows16, but long strings' bytes are copied to `heap` (longStringBytes says how many) and the rows point there. */
export function scatterRowsString(data: usize, validity: usize, selection: usize, count: u32, rows: usize, offset: u32, nullOffset: u32, nullMask: u32, heap: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const source = sourceIndex(selection, i);
    const row = rowAt(rows, i);
    if (validity != 0 && !bitIsSet(validity, source)) {
      markNull(row, nullOffset, nullMask);
      continue;
    }
    const view = data + (<usize>source << 4);
    v128.store(row + offset, v128.load(view));
    const byteSize = load<u32>(view);
    if (byteSize <= 12) continue;
    memory.copy(heap, load<u32>(view, 12), byteSize);
    store<u32>(row + offset, <u32>heap, 12);
    heap += byteSize;
  }
}

/** Copies the long strings' bytes of a dense vector to `heap` and points its views there, in place. */
export function moveLongStrings(data: usize, validity: usize, count: u32, heap: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const view = data + (<usize>i << 4);
    const byteSize = load<u32>(view);
    if (byteSize <= 12 || (validity != 0 && !bitIsSet(validity, i))) continue;
    memory.copy(heap, load<u32>(view, 12), byteSize);
    store<u32>(view, <u32>heap, 12);
    heap += byteSize;
  }
}

/** Moves the addresses in the views of long strings by `delta`, after their bytes were read back to another place. */
export function rebaseLongStrings(data: usize, validity: usize, count: u32, delta: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const view = data + (<usize>i << 4);
    if (load<u32>(view) <= 12 || (validity != 0 && !bitIsSet(validity, i))) continue;
    store<u32>(view, load<u32>(view, 12) + delta, 12);
  }
}

// ---- rows into vectors. Address 0 stands for a row of NULLs.

// @ts-ignore: decorator
@inline
function gather<T>(rows: usize, count: u32, offset: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const row = rowAt(rows, i);
    store<T>(out + <usize>i * sizeof<T>(), row == 0 ? <T>0 : load<T>(row + offset));
  }
}

export function gatherRows1(rows: usize, count: u32, offset: u32, out: usize): void {
  gather<u8>(rows, count, offset, out);
}

export function gatherRows2(rows: usize, count: u32, offset: u32, out: usize): void {
  gather<u16>(rows, count, offset, out);
}

export function gatherRows4(rows: usize, count: u32, offset: u32, out: usize): void {
  gather<u32>(rows, count, offset, out);
}

export function gatherRows8(rows: usize, count: u32, offset: u32, out: usize): void {
  gather<u64>(rows, count, offset, out);
}

export function gatherRows16(rows: usize, count: u32, offset: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const row = rowAt(rows, i);
    v128.store(out + (<usize>i << 4), row == 0 ? i64x2.splat(0) : v128.load(row + offset));
  }
}

/** The validity bitmap of a column of these rows. Gives the number of NULLs. */
export function gatherRowsValidity(rows: usize, count: u32, nullOffset: u32, nullMask: u32, out: usize): u32 {
  memory.fill(out, 0, bitmapBytes(count));
  let valid: u32 = 0;
  let bits: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const row = rowAt(rows, i);
    const bit: u32 = row != 0 && (<u32>load<u8>(row + nullOffset) & nullMask) == 0 ? 1 : 0;
    valid += bit;
    bits |= bit << (i & 7);
    if ((i & 7) == 7) {
      store<u8>(out + (i >> 3), <u8>bits);
      bits = 0;
    }
  }
  if ((count & 7) != 0) store<u8>(out + (count >> 3), <u8>bits);
  return count - valid;
}

// ---- pairs of a vector's row and a stored row. Those that are equal in this column (NULLs are) stay, in order, at the front of
// `positions` and `rows`; the positions of the others go to `misses`. Gives how many stay.

// @ts-ignore: decorator
@inline
function match(kind: u32, data: usize, validity: usize, mayBeNull: bool, positions: usize, rows: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32, misses: usize): u32 {
  const shift = equality.shiftOf(kind);
  let kept: u32 = 0;
  let missed: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const position = load<u32>(positions + (<usize>i << 2));
    const row = rowAt(rows, i);
    let equal: bool;
    if (mayBeNull) {
      const leftNull = validity != 0 && !bitIsSet(validity, position);
      const rightNull = (<u32>load<u8>(row + nullOffset) & nullMask) != 0;
      equal = leftNull == rightNull && (leftNull || equality.entriesEqual(kind, data + (<usize>position << shift), row + offset));
    } else {
      equal = equality.entriesEqual(kind, data + (<usize>position << shift), row + offset);
    }
    store<u32>(positions + (<usize>kept << 2), position);
    store<u32>(rows + (<usize>kept << 2), <u32>row);
    store<u32>(misses + (<usize>missed << 2), position);
    kept += equal ? 1 : 0;
    missed += equal ? 0 : 1;
  }
  return kept;
}

export function matchRows0(data: usize, validity: usize, mayBeNull: bool, positions: usize, rows: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32, misses: usize): u32 {
  return match(equality.kindWord1, data, validity, mayBeNull, positions, rows, count, offset, nullOffset, nullMask, misses);
}

export function matchRows1(data: usize, validity: usize, mayBeNull: bool, positions: usize, rows: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32, misses: usize): u32 {
  return match(equality.kindWord2, data, validity, mayBeNull, positions, rows, count, offset, nullOffset, nullMask, misses);
}

export function matchRows2(data: usize, validity: usize, mayBeNull: bool, positions: usize, rows: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32, misses: usize): u32 {
  return match(equality.kindWord4, data, validity, mayBeNull, positions, rows, count, offset, nullOffset, nullMask, misses);
}

export function matchRows3(data: usize, validity: usize, mayBeNull: bool, positions: usize, rows: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32, misses: usize): u32 {
  return match(equality.kindWord8, data, validity, mayBeNull, positions, rows, count, offset, nullOffset, nullMask, misses);
}

export function matchRows4(data: usize, validity: usize, mayBeNull: bool, positions: usize, rows: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32, misses: usize): u32 {
  return match(equality.kindWord16, data, validity, mayBeNull, positions, rows, count, offset, nullOffset, nullMask, misses);
}

export function matchRows5(data: usize, validity: usize, mayBeNull: bool, positions: usize, rows: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32, misses: usize): u32 {
  return match(equality.kindFloat4, data, validity, mayBeNull, positions, rows, count, offset, nullOffset, nullMask, misses);
}

export function matchRows6(data: usize, validity: usize, mayBeNull: bool, positions: usize, rows: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32, misses: usize): u32 {
  return match(equality.kindFloat8, data, validity, mayBeNull, positions, rows, count, offset, nullOffset, nullMask, misses);
}

export function matchRows7(data: usize, validity: usize, mayBeNull: bool, positions: usize, rows: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32, misses: usize): u32 {
  return match(equality.kindString, data, validity, mayBeNull, positions, rows, count, offset, nullOffset, nullMask, misses);
}

export function matchRows8(data: usize, validity: usize, mayBeNull: bool, positions: usize, rows: usize, count: u32, offset: u32, nullOffset: u32, nullMask: u32, misses: usize): u32 {
  return match(equality.kindInterval, data, validity, mayBeNull, positions, rows, count, offset, nullOffset, nullMask, misses);
}

/** Addresses of `count` rows side by side. */
export function rowSequence(first: usize, width: u32, count: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i++) store<u32>(out + (<usize>i << 2), <u32>first + i * width);
}
