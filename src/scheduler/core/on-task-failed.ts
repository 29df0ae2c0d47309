import { runningAttempt } from "./running-attempt.ts";
import { errorCodes, type PlainError } from "../../common/engine-error.ts";
import type { TaskId } from "../../stage/control-message.ts";
import { taskKey, type ClusterState, type JobState } from "./cluster-state.ts";
import { endJob } from "./end-job.ts";
import type { SchedulerAction } from "./event.ts";
import { loseOutput, recoverInputs, rescheduleTask } from "./lose-output.ts";

/**
 * Errors that would come again end the job at once. A partition that could not be fetched is made anew by the task
 * that wrote it; other transient errors are tried again, those of the result stage where clients wait for the rows.
 */
export function onTaskFailed(
  state: ClusterState,
  event: { readonly executorId: string; readonly task: TaskId; readonly error: PlainError },
  nowMs: number,
  actions: SchedulerAction[],
): void {
  const executor = state.executors.get(event.executorId);
  executor?.running.delete(taskKey(event.task));
  const found = runningAttempt(state, event.task);
  if (found === null) return;
  const { job, stage, task } = found;
  const { error } = event;
  if (!errorCodes[error.code].transient || job.retryPolicy === "none")
    return endJob(state, job, "failed", error, nowMs, actions);
  const lost = error.details.fetchFailed;
  blame(state, lost?.executorId ?? event.executorId, nowMs);
  // That the executor with its input went away is no fault of the task's; such ends are as many as executors that go.
  const inputWent = lost !== undefined && state.executors.get(lost.executorId)?.status !== "connected";
  if (!inputWent) task.failures++;
  if (task.failures >= state.limits.taskAttemptsMax && !restartJob(state, job))
    return endJob(state, job, "failed", error, nowMs, actions);
  rescheduleTask(job, stage, event.task.task);
  if (lost !== undefined && job.stages[lost.stageId] !== undefined)
    loseOutput(state, job, lost.executorId, lost.stageId);
  actions.push({ kind: "save_job", jobId: job.jobId });
}

/** With the policy "query", all tasks begin anew a few times. */
function restartJob(state: ClusterState, job: JobState): boolean {
  if (job.retryPolicy !== "query" || job.restarts >= state.limits.jobRestartsMax) return false;
  job.restarts++;
  for (const stage of job.stages) {
    stage.tasks.forEach((task, position) => {
      task.failures = 0;
      if (!task.read) rescheduleTask(job, stage, position);
    });
  }
  recoverInputs(state, job);
  return true;
}

/** An executor where tasks keep failing gets none for a while. */
function blame(state: ClusterState, executorId: string, nowMs: number): void {
  const executor = state.executors.get(executorId);
  if (executor === undefined) return;
  const { quarantineFailures, quarantineMs } = state.limits;
  executor.failedAtMs = [...executor.failedAtMs.filter((ms) => nowMs - ms < quarantineMs), nowMs];
  if (executor.failedAtMs.length < quarantineFailures) return;
  executor.quarantinedUntilMs = nowMs + quarantineMs;
  executor.failedAtMs = [];
}
