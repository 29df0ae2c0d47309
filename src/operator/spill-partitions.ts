import type { DataType } from "../arrow/data-type.ts";
import { batchRowCount } from "../kernel/batch.ts";
import { hashColumns } from "../kernel/hash.ts";
import { kernelNamed } from "../kernel/load-kernels.ts";
import type { RowStore } from "../kernel/row-store.ts";
import type { TaskContext } from "./operator.ts";
import { SpillRun } from "./spill-run.ts";

const partitionCount = 16;
const bitsPerLevel = 4;
/** Past this level the hash has no bits left for partitions. */
export const spillLevelMax = 5;
/** Rows that are put in order at once: enough for blocks of thousands of rows in each partition. */
const roundRowsMax = 1 << 16;
const roundRowsMin = 1 << 10;
/** A block is in memory twice while it is written. */
const blockBytesMax = 1 << 20;
const blockMemoryShare = 1 / 64;
const blockRowsMin = 16;
/** Of addresses, hashes and two lists, for each row of a round. */
const roundBytesPerRow = 20;

/**
 * Rows on disk, in sixteen runs by four bits of the hash of their key columns; other bits at each level. With level null one run takes
 * all rows.
 */
export class SpillPartitions {
  readonly runs: readonly SpillRun[];
  readonly level: number | null;
  readonly #context: TaskContext;
  readonly #keyColumns: readonly number[];

  constructor(
    context: TaskContext,
    label: string,
    types: readonly DataType[],
    keyColumns: readonly number[],
    level: number | null,
  ) {
    this.#context = context;
    this.#keyColumns = keyColumns;
    this.level = level;
    this.runs = Array.from(
      { length: level === null ? 1 : partitionCount },
      (_, index) => new SpillRun(context, `${label}-${level ?? "all"}-${index}`, types),
    );
  }

  get byteSize(): number {
    return this.runs.reduce((sum, run) => sum + run.byteSize, 0);
  }

  /** Writes all rows of a store, whose first columns are the runs'. The store stays as it is. */
  write(store: RowStore): void {
    const { memory, kernels } = this.#context;
    const roundRows = Math.max(
      roundRowsMin,
      Math.min(roundRowsMax, store.rowCount, Math.floor(memory.byteSize / 32 / roundBytesPerRow)),
    );
    const lists = memory.region();
    const batch = memory.region();
    try {
      const addresses = lists.allocate(roundRows * 4);
      const hashes = lists.allocate(roundRows * 8);
      const positions = lists.allocate(roundRows * 4);
      const ordered = lists.allocate(roundRows * 4);
      const counts = lists.allocate(partitionCount * 4);
      for (let first = 0; first < store.rowCount; first += roundRows) {
        this.#context.checkCancelled();
        const count = Math.min(roundRows, store.rowCount - first);
        store.addresses(first, count, addresses);
        if (this.level === null) {
          this.#writeRun(this.runs[0]!, store, addresses, count);
          continue;
        }
        batch.reset();
        hashColumns(kernels, store.gather(addresses, count, this.#keyColumns, batch), count, hashes);
        batch.reset();
        kernelNamed(kernels, "spillPartition")(hashes, count, this.level * bitsPerLevel, positions, counts);
        kernelNamed(kernels, "gather4")(addresses, positions, count, ordered);
        let start = 0;
        this.runs.forEach((run, partition) => {
          const size = memory.u32[counts / 4 + partition]!;
          this.#writeRun(run, store, ordered + start * 4, size);
          start += size;
        });
      }
    } finally {
      lists.free();
      batch.free();
    }
  }

  /** Removes all files. Idempotent. */
  remove(): void {
    this.runs.forEach((run) => run.remove());
  }

  #writeRun(run: SpillRun, store: RowStore, rows: number, count: number): void {
    const { memory } = this.#context;
    const columns = run.types.map((_, column) => column);
    const blockBytes = Math.min(blockBytesMax, memory.byteSize * blockMemoryShare);
    const rowBytes = store.byteSize / store.rowCount;
    const blockRows = Math.max(blockRowsMin, Math.min(batchRowCount, Math.floor(blockBytes / rowBytes)));
    const region = memory.region();
    try {
      for (let done = 0; done < count; done += blockRows) {
        region.reset();
        const size = Math.min(blockRows, count - done);
        run.writeOwned(store.gather(rows + done * 4, size, columns, region), size);
      }
    } finally {
      region.free();
    }
  }
}
