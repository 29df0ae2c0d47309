import type { Schema } from "../arrow/schema.ts";
import type { ExpressionCompiler } from "../compile/expression-compiler.ts";
import type { Expression } from "../expr/expression.ts";
import type { Batch } from "../kernel/batch.ts";
import type { Kernels } from "../kernel/load-kernels.ts";
import type { SlotMemory } from "../kernel/slot-memory.ts";
import type { ShuffleFetcher } from "../shuffle/shuffle-fetcher.ts";
import type { ScanSplit } from "../stage/stage.ts";

/**
 * A source or transform of rows inside a task. Everything is synchronous: a worker thread runs one task, and where it must
 * wait (a remote partition, a file) it blocks, with a deadline and an eye on cancellation (`TaskContext.checkCancelled`).
 *
 * The caller guarantees: `open` once, then `next` until it gives null or throws, then `close` once, whatever happened.
 * The operator guarantees: no memory taken before `open`; a batch stays valid until the next call; after null, null
 * again; `close` frees every region and file and closes its inputs, also after an error or when `open` failed half-way.
 */
export interface Operator {
  readonly schema: Schema;
  open(): void;
  next(): Batch | null;
  close(): void;
  /** Numbers only this operator knows (spilled bytes, hash table rows), for EXPLAIN ANALYZE. */
  counters?(): Readonly<Record<string, number>>;
}

/** What a task gives its operators. */
export type TaskContext = {
  readonly memory: SlotMemory;
  readonly kernels: Kernels;
  readonly compiler: ExpressionCompiler;
  readonly tables: TableSource;
  readonly shuffle: ShuffleFetcher;
  readonly spill: SpillSpace;
  /** Splits of this task by scanId. */
  readonly splits: ReadonlyMap<number, readonly ScanSplit[]>;
  /** Throws query_canceled when the task was told to stop. Called at least once per batch. */
  checkCancelled(): void;
};

/** Where Parquet is read: implemented by duckdb/, and by tests. */
export interface TableSource {
  scan(request: ScanRequest): Operator;
}

export type ScanRequest = {
  readonly schema: Schema;
  /** Columns of the files, one per schema field. */
  readonly columns: readonly string[];
  /** Over schema positions; see PhysicalScan. */
  readonly pushed: Expression | null;
  /** Schema positions whose values matter above the scan; the other vectors hold anything. Absent = all. */
  readonly read?: ReadonlySet<number> | undefined;
  readonly splits: readonly ScanSplit[];
  readonly tableName: string;
};

/** Temporary files of one task; every file is removed when the task ends, however it ends. */
export interface SpillSpace {
  create(label: string): SpillFile;
  /** Bytes that may still be taken from the slot's memory before operators should spill. */
  readonly spilledBytes: number;
}

export interface SpillFile {
  /** Appends bytes; gives their offset. Throws disk_full naming the folder. */
  write(bytes: Uint8Array): number;
  read(offset: number, target: Uint8Array): void;
  readonly byteSize: number;
  remove(): void;
}
