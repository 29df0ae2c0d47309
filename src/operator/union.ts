import type { Schema } from "../arrow/schema.ts";
import type { Batch } from "../kernel/batch.ts";
import type { PhysicalUnion } from "../physical/physical-node.ts";
import type { Operator, TaskContext } from "./operator.ts";

/** Transform: all rows of each input, one input after another; each is open only while it is read. */
export class UnionOperator implements Operator {
  readonly schema: Schema;
  readonly #context: TaskContext;
  readonly #inputs: readonly Operator[];
  #current = 0;
  #isOpen = false;

  constructor(context: TaskContext, node: PhysicalUnion, ...inputs: Operator[]) {
    this.schema = node.schema;
    this.#context = context;
    this.#inputs = inputs;
  }

  open(): void {}

  next(): Batch | null {
    for (; this.#current < this.#inputs.length; this.#current++) {
      this.#context.checkCancelled();
      const input = this.#inputs[this.#current]!;
      if (!this.#isOpen) {
        // Set first: an input that fails to open half-way must be closed too.
        this.#isOpen = true;
        input.open();
      }
      const batch = input.next();
      if (batch !== null) return batch;
      this.#isOpen = false;
      input.close();
    }
    return null;
  }

  close(): void {
    if (this.#isOpen) this.#inputs[this.#current]!.close();
    this.#isOpen = false;
    this.#current = this.#inputs.length;
  }
}
