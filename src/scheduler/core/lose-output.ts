import { resultStageOf, type ClusterState, type JobState, type StageState } from "./cluster-state.ts";
import { startReadyStages } from "./start-queued-jobs.ts";

/** Puts a running or finished task back in the queue of its stage, as a new attempt. */
export function rescheduleTask(job: JobState, stage: StageState, position: number): void {
  const task = stage.tasks[position]!;
  if (task.status === "pending") return;
  if (task.status === "running") job.runningTasks--;
  if (task.status === "finished") stage.finishedTasks--;
  if (job.placed && stage === resultStageOf(job)) task.home ??= task.executorId;
  task.status = "pending";
  task.attempt++;
  task.executorId = null;
  task.partitions = [];
  task.read = false;
  stage.pending.push(position);
  if (stage.status === "finished") stage.status = "running";
}

/**
 * The output of `executorId` in one stage is gone. If somebody still needs it, its tasks run again, and readers that have
 * tasks to start wait for them; running readers go on, since they may have read it already.
 */
export function loseOutput(state: ClusterState, job: JobState, executorId: string, stageId: number): void {
  const stage = job.stages[stageId]!;
  if (isNeeded(job, stage)) {
    stage.tasks.forEach((task, position) => {
      if (task.status === "finished" && task.executorId === executorId) rescheduleTask(job, stage, position);
    });
  }
  recoverInputs(state, job);
}

/** Runs tasks again whose output is needed, but lies on an executor that is gone. */
export function recoverInputs(state: ClusterState, job: JobState): void {
  // From the result downwards: a task that runs again needs its inputs, which may be gone as well.
  for (const stage of job.stages.toReversed()) {
    if (!isNeeded(job, stage)) continue;
    stage.tasks.forEach((task, position) => {
      const gone = task.executorId === null || !state.executors.has(task.executorId);
      if (task.status === "finished" && gone) rescheduleTask(job, stage, position);
    });
  }
  // From the inputs upwards: a stage whose input is incomplete again must wait.
  for (const stage of job.stages) {
    const complete = stage.inputs.every((input) => job.stages[input]!.status === "finished");
    if (stage.status === "running" && !complete) stage.status = "waiting";
  }
  startReadyStages(job);
}

function isNeeded(job: JobState, stage: StageState): boolean {
  return stage.sinkKind !== "result" && stage.readers.some((reader) => job.stages[reader]!.status !== "finished");
}
