import type { Schema } from "../arrow/schema.ts";
import type { Expression } from "../expr/expression.ts";
import type { Kernels } from "../kernel/load-kernels.ts";
import type { SlotMemory } from "../kernel/slot-memory.ts";
import { CompiledFilter } from "./compiled-filter.ts";
import { CompiledProjector } from "./compiled-projector.ts";
import type { FilterProgram, Projector } from "./projector.ts";

export type { FilterProgram, Projector } from "./projector.ts";

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
