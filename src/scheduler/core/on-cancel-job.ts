import type { PlainError } from "../../common/engine-error.ts";
import { isEnded, type ClusterState } from "./cluster-state.ts";
import { endJob, freeJobData } from "./end-job.ts";
import type { SchedulerAction } from "./event.ts";

/** Cancelling a finished job gives its result up. */
export function onCancelJob(
  state: ClusterState,
  jobId: string,
  error: PlainError,
  nowMs: number,
  actions: SchedulerAction[],
): void {
  const job = state.jobs.get(jobId);
  if (job === undefined) return;
  if (!isEnded(job)) return endJob(state, job, "cancelled", error, nowMs, actions);
  if (job.status !== "finished") return;
  freeJobData(state, job, actions);
  state.jobs.delete(jobId);
  actions.push({ kind: "delete_job", jobId });
}
