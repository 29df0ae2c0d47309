import type { Schema } from "../arrow/schema.ts";
import type { FilterProgram } from "../compile/expression-compiler.ts";
import type { Batch } from "../kernel/batch.ts";
import type { PhysicalFilter } from "../physical/physical-node.ts";
import type { Operator, TaskContext } from "./operator.ts";

/** Transform: keeps the rows for which a predicate is true, by a selection over its input's vectors. */
export class FilterOperator implements Operator {
  readonly schema: Schema;
  readonly #context: TaskContext;
  readonly #input: Operator;
  readonly #program: FilterProgram;

  constructor(context: TaskContext, node: PhysicalFilter, input: Operator) {
    this.schema = node.schema;
    this.#context = context;
    this.#input = input;
    this.#program = context.compiler.filter(node.predicate, input.schema);
  }

  open(): void {
    this.#input.open();
    this.#program.open();
  }

  next(): Batch | null {
    for (;;) {
      this.#context.checkCancelled();
      const batch = this.#input.next();
      if (batch === null) return null;
      const kept = this.#program.select(batch);
      if (kept !== null) return kept;
    }
  }

  close(): void {
    this.#program.close();
    this.#input.close();
  }
}
