import { byteWidthOf } from "../arrow/data-type.ts";
import type { Batch, Vector } from "./batch.ts";
import type { Kernels } from "./load-kernels.ts";
import { kernelNamed } from "./load-kernels.ts";
import type { Region } from "./slot-memory.ts";

/** Stands for "no row" in a list of row numbers: gathering it gives NULL. */
export const noRow = 0xffffffff;

/** Bytes of a validity bitmap, padded to whole words. */
export function bitmapByteSize(rowCount: number): number {
  return Math.ceil(rowCount / 64) * 8;
}

/**
 * A new vector in `region`: row i is row `indices[i]` of `source` (`count` u32s), or NULL where the index is `noRow`.
 * `mayMiss` false promises that no index is `noRow`. Long strings' bytes are shared with the source, not copied.
 */
export function gatherVector(
  kernels: Kernels,
  source: Vector,
  indices: number,
  count: number,
  region: Region,
  mayMiss = true,
): Vector {
  const width = byteWidthOf(source.type);
  const data = region.allocate(count * width);
  kernelNamed(kernels, `${mayMiss ? "gatherOuter" : "gather"}${width}`)(source.data, indices, count, data);
  if (source.validity === 0 && !mayMiss) return { type: source.type, data, validity: 0 };
  const validity = region.allocate(bitmapByteSize(count));
  const nullCount = kernelNamed(kernels, "gatherValidity")(source.validity, indices, count, validity);
  return { type: source.type, data, validity: nullCount === 0 ? 0 : validity };
}

/** The batch without a selection: itself if it has none, else its selected rows gathered into `region`. */
export function densify(kernels: Kernels, batch: Batch, region: Region): Batch {
  if (batch.selection === 0) return batch;
  const vectors = batch.vectors.map((vector) =>
    gatherVector(kernels, vector, batch.selection, batch.rowCount, region, false),
  );
  return { rowCount: batch.rowCount, vectors, selection: 0 };
}
