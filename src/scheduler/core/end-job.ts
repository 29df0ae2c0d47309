import type { PlainError } from "../../common/engine-error.ts";
import { isEnded, type ClusterState, type JobState } from "./cluster-state.ts";
import type { SchedulerAction } from "./event.ts";
import { startQueuedJobs } from "./start-queued-jobs.ts";

/**
 * Ends a job. A finished one keeps its result until it was read or expires. A failed or cancelled one has its running
 * tasks stopped. Its data is freed at once, unless clients hold tickets: then they get to read why it failed.
 */
export function endJob(
  state: ClusterState,
  job: JobState,
  status: "finished" | "failed" | "cancelled",
  error: PlainError | null,
  nowMs: number,
  actions: SchedulerAction[],
): void {
  if (isEnded(job)) return;
  job.status = status;
  job.error = error;
  job.endedMs = nowMs;
  if (status === "finished") {
    job.releaseAtMs = nowMs + state.limits.unreadResultTtlMs;
  } else {
    // Clients that wait for the outcome may still ask for it; the record is small.
    job.releaseAtMs = nowMs + state.limits.readResultTtlMs;
    for (const stage of job.stages) {
      for (const task of stage.tasks) if (task.status === "running") task.status = "pending";
      stage.pending.length = 0;
    }
    job.runningTasks = 0;
    const reason = error ?? { code: "query_canceled", message: "the query was cancelled", details: {} };
    for (const [executorId, executor] of state.executors) {
      const concerned = [...executor.running].filter((key) => key.startsWith(`${job.jobId}/`));
      for (const key of concerned) executor.running.delete(key);
      if (concerned.length > 0)
        actions.push({ kind: "send", executorId, message: { kind: "cancel_job", jobId: job.jobId, error: reason } });
    }
    if (!job.placed || status === "cancelled") freeJobData(state, job, actions);
  }
  actions.push({ kind: "save_job", jobId: job.jobId }, { kind: "job_ended", jobId: job.jobId });
  startQueuedJobs(state, nowMs);
}

/** Tells every executor that ever saw the job to free its plans, partitions and files. */
export function freeJobData(state: ClusterState, job: JobState, actions: SchedulerAction[]): void {
  for (const [executorId, executor] of state.executors) {
    const sent = [...executor.plansSent].filter((key) => key.startsWith(`${job.jobId}/`));
    if (sent.length === 0) continue;
    for (const key of sent) executor.plansSent.delete(key);
    if (executor.status !== "disconnected")
      actions.push({ kind: "send", executorId, message: { kind: "release_job", jobId: job.jobId } });
  }
}
