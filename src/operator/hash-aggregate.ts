import type { Schema } from "../arrow/schema.ts";
import type { Projector } from "../compile/expression-compiler.ts";
import type { Batch, Vector } from "../kernel/batch.ts";
import { batchRowCount } from "../kernel/batch.ts";
import { densify } from "../kernel/gather.ts";
import type { Region } from "../kernel/slot-memory.ts";
import type { PhysicalHashAggregate } from "../physical/physical-node.ts";
import type { AggregatePlan } from "./aggregate-plan.ts";
import { planAggregate } from "./aggregate-plan.ts";
import { AggregationSpill } from "./aggregation-spill.ts";
import { AggregationState } from "./aggregation-state.ts";
import type { Operator, TaskContext } from "./operator.ts";

/**
 * A partial aggregation that meets mostly new groups saves nothing downstream: past this size it hands its groups on and begins
 * anew, so that its table stays in the cache.
 */
const partialBytesMax = 8 << 20;
/** Share of rows that made a new group, above which a partial aggregation counts as useless. */
const partialGroupShareMax = 0.5;

/**
 * Transform that reads all its input before its first batch. One row per group; without groups exactly one, even for no input.
 *
 * Memory: when the slot's runs out, a partial aggregation hands its groups on and begins anew; the others move their groups to
 * disk, by hash into partitions that are later aggregated one after the other (aggregation-spill.ts).
 */
export class HashAggregateOperator implements Operator {
  readonly schema: Schema;
  readonly #context: TaskContext;
  readonly #node: PhysicalHashAggregate;
  readonly #input: Operator;
  readonly #plan: AggregatePlan;
  readonly #projector: Projector | null;
  readonly #output: Region;
  readonly #state: AggregationState;
  readonly #spill: AggregationSpill;
  #inputEnded = false;
  /** Groups handed on since the state's rows were complete; null = they are not. */
  #emitted: number | null = null;
  #ended = false;
  #groupRows = 0;

  constructor(context: TaskContext, node: PhysicalHashAggregate, input: Operator) {
    this.schema = node.schema;
    this.#context = context;
    this.#node = node;
    this.#input = input;
    this.#plan = planAggregate(node);
    const { expressions } = this.#plan;
    this.#projector = expressions === null ? null : context.compiler.projector(expressions, input.schema);
    this.#output = context.memory.region();
    this.#state = new AggregationState(context, this.#plan);
    this.#spill = new AggregationSpill(context, this.#plan, this.#state);
  }

  open(): void {
    this.#input.open();
    this.#projector?.open();
    this.#state.start();
  }

  next(): Batch | null {
    this.#output.reset();
    while (!this.#ended) {
      if (this.#emitted === null) this.#fill();
      const batch = this.#emit();
      if (batch !== null) return batch;
      this.#emitted = null;
      if (this.#inputEnded && !this.#spill.hasPartitions) this.#end();
      else this.#state.start();
    }
    return null;
  }

  close(): void {
    this.#end();
    this.#projector?.close();
    this.#output.free();
    this.#input.close();
  }

  counters(): Readonly<Record<string, number>> {
    return { groups: this.#groupRows, spilledBytes: this.#spill.spilledBytes };
  }

  /** Makes the state's groups complete, or in partial mode as many as fit. */
  #fill(): void {
    this.#emitted = 0;
    if (this.#inputEnded) {
      this.#spill.loadPartition();
      return;
    }
    let rowsHere = 0;
    for (;;) {
      this.#context.checkCancelled();
      const batch = this.#input.next();
      if (batch === null) break;
      this.#take(batch);
      rowsHere += batch.rowCount;
      if (this.#node.mode === "partial") {
        if (this.#shouldHandOn(rowsHere)) return;
      } else if (this.#spill.isNeeded()) {
        this.#spill.spillAll(0);
      }
    }
    this.#inputEnded = true;
    if (this.#spill.hasPartitions) {
      this.#spill.spillAll(0);
      this.#spill.loadPartition();
    } else {
      this.#state.finishDistinct();
    }
  }

  #take(batch: Batch): void {
    if (this.#projector !== null) {
      this.#state.consume(this.#projector.evaluate(batch), batch.rowCount);
      return;
    }
    const dense = densify(this.#context.kernels, batch, this.#output);
    this.#state.merge(dense.vectors as Vector[], dense.rowCount);
    this.#output.reset();
  }

  #shouldHandOn(rowsHere: number): boolean {
    if (this.#plan.groupTypes.length === 0) return false;
    if (this.#spill.isNeeded()) return true;
    const { byteSize, store } = this.#state.groups;
    return byteSize > partialBytesMax && store.rowCount > rowsHere * partialGroupShareMax;
  }

  #emit(): Batch | null {
    const { store } = this.#state.groups;
    const first = this.#emitted ?? 0;
    const count = Math.min(batchRowCount, store.rowCount - first);
    if (count <= 0) return null;
    this.#emitted = first + count;
    this.#groupRows += count;
    const rows = this.#output.allocate(count * 4);
    store.addresses(first, count, rows);
    return { rowCount: count, vectors: this.#state.output(rows, count, this.#output), selection: 0 };
  }

  #end(): void {
    this.#ended = true;
    this.#state.free();
    this.#spill.close();
  }
}
