import type { Vector } from "../kernel/batch.ts";
import { batchRowCount } from "../kernel/batch.ts";
import { hashColumns } from "../kernel/hash.ts";
import { kernelNamed } from "../kernel/load-kernels.ts";
import type { Region } from "../kernel/slot-memory.ts";
import type { AggregatePlan } from "./aggregate-plan.ts";
import type { AggregationState } from "./aggregation-state.ts";
import type { GroupTable } from "./group-table.ts";
import type { TaskContext } from "./operator.ts";
import { SpillRun } from "./spill-run.ts";

const partitionCount = 16;
const bitsPerLevel = 4;
/** Past this level the hash has no bits left for partitions; what does not fit then fails for lack of memory. */
const levelMax = 5;
/** Memory that must stay free for the next batch's needs. */
const reserveBytesMin = 4 << 20;
/** Below this size a state gives so little back that others must. */
const spillableBytesMin = 1 << 20;

/** One sixteenth of the groups: their states, and the rows of each distinct set. */
type Partition = { readonly level: number; readonly states: SpillRun; readonly sets: readonly SpillRun[] };

/**
 * Moves an aggregation's groups to disk when memory runs out, and brings them back partition by partition. Groups are spilled as
 * states, which merge. Without groups there is nothing to spill but distinct sets; these are then partitioned by their own rows,
 * and each partition adds to the one result row, which stays in memory.
 */
export class AggregationSpill {
  readonly #context: TaskContext;
  readonly #plan: AggregatePlan;
  readonly #state: AggregationState;
  readonly #scratch: Region;
  readonly #grouped: boolean;
  /** Partitions that rows are still added to, by level. */
  readonly #open = new Map<number, readonly Partition[]>();
  #waiting: Partition[] = [];
  #spilledBytes = 0;

  constructor(context: TaskContext, plan: AggregatePlan, state: AggregationState) {
    this.#context = context;
    this.#plan = plan;
    this.#state = state;
    this.#grouped = plan.groupTypes.length > 0;
    this.#scratch = context.memory.region();
  }

  get spilledBytes(): number {
    return this.#spilledBytes;
  }

  /** Whether there is something on disk that must still be aggregated. */
  get hasPartitions(): boolean {
    return this.#open.size > 0 || this.#waiting.length > 0;
  }

  /** Whether the next batch might not find the memory it needs, and spilling would help. */
  isNeeded(): boolean {
    const { byteSize } = this.#state;
    if (byteSize < spillableBytesMin) return false;
    // The tables may double, beside what they are now.
    return this.#context.memory.freeBytes < reserveBytesMin + byteSize;
  }

  /** Moves everything that the state holds to the partitions of this level. */
  spillAll(level: number): void {
    let partitions = this.#open.get(level);
    if (partitions === undefined) this.#open.set(level, (partitions = this.#makePartitions(level)));
    const groupCount = this.#plan.groupTypes.length;
    if (this.#grouped) {
      this.#spillTable(
        this.#state.groups,
        groupCount,
        level,
        partitions.map((partition) => partition.states),
      );
    }
    this.#state.sets.forEach((set, index) => {
      const keyCount = this.#grouped ? groupCount : 1;
      this.#spillTable(
        set,
        keyCount,
        level,
        partitions!.map((partition) => partition.sets[index]!),
      );
      set.clear();
    });
    if (this.#grouped) this.#state.start();
  }

  /**
   * Aggregates the next partition in the state, which is empty, or without groups all of them. Leaves complete groups in the state;
   * none when the partition itself had to be split.
   */
  loadPartition(): void {
    this.#close(0);
    do {
      const partition = this.#waiting.pop();
      if (partition === undefined) return;
      this.#load(partition);
    } while (!this.#grouped);
  }

  /** Removes all files and gives all memory back. Idempotent. */
  close(): void {
    this.#scratch.free();
    for (const partitions of [...this.#open.values(), this.#waiting]) partitions.forEach(removePartition);
    this.#open.clear();
    this.#waiting = [];
  }

  #load(partition: Partition): void {
    const level = partition.level + 1;
    const region = this.#context.memory.region();
    const relieve = (): void => {
      this.#context.checkCancelled();
      if (level <= levelMax && this.isNeeded()) this.spillAll(level);
    };
    try {
      for (const { vectors, rowCount } of partition.states.read(region)) {
        this.#state.merge(vectors, rowCount);
        relieve();
      }
      partition.sets.forEach((run, index) => {
        for (const { vectors, rowCount } of run.read(region)) {
          this.#state.insertDistinct(index, vectors, rowCount);
          relieve();
        }
      });
    } finally {
      region.free();
      removePartition(partition);
    }
    if (this.#open.has(level)) {
      this.spillAll(level);
      this.#close(level);
    } else {
      this.#state.finishDistinct();
    }
  }

  /** The partitions of a level are complete: they wait for their turn. */
  #close(level: number): void {
    const partitions = this.#open.get(level);
    if (partitions === undefined) return;
    this.#open.delete(level);
    for (const partition of partitions) {
      const isEmpty = partition.states.rowCount === 0 && partition.sets.every((run) => run.rowCount === 0);
      if (!isEmpty) this.#waiting.push(partition);
    }
  }

  #makePartitions(level: number): readonly Partition[] {
    const { groupTypes, stateTypes, distinctTypes } = this.#plan;
    return Array.from({ length: partitionCount }, (_, index) => ({
      level,
      states: new SpillRun(this.#context, `aggregate-${level}-${index}`, [...groupTypes, ...stateTypes]),
      sets: distinctTypes.map(
        (type) => new SpillRun(this.#context, `distinct-${level}-${index}`, [...groupTypes, type]),
      ),
    }));
  }

  /** Writes all rows of a table to the runs, by the hash of their first `keyCount` columns. */
  #spillTable(table: GroupTable, keyCount: number, level: number, runs: readonly SpillRun[]): void {
    const { memory, kernels } = this.#context;
    const columns = table.store.layout.columns.map((_, index) => index);
    const batch = memory.region();
    this.#scratch.reset();
    const addresses = this.#scratch.allocate(batchRowCount * 4);
    const hashes = this.#scratch.allocate(batchRowCount * 8);
    const positions = this.#scratch.allocate(batchRowCount * 4);
    const counts = this.#scratch.allocate(partitionCount * 4);
    const before = runs.reduce((sum, run) => sum + run.byteSize, 0);
    try {
      for (const { rows, count } of table.store.scan(batchRowCount, addresses)) {
        batch.reset();
        const gathered: Vector[] = table.store.gather(rows, count, columns, batch);
        const isGroups = table === this.#state.groups;
        const vectors = isGroups ? this.#state.portable(gathered, rows, count, batch) : gathered;
        hashColumns(kernels, vectors.slice(0, keyCount), count, hashes);
        kernelNamed(kernels, "spillPartition")(hashes, count, level * bitsPerLevel, positions, counts);
        let start = 0;
        runs.forEach((run, partition) => {
          const size = memory.u32[counts / 4 + partition]!;
          run.write(vectors, positions + start * 4, size);
          start += size;
        });
      }
    } finally {
      batch.free();
      this.#scratch.reset();
    }
    this.#spilledBytes += runs.reduce((sum, run) => sum + run.byteSize, 0) - before;
  }
}

function removePartition(partition: Partition): void {
  partition.states.remove();
  partition.sets.forEach((run) => run.remove());
}
