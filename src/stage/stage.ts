import type { Schema } from "../arrow/schema.ts";
import type { Expression } from "../expr/expression.ts";
import type { PhysicalNode } from "../physical/physical-node.ts";

/**
 * A query cut at its exchanges:
 *
 *     ┌ stage 3 ─ 1 task ─ result ──────┐
 *     │ merge(sort) ← shuffle_read(2)   │
 *     └──────────────▲──────────────────┘
 *     ┌ stage 2 ─ 4 tasks ─ single ─────┐
 *     │ sort ← join ← shuffle_read(0,1) │
 *     └──────▲───────────────▲──────────┘
 *       stage 0 ─ hash    stage 1 ─ hash
 *
 * Stages are numbered so that inputs come before readers; the last one is the result stage.
 */
export type StageGraph = { readonly stages: readonly Stage[]; readonly schema: Schema; readonly ordered: boolean };

/** What a stage's tasks do with their rows. Partition p of the output is read by task p of the reading stage. */
export type StageSink =
  | { readonly kind: "hash"; readonly keys: readonly Expression[]; readonly partitionCount: number }
  /** One partition, read by the one task of the reading stage, or by every task of it (broadcast). */
  | { readonly kind: "single" }
  | { readonly kind: "broadcast" }
  /** The query's result: one partition per task, read by the client. */
  | { readonly kind: "result" };

export type Stage = {
  readonly stageId: number;
  readonly plan: PhysicalNode;
  readonly sink: StageSink;
  /** Ids of the stages that the plan's shuffle_read nodes name. */
  readonly inputs: readonly number[];
  /** What its tasks sum up of their rows for runtime filters. Absent = nothing. */
  readonly filters?: readonly StageFilter[];
  /** Stages whose filters its scans use: it starts after them, and does without those that are gone. Absent = none. */
  readonly filterInputs?: readonly { readonly stageId: number; readonly partition: number }[];
  readonly tasks: readonly StageTask[];
};

/** A summary of a column of the stage's rows (operator/key-summary.ts), put out as partition `partition`. */
export type StageFilter = {
  readonly column: number;
  readonly partition: number;
  /** Size of the Bloom filter in 64-bit words, a power of two; 0 = bounds and values only. */
  readonly bloomWords: number;
};

/** A range of rows of one file, cut at row-group edges; both ends are inclusive row numbers. */
export type ScanSplit = {
  readonly path: string;
  readonly firstRow: number;
  readonly lastRow: number;
  readonly byteSize: number;
};

export type StageTask = {
  /** Position in the stage's tasks; for stages that read a hash exchange, the partition they read. */
  readonly partition: number;
  /** The splits of each scan of the plan, by scanId. */
  readonly splits: readonly { readonly scanId: number; readonly splits: readonly ScanSplit[] }[];
};
