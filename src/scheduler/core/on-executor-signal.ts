import { resultStageOf, type ClusterState } from "./cluster-state.ts";

export function onExecutorHeartbeat(state: ClusterState, executorId: string, nowMs: number): void {
  const executor = state.executors.get(executorId);
  if (executor !== undefined) executor.lastSeenMs = nowMs;
}

/** Nothing is lost yet: the executor works on and may connect again until it times out. */
export function onExecutorDisconnected(state: ClusterState, executorId: string, nowMs: number): void {
  const executor = state.executors.get(executorId);
  if (executor === undefined || executor.status === "disconnected") return;
  executor.status = "disconnected";
  executor.lastSeenMs = nowMs;
}

export function onExecutorDraining(state: ClusterState, executorId: string): void {
  const executor = state.executors.get(executorId);
  if (executor?.status === "connected") executor.status = "draining";
  // It waits until nothing is kept there any more; a client that has read all may ask again only of others.
  for (const job of state.jobs.values()) {
    if (job.status === "finished" && resultStageOf(job).tasks.every((task) => task.read)) job.releaseAtMs = 0;
  }
}
