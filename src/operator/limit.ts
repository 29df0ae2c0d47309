import type { Schema } from "../arrow/schema.ts";
import type { Batch } from "../kernel/batch.ts";
import { kernelNamed } from "../kernel/load-kernels.ts";
import type { Region } from "../kernel/slot-memory.ts";
import type { PhysicalLimit } from "../physical/physical-node.ts";
import type { Operator, TaskContext } from "./operator.ts";

/** Transform: skips `offset` rows and ends after `limit` more, without asking its input again. */
export class LimitOperator implements Operator {
  readonly schema: Schema;
  readonly #context: TaskContext;
  readonly #input: Operator;
  readonly #selection: Region;
  #toSkip: number;
  #left: number;

  constructor(context: TaskContext, node: PhysicalLimit, input: Operator) {
    this.schema = node.schema;
    this.#context = context;
    this.#input = input;
    this.#selection = context.memory.region();
    this.#toSkip = node.offset;
    this.#left = node.limit ?? Infinity;
  }

  open(): void {
    this.#input.open();
  }

  next(): Batch | null {
    while (this.#left > 0) {
      this.#context.checkCancelled();
      const batch = this.#input.next();
      if (batch === null) break;
      const skipped = Math.min(this.#toSkip, batch.rowCount);
      this.#toSkip -= skipped;
      const rowCount = Math.min(batch.rowCount - skipped, this.#left);
      if (rowCount === 0) continue;
      this.#left -= rowCount;
      return this.#part(batch, skipped, rowCount);
    }
    this.#left = 0;
    return null;
  }

  close(): void {
    this.#left = 0;
    this.#selection.free();
    this.#input.close();
  }

  /** Rows `first` to `first + rowCount - 1` of the batch, over its own vectors. */
  #part(batch: Batch, first: number, rowCount: number): Batch {
    if (first === 0) return { ...batch, rowCount };
    if (batch.selection !== 0) return { ...batch, rowCount, selection: batch.selection + first * 4 };
    this.#selection.reset();
    const selection = this.#selection.allocate(rowCount * 4);
    kernelNamed(this.#context.kernels, "fillSequence")(first, rowCount, selection);
    return { rowCount, vectors: batch.vectors, selection };
  }
}
