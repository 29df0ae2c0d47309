import type { PlainError } from "../common/engine-error.ts";
import type { InputSource, TaskId } from "../stage/control-message.ts";
import type { OperatorMetrics, PartitionSize } from "../stage/task-report.ts";
import type { ScanSplit } from "../stage/stage.ts";

/**
 * Between an executor's main thread (all I/O) and one slot (a worker thread that runs one task at a time):
 *
 *     main ── run ──────────────► worker      over the worker's own port, read when it is idle
 *     main ── batches/end ──────► worker      over the data port, read while a task runs (the worker blocks on `signal`)
 *     main ◄─ output, open, credit, finished ─ worker
 *
 * Bytes travel as views of SharedArrayBuffers: never copied between threads.
 */
export type SlotOptions = {
  readonly slot: number;
  readonly memoryBytes: number;
  readonly databaseHandle: number;
  readonly spillDirectory: string;
  readonly spillBytesMax: number;
  readonly control: SharedArrayBuffer;
  readonly poison: boolean;
};

/** Words of the control buffer, an Int32Array. */
export const controlWords = {
  /** Counted up, and notified, whenever the main thread posted something or freed output bytes. */
  signal: 0,
  /** Set to 1 to stop the running task. */
  cancel: 1,
  /** Bytes of output, in KiB, that the main thread has not taken over yet. */
  outputKib: 2,
  count: 3,
} as const;

export type TaskInput = {
  readonly stageId: number;
  readonly partition: number;
  readonly sources: readonly InputSource[];
};

export type RunMessage = {
  readonly kind: "run";
  readonly task: TaskId;
  /** Encoded stage, sent with each task: decoding is cached by `jobId/stageId`. */
  readonly plan: Uint8Array;
  readonly splits: readonly { readonly scanId: number; readonly splits: readonly ScanSplit[] }[];
  readonly inputs: readonly TaskInput[];
};

export type ToWorker = RunMessage;

/** One encoded batch as it crosses the port. */
export type BatchMessage = { readonly header: Uint8Array; readonly body: Uint8Array; readonly rowCount: number };

/** Over the data port, in order per stream. */
export type DataToWorker =
  | {
      readonly kind: "batches";
      readonly stream: number;
      readonly batches: readonly BatchMessage[];
      readonly end: boolean;
    }
  | { readonly kind: "stream_failed"; readonly stream: number; readonly error: PlainError };

export type FromWorker =
  | { readonly kind: "ready" }
  | { readonly kind: "output"; readonly task: TaskId; readonly partition: number; readonly batch: BatchMessage }
  | {
      readonly kind: "open";
      readonly task: TaskId;
      readonly stream: number;
      readonly partition: number;
      readonly source: InputSource;
    }
  /** The worker consumed so many bytes of a stream: as much more may be sent. */
  | { readonly kind: "credit"; readonly stream: number; readonly byteSize: number }
  | { readonly kind: "close"; readonly stream: number }
  | {
      readonly kind: "finished";
      readonly task: TaskId;
      readonly partitions: readonly PartitionSize[];
      readonly operators: readonly OperatorMetrics[];
    }
  | { readonly kind: "failed"; readonly task: TaskId; readonly error: PlainError };

/** Bytes of one stream that may wait at a worker before it asks for more. */
export const streamWindowBytes = 8 * 1024 * 1024;

/** Output that may wait at the main thread before the worker pauses. */
export const outputBytesMax = 64 * 1024 * 1024;
