import type { EncodedBatch } from "./encoded-batch.ts";

/** Gives a task its inputs. Implemented by the executor's worker over the store and remote peers, and by tests. */
export interface ShuffleFetcher {
  /**
   * This task's rows of stage `stageId`: one stream per task of that stage (each in the order it was written), so that
   * sorted runs can be merged. `partition`: another one than the task's own; no stream at all if the stage is not at hand.
   */
  open(stageId: number, partition?: number): readonly ShuffleStream[];
}

export interface ShuffleStream {
  /** Blocks until there is a batch; null at the end. Throws fetch_failed (with details) or query_canceled. */
  next(): EncodedBatch | null;
  close(): void;
}
