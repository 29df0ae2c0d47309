import type { Schema } from "../arrow/schema.ts";
import { byteWidthOf, sameLayout, typeName } from "../arrow/data-type.ts";
import { assert } from "../common/assert.ts";
import type { Batch } from "../kernel/batch.ts";
import { batchRowCount } from "../kernel/batch.ts";
import type { OperatorMetrics } from "../stage/task-report.ts";
import type { Operator, TaskContext } from "./operator.ts";

/**
 * An operator under observation: counts what it puts out and the time inside it, its inputs' time not counted. In a memory
 * that poisons what is freed (tests) it also checks that each batch keeps the contract of kernel/batch.ts.
 */
export class MeasuredOperator implements Operator {
  readonly schema: Schema;
  readonly name: string;
  readonly #context: TaskContext;
  readonly #operator: Operator;
  readonly #inputs: readonly MeasuredOperator[];
  #rowCount = 0;
  #batchCount = 0;
  #totalMillis = 0;
  #ended = false;

  constructor(context: TaskContext, name: string, operator: Operator, inputs: readonly MeasuredOperator[]) {
    this.schema = operator.schema;
    this.name = name;
    this.#context = context;
    this.#operator = operator;
    this.#inputs = inputs;
  }

  open(): void {
    this.#timed(() => this.#operator.open());
  }

  next(): Batch | null {
    const batch = this.#timed(() => this.#operator.next());
    if (this.#context.memory.poison) this.#check(batch);
    if (batch === null) {
      this.#ended = true;
      return null;
    }
    this.#rowCount += batch.rowCount;
    this.#batchCount++;
    return batch;
  }

  close(): void {
    this.#timed(() => this.#operator.close());
  }

  counters(): Readonly<Record<string, number>> {
    return this.#operator.counters?.() ?? {};
  }

  metrics(): OperatorMetrics {
    const inputMillis = this.#inputs.reduce((sum, input) => sum + input.#totalMillis, 0);
    return {
      name: this.name,
      rowCount: this.#rowCount,
      batchCount: this.#batchCount,
      selfMicros: Math.max(0, Math.round((this.#totalMillis - inputMillis) * 1000)),
      peakBytes: 0,
      counters: this.counters(),
    };
  }

  /** This operator and all below it, in pre-order. */
  allMetrics(): OperatorMetrics[] {
    return [this.metrics(), ...this.#inputs.flatMap((input) => input.allMetrics())];
  }

  #timed<T>(work: () => T): T {
    const started = performance.now();
    try {
      return work();
    } finally {
      this.#totalMillis += performance.now() - started;
    }
  }

  #check(batch: Batch | null): void {
    if (batch === null) return;
    const { memory } = this.#context;
    assert(!this.#ended, () => `${this.name} gave a batch after its end`);
    assert(batch.rowCount > 0 && batch.rowCount <= batchRowCount, () => `${this.name} gave ${batch.rowCount} rows`);
    assert(batch.vectors.length === this.schema.length, () => `${this.name} gave ${batch.vectors.length} columns`);
    let lastRow = batch.rowCount - 1;
    for (let index = 0, previous = -1; batch.selection !== 0 && index < batch.rowCount; index++) {
      lastRow = memory.u32[batch.selection / 4 + index]!;
      assert(lastRow > previous, () => `${this.name} gave a selection that does not ascend`);
      previous = lastRow;
    }
    batch.vectors.forEach((vector, column) => {
      const { name, type } = this.schema[column]!;
      const what = (): string => `${this.name} gave for column ${name} (${typeName(type)})`;
      assert(sameLayout(vector.type, type), () => `${what()} a vector of ${typeName(vector.type)}`);
      assert(
        vector.data > 0 && vector.data % Math.min(16, byteWidthOf(type)) === 0,
        () => `${what()} address ${vector.data}`,
      );
      assert(
        vector.data + (lastRow + 1) * byteWidthOf(type) <= memory.byteSize,
        () => `${what()} rows outside the memory`,
      );
      assert(vector.validity % 8 === 0, () => `${what()} validity at ${vector.validity}`);
    });
  }
}
