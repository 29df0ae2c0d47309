import { byteWidthOf, isStringLike } from "../arrow/data-type.ts";
import { readRecordBatchHeader } from "../arrow/record-batch-header.ts";
import type { Schema } from "../arrow/schema.ts";
import { EngineError } from "../common/engine-error.ts";
import type { Batch, Vector } from "../kernel/batch.ts";
import { bitmapByteSize } from "../kernel/gather.ts";
import type { Kernels } from "../kernel/load-kernels.ts";
import type { Region, SlotMemory } from "../kernel/slot-memory.ts";
import type { EncodedBatch } from "./encoded-batch.ts";

/**
 * A message in the shuffle form as a batch in `region`: one copy of the body, over which string views and booleans are
 * put right. It may have more rows than `batchRowCount`, or none.
 */
export function decodeBatch(
  memory: SlotMemory,
  kernels: Kernels,
  schema: Schema,
  encoded: EncodedBatch,
  region: Region,
): Batch {
  const { rowCount, buffers, nullCounts } = readRecordBatchHeader(encoded.header);
  const base = region.allocate(encoded.body.byteLength);
  memory.u8.set(encoded.body, base);
  let next = 0;
  const take = (byteSizeMin: number): number => {
    const buffer = buffers[next++];
    if (
      buffer === undefined ||
      buffer.byteSize < byteSizeMin ||
      buffer.offset + buffer.byteSize > encoded.body.byteLength
    ) {
      throw new EngineError("internal", "a shuffle message does not fit its schema");
    }
    return base + buffer.offset;
  };
  const vectors = schema.map(({ type }, index): Vector => {
    if (type.kind === "null") {
      return { type, data: region.allocateZeroed(rowCount), validity: region.allocateZeroed(bitmapByteSize(rowCount)) };
    }
    const hasNulls = (nullCounts[index] ?? 0) > 0;
    const validityAt = take(hasNulls ? bitmapByteSize(rowCount) : 0);
    const validity = hasNulls ? validityAt : 0;
    if (type.kind === "bool") {
      const bits = take(bitmapByteSize(rowCount));
      const data = region.allocate(rowCount);
      kernels["unpackBits"]!(bits, rowCount, data);
      return { type, data, validity };
    }
    const data = take(rowCount * byteWidthOf(type));
    if (isStringLike(type)) kernels["relocateStrings"]!(data, rowCount, take(0));
    return { type, data, validity };
  });
  return { rowCount, vectors, selection: 0 };
}

/**
 * Rows `firstRow` to `firstRow + rowCount - 1` of a batch without selection, as views of it. `firstRow` is a multiple of 64,
 * since a validity bitmap can only be entered at a word.
 */
export function sliceBatch(batch: Batch, firstRow: number, rowCount: number): Batch {
  const vectors = batch.vectors.map(({ type, data, validity }) => ({
    type,
    data: data + firstRow * byteWidthOf(type),
    validity: validity === 0 ? 0 : validity + firstRow / 8,
  }));
  return { rowCount, vectors, selection: 0 };
}
