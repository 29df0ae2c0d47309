import type { PlainError } from "../../common/engine-error.ts";
import type { ExecutorDescription, TaskId } from "../../stage/control-message.ts";
import { isEnded, taskKey, type ClusterState } from "./cluster-state.ts";
import type { SchedulerAction } from "./event.ts";
import { rescheduleTask } from "./lose-output.ts";

/**
 * A new executor, or one that connects again after its stream broke: then the tasks that both sides believe to run go on;
 * those only we know of are lost (their end was reported before, or they never arrived) and run anew; those
 * only it knows of are stopped.
 */
export function onExecutorRegistered(
  state: ClusterState,
  event: { readonly executor: ExecutorDescription; readonly running: readonly TaskId[] },
  nowMs: number,
  actions: SchedulerAction[],
): void {
  const { executor: description, running } = event;
  const executorId = description.executorId;
  const known = state.executors.get(executorId);
  const believed = known?.running ?? new Set<string>();
  const reported = new Set(running.map(taskKey));
  const kept = new Set([...believed].filter((key) => reported.has(key)));
  state.executors.set(executorId, {
    description,
    status: "connected",
    lastSeenMs: nowMs,
    running: kept,
    plansSent: new Set(),
  });
  actions.push({
    kind: "send",
    executorId,
    message: { kind: "registered", heartbeatIntervalMs: state.limits.heartbeatIntervalMs },
  });
  for (const key of believed) if (!reported.has(key)) rescheduleByKey(state, key);
  const strangers = new Set(running.filter((task) => !kept.has(taskKey(task))).map((task) => task.jobId));
  for (const jobId of strangers) {
    const job = state.jobs.get(jobId);
    // A job that goes on has newer attempts of these tasks elsewhere; only whole ended jobs are stopped here.
    if (job === undefined || isEnded(job)) {
      actions.push({
        kind: "send",
        executorId,
        message: { kind: "cancel_job", jobId, error: job?.error ?? forgotten },
      });
    }
  }
}

const forgotten: PlainError = {
  code: "query_canceled",
  message: "the scheduler does not know the query any more",
  details: {},
};

function rescheduleByKey(state: ClusterState, key: string): void {
  const [jobId, stageId, position, attempt] = key.split("/");
  const job = state.jobs.get(jobId!);
  const stage = job?.stages[Number(stageId)];
  const task = stage?.tasks[Number(position)];
  if (job === undefined || stage === undefined || task === undefined || isEnded(job)) return;
  if (task.status === "running" && task.attempt === Number(attempt)) rescheduleTask(job, stage, Number(position));
}
