// Helpers for validity bitmaps (bit i of byte i >> 3 set = not NULL), inlined into the kernels' loops.

/** Stands for "no row" in lists of row numbers. */
export const noRow: u32 = 0xffffffff;

// @ts-ignore: decorator
@inline
export function bitIsSet(bitmap: usize, index: u32): bool {
  return ((<u32>load<u8>(bitmap + (index >> 3)) >> (index & 7)) & 1) != 0;
}

// @ts-ignore: decorator
@inline
export function isNullAt(validity: usize, index: u32): bool {
  return validity != 0 && !bitIsSet(validity, index);
}

// @ts-ignore: decorator
@inline
export function clearBit(bitmap: usize, index: u32): void {
  const at = bitmap + (index >> 3);
  store<u8>(at, <u8>(<u32>load<u8>(at) & ~(1 << (index & 7))));
}

// @ts-ignore: decorator
@inline
export function setBit(bitmap: usize, index: u32): void {
  const at = bitmap + (index >> 3);
  store<u8>(at, <u8>(<u32>load<u8>(at) | (1 << (index & 7))));
}

/** Bytes of a bitmap over `count` rows, padded to whole words. */
// @ts-ignore: decorator
@inline
export function bitmapBytes(count: u32): u32 {
  return ((count + 63) >> 6) << 3;
}
