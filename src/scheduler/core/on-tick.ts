import { isEnded, type ClusterState } from "./cluster-state.ts";
import { endJob, freeJobData } from "./end-job.ts";
import type { SchedulerAction } from "./event.ts";
import { loseExecutor } from "./lose-executor.ts";

/** Looks at every deadline: silent executors, jobs without any executor, results nobody wants. */
export function onTick(state: ClusterState, nowMs: number, actions: SchedulerAction[]): void {
  for (const executor of state.executors.values()) {
    const silentMs = nowMs - executor.lastSeenMs;
    const { executorTimeoutMs, reconnectGraceMs } = state.limits;
    if (silentMs > (executor.status === "disconnected" ? reconnectGraceMs : executorTimeoutMs))
      loseExecutor(state, executor.description.executorId, `silent for ${silentMs} ms`, nowMs, actions);
  }
  const anyExecutor = [...state.executors.values()].some((executor) => executor.status === "connected");
  for (const job of state.jobs.values()) {
    if (isEnded(job)) {
      if (nowMs < job.releaseAtMs) continue;
      freeJobData(state, job, actions);
      state.jobs.delete(job.jobId);
      actions.push({ kind: "delete_job", jobId: job.jobId });
    } else if (nowMs >= job.deadlineMs) {
      const message = `the statement ran longer than statement_timeout (${job.deadlineMs - job.submittedMs} ms)`;
      endJob(state, job, "cancelled", { code: "deadline_exceeded", message, details: {} }, nowMs, actions);
    } else if (anyExecutor || job.runningTasks > 0) {
      job.starvedSinceMs = Infinity;
    } else if (job.starvedSinceMs === Infinity) {
      job.starvedSinceMs = nowMs;
    } else if (nowMs - job.starvedSinceMs >= state.limits.noExecutorsGraceMs) {
      const message = `no executor was connected for ${Math.round((nowMs - job.starvedSinceMs) / 1000)} s`;
      endJob(
        state,
        job,
        "failed",
        { code: "unavailable", message, details: { hint: "start one: onager executor --scheduler HOST:PORT" } },
        nowMs,
        actions,
      );
    }
  }
}
