import type { Schema } from "../arrow/schema.ts";
import { must } from "../common/assert.ts";
import type { Batch } from "../kernel/batch.ts";
import { batchRowCount } from "../kernel/batch.ts";
import type { RowStore } from "../kernel/row-store.ts";
import type { Region } from "../kernel/slot-memory.ts";
import type { PhysicalWorkTable } from "../physical/physical-node.ts";
import type { Operator, TaskContext } from "./operator.ts";

/** The rows that the recursive operators of a task have added in their last round, by workId. */
const tablesOfTasks = new WeakMap<TaskContext, Map<number, RowStore>>();

/** Says what the work tables of this number hold from now on. */
export function setWorkTable(context: TaskContext, workId: number, rows: RowStore): void {
  let tables = tablesOfTasks.get(context);
  if (tables === undefined) tablesOfTasks.set(context, (tables = new Map()));
  tables.set(workId, rows);
}

/** Source: the rows of a recursion's round before. */
export class WorkTableOperator implements Operator {
  readonly schema: Schema;
  readonly #context: TaskContext;
  readonly #workId: number;
  readonly #region: Region;
  #done = 0;

  constructor(context: TaskContext, node: PhysicalWorkTable) {
    this.schema = node.schema;
    this.#context = context;
    this.#workId = node.workId;
    this.#region = context.memory.region();
  }

  open(): void {}

  next(): Batch | null {
    this.#context.checkCancelled();
    this.#region.reset();
    const store = must(tablesOfTasks.get(this.#context)?.get(this.#workId), "the recursion has begun");
    const count = Math.min(batchRowCount, store.rowCount - this.#done);
    if (count <= 0) return null;
    const rows = this.#region.allocate(count * 4);
    store.addresses(this.#done, count, rows);
    this.#done += count;
    const columns = this.schema.map((_, index) => index);
    return { rowCount: count, vectors: store.gather(rows, count, columns, this.#region), selection: 0 };
  }

  close(): void {
    this.#region.free();
  }
}
