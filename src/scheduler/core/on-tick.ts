import { isEnded, resultStageOf, type ClusterState, type ExecutorState } from "./cluster-state.ts";
import { endJob, freeJobData } from "./end-job.ts";
import type { SchedulerAction } from "./event.ts";
import { loseOutput, rescheduleTask } from "./lose-output.ts";

/** Looks at every deadline: silent executors, jobs without any executor, results nobody wants. */
export function onTick(state: ClusterState, nowMs: number, actions: SchedulerAction[]): void {
  for (const executor of state.executors.values()) {
    const silentMs = nowMs - executor.lastSeenMs;
    if (silentMs > state.limits.executorTimeoutMs)
      loseExecutor(state, executor, `silent for ${silentMs} ms`, nowMs, actions);
  }
  const anyExecutor = [...state.executors.values()].some((executor) => executor.status === "connected");
  for (const job of state.jobs.values()) {
    if (isEnded(job)) {
      if (nowMs < job.releaseAtMs) continue;
      freeJobData(state, job, actions);
      state.jobs.delete(job.jobId);
      actions.push({ kind: "delete_job", jobId: job.jobId });
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

function loseExecutor(
  state: ClusterState,
  executor: ExecutorState,
  reason: string,
  nowMs: number,
  actions: SchedulerAction[],
): void {
  const executorId = executor.description.executorId;
  state.executors.delete(executorId);
  actions.push({ kind: "executor_lost", executorId, reason });
  for (const job of state.jobs.values()) {
    if (isEnded(job)) continue;
    const resultStage = resultStageOf(job);
    if (job.placed && resultStage.tasks.some((task) => task.executorId === executorId)) {
      const message = `executor ${executorId}, which was producing the result, was lost (${reason})`;
      endJob(state, job, "failed", { code: "executor_lost", message, details: {} }, nowMs, actions);
      continue;
    }
    for (const stage of job.stages) {
      stage.tasks.forEach((task, position) => {
        if (task.status === "running" && task.executorId === executorId) rescheduleTask(job, stage, position);
      });
    }
    loseOutput(
      job,
      executorId,
      job.stages.map((stage) => stage.stageId),
    );
  }
}
