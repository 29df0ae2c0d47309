import { isEnded, resultStageOf, type ClusterState, type JobState } from "./cluster-state.ts";
import { endJob } from "./end-job.ts";
import type { SchedulerAction } from "./event.ts";
import { recoverInputs, rescheduleTask } from "./lose-output.ts";

/** An executor is gone with all that it ran and kept. What is still needed of it is made again elsewhere. */
export function loseExecutor(
  state: ClusterState,
  executorId: string,
  reason: string,
  nowMs: number,
  actions: SchedulerAction[],
): void {
  if (!state.executors.delete(executorId)) return;
  actions.push({ kind: "executor_lost", executorId, reason });
  for (const job of state.jobs.values()) loseWork(state, job, executorId, reason, nowMs, actions);
}

/** Takes back from a job what the executor had of it. Also finished jobs run on when rows are gone that nobody has read. */
export function loseWork(
  state: ClusterState,
  job: JobState,
  executorId: string,
  reason: string,
  nowMs: number,
  actions: SchedulerAction[],
): void {
  if (isEnded(job) && job.status !== "finished") return;
  const result = resultStageOf(job);
  const unread = result.tasks.some(
    (task) => task.executorId === executorId && task.status === "finished" && !task.read,
  );
  if (job.status === "finished" && !unread) return;
  const touched = unread || job.stages.some((stage) => stage.tasks.some((task) => task.executorId === executorId));
  if (!touched) return;
  if (job.retryPolicy === "none") {
    if (job.status === "finished") job.status = "running";
    const message = `executor ${executorId}, which worked on the query, was lost (${reason})`;
    return endJob(state, job, "failed", { code: "executor_lost", message, details: {} }, nowMs, actions);
  }
  if (job.status === "finished") {
    job.status = "running";
    job.releaseAtMs = Infinity;
  }
  for (const stage of job.stages) {
    stage.tasks.forEach((task, position) => {
      const lost = task.status === "running" || (stage === result && task.status === "finished" && !task.read);
      if (lost && task.executorId === executorId) rescheduleTask(job, stage, position);
    });
  }
  recoverInputs(state, job);
  actions.push({ kind: "save_job", jobId: job.jobId });
}
