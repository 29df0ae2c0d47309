import type { Schema } from "../arrow/schema.ts";
import type { Projector } from "../compile/expression-compiler.ts";
import type { Expression } from "../expr/expression.ts";
import type { Batch } from "../kernel/batch.ts";
import type { PhysicalProject } from "../physical/physical-node.ts";
import type { Operator, TaskContext } from "./operator.ts";

/** Transform: computes expressions. One that only picks and reorders columns passes vectors and selection on as they are. */
export class ProjectOperator implements Operator {
  readonly schema: Schema;
  readonly #input: Operator;
  readonly #picked: readonly number[] | null;
  readonly #projector: Projector | null;

  constructor(context: TaskContext, node: PhysicalProject, input: Operator) {
    this.schema = node.schema;
    this.#input = input;
    this.#picked = pickedColumns(node.expressions);
    this.#projector = this.#picked === null ? context.compiler.projector(node.expressions, input.schema) : null;
  }

  open(): void {
    this.#input.open();
    this.#projector?.open();
  }

  next(): Batch | null {
    const batch = this.#input.next();
    if (batch === null) return null;
    if (this.#projector === null) return { ...batch, vectors: this.#picked!.map((index) => batch.vectors[index]!) };
    return { rowCount: batch.rowCount, vectors: this.#projector.evaluate(batch), selection: 0 };
  }

  close(): void {
    this.#projector?.close();
    this.#input.close();
  }
}

function pickedColumns(expressions: readonly Expression[]): readonly number[] | null {
  const picked: number[] = [];
  for (const expression of expressions) {
    if (expression.kind !== "input") return null;
    picked.push(expression.index);
  }
  return picked;
}
