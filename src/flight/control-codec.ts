import { unreachable } from "../common/assert.ts";
import { EngineError } from "../common/engine-error.ts";
import type * as gen from "../gen/protos.ts";
import type { ExecutorMessage, SchedulerMessage } from "../stage/control-message.ts";
import { plainErrorFromProto, plainErrorToProto } from "./plain-error-codec.ts";

/** Control messages to and from their protobuf form. Decoding throws invalid_argument for a message without its parts. */

function given<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new EngineError("invalid_argument", `a control message lacks its ${what}`);
  return value;
}

export function executorMessageToProto(message: ExecutorMessage): gen.ExecutorMessage {
  switch (message.kind) {
    case "register":
      return { register: { executor: message.executor, running: message.running, jobs: message.jobs ?? [] } };
    case "heartbeat":
      return { heartbeat: { running: message.running, storeBytes: message.storeBytes } };
    case "task_started":
      return { taskStarted: { task: message.task } };
    case "task_finished":
      return { taskFinished: { task: message.task, partitions: message.partitions, operators: message.operators } };
    case "task_failed":
      return { taskFailed: { task: message.task, error: plainErrorToProto(message.error) } };
    case "result_read":
      return { resultRead: { task: message.task } };
    case "result_abandoned":
      return { resultAbandoned: { task: message.task } };
    case "draining":
      return { draining: {} };
    case "left":
      return { left: {} };
    default:
      return unreachable(message, "message");
  }
}

export function executorMessageFromProto(message: gen.ExecutorMessage): ExecutorMessage {
  const { register, heartbeat, taskStarted, taskFinished, taskFailed, resultRead, resultAbandoned, draining, left } =
    message;
  if (register !== undefined) {
    return {
      kind: "register",
      executor: given(register.executor, "executor"),
      running: register.running,
      ...(register.jobs.length === 0 ? {} : { jobs: register.jobs }),
    };
  }
  if (heartbeat !== undefined)
    return { kind: "heartbeat", running: heartbeat.running, storeBytes: heartbeat.storeBytes };
  if (taskStarted !== undefined) return { kind: "task_started", task: given(taskStarted.task, "task") };
  if (taskFinished !== undefined) {
    const { partitions, operators } = taskFinished;
    return { kind: "task_finished", task: given(taskFinished.task, "task"), partitions, operators };
  }
  if (taskFailed !== undefined) {
    const error = plainErrorFromProto(given(taskFailed.error, "error"));
    return { kind: "task_failed", task: given(taskFailed.task, "task"), error };
  }
  if (resultRead !== undefined) return { kind: "result_read", task: given(resultRead.task, "task") };
  if (resultAbandoned !== undefined) return { kind: "result_abandoned", task: given(resultAbandoned.task, "task") };
  if (draining !== undefined) return { kind: "draining" };
  if (left !== undefined) return { kind: "left" };
  throw new EngineError("invalid_argument", "an executor sent a message of an unknown kind");
}

export function schedulerMessageToProto(message: SchedulerMessage): gen.SchedulerMessage {
  switch (message.kind) {
    case "registered":
      return { registered: { heartbeatIntervalMs: message.heartbeatIntervalMs } };
    case "refused":
      return { refused: { error: plainErrorToProto(message.error), leader: message.leader ?? "" } };
    case "stage":
      return { stage: { jobId: message.jobId, stageId: message.stageId, plan: message.plan } };
    case "launch":
      return { launch: { task: message.task, splits: message.splits, inputs: message.inputs } };
    case "cancel_job":
      return { cancelJob: { jobId: message.jobId, error: plainErrorToProto(message.error) } };
    case "release_job":
      return { releaseJob: { jobId: message.jobId } };
    default:
      return unreachable(message, "message");
  }
}

export function schedulerMessageFromProto(message: gen.SchedulerMessage): SchedulerMessage {
  const { registered, refused, stage, launch, cancelJob, releaseJob } = message;
  if (registered !== undefined) return { kind: "registered", heartbeatIntervalMs: registered.heartbeatIntervalMs };
  if (refused !== undefined)
    return {
      kind: "refused",
      error: plainErrorFromProto(given(refused.error, "error")),
      ...(refused.leader === "" ? {} : { leader: refused.leader }),
    };
  if (stage !== undefined) return { kind: "stage", jobId: stage.jobId, stageId: stage.stageId, plan: stage.plan };
  if (launch !== undefined) {
    const inputs = launch.inputs.map(({ stageId, partition, sources }) => ({
      stageId,
      partition,
      sources: sources.map((source) => ({ ...source, task: given(source.task, "task") })),
    }));
    return { kind: "launch", task: given(launch.task, "task"), splits: launch.splits, inputs };
  }
  if (cancelJob !== undefined) {
    return { kind: "cancel_job", jobId: cancelJob.jobId, error: plainErrorFromProto(given(cancelJob.error, "error")) };
  }
  if (releaseJob !== undefined) return { kind: "release_job", jobId: releaseJob.jobId };
  throw new EngineError("invalid_argument", "the scheduler sent a message of an unknown kind");
}
