import { bitIsSet, bitmapBytes, noRow } from "./bits";

// out[i] = source[indices[i]]. The `outer` forms write zeros where the index is noRow.

// @ts-ignore: decorator
@inline
function gather<T>(source: usize, indices: usize, count: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    store<T>(out + <usize>i * sizeof<T>(), load<T>(source + <usize>load<u32>(indices + (<usize>i << 2)) * sizeof<T>()));
  }
}

// @ts-ignore: decorator
@inline
function gatherOuter<T>(source: usize, indices: usize, count: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const index = load<u32>(indices + (<usize>i << 2));
    store<T>(out + <usize>i * sizeof<T>(), index == noRow ? <T>0 : load<T>(source + <usize>index * sizeof<T>()));
  }
}

export function gather1(source: usize, indices: usize, count: u32, out: usize): void {
  gather<u8>(source, indices, count, out);
}

export function gather2(source: usize, indices: usize, count: u32, out: usize): void {
  gather<u16>(source, indices, count, out);
}

export function gather4(source: usize, indices: usize, count: u32, out: usize): void {
  gather<u32>(source, indices, count, out);
}

export function gather8(source: usize, indices: usize, count: u32, out: usize): void {
  gather<u64>(source, indices, count, out);
}

export function gather16(source: usize, indices: usize, count: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    v128.store(out + (<usize>i << 4), v128.load(source + (<usize>load<u32>(indices + (<usize>i << 2)) << 4)));
  }
}

export function gatherOuter1(source: usize, indices: usize, count: u32, out: usize): void {
  gatherOuter<u8>(source, indices, count, out);
}

export function gatherOuter2(source: usize, indices: usize, count: u32, out: usize): void {
  gatherOuter<u16>(source, indices, count, out);
}

export function gatherOuter4(source: usize, indices: usize, count: u32, out: usize): void {
  gatherOuter<u32>(source, indices, count, out);
}

export function gatherOuter8(source: usize, indices: usize, count: u32, out: usize): void {
  gatherOuter<u64>(source, indices, count, out);
}

export function gatherOuter16(source: usize, indices: usize, count: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const index = load<u32>(indices + (<usize>i << 2));
    const value = index == noRow ? i64x2.splat(0) : v128.load(source + (<usize>index << 4));
    v128.store(out + (<usize>i << 4), value);
  }
}

/** The bitmap of gathered rows; `validity` 0 = the source has no NULL. Gives the number of NULLs. */
export function gatherValidity(validity: usize, indices: usize, count: u32, out: usize): u32 {
  memory.fill(out, 0, bitmapBytes(count));
  let valid: u32 = 0;
  let bits: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const index = load<u32>(indices + (<usize>i << 2));
    const bit: u32 = index != noRow && (validity == 0 || bitIsSet(validity, index)) ? 1 : 0;
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

/** Writes the numbers of the rows whose boolean is true (a NULL is not); gives how many. */
export function selectTrue(data: usize, validity: usize, count: u32, out: usize): u32 {
  let found: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    store<u32>(out + (<usize>found << 2), i);
    let bit = <u32>load<u8>(data + i);
    if (validity != 0) bit &= bitIsSet(validity, i) ? 1 : 0;
    found += bit;
  }
  return found;
}

/** Writes the numbers of the rows whose byte is (`wanted` 1) or is not (0) set; gives how many. */
export function selectFlags(flags: usize, wanted: u32, count: u32, out: usize): u32 {
  let found: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    store<u32>(out + (<usize>found << 2), i);
    found += (load<u8>(flags + i) != 0 ? 1 : 0) == wanted ? 1 : 0;
  }
  return found;
}

/** Writes the numbers of the rows that are not NULL in the bitmap (`wanted` 1), or are NULL (0); gives how many. */
export function selectValid(validity: usize, wanted: u32, count: u32, out: usize): u32 {
  let found: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    store<u32>(out + (<usize>found << 2), i);
    found += (bitIsSet(validity, i) ? 1 : 0) == wanted ? 1 : 0;
  }
  return found;
}

/** out[i] = first + i. */
export function fillSequence(first: u32, count: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i++) store<u32>(out + (<usize>i << 2), first + i);
}
