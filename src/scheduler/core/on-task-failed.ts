import { errorCodes, type PlainError } from "../../common/engine-error.ts";
import type { TaskId } from "../../stage/control-message.ts";
import { isEnded, resultStageOf, taskKey, type ClusterState } from "./cluster-state.ts";
import { endJob } from "./end-job.ts";
import type { SchedulerAction } from "./event.ts";
import { loseOutput, rescheduleTask } from "./lose-output.ts";

/**
 * Errors that would come again end the job at once. A partition that could not be fetched is made anew by the task
 * that wrote it; other transient errors are tried again.
 */
export function onTaskFailed(
  state: ClusterState,
  event: { readonly executorId: string; readonly task: TaskId; readonly error: PlainError },
  nowMs: number,
  actions: SchedulerAction[],
): void {
  const executor = state.executors.get(event.executorId);
  executor?.running.delete(taskKey(event.task));
  const job = state.jobs.get(event.task.jobId);
  if (job === undefined || isEnded(job)) return;
  const stage = job.stages[event.task.stageId];
  const task = stage?.tasks[event.task.task];
  if (stage === undefined || task === undefined || task.status !== "running" || task.attempt !== event.task.attempt)
    return;
  const { error } = event;
  task.failures++;
  if (!errorCodes[error.code].transient || task.failures >= state.limits.taskAttemptsMax) {
    return endJob(state, job, "failed", error, nowMs, actions);
  }
  if (stage === resultStageOf(job)) {
    // Clients may hold rows of this attempt already; a second one could double them.
    return endJob(state, job, "failed", error, nowMs, actions);
  }
  rescheduleTask(job, stage, event.task.task);
  const lost = error.details.fetchFailed;
  if (lost !== undefined) loseOutput(job, lost.executorId, [lost.stageId]);
}
