import type { PlainError } from "../../common/engine-error.ts";
import type { ExecutorDescription, TaskId } from "../../stage/control-message.ts";
import { isEnded, taskKey, type ClusterState, type ExecutorState } from "./cluster-state.ts";
import type { SchedulerAction } from "./event.ts";
import { rescheduleTask } from "./lose-output.ts";

/**
 * A new executor, or one that connects again after its stream or its scheduler broke: then the tasks that both sides
 * believe to run go on; those only we know of never arrived and run anew; those only it knows of were given out by an
 * earlier scheduler and are taken over, unless newer attempts of them exist.
 */
export function onExecutorRegistered(
  state: ClusterState,
  event: {
    readonly executor: ExecutorDescription;
    readonly running: readonly TaskId[];
    readonly jobs?: readonly string[];
  },
  nowMs: number,
  actions: SchedulerAction[],
): void {
  const { executor: description, running } = event;
  const executorId = description.executorId;
  const known = state.executors.get(executorId);
  const believed = known?.running ?? new Set<string>();
  const reported = new Set(running.map(taskKey));
  const executor = newExecutor(description, "connected", nowMs);
  executor.failedAtMs = known?.failedAtMs ?? [];
  executor.quarantinedUntilMs = known?.quarantinedUntilMs ?? 0;
  for (const key of believed) if (reported.has(key)) executor.running.add(key);
  // What ran there needs its plan no more, and must be freed there.
  for (const { jobId, stageId } of running) if (state.jobs.has(jobId)) executor.plansSent.add(`${jobId}/${stageId}`);
  const held = new Set([...(event.jobs ?? []), ...running.map((task) => task.jobId)]);
  // No stage's plan, but enough to have the job freed there.
  for (const jobId of held) if (state.jobs.has(jobId)) executor.plansSent.add(`${jobId}/`);
  state.executors.set(executorId, executor);
  actions.push(
    { kind: "save_executor", executorId },
    {
      kind: "send",
      executorId,
      message: { kind: "registered", heartbeatIntervalMs: state.limits.heartbeatIntervalMs },
    },
  );
  for (const key of believed) if (!reported.has(key)) rescheduleByKey(state, key);
  for (const task of running) if (!believed.has(taskKey(task))) takeOver(state, executor, task);
  for (const jobId of held) {
    const job = state.jobs.get(jobId);
    if (job === undefined) {
      actions.push({ kind: "send", executorId, message: { kind: "release_job", jobId } });
    } else if (isEnded(job) && job.status !== "finished") {
      const error = job.error ?? cancelled;
      actions.push({ kind: "send", executorId, message: { kind: "cancel_job", jobId, error } });
    }
  }
}

export function newExecutor(
  description: ExecutorDescription,
  status: ExecutorState["status"],
  nowMs: number,
): ExecutorState {
  return {
    description,
    status,
    lastSeenMs: nowMs,
    running: new Set(),
    plansSent: new Set(),
    failedAtMs: [],
    quarantinedUntilMs: 0,
  };
}

const cancelled: PlainError = { code: "query_canceled", message: "the query was cancelled", details: {} };

/** A task that the records do not show as running there, since it was launched after they were written. */
function takeOver(state: ClusterState, executor: ExecutorState, id: TaskId): void {
  const job = state.jobs.get(id.jobId);
  const stage = job?.stages[id.stageId];
  const task = stage?.tasks[id.task];
  if (job === undefined || stage === undefined || task === undefined || isEnded(job) || job.status === "queued") return;
  const isNewer = task.status === "running" ? id.attempt > task.attempt : id.attempt >= task.attempt;
  if (task.status === "finished" || !isNewer) return;
  if (task.status === "pending") {
    stage.pending.splice(stage.pending.indexOf(id.task), 1);
    job.runningTasks++;
  }
  task.status = "running";
  task.attempt = id.attempt;
  task.executorId = executor.description.executorId;
  executor.running.add(taskKey(id));
}

function rescheduleByKey(state: ClusterState, key: string): void {
  const [jobId, stageId, position, attempt] = key.split("/");
  const job = state.jobs.get(jobId!);
  const stage = job?.stages[Number(stageId)];
  const task = stage?.tasks[Number(position)];
  if (job === undefined || stage === undefined || task === undefined || isEnded(job)) return;
  if (task.status === "running" && task.attempt === Number(attempt)) rescheduleTask(job, stage, Number(position));
}
