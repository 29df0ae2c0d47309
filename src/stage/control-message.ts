import type { PlainError } from "../common/engine-error.ts";
import type { OperatorMetrics, PartitionSize } from "./task-report.ts";
import type { ScanSplit } from "./stage.ts";

/** Raised when a message changes its meaning; checked when an executor registers. */
export const controlProtocolVersion = 1;

/** One attempt at one task. Output of another attempt is never read: tickets carry the attempt. */
export type TaskId = {
  readonly jobId: string;
  readonly stageId: number;
  readonly task: number;
  readonly attempt: number;
};

export type ExecutorDescription = {
  readonly executorId: string;
  /** Where its Flight server is reached. */
  readonly host: string;
  readonly port: number;
  readonly slots: number;
  readonly memoryBytes: number;
  readonly version: string;
  readonly protocolVersion: number;
};

/** Executor → scheduler, over one stream that the executor opens. `register` comes first. */
export type ExecutorMessage =
  /** `running` names also the ended tasks of live queries: their reports follow, again, once it is registered. */
  | {
      readonly kind: "register";
      readonly executor: ExecutorDescription;
      readonly running: readonly TaskId[];
      /** Queries of which it holds anything. */
      readonly jobs?: readonly string[];
    }
  | { readonly kind: "heartbeat"; readonly running: readonly TaskId[]; readonly storeBytes: number }
  | { readonly kind: "task_started"; readonly task: TaskId }
  | {
      readonly kind: "task_finished";
      readonly task: TaskId;
      readonly partitions: readonly PartitionSize[];
      readonly operators: readonly OperatorMetrics[];
    }
  | { readonly kind: "task_failed"; readonly task: TaskId; readonly error: PlainError }
  /** All rows of a result partition went out to a client. */
  | { readonly kind: "result_read"; readonly task: TaskId }
  /** A reader went away before it had all rows; of a result that is the client, and nobody wants the query any more. */
  | { readonly kind: "result_abandoned"; readonly task: TaskId }
  /** It will finish what runs and wants nothing new. */
  | { readonly kind: "draining" }
  /** It ends, and takes with it what it kept. */
  | { readonly kind: "left" };

/** Where the output of one task of an input stage is. */
export type InputSource = {
  readonly task: TaskId;
  readonly executorId: string;
  readonly host: string;
  readonly port: number;
};

/** Scheduler → executor. */
export type SchedulerMessage =
  | { readonly kind: "registered"; readonly heartbeatIntervalMs: number }
  /** `leader`: HOST:PORT of the scheduler to ask instead, "" where it is not known. */
  | { readonly kind: "refused"; readonly error: PlainError; readonly leader?: string }
  /** The plan of a stage (codec/encode-stage.ts), sent once per executor and job, before its first task. */
  | { readonly kind: "stage"; readonly jobId: string; readonly stageId: number; readonly plan: Uint8Array }
  | {
      readonly kind: "launch";
      readonly task: TaskId;
      readonly splits: readonly { readonly scanId: number; readonly splits: readonly ScanSplit[] }[];
      /** Which partition of each input stage's tasks it reads, and where they are. */
      readonly inputs: readonly {
        readonly stageId: number;
        readonly partition: number;
        readonly sources: readonly InputSource[];
      }[];
    }
  /** Stop the job's tasks; whoever reads their output gets `error`. */
  | { readonly kind: "cancel_job"; readonly jobId: string; readonly error: PlainError }
  /** Nothing of the job will be read any more: free its plans, partitions and files. */
  | { readonly kind: "release_job"; readonly jobId: string };

/** One end of the stream between a scheduler and an executor: gRPC (flight/), or in process (cli/standalone.ts). */
export interface ControlConnection<Send, Receive> {
  /** Queues a message; after the end it is dropped. */
  send(message: Send): void;
  /** Called for each message in order; set once, right after the connection is handed over. */
  onMessage(listener: (message: Receive) => void): void;
  /** Called once, when the stream ends for whatever reason. */
  onClose(listener: (error: Error | null) => void): void;
  close(): void;
}

export type SchedulerSideConnection = ControlConnection<SchedulerMessage, ExecutorMessage>;
export type ExecutorSideConnection = ControlConnection<ExecutorMessage, SchedulerMessage>;
