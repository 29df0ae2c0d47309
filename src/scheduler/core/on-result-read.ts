import type { TaskId } from "../../stage/control-message.ts";
import { resultStageOf, type ClusterState } from "./cluster-state.ts";

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
