import { byteWidthOf, isStringLike } from "../arrow/data-type.ts";
import type { DataType } from "../arrow/data-type.ts";
import type { Vector } from "../kernel/batch.ts";
import { batchRowCount } from "../kernel/batch.ts";
import { bitmapByteSize } from "../kernel/gather.ts";
import { kernelNamed } from "../kernel/load-kernels.ts";
import type { Region } from "../kernel/slot-memory.ts";
import type { TaskContext } from "./operator.ts";

type Column = {
  readonly type: DataType;
  readonly width: number;
  data: number;
  /** 0 until there is a NULL. */
  validity: number;
  /** One region a column, so that growing needs room for a second copy of one column only. */
  region: Region;
};

/** Rows as one long vector per column, copied together from batches, the bytes of long strings too. */
export class ColumnBuffer {
  readonly #context: TaskContext;
  readonly #columns: readonly Column[];
  readonly #heap: Region;
  #rowCount = 0;
  #capacity = 0;

  constructor(context: TaskContext, types: readonly DataType[]) {
    this.#context = context;
    this.#heap = context.memory.region();
    this.#columns = types.map((type) => ({
      type,
      width: byteWidthOf(type),
      data: 0,
      validity: 0,
      region: context.memory.region(),
    }));
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  /** Valid until the next `append`, `clear` or `free`. */
  vectors(): readonly Vector[] {
    return this.#columns.map(({ type, data, validity }) => ({ type, data, validity }));
  }

  append(vectors: readonly Vector[], rowCount: number, selection: number): void {
    if (rowCount === 0) return;
    this.#reserve(this.#rowCount + rowCount);
    this.#columns.forEach((column, index) => this.#appendTo(column, vectors[index]!, rowCount, selection));
    this.#rowCount += rowCount;
  }

  /** Forgets the rows and gives the memory back. */
  clear(): void {
    for (const column of this.#columns) {
      column.region.reset();
      column.data = 0;
      column.validity = 0;
    }
    this.#heap.reset();
    this.#rowCount = 0;
    this.#capacity = 0;
  }

  /** Idempotent. */
  free(): void {
    this.clear();
  }

  #appendTo(column: Column, { type, data, validity }: Vector, rowCount: number, selection: number): void {
    const { kernels, memory } = this.#context;
    const target = column.data + this.#rowCount * column.width;
    if (isStringLike(type)) {
      const byteSize = kernelNamed(kernels, "longStringBytes")(data, validity, selection, rowCount) >>> 0;
      const heap = byteSize === 0 ? 0 : this.#heap.allocate(byteSize);
      kernelNamed(kernels, "appendViews")(data, validity, selection, rowCount, target, heap, 0);
    } else if (selection === 0) {
      memory.u8.copyWithin(target, data, data + rowCount * column.width);
    } else {
      kernelNamed(kernels, `gather${column.width}`)(data, selection, rowCount, target);
    }
    if (validity === 0 && column.validity === 0) return;
    if (column.validity === 0) {
      column.validity = column.region.allocate(bitmapByteSize(this.#capacity));
      memory.u8.fill(0xff, column.validity, column.validity + bitmapByteSize(this.#rowCount));
    }
    kernelNamed(kernels, "appendValidity")(validity, selection, rowCount, column.validity, this.#rowCount);
  }

  #reserve(rowCount: number): void {
    if (rowCount <= this.#capacity) return;
    const { memory } = this.#context;
    let capacity = Math.max(batchRowCount, this.#capacity);
    while (capacity < rowCount) capacity *= 2;
    for (const column of this.#columns) {
      const region = memory.region();
      const old = column.region;
      try {
        const data = region.allocate(capacity * column.width);
        const validity = column.validity === 0 ? 0 : region.allocate(bitmapByteSize(capacity));
        memory.u8.copyWithin(data, column.data, column.data + this.#rowCount * column.width);
        if (validity !== 0)
          memory.u8.copyWithin(validity, column.validity, column.validity + bitmapByteSize(this.#rowCount));
        column.data = data;
        column.validity = validity;
        column.region = region;
      } catch (error) {
        region.free();
        throw error;
      }
      old.free();
    }
    this.#capacity = capacity;
  }
}
