import type { Schema } from "../arrow/schema.ts";
import type { Expression } from "../expr/expression.ts";
import type { Batch, Vector } from "../kernel/batch.ts";
import type { Kernels } from "../kernel/load-kernels.ts";
import type { SlotMemory } from "../kernel/slot-memory.ts";
import { CompiledFilter } from "./compiled-filter.ts";
import { CompiledProjector } from "./compiled-projector.ts";

/** Computes expressions over batches. */
export interface Projector {
  open(): void;
  /**
   * Dense vectors of `batch.rowCount` rows, one per expression, in the projector's own memory and valid until the next
   * call. A bare `input` over a batch without selection is that input vector itself.
   */
  evaluate(batch: Batch): readonly Vector[];
  /** Gives all memory back. Idempotent. */
  close(): void;
}

/** Keeps the rows for which a predicate is true. */
export interface FilterProgram {
  open(): void;
  /** The same vectors under a new selection in the program's own memory, valid until the next call; null for no rows. */
  select(batch: Batch): Batch | null;
  /** Gives all memory back. Idempotent. */
  close(): void;
}

/** Turns typed expressions into WebAssembly over one slot's memory. */
export class ExpressionCompiler {
  readonly memory: SlotMemory;
  readonly kernels: Kernels;

  constructor(memory: SlotMemory, kernels: Kernels) {
    this.memory = memory;
    this.kernels = kernels;
  }

  /** Expressions over `input` positions of the schema; aggregates and subqueries are not expressions. */
  projector(expressions: readonly Expression[], input: Schema): Projector {
    return new CompiledProjector(this.memory, this.kernels, expressions, input);
  }

  filter(predicate: Expression, input: Schema): FilterProgram {
    return new CompiledFilter(this.memory, this.kernels, predicate, input);
  }
}
