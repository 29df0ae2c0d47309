import type { ExecutorDescription } from "../../stage/control-message.ts";
import { isEnded, taskKey, type ClusterState, type JobState } from "./cluster-state.ts";
import type { SchedulerAction } from "./event.ts";
import { loseWork } from "./lose-executor.ts";
import { newExecutor } from "./on-executor-registered.ts";
import { startQueuedJobs } from "./start-queued-jobs.ts";

/**
 * Takes up what an earlier scheduler has left. Its executors count as disconnected: those that live come back within
 * moments and say what they run and have ended, which the records need not tell.
 */
export function onResumed(
  state: ClusterState,
  event: { readonly jobs: readonly JobState[]; readonly executors: readonly ExecutorDescription[] },
  nowMs: number,
  actions: SchedulerAction[],
): void {
  for (const description of event.executors) {
    state.executors.set(
      description.executorId,
      newExecutor(description, "disconnected", nowMs + state.limits.settleMs),
    );
  }
  if (event.executors.length > 0) state.settleUntilMs = nowMs + state.limits.settleMs;
  for (const job of event.jobs) {
    state.jobs.set(job.jobId, job);
    if (isEnded(job) && job.status !== "finished") continue;
    job.runningTasks = 0;
    const missing = new Set<string>();
    for (const stage of job.stages) {
      stage.tasks.forEach((task, position) => {
        if (task.executorId === null) return;
        const executor = state.executors.get(task.executorId);
        if (executor === undefined) missing.add(task.executorId);
        if (task.status !== "running") return;
        job.runningTasks++;
        const { jobId } = job;
        executor?.running.add(taskKey({ jobId, stageId: stage.stageId, task: position, attempt: task.attempt }));
      });
    }
    for (const executorId of missing) loseWork(state, job, executorId, "it is not known any more", nowMs, actions);
  }
  startQueuedJobs(state, nowMs);
}
