import { unreachable } from "../../common/assert.ts";
import { assignTasks } from "./assign-tasks.ts";
import type { ClusterState } from "./cluster-state.ts";
import type { SchedulerAction, SchedulerEvent } from "./event.ts";
import { onCancelJob } from "./on-cancel-job.ts";
import { onExecutorRegistered } from "./on-executor-registered.ts";
import { onExecutorDisconnected, onExecutorDraining, onExecutorHeartbeat } from "./on-executor-signal.ts";
import { onJobSubmitted } from "./on-job-submitted.ts";
import { onResultAbandoned, onResultRead } from "./on-result-read.ts";
import { onResumed } from "./on-resumed.ts";
import { onTaskFailed } from "./on-task-failed.ts";
import { onTaskFinished } from "./on-task-finished.ts";
import { loseExecutor } from "./lose-executor.ts";
import { onTick } from "./on-tick.ts";

/**
 * The scheduler's core: applies one event and says what must be done. No clock, socket, timer or randomness is used
 * inside, so the same state and events give the same actions always. It takes the state over and gives it back
 * changed (copying the tasks of large jobs at each event would cost more than the event).
 */
export function step(
  state: ClusterState,
  event: SchedulerEvent,
  nowMs: number,
): { state: ClusterState; actions: SchedulerAction[] } {
  const actions: SchedulerAction[] = [];
  apply(state, event, nowMs, actions);
  assignTasks(state, nowMs, actions);
  return { state, actions };
}

function apply(state: ClusterState, event: SchedulerEvent, nowMs: number, actions: SchedulerAction[]): void {
  switch (event.kind) {
    case "job_submitted":
      return onJobSubmitted(state, event.job, nowMs, actions);
    case "executor_registered":
      return onExecutorRegistered(state, event, nowMs, actions);
    case "executor_heartbeat":
      return onExecutorHeartbeat(state, event.executorId, nowMs);
    case "executor_disconnected":
      return onExecutorDisconnected(state, event.executorId, nowMs);
    case "executor_draining":
      return onExecutorDraining(state, event.executorId);
    case "executor_left":
      return loseExecutor(state, event.executorId, "it left", nowMs, actions);
    case "resumed":
      return onResumed(state, event, nowMs, actions);
    case "task_finished":
      return onTaskFinished(state, event, nowMs, actions);
    case "task_failed":
      return onTaskFailed(state, event, nowMs, actions);
    case "result_read":
      return onResultRead(state, event.task, nowMs);
    case "result_abandoned":
      return onResultAbandoned(state, event.task, nowMs, actions);
    case "cancel_job":
      return onCancelJob(state, event.jobId, event.error, nowMs, actions);
    case "tick":
      return onTick(state, nowMs, actions);
    default:
      return unreachable(event, "event");
  }
}
