import type { Schema } from "../arrow/schema.ts";
import type { Batch } from "../kernel/batch.ts";
import { batchRowCount } from "../kernel/batch.ts";
import type { Region } from "../kernel/slot-memory.ts";
import { writeVector } from "../kernel/vector-values.ts";
import type { PhysicalValues } from "../physical/physical-node.ts";
import type { Operator, TaskContext } from "./operator.ts";

/** Source: constant rows. */
export class ValuesOperator implements Operator {
  readonly schema: Schema;
  readonly #context: TaskContext;
  readonly #rows: PhysicalValues["rows"];
  readonly #region: Region;
  #next = 0;

  constructor(context: TaskContext, node: PhysicalValues) {
    this.schema = node.schema;
    this.#context = context;
    this.#rows = node.rows;
    this.#region = context.memory.region();
  }

  open(): void {}

  next(): Batch | null {
    this.#region.reset();
    const rows = this.#rows.slice(this.#next, this.#next + batchRowCount);
    if (rows.length === 0) return null;
    this.#next += rows.length;
    const vectors = this.schema.map((field, column) =>
      writeVector(
        this.#context.memory,
        this.#region,
        field.type,
        rows.map((row) => row[column] ?? null),
      ),
    );
    return { rowCount: rows.length, vectors, selection: 0 };
  }

  close(): void {
    this.#region.free();
  }
}
