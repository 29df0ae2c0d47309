/** Size of one output partition of a finished task, as encoded. */
export type PartitionSize = { readonly partition: number; readonly rowCount: number; readonly byteSize: number };

/**
 * What one operator of a task did. A task reports its operators in pre-order of the stage's plan (a node before its
 * inputs, inputs in the order probe, build / left, right), so that position i is the plan's i-th node; the sink comes last.
 */
export type OperatorMetrics = {
  readonly name: string;
  /** Rows and batches put out. */
  readonly rowCount: number;
  readonly batchCount: number;
  /** Microseconds inside the operator, its inputs' not counted. */
  readonly selfMicros: number;
  /** Most bytes of the slot's memory in use by the whole task while it ran is on the sink; else 0. */
  readonly peakBytes: number;
  /** Whatever else it counts, e.g. spilledBytes, scannedBytes, waitMicros, hashRows. */
  readonly counters: Readonly<Record<string, number>>;
};
