import type { ClusterState, JobState, StageState } from "./cluster-state.ts";
import { endJob } from "./end-job.ts";
import type { JobDefinition, SchedulerAction } from "./event.ts";
import { startQueuedJobs } from "./start-queued-jobs.ts";

export function onJobSubmitted(
  state: ClusterState,
  definition: JobDefinition,
  nowMs: number,
  actions: SchedulerAction[],
): void {
  if (state.jobs.has(definition.jobId)) return; // a replayed event
  const stages = definition.stages.map((stage): StageState => ({
    stageId: stage.stageId,
    plan: stage.plan,
    sinkKind: stage.sinkKind,
    inputs: stage.inputs,
    filterInputs: stage.filterInputs ?? [],
    readers: definition.stages.filter((other) => other.inputs.includes(stage.stageId)).map((other) => other.stageId),
    status: "waiting",
    tasks: stage.tasks.map((task) => ({
      splits: task.splits,
      status: "pending",
      attempt: 0,
      executorId: null,
      home: null,
      failures: 0,
      startedMs: 0,
      endedMs: 0,
      partitions: [],
      operators: [],
      read: false,
    })),
    pending: stage.tasks.map((_, position) => stage.tasks.length - 1 - position),
    finishedTasks: 0,
  }));
  const job: JobState = {
    jobId: definition.jobId,
    status: "queued",
    submittedMs: nowMs,
    startedMs: 0,
    endedMs: 0,
    stages,
    error: null,
    placed: false,
    runningTasks: 0,
    releaseAtMs: Infinity,
    starvedSinceMs: Infinity,
    schema: definition.schema ?? [],
    ordered: definition.ordered ?? false,
    retryPolicy: definition.retryPolicy ?? "stage",
    restarts: 0,
    deadlineMs: definition.deadlineMs ?? Infinity,
  };
  state.jobs.set(job.jobId, job);
  actions.push({ kind: "save_job", jobId: job.jobId });
  startQueuedJobs(state, nowMs);
  const queued = [...state.jobs.values()].filter((other) => other.status === "queued").length;
  if (job.status === "queued" && queued > state.limits.queuedJobsMax) {
    const message = `${state.limits.queuedJobsMax} queries are waiting already`;
    endJob(
      state,
      job,
      "failed",
      { code: "too_many_queries", message, details: { hint: "try again later" } },
      nowMs,
      actions,
    );
  }
}
