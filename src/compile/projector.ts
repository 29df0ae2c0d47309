import type { Batch, Vector } from "../kernel/batch.ts";

/** Computes expressions over batches. */
export interface Projector {
  open(): void;
  /**
   * Dense vectors of `batch.rowCount` rows, one per expression, in the projector's own memory and valid until the next
   * call. A bare `input` over a batch without selection is that input vector itself.
   */
  evaluate(batch: Batch): readonly Vector[];
  /** Gives all memory back. Idempotent. */
  close(): void;
}

/** Keeps the rows for which a predicate is true. */
export interface FilterProgram {
  open(): void;
  /** The same vectors under a new selection in the program's own memory, valid until the next call; null for no rows. */
  select(batch: Batch): Batch | null;
  /** Gives all memory back. Idempotent. */
  close(): void;
}
