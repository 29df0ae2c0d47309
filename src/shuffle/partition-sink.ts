import type { Batch } from "../kernel/batch.ts";
import type { EncodedBatch } from "./encoded-batch.ts";

/** Where a task's encoded partitions go: the executor's store, or an array in tests. May block for backpressure. */
export type EncodedBatchConsumer = (partition: number, batch: EncodedBatch) => void;

/** The end of a task: takes all batches, encodes them by partition. `finish` flushes; `close` frees, always called. */
export interface PartitionSink {
  open(): void;
  write(batch: Batch): void;
  finish(): void;
  close(): void;
}
