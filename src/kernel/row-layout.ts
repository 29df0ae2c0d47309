import type { DataType } from "../arrow/data-type.ts";
import { byteWidthOf, isStringLike } from "../arrow/data-type.ts";

/** Where a column of a row lies: its value, and its NULL flag (bit `nullMask` of the byte at `nullOffset`, set = NULL). */
export type RowColumn = {
  readonly type: DataType;
  readonly width: number;
  readonly offset: number;
  readonly nullOffset: number;
  readonly nullMask: number;
};

/**
 * The form of rows kept by hash tables and sorts: all values of a row side by side, so that reading a row costs one cache miss
 * instead of one per column.
 *
 *     │ header │ NULL flags, a bit per column │ values, narrowest first │ padding to 8 bytes │
 */
export class RowLayout {
  readonly columns: readonly RowColumn[];
  readonly headerBytes: number;
  /** Bytes from one row to the next. */
  readonly width: number;

  private constructor(columns: readonly RowColumn[], headerBytes: number, width: number) {
    this.columns = columns;
    this.headerBytes = headerBytes;
    this.width = width;
  }

  /** `headerBytes` at the start of each row are the caller's. */
  static of(types: readonly DataType[], headerBytes = 0): RowLayout {
    const offsets = new Array<number>(types.length);
    let end = headerBytes + Math.ceil(types.length / 8);
    const widths = types.map((type) => byteWidthOf(type));
    // Short values fill the gap after the flags; wide ones come last, aligned to 8 bytes.
    for (const width of [1, 2, 4, 8, 16]) {
      widths.forEach((own, index) => {
        if (own !== width) return;
        const alignment = Math.min(width, 8);
        end = Math.ceil(end / alignment) * alignment;
        offsets[index] = end;
        end += width;
      });
    }
    const columns = types.map((type, index) => ({
      type,
      width: widths[index]!,
      offset: offsets[index]!,
      nullOffset: headerBytes + (index >> 3),
      nullMask: 1 << (index & 7),
    }));
    return new RowLayout(columns, headerBytes, Math.max(8, Math.ceil(end / 8) * 8));
  }
}

/** Number of the kernels that compare values of this type (assembly/equality.ts). */
export function equalityKindOf(type: DataType): number {
  if (isStringLike(type)) return 7;
  switch (type.kind) {
    case "float32":
      return 5;
    case "float64":
      return 6;
    case "interval":
      return 8;
    default:
      return Math.log2(byteWidthOf(type));
  }
}
