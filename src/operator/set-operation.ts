import { simpleType } from "../arrow/data-type.ts";
import type { Schema } from "../arrow/schema.ts";
import type { Batch } from "../kernel/batch.ts";
import { densify } from "../kernel/gather.ts";
import { hashColumns } from "../kernel/hash.ts";
import { kernelNamed } from "../kernel/load-kernels.ts";
import type { Region } from "../kernel/slot-memory.ts";
import type { PhysicalSetOperation } from "../physical/physical-node.ts";
import { GroupTable } from "./group-table.ts";
import type { Operator, TaskContext } from "./operator.ts";

/**
 * INTERSECT and EXCEPT, with or without ALL; NULLs are equal. The right input is counted in a table of distinct rows, then each row
 * of the left one is looked up: its counter says whether it comes out.
 */
export class SetOperationOperator implements Operator {
  readonly schema: Schema;
  readonly #context: TaskContext;
  readonly #left: Operator;
  readonly #right: Operator;
  readonly #table: GroupTable;
  readonly #counterOffset: number;
  readonly #isIntersect: boolean;
  /** The number that selectSetRows knows it by. */
  readonly #operation: number;
  readonly #batch: Region;
  #isBuilt = false;
  #isDone = false;

  constructor(context: TaskContext, node: PhysicalSetOperation, left: Operator, right: Operator) {
    this.schema = node.schema;
    this.#context = context;
    this.#left = left;
    this.#right = right;
    const types = node.schema.map(({ type }) => type);
    this.#table = new GroupTable(context.memory, context.kernels, types, [simpleType("int64")]);
    this.#counterOffset = this.#table.store.layout.columns.at(-1)!.offset;
    this.#isIntersect = node.operation === "intersect";
    this.#operation = (this.#isIntersect ? 0 : 2) + (node.all ? 0 : 1);
    this.#batch = context.memory.region();
  }

  open(): void {
    this.#left.open();
    this.#right.open();
  }

  next(): Batch | null {
    if (!this.#isBuilt) this.#build();
    while (!this.#isDone) {
      this.#context.checkCancelled();
      const input = this.#left.next();
      if (input === null) break;
      const { dense, rows } = this.#lookUp(input);
      const selection = this.#batch.allocate(dense.rowCount * 4);
      const rowCount = kernelNamed(this.#context.kernels, "selectSetRows")(
        this.#operation,
        rows,
        dense.rowCount,
        this.#counterOffset,
        selection,
      );
      if (rowCount > 0) return { rowCount, vectors: dense.vectors, selection };
    }
    this.#isDone = true;
    return null;
  }

  close(): void {
    this.#isDone = true;
    this.#table.free();
    this.#batch.free();
    try {
      this.#left.close();
    } finally {
      this.#right.close();
    }
  }

  counters(): Readonly<Record<string, number>> {
    return { hashRows: this.#table.store.rowCount };
  }

  #build(): void {
    this.#isBuilt = true;
    for (;;) {
      this.#context.checkCancelled();
      const batch = this.#right.next();
      if (batch === null) break;
      const { dense, rows } = this.#lookUp(batch);
      kernelNamed(this.#context.kernels, "countSetRows")(rows, dense.rowCount, this.#counterOffset);
    }
    // Nothing is in both when one is empty.
    if (this.#isIntersect && this.#table.store.rowCount === 0) this.#isDone = true;
  }

  /** The batch without a selection, and the table's row of each of its rows. */
  #lookUp(batch: Batch): { readonly dense: Batch; readonly rows: number } {
    const { kernels } = this.#context;
    this.#batch.reset();
    const dense = densify(kernels, batch, this.#batch);
    const hashes = this.#batch.allocate(dense.rowCount * 8);
    const rows = this.#batch.allocate(dense.rowCount * 4);
    hashColumns(kernels, dense.vectors, dense.rowCount, hashes);
    this.#table.findOrCreate(dense.vectors, hashes, dense.rowCount, rows);
    return { dense, rows };
  }
}
