import type { Schema } from "../../src/arrow/schema.ts";
import type { Value } from "../../src/arrow/value.ts";
import type { FilterProgram, Projector } from "../../src/compile/expression-compiler.ts";
import { ExpressionCompiler } from "../../src/compile/expression-compiler.ts";
import { typeOf } from "../../src/expr/expression-properties.ts";
import type { Expression } from "../../src/expr/expression.ts";
import { evaluate } from "../../src/expr/interpreter/evaluate.ts";
import type { Batch } from "../../src/kernel/batch.ts";
import { densify } from "../../src/kernel/gather.ts";
import { readValue, writeVector } from "../../src/kernel/vector-values.ts";

/** A compiler that interprets instead, so that operators can be tested apart from the real one. */
export class InterpretingCompiler extends ExpressionCompiler {
  override projector(expressions: readonly Expression[], _input: Schema): Projector {
    const { memory, kernels } = this;
    const region = memory.region();
    return {
      open() {},
      evaluate(batch) {
        region.reset();
        // Only the vectors that are named are touched: the others of a batch may be absent.
        const dense = batch.vectors.map((vector) =>
          vector.data === 0 ? vector : densify(kernels, { ...batch, vectors: [vector] }, region).vectors[0]!,
        );
        return expressions.map((expression) => {
          if (expression.kind === "input") return dense[expression.index]!;
          const values = Array.from({ length: batch.rowCount }, (_, row): Value =>
            evaluate(expression, (position) => readValue(memory, dense[position]!, row)),
          );
          return writeVector(memory, region, typeOf(expression), values);
        });
      },
      close() {
        region.free();
      },
    };
  }

  override filter(predicate: Expression, _input: Schema): FilterProgram {
    const { memory } = this;
    const region = memory.region();
    return {
      open() {},
      select(batch: Batch) {
        region.reset();
        const kept: number[] = [];
        for (let index = 0; index < batch.rowCount; index++) {
          const row = batch.selection === 0 ? index : memory.u32[batch.selection / 4 + index]!;
          if (evaluate(predicate, (position) => readValue(memory, batch.vectors[position]!, row)) === true)
            kept.push(row);
        }
        if (kept.length === 0) return null;
        const selection = region.allocate(kept.length * 4);
        memory.u32.set(kept, selection / 4);
        return { rowCount: kept.length, vectors: batch.vectors, selection };
      },
      close() {
        region.free();
      },
    };
  }
}
