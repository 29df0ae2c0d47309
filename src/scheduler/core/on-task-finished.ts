import { runningAttempt } from "./running-attempt.ts";
import type { TaskId } from "../../stage/control-message.ts";
import type { OperatorMetrics, PartitionSize } from "../../stage/task-report.ts";
import { resultStageOf, taskKey, type ClusterState } from "./cluster-state.ts";
import { endJob } from "./end-job.ts";
import type { SchedulerAction } from "./event.ts";
import { startReadyStages } from "./start-queued-jobs.ts";

export function onTaskFinished(
  state: ClusterState,
  event: {
    readonly executorId: string;
    readonly task: TaskId;
    readonly partitions: readonly PartitionSize[];
    readonly operators: readonly OperatorMetrics[];
  },
  nowMs: number,
  actions: SchedulerAction[],
): void {
  const executor = state.executors.get(event.executorId);
  executor?.running.delete(taskKey(event.task));
  if (executor !== undefined) executor.lastSeenMs = nowMs;
  const found = runningAttempt(state, event.task);
  if (found === null) return;
  const { job, stage, task } = found;
  task.status = "finished";
  task.executorId = event.executorId;
  task.endedMs = nowMs;
  task.partitions = event.partitions;
  task.operators = event.operators;
  job.runningTasks--;
  stage.finishedTasks++;
  if (stage.finishedTasks < stage.tasks.length) return;
  stage.status = "finished";
  if (stage === resultStageOf(job)) {
    endJob(state, job, "finished", null, nowMs, actions);
    if (stage.tasks.every((one) => one.read)) job.releaseAtMs = nowMs + state.limits.readResultTtlMs;
    return;
  }
  startReadyStages(job);
  actions.push({ kind: "save_job", jobId: job.jobId });
}
