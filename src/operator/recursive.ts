import type { Schema } from "../arrow/schema.ts";
import { EngineError } from "../common/engine-error.ts";
import type { Batch, Vector } from "../kernel/batch.ts";
import { batchRowCount } from "../kernel/batch.ts";
import { densify } from "../kernel/gather.ts";
import { hashColumns } from "../kernel/hash.ts";
import { RowLayout } from "../kernel/row-layout.ts";
import { RowStore } from "../kernel/row-store.ts";
import type { Region } from "../kernel/slot-memory.ts";
import type { PhysicalRecursive } from "../physical/physical-node.ts";
import { GroupTable } from "./group-table.ts";
import type { Operator, TaskContext } from "./operator.ts";
import { setWorkTable } from "./work-table.ts";

/**
 * Transform: the anchor's rows, then those of the step, round by round. A round's step is built anew and reads the rows that the round
 * before has added, which are kept in memory, as are all rows so far where duplicates must go.
 */
export class RecursiveOperator implements Operator {
  readonly schema: Schema;
  readonly #context: TaskContext;
  readonly #node: PhysicalRecursive;
  readonly #makeStep: () => Operator;
  readonly #region: Region;
  readonly #seen: GroupTable | null;
  /** What the round before has added, and what this one adds. */
  #working: RowStore;
  #added: RowStore;
  #current: Operator;
  #firstStep: Operator | null;
  #isOpen = false;
  #round = 0;
  #ended = false;

  /** `firstStep` is used in the first round, so that what it did is reported; `makeStep` makes those of the others. */
  constructor(
    context: TaskContext,
    node: PhysicalRecursive,
    anchor: Operator,
    firstStep: Operator,
    makeStep: () => Operator,
  ) {
    const { memory, kernels } = context;
    const types = node.schema.map(({ type }) => type);
    this.schema = node.schema;
    this.#context = context;
    this.#node = node;
    this.#current = anchor;
    this.#firstStep = firstStep;
    this.#makeStep = makeStep;
    this.#region = memory.region();
    this.#seen = node.distinct ? new GroupTable(memory, kernels, types, []) : null;
    this.#working = new RowStore(memory, kernels, RowLayout.of(types));
    this.#added = new RowStore(memory, kernels, RowLayout.of(types));
  }

  open(): void {
    this.#isOpen = true;
    this.#current.open();
  }

  next(): Batch | null {
    while (!this.#ended) {
      this.#context.checkCancelled();
      this.#region.reset();
      const batch = this.#current.next();
      if (batch === null) {
        this.#nextRound();
        continue;
      }
      const added = this.#add(batch);
      if (added !== null) return added;
    }
    return null;
  }

  close(): void {
    if (this.#isOpen) {
      this.#isOpen = false;
      this.#current.close();
    }
    this.#ended = true;
    this.#firstStep?.close();
    this.#firstStep = null;
    this.#working.free();
    this.#added.free();
    this.#seen?.free();
    this.#region.free();
  }

  counters(): Readonly<Record<string, number>> {
    return { rounds: this.#round };
  }

  /** Keeps the batch's new rows for the next round; gives them, or null for none. */
  #add(batch: Batch): Batch | null {
    const { kernels } = this.#context;
    const dense = densify(kernels, batch, this.#region);
    const added = this.#seen === null ? dense : this.#unseen(this.#seen, dense.vectors as Vector[], dense.rowCount);
    if (added.rowCount === 0) return null;
    const addresses = this.#region.allocate(added.rowCount * 4);
    this.#added.append(added.vectors, added.rowCount, addresses);
    return added;
  }

  #unseen(seen: GroupTable, vectors: readonly Vector[], rowCount: number): Batch {
    const hashes = this.#region.allocate(batchRowCount * 8);
    const found = this.#region.allocate(batchRowCount * 4);
    hashColumns(this.#context.kernels, vectors, rowCount, hashes);
    const { rows, count } = seen.findOrCreate(vectors, hashes, rowCount, found);
    const columns = vectors.map((_, index) => index);
    return { rowCount: count, vectors: seen.store.gather(rows, count, columns, this.#region), selection: 0 };
  }

  #nextRound(): void {
    this.#isOpen = false;
    this.#current.close();
    if (this.#added.rowCount === 0) {
      this.#ended = true;
      return;
    }
    const { workId, roundsMax } = this.#node;
    this.#round += 1;
    if (this.#round > roundsMax) {
      const message = `a recursive query takes more than ${roundsMax} rounds`;
      throw new EngineError("invalid_parameter_value", message, {
        hint: "it may have a cycle; SET recursion_max raises the limit",
      });
    }
    [this.#working, this.#added] = [this.#added, this.#working];
    this.#added.clear();
    setWorkTable(this.#context, workId, this.#working);
    this.#current = this.#firstStep ?? this.#makeStep();
    this.#firstStep = null;
    this.#isOpen = true;
    this.#current.open();
  }
}
