import type { TaskId } from "../../stage/control-message.ts";
import { onCancelJob } from "./on-cancel-job.ts";
import type { SchedulerAction } from "./event.ts";
import { resultStageOf, type ClusterState } from "./cluster-state.ts";

/** A client that leaves in the middle of its result does not want the query any more, be it running or finished. */
export function onResultAbandoned(state: ClusterState, task: TaskId, nowMs: number, actions: SchedulerAction[]): void {
  const job = state.jobs.get(task.jobId);
  // Readers of shuffle data may stop early, as under a LIMIT.
  if (job === undefined || resultStageOf(job).stageId !== task.stageId) return;
  const error = {
    code: "query_canceled",
    message: "the client left before it had read all rows",
    details: {},
  } as const;
  onCancelJob(state, task.jobId, error, nowMs, actions);
}

/** Once all of a result was read, it is kept only for a short while, in case a client asks again. */
export function onResultRead(state: ClusterState, task: TaskId, nowMs: number): void {
  const job = state.jobs.get(task.jobId);
  if (job === undefined) return;
  const stage = resultStageOf(job);
  const read = stage.stageId === task.stageId ? stage.tasks[task.task] : undefined;
  if (read === undefined || read.attempt !== task.attempt) return;
  read.read = true;
  if (job.status === "finished" && stage.tasks.every((one) => one.read)) {
    job.releaseAtMs = Math.min(job.releaseAtMs, nowMs + state.limits.readResultTtlMs);
  }
}
