import type { Schema } from "../../arrow/schema.ts";
import type { PlainError } from "../../common/engine-error.ts";
import type { ExecutorDescription, TaskId } from "../../stage/control-message.ts";
import type { OperatorMetrics, PartitionSize } from "../../stage/task-report.ts";
import type { ScanSplit, StageSink } from "../../stage/stage.ts";

/**
 * Everything the scheduler knows, as plain data. Only `step` (step.ts) changes it: a job goes
 *
 *     queued ─► running ─► finished ─► (released)
 *         └────────┴─────► failed | cancelled
 *
 * and inside it a stage goes waiting ─► running ─► finished, and back to waiting or running when output is lost.
 */
export type ClusterState = {
  readonly executors: Map<string, ExecutorState>;
  readonly jobs: Map<string, JobState>;
  readonly limits: ClusterLimits;
  /** After a restart, tasks are given out once the executors of before are back, or at this time. */
  settleUntilMs: number;
};

export type ClusterLimits = {
  /** An executor that was silent for so long is lost. */
  readonly executorTimeoutMs: number;
  /** One whose stream has ended is lost when it has not come back after this. */
  readonly reconnectGraceMs: number;
  readonly heartbeatIntervalMs: number;
  /** How often one task may be tried. */
  readonly taskAttemptsMax: number;
  /** A job with work to do and no executor at all fails after this. */
  readonly noExecutorsGraceMs: number;
  /** Results are kept so long after they were read in full (a client may retry), or if nobody reads them. */
  readonly readResultTtlMs: number;
  readonly unreadResultTtlMs: number;
  /** Jobs that run at once; further ones queue, up to `queuedJobsMax`. */
  readonly runningJobsMax: number;
  readonly queuedJobsMax: number;
  /** How long a scheduler that starts waits for the executors that it knows. */
  readonly settleMs: number;
  /** An executor on which so many tasks failed within `quarantineMs` gets no tasks for as long, if others can take them. */
  readonly quarantineFailures: number;
  readonly quarantineMs: number;
  /** How often a query with the retry policy "query" begins anew. */
  readonly jobRestartsMax: number;
};

export const defaultLimits: ClusterLimits = {
  executorTimeoutMs: 20_000,
  reconnectGraceMs: 6_000,
  heartbeatIntervalMs: 2_000,
  taskAttemptsMax: 4,
  noExecutorsGraceMs: 30_000,
  readResultTtlMs: 5_000,
  unreadResultTtlMs: 300_000,
  runningJobsMax: 64,
  queuedJobsMax: 1_024,
  settleMs: 3_000,
  quarantineFailures: 3,
  quarantineMs: 60_000,
  jobRestartsMax: 2,
};

export type ExecutorState = {
  description: ExecutorDescription;
  /** `connected`: takes tasks; `draining`: finishes what runs; `disconnected`: its stream ended, it may come back. */
  status: "connected" | "draining" | "disconnected";
  lastSeenMs: number;
  /** Keys (taskKey) of the tasks it was sent and has not ended. */
  readonly running: Set<string>;
  /** `job/stage` of the plans it was sent over the present connection. */
  readonly plansSent: Set<string>;
  /** Times of the latest failures that were its own. */
  failedAtMs: number[];
  quarantinedUntilMs: number;
};

/**
 * What is done about tasks that fail for a passing reason, and about executors that are lost: the query fails (`none`), what
 * was lost is made again (`stage`), or, when that failed too often, all of the query (`query`).
 */
export type RetryPolicy = "none" | "stage" | "query";

export type JobState = {
  readonly jobId: string;
  status: "queued" | "running" | "finished" | "failed" | "cancelled";
  readonly submittedMs: number;
  startedMs: number;
  endedMs: number;
  readonly stages: StageState[];
  error: PlainError | null;
  /** Where all tasks of the result stage run: known once, then fixed, since clients hold tickets. */
  placed: boolean;
  /** Running tasks over all stages, for fair sharing. */
  runningTasks: number;
  /** When to free it; Infinity while it runs. */
  releaseAtMs: number;
  /** When the grace of a job without any executor began; Infinity while there is one. */
  starvedSinceMs: number;
  /** What clients are told of its rows. */
  readonly schema: Schema;
  readonly ordered: boolean;
  readonly retryPolicy: RetryPolicy;
  restarts: number;
  /** When it fails for having run too long; Infinity without a limit. */
  readonly deadlineMs: number;
};

export type StageState = {
  readonly stageId: number;
  /** The encoded plan (codec/encode-stage.ts), opaque here. */
  readonly plan: Uint8Array;
  readonly sinkKind: StageSink["kind"];
  readonly inputs: readonly number[];
  /** Stages that end before this one starts, for the runtime filters in those partitions; then it can do without them. */
  readonly filterInputs: readonly { readonly stageId: number; readonly partition: number }[];
  /** Stages that read this one. */
  readonly readers: readonly number[];
  status: "waiting" | "running" | "finished";
  readonly tasks: TaskState[];
  /** Positions of tasks that wait for a slot; the last is taken first. */
  readonly pending: number[];
  finishedTasks: number;
};

export type TaskState = {
  readonly splits: readonly { readonly scanId: number; readonly splits: readonly ScanSplit[] }[];
  status: "pending" | "running" | "finished";
  attempt: number;
  executorId: string | null;
  /** Result stage: where clients were told to find its rows; it runs there again while it can. */
  home: string | null;
  failures: number;
  startedMs: number;
  endedMs: number;
  partitions: readonly PartitionSize[];
  operators: readonly OperatorMetrics[];
  /** Result stage: its rows went out to a client in full. */
  read: boolean;
};

export function newClusterState(limits: ClusterLimits = defaultLimits): ClusterState {
  return { executors: new Map(), jobs: new Map(), limits, settleUntilMs: 0 };
}

export function taskKey(task: TaskId): string {
  return `${task.jobId}/${task.stageId}/${task.task}/${task.attempt}`;
}

export function isEnded(job: JobState): boolean {
  return job.status === "finished" || job.status === "failed" || job.status === "cancelled";
}

export function resultStageOf(job: JobState): StageState {
  return job.stages[job.stages.length - 1]!;
}
