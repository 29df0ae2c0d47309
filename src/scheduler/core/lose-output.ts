import type { JobState, StageState } from "./cluster-state.ts";
import { startReadyStages } from "./start-queued-jobs.ts";

/** Puts a running or finished task back in the queue of its stage, as a new attempt. */
export function rescheduleTask(job: JobState, stage: StageState, position: number): void {
  const task = stage.tasks[position]!;
  if (task.status === "pending") return;
  if (task.status === "running") job.runningTasks--;
  if (task.status === "finished") stage.finishedTasks--;
  task.status = "pending";
  task.attempt++;
  task.executorId = null;
  task.partitions = [];
  stage.pending.push(position);
  if (stage.status === "finished") stage.status = "running";
}

/**
 * The output of `executorId` in these stages is gone. Tasks whose output somebody still needs run again, and readers
 * that have tasks to start wait for them; running readers go on, since they may have read it already.
 */
export function loseOutput(job: JobState, executorId: string, stageIds: readonly number[]): void {
  for (const stageId of stageIds) {
    const stage = job.stages[stageId]!;
    const needed =
      stage.sinkKind !== "result" && stage.readers.some((reader) => job.stages[reader]!.status !== "finished");
    if (!needed) continue;
    stage.tasks.forEach((task, position) => {
      if (task.status === "finished" && task.executorId === executorId) rescheduleTask(job, stage, position);
    });
  }
  // From the inputs upwards: a stage whose input is incomplete again must wait.
  for (const stage of job.stages) {
    const complete = stage.inputs.every((input) => job.stages[input]!.status === "finished");
    if (stage.status === "running" && !complete) stage.status = "waiting";
  }
  startReadyStages(job);
}
