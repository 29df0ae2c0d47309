import { must } from "../../common/assert.ts";
import type { InputSource, TaskId } from "../../stage/control-message.ts";
import {
  resultStageOf,
  taskKey,
  type ClusterState,
  type ExecutorState,
  type JobState,
  type StageState,
} from "./cluster-state.ts";
import type { SchedulerAction } from "./event.ts";

/**
 * Gives free slots to waiting tasks, the job with the fewest running tasks first, so that a short query does not wait
 * for a long one to end.
 *
 * A result stage is placed whole as soon as it may start, beyond the free slots if need be (executors queue what they
 * cannot run yet): then the client learns all endpoints at once.
 */
export function assignTasks(state: ClusterState, nowMs: number, actions: SchedulerAction[]): void {
  const all = [...state.executors.values()];
  const connected = all.filter((executor) => executor.status === "connected");
  const healthy = connected.filter((executor) => executor.quarantinedUntilMs <= nowMs);
  const usable = healthy.length > 0 ? healthy : connected;
  if (usable.length === 0) return;
  if (nowMs < state.settleUntilMs && all.some((executor) => executor.status === "disconnected")) return;
  placeResultStages(state, usable, nowMs, actions);
  let free = 0;
  for (const executor of usable) free += freeSlots(executor);
  while (free > 0) {
    const next = nextTask(state);
    if (next === null) return;
    launch(
      next.job,
      next.stage,
      next.position,
      homeOf(state, next.stage, next.position) ?? chooseExecutor(usable, next.job, next.stage, next.position),
      state,
      nowMs,
      actions,
    );
    free--;
  }
}

function placeResultStages(
  state: ClusterState,
  usable: readonly ExecutorState[],
  nowMs: number,
  actions: SchedulerAction[],
): void {
  for (const job of state.jobs.values()) {
    if (job.status !== "running" || job.placed) continue;
    const stage = resultStageOf(job);
    if (stage.status !== "running") continue;
    while (stage.pending.length > 0) {
      const position = stage.pending.pop()!;
      launch(job, stage, position, chooseExecutor(usable, job, stage, position), state, nowMs, actions);
    }
    job.placed = true;
    actions.push({ kind: "save_job", jobId: job.jobId }, { kind: "job_placed", jobId: job.jobId });
  }
}

function freeSlots(executor: ExecutorState): number {
  return Math.max(0, executor.description.slots - executor.running.size);
}

/** The first waiting task of the running job that has the fewest tasks in work; the oldest of equals. */
function nextTask(state: ClusterState): { job: JobState; stage: StageState; position: number } | null {
  let best: { job: JobState; stage: StageState } | null = null;
  for (const job of state.jobs.values()) {
    if (job.status !== "running" || (best !== null && job.runningTasks >= best.job.runningTasks)) continue;
    const stage = job.stages.find((one) => one.status === "running" && one.pending.length > 0);
    if (stage !== undefined) best = { job, stage };
  }
  return best === null ? null : { ...best, position: best.stage.pending.pop()! };
}

/** Where clients wait for a result task that runs again; null for other tasks, or when that executor takes none. */
function homeOf(state: ClusterState, stage: StageState, position: number): ExecutorState | null {
  const executor = state.executors.get(stage.tasks[position]!.home ?? "");
  return executor?.status === "connected" ? executor : null;
}

/** Among executors with a free slot (or the least busy ones) the one that holds the most input bytes of the task. */
function chooseExecutor(
  usable: readonly ExecutorState[],
  job: JobState,
  stage: StageState,
  position: number,
): ExecutorState {
  const local = localBytes(job, stage, position);
  let best: ExecutorState | null = null;
  for (const executor of usable) {
    if (best === null || compareExecutors(executor, best, local) > 0) best = executor;
  }
  return must(best, "assignTasks has at least one executor");
}

function compareExecutors(left: ExecutorState, right: ExecutorState, local: ReadonlyMap<string, number>): number {
  const [leftFree, rightFree] = [freeSlots(left), freeSlots(right)];
  if (leftFree > 0 !== rightFree > 0) return leftFree > 0 ? 1 : -1;
  const bytes = (local.get(left.description.executorId) ?? 0) - (local.get(right.description.executorId) ?? 0);
  if (bytes !== 0) return bytes;
  return leftFree / left.description.slots - rightFree / right.description.slots;
}

/** Bytes of the partitions that the task reads, by the executor that holds them. */
function localBytes(job: JobState, stage: StageState, position: number): ReadonlyMap<string, number> {
  const bytes = new Map<string, number>();
  for (const input of stage.inputs) {
    const producer = job.stages[input]!;
    const partition = partitionRead(producer, position);
    for (const task of producer.tasks) {
      if (task.executorId === null) continue;
      for (const size of task.partitions) {
        if (size.partition === partition) bytes.set(task.executorId, (bytes.get(task.executorId) ?? 0) + size.byteSize);
      }
    }
  }
  return bytes;
}

function partitionRead(producer: StageState, position: number): number {
  return producer.sinkKind === "hash" ? position : 0;
}

function launch(
  job: JobState,
  stage: StageState,
  position: number,
  executor: ExecutorState,
  state: ClusterState,
  nowMs: number,
  actions: SchedulerAction[],
): void {
  const task = stage.tasks[position]!;
  const executorId = executor.description.executorId;
  const id: TaskId = { jobId: job.jobId, stageId: stage.stageId, task: position, attempt: task.attempt };
  task.status = "running";
  task.executorId = executorId;
  task.startedMs = nowMs;
  job.runningTasks++;
  executor.running.add(taskKey(id));
  const planKey = `${job.jobId}/${stage.stageId}`;
  if (!executor.plansSent.has(planKey)) {
    executor.plansSent.add(planKey);
    actions.push({
      kind: "send",
      executorId,
      message: { kind: "stage", jobId: job.jobId, stageId: stage.stageId, plan: stage.plan },
    });
  }
  const inputs = stage.inputs.map((input) => {
    const producer = job.stages[input]!;
    return { stageId: input, partition: partitionRead(producer, position), sources: sourcesOf(state, job, producer) };
  });
  for (const { stageId, partition } of stage.filterInputs) {
    const producer = job.stages[stageId]!;
    if (stage.inputs.includes(stageId) || !isAtHand(state, producer)) continue;
    inputs.push({ stageId, partition, sources: sourcesOf(state, job, producer) });
  }
  actions.push({ kind: "send", executorId, message: { kind: "launch", task: id, splits: task.splits, inputs } });
}

/** Whether all of a stage's output can be read without waiting: what a task could do without is not worth a timeout. */
function isAtHand(state: ClusterState, producer: StageState): boolean {
  return producer.tasks.every((task) => {
    const place = task.executorId === null ? undefined : state.executors.get(task.executorId);
    return task.status === "finished" && place !== undefined && place.status !== "disconnected";
  });
}

/** Where each task of a complete stage left its output. An executor that is away for the moment keeps its address. */
function sourcesOf(state: ClusterState, job: JobState, producer: StageState): InputSource[] {
  return producer.tasks.map((task, position) => {
    const executorId = must(task.executorId, "a finished task ran somewhere");
    const place = state.executors.get(executorId)?.description;
    return {
      task: { jobId: job.jobId, stageId: producer.stageId, task: position, attempt: task.attempt },
      executorId,
      host: place?.host ?? "",
      port: place?.port ?? 0,
    };
  });
}
