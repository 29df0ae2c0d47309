import type { ClusterState, JobState } from "./cluster-state.ts";

/** Lets the oldest queued jobs run while fewer than the limit do. */
export function startQueuedJobs(state: ClusterState, nowMs: number): void {
  let running = 0;
  for (const job of state.jobs.values()) if (job.status === "running") running++;
  for (const job of state.jobs.values()) {
    if (running >= state.limits.runningJobsMax) return;
    if (job.status !== "queued") continue;
    job.status = "running";
    job.startedMs = nowMs;
    running++;
    startReadyStages(job);
  }
}

/** A stage may run when all its inputs are complete, and the stages whose filters it uses. */
export function startReadyStages(job: JobState): void {
  for (const stage of job.stages) {
    if (stage.status !== "waiting") continue;
    const needed = [...stage.inputs, ...stage.filterInputs.map(({ stageId }) => stageId)];
    if (needed.every((input) => job.stages[input]!.status === "finished")) stage.status = "running";
  }
}
