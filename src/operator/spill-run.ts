import type { DataType } from "../arrow/data-type.ts";
import { byteWidthOf, isStringLike } from "../arrow/data-type.ts";
import type { Vector } from "../kernel/batch.ts";
import { bitmapByteSize, gatherVector } from "../kernel/gather.ts";
import { kernelNamed } from "../kernel/load-kernels.ts";
import type { Region } from "../kernel/slot-memory.ts";
import type { SpillFile, TaskContext } from "./operator.ts";

type Block = {
  readonly offset: number;
  readonly byteSize: number;
  readonly rowCount: number;
  readonly heapBase: number;
  readonly validity: readonly boolean[];
};

/**
 * Rows on disk, as the blocks in which they were written. A block is the image of its vectors in linear memory, then
 * their long strings' bytes; what the image means is kept in memory, since a run never outlives its task.
 *
 *     │ per column: validity (if it has NULLs) │ data │ … │ bytes of long strings │
 */
export class SpillRun {
  readonly #context: TaskContext;
  readonly types: readonly DataType[];
  readonly #label: string;
  readonly #blocks: Block[] = [];
  #file: SpillFile | null = null;
  #rowCount = 0;

  constructor(context: TaskContext, label: string, types: readonly DataType[]) {
    this.#context = context;
    this.#label = label;
    this.types = types;
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  get byteSize(): number {
    return this.#file?.byteSize ?? 0;
  }

  /** Appends the rows whose numbers stand at `positions` (`rowCount` u32s) as one block. */
  write(vectors: readonly Vector[], positions: number, rowCount: number): void {
    if (rowCount === 0) return;
    const region = this.#context.memory.region();
    try {
      this.writeOwned(
        vectors.map((vector) => gatherVector(this.#context.kernels, vector, positions, rowCount, region, false)),
        rowCount,
      );
    } finally {
      region.free();
    }
  }

  /** Appends rows 0 to rowCount - 1 of vectors that the caller needs no more: their strings' views are changed. */
  writeOwned(gathered: readonly Vector[], rowCount: number): void {
    if (rowCount === 0) return;
    const { memory, kernels } = this.#context;
    const region = memory.region();
    try {
      const heapSizes = gathered.map((vector) =>
        isStringLike(vector.type)
          ? kernelNamed(kernels, "longStringBytes")(vector.data, vector.validity, 0, rowCount) >>> 0
          : 0,
      );
      const image = blockLayout(
        this.types,
        gathered.map((vector) => vector.validity !== 0),
        rowCount,
      );
      const byteSize = image.heap + heapSizes.reduce((sum, size) => sum + size, 0);
      const block = region.allocate(byteSize);
      let heap = block + image.heap;
      gathered.forEach((vector, column) => {
        if (heapSizes[column]! > 0)
          kernelNamed(kernels, "moveLongStrings")(vector.data, vector.validity, rowCount, heap);
        heap += heapSizes[column]!;
        const { validity, data } = image.columns[column]!;
        if (vector.validity !== 0)
          memory.u8.copyWithin(block + validity, vector.validity, vector.validity + bitmapByteSize(rowCount));
        memory.u8.copyWithin(block + data, vector.data, vector.data + rowCount * byteWidthOf(vector.type));
      });
      this.#file ??= this.#context.spill.create(this.#label);
      const offset = this.#file.write(memory.u8.subarray(block, block + byteSize));
      const validity = gathered.map((vector) => vector.validity !== 0);
      this.#blocks.push({ offset, byteSize, rowCount, heapBase: block + image.heap, validity });
      this.#rowCount += rowCount;
    } finally {
      region.free();
    }
  }

  /** The blocks in the order they were written; `region` is reset for each, and so the one before is gone. */
  *read(region: Region): Generator<{ readonly vectors: readonly Vector[]; readonly rowCount: number }> {
    const { memory, kernels } = this.#context;
    for (const { offset, byteSize, rowCount, heapBase, validity } of this.#blocks) {
      region.reset();
      const block = region.allocate(byteSize);
      this.#file!.read(offset, memory.u8.subarray(block, block + byteSize));
      const image = blockLayout(this.types, validity, rowCount);
      const vectors = this.types.map((type, column): Vector => {
        const place = image.columns[column]!;
        const vector = { type, data: block + place.data, validity: validity[column] ? block + place.validity : 0 };
        if (isStringLike(type)) {
          const delta = block + image.heap - heapBase;
          kernelNamed(kernels, "rebaseLongStrings")(vector.data, vector.validity, rowCount, delta);
        }
        return vector;
      });
      yield { vectors, rowCount };
    }
  }

  /** Removes the file. Idempotent. */
  remove(): void {
    this.#file?.remove();
    this.#file = null;
    this.#blocks.length = 0;
  }
}

type BlockLayout = {
  readonly columns: readonly { readonly validity: number; readonly data: number }[];
  readonly heap: number;
};

function blockLayout(types: readonly DataType[], validity: readonly boolean[], rowCount: number): BlockLayout {
  let end = 0;
  const take = (byteSize: number): number => {
    const start = end;
    end += Math.ceil(byteSize / 16) * 16;
    return start;
  };
  const columns = types.map((type, column) => ({
    validity: validity[column] ? take(bitmapByteSize(rowCount)) : 0,
    data: take(rowCount * byteWidthOf(type)),
  }));
  return { columns, heap: end };
}
