import type { Schema } from "../../arrow/schema.ts";
import type { PlainError } from "../../common/engine-error.ts";
import type { ExecutorDescription, SchedulerMessage, TaskId } from "../../stage/control-message.ts";
import type { OperatorMetrics, PartitionSize } from "../../stage/task-report.ts";
import type { ScanSplit, StageSink } from "../../stage/stage.ts";
import type { JobState, RetryPolicy } from "./cluster-state.ts";

/** What a submitted job consists of; plans are encoded already. Stages in order, the result stage last. */
export type JobDefinition = {
  readonly jobId: string;
  readonly schema?: Schema;
  readonly ordered?: boolean;
  readonly retryPolicy?: RetryPolicy;
  readonly deadlineMs?: number;
  readonly stages: readonly {
    readonly stageId: number;
    readonly plan: Uint8Array;
    readonly sinkKind: StageSink["kind"];
    readonly inputs: readonly number[];
    readonly filterInputs?: readonly { readonly stageId: number; readonly partition: number }[];
    readonly tasks: readonly {
      readonly splits: readonly { readonly scanId: number; readonly splits: readonly ScanSplit[] }[];
    }[];
  }[];
};

/** Whatever can happen to the scheduler. Time comes beside it, as an argument of `step`. */
export type SchedulerEvent =
  | { readonly kind: "job_submitted"; readonly job: JobDefinition }
  /** What an earlier scheduler has left in the store. */
  | {
      readonly kind: "resumed";
      readonly jobs: readonly JobState[];
      readonly executors: readonly ExecutorDescription[];
    }
  /** `running` names also the ended tasks that it reports (again) right after. */
  | {
      readonly kind: "executor_registered";
      readonly executor: ExecutorDescription;
      readonly running: readonly TaskId[];
      /** Queries of which it holds anything. */
      readonly jobs?: readonly string[];
    }
  | { readonly kind: "executor_heartbeat"; readonly executorId: string; readonly running: readonly TaskId[] }
  /** Its stream ended; it has until the timeout to come back. */
  | { readonly kind: "executor_disconnected"; readonly executorId: string }
  | { readonly kind: "executor_draining"; readonly executorId: string }
  /** It ended in order, and does not come back. */
  | { readonly kind: "executor_left"; readonly executorId: string }
  | {
      readonly kind: "task_finished";
      readonly executorId: string;
      readonly task: TaskId;
      readonly partitions: readonly PartitionSize[];
      readonly operators: readonly OperatorMetrics[];
    }
  | { readonly kind: "task_failed"; readonly executorId: string; readonly task: TaskId; readonly error: PlainError }
  | { readonly kind: "result_read"; readonly task: TaskId }
  | { readonly kind: "result_abandoned"; readonly task: TaskId }
  | { readonly kind: "cancel_job"; readonly jobId: string; readonly error: PlainError }
  /** Time passed: deadlines are looked at. */
  | { readonly kind: "tick" };

/** What the caller must now do, in this order; `save_job` before anything that was listed after it is sent. */
export type SchedulerAction =
  | { readonly kind: "save_job"; readonly jobId: string }
  | { readonly kind: "delete_job"; readonly jobId: string }
  | { readonly kind: "save_executor"; readonly executorId: string }
  | { readonly kind: "send"; readonly executorId: string; readonly message: SchedulerMessage }
  /** The places of the result are known: GetFlightInfo may answer. */
  | { readonly kind: "job_placed"; readonly jobId: string }
  | { readonly kind: "job_ended"; readonly jobId: string }
  /** Its record goes, too. */
  | { readonly kind: "executor_lost"; readonly executorId: string; readonly reason: string };
