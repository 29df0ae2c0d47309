import type { TaskId } from "../../stage/control-message.ts";
import { isEnded, type ClusterState, type JobState, type StageState, type TaskState } from "./cluster-state.ts";

/**
 * The task that a report speaks of, while it runs as that attempt; else null. The output of an attempt that was given up is
 * never read, since readers are told the attempt.
 */
export function runningAttempt(
  state: ClusterState,
  id: TaskId,
): { readonly job: JobState; readonly stage: StageState; readonly task: TaskState } | null {
  const job = state.jobs.get(id.jobId);
  if (job === undefined || isEnded(job)) return null;
  const stage = job.stages[id.stageId];
  const task = stage?.tasks[id.task];
  if (stage === undefined || task === undefined || task.status !== "running" || task.attempt !== id.attempt)
    return null;
  return { job, stage, task };
}
