import type { DataType } from "../arrow/data-type.ts";

/** Operators aim at batches of this many rows: large enough to amortise a call, small enough for the cache. */
export const batchRowCount = 8192;

/**
 * One column of a batch in linear memory.
 *
 * `data`: rowCount × byteWidthOf(type) bytes, 16-byte aligned. Booleans are a byte, 0 or 1. Strings and binaries are
 * 16-byte Arrow views: length u32, then up to 12 bytes inline; or length u32, first 4 bytes, buffer index 0 (u32), address u32
 * in this linear memory. Unused inline bytes are zero, so equal short strings are equal words. 128-bit decimals are little
 * endian; intervals are months i32, days i32, microseconds i64.
 *
 * `validity`: bitmap, bit i of byte i >> 3 set = not NULL; 8-byte aligned and padded; 0 = no NULL. Data under a
 * NULL is readable but meaningless (string views under a NULL must have length 0 to 12 or a valid address).
 */
export type Vector = { readonly type: DataType; readonly data: number; readonly validity: number };

/**
 * Rows that an operator hands on; valid until that operator's next call (`next` or `close`), strings' bytes included. Who keeps rows
 * longer copies them, the bytes of long strings too.
 *
 * With `selection` ≠ 0 only the rows whose numbers stand there (`rowCount` u32s, ascending) belong to the batch, and the
 * vectors reach at least to the last of them; else rows 0 to rowCount - 1 do. A batch is never empty.
 */
export type Batch = { readonly rowCount: number; readonly vectors: readonly Vector[]; readonly selection: number };
