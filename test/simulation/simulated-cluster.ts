import assert from "node:assert/strict";
import { EngineError, errorCodes } from "../../src/common/engine-error.ts";
import {
  defaultLimits,
  isEnded,
  newClusterState,
  resultStageOf,
  taskKey,
  type ClusterState,
} from "../../src/scheduler/core/cluster-state.ts";
import type { JobDefinition, SchedulerEvent } from "../../src/scheduler/core/event.ts";
import { step } from "../../src/scheduler/core/step.ts";
import { decodeJob, encodeJob } from "../../src/scheduler/encode-job.ts";
import type {
  ExecutorDescription,
  ExecutorMessage,
  SchedulerMessage,
  TaskId,
} from "../../src/stage/control-message.ts";
import type { SimulatedTime } from "./simulated-time.ts";

/** The records of the store, and who may write them. */
export class SimulatedStore {
  readonly jobs = new Map<string, Uint8Array>();
  readonly executors = new Map<string, ExecutorDescription>();
  /** Raised with every new leader: writes of earlier ones are refused. */
  term = 0;
}

/** A stream between one executor and one scheduler: keeps the order, loses what is under way when it breaks. */
export class Link {
  readonly #time: SimulatedTime;
  #open = true;
  #last = 0;
  onClose: (() => void)[] = [];

  constructor(time: SimulatedTime) {
    this.#time = time;
  }

  send(deliver: () => void): void {
    if (!this.#open) return;
    this.#last = Math.max(this.#last, this.#time.nowMs + this.#time.random.between(1, 15));
    this.#time.at(this.#last, () => {
      if (this.#open) deliver();
    });
  }

  /** Both ends notice, each in its time. */
  break(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const listener of this.onClose) this.#time.after(this.#time.random.between(0, 80), listener);
  }
}

/** What the job board does around the core, on a simulated store and network. */
export class SimulatedScheduler {
  readonly #time: SimulatedTime;
  readonly #store: SimulatedStore;
  readonly #term: number;
  readonly state: ClusterState = newClusterState({ ...defaultLimits });
  readonly links = new Map<string, { link: Link; executor: SimulatedExecutor }>();
  /** Also those over which nobody has registered yet. */
  readonly #streams = new Set<Link>();
  alive = true;

  constructor(time: SimulatedTime, store: SimulatedStore) {
    this.#time = time;
    this.#store = store;
    this.#term = ++store.term;
    const jobs = [...store.jobs.values()].map((bytes) => decodeJob(bytes));
    this.dispatch({ kind: "resumed", jobs, executors: [...store.executors.values()] });
    this.#tick();
  }

  #tick(): void {
    if (!this.alive) return;
    this.dispatch({ kind: "tick" });
    this.#time.after(500, () => this.#tick());
  }

  dispatch(event: SchedulerEvent): void {
    if (!this.alive) return;
    const { actions } = step(this.state, event, this.#time.nowMs);
    for (const action of actions) {
      const writes = ["save_job", "delete_job", "save_executor", "executor_lost"].includes(action.kind);
      // A deposed leader learns of it at its first write, and does nothing from then on.
      if (writes && this.#store.term !== this.#term) return this.stop();
    }
    for (const action of actions) {
      if (action.kind === "save_job") {
        const job = this.state.jobs.get(action.jobId);
        if (job !== undefined) this.#store.jobs.set(action.jobId, encodeJob(job));
      } else if (action.kind === "delete_job") this.#store.jobs.delete(action.jobId);
      else if (action.kind === "executor_lost") this.#store.executors.delete(action.executorId);
      else if (action.kind === "save_executor") {
        const executor = this.state.executors.get(action.executorId);
        if (executor !== undefined) this.#store.executors.set(action.executorId, executor.description);
      }
    }
    for (const action of actions) {
      if (action.kind !== "send") continue;
      const target = this.links.get(action.executorId);
      target?.link.send(() => target.executor.receive(action.message));
    }
    this.#check();
  }

  stop(): void {
    this.alive = false;
    for (const link of this.#streams) link.break();
  }

  attach(executor: SimulatedExecutor, link: Link): (message: ExecutorMessage) => void {
    const { executorId } = executor.description;
    this.#streams.add(link);
    link.onClose.push(() => {
      if (this.links.get(executorId)?.link !== link) return;
      this.links.delete(executorId);
      this.dispatch({ kind: "executor_disconnected", executorId });
    });
    return (message) => {
      if (!this.alive) return;
      if (message.kind === "register") {
        this.links.get(executorId)?.link.break();
        this.links.set(executorId, { link, executor });
        this.dispatch({ ...message, kind: "executor_registered" });
      } else if (this.links.get(executorId)?.link !== link) return;
      else if (message.kind === "heartbeat") this.dispatch({ ...message, kind: "executor_heartbeat", executorId });
      else if (message.kind === "task_finished") this.dispatch({ ...message, executorId });
      else if (message.kind === "task_failed") this.dispatch({ ...message, executorId });
      else if (message.kind === "result_read") this.dispatch(message);
    };
  }

  /** What must hold after every event. */
  #check(): void {
    for (const job of this.state.jobs.values()) {
      if (isEnded(job)) continue;
      let running = 0;
      for (const stage of job.stages) {
        const statuses = stage.tasks.map((task) => task.status);
        const finished = statuses.filter((status) => status === "finished").length;
        running += statuses.filter((status) => status === "running").length;
        assert.equal(stage.finishedTasks, finished, "finished tasks are counted");
        assert.equal(
          stage.status === "finished",
          finished === stage.tasks.length,
          "a stage is as finished as its tasks",
        );
        const pending = statuses.flatMap((status, position) => (status === "pending" ? [position] : []));
        assert.deepEqual(
          [...stage.pending].sort((a, b) => a - b),
          pending,
          "each pending task waits once",
        );
        for (const task of stage.tasks)
          assert.equal(task.executorId === null, task.status === "pending", "a task has a place once it was given out");
      }
      assert.equal(job.runningTasks, running, "running tasks are counted");
    }
  }
}

type Output = { state: "running" | "finished" | "failed" | "superseded"; content: string };
type Launch = Extract<SchedulerMessage, { kind: "launch" }>;

/** What an executor does, without rows: a task's output is the text of what it was made from. */
export class SimulatedExecutor {
  readonly #time: SimulatedTime;
  readonly #cluster: { executors: Map<string, SimulatedExecutor>; failureRate: number };
  readonly description: ExecutorDescription;
  readonly #queue: Launch[] = [];
  readonly #running = new Map<string, TaskId>();
  readonly jobs = new Map<string, { plans: Set<number>; reports: ExecutorMessage[] }>();
  readonly outputs = new Map<string, Output>();
  #send: ((message: ExecutorMessage) => void) | null = null;
  #link: Link | null = null;
  #connect: () => SimulatedScheduler | null;
  alive = true;
  launches = 0;

  constructor(
    time: SimulatedTime,
    cluster: { executors: Map<string, SimulatedExecutor>; failureRate: number },
    executorId: string,
    slots: number,
    connect: () => SimulatedScheduler | null,
  ) {
    this.#time = time;
    this.#cluster = cluster;
    this.#connect = connect;
    this.description = {
      executorId,
      host: executorId,
      port: 1,
      slots,
      memoryBytes: 1,
      version: "1",
      protocolVersion: 1,
    };
    this.#register();
    this.#heartbeat();
  }

  kill(): void {
    this.alive = false;
    this.#link?.break();
  }

  disconnect(): void {
    this.#link?.break();
  }

  /** The content of a partition's attempt, once it is there; throws when it will not come. */
  read(task: TaskId): string | null {
    if (!this.alive) throw gone();
    const output = this.outputs.get(taskKey(task));
    if (output === undefined && !this.jobs.has(task.jobId)) throw gone();
    if (output === undefined) return null;
    if (output.state === "superseded") return this.read({ ...task, attempt: task.attempt + 1 });
    if (output.state === "failed") throw gone();
    return output.state === "finished" ? output.content : null;
  }

  tellRead(task: TaskId): void {
    this.#send?.({ kind: "result_read", task });
  }

  receive(message: SchedulerMessage): void {
    if (!this.alive) return;
    switch (message.kind) {
      case "stage":
        this.#job(message.jobId).plans.add(message.stageId);
        return;
      case "launch": {
        this.launches++;
        assert.ok(this.jobs.get(message.task.jobId)?.plans.has(message.task.stageId), "a plan comes before its tasks");
        const key = taskKey(message.task);
        assert.ok(!this.outputs.has(key), `attempt ${key} is launched once`);
        for (let attempt = 0; attempt < message.task.attempt; attempt++) {
          const output = this.outputs.get(taskKey({ ...message.task, attempt }));
          if (output?.state === "running") output.state = "superseded";
        }
        this.#queue.push(message);
        this.#startTasks();
        return;
      }
      case "cancel_job":
        for (const [key, output] of this.outputs)
          if (key.startsWith(`${message.jobId}/`) && output.state !== "finished") output.state = "failed";
        return;
      case "release_job":
        this.jobs.delete(message.jobId);
        for (const key of this.outputs.keys()) if (key.startsWith(`${message.jobId}/`)) this.outputs.delete(key);
        for (let at = this.#queue.length - 1; at >= 0; at--)
          if (this.#queue[at]!.task.jobId === message.jobId) this.#queue.splice(at, 1);
        return;
      default:
    }
  }

  #job(jobId: string): { plans: Set<number>; reports: ExecutorMessage[] } {
    let job = this.jobs.get(jobId);
    if (job === undefined) this.jobs.set(jobId, (job = { plans: new Set(), reports: [] }));
    return job;
  }

  #startTasks(): void {
    while (this.#running.size < this.description.slots) {
      const launch = this.#queue.shift();
      if (launch === undefined) return;
      const key = taskKey(launch.task);
      this.#running.set(key, launch.task);
      this.outputs.set(key, { state: "running", content: "" });
      this.#time.after(this.#time.random.between(1, 400), () => this.#end(launch));
    }
  }

  #end(launch: Launch): void {
    if (!this.alive) return;
    const { task } = launch;
    const key = taskKey(task);
    this.#running.delete(key);
    const output = this.outputs.get(key);
    if (output !== undefined) {
      try {
        if (this.#time.random.chance(this.#cluster.failureRate)) throw new EngineError("io_error", "it broke");
        output.content = this.#compute(launch);
        if (output.state === "running") output.state = "finished";
        const partitions = [{ partition: 0, rowCount: 1, byteSize: 1 }];
        this.#report(task, { kind: "task_finished", task, partitions, operators: [] });
      } catch (thrown) {
        const { code, details } = EngineError.from(thrown);
        if (output.state === "running") output.state = errorCodes[code].transient ? "superseded" : "failed";
        this.#report(task, { kind: "task_failed", task, error: { code, message: "it broke", details } });
      }
    }
    this.#startTasks();
  }

  /** Reads every input where the scheduler said that it is. */
  #compute({ task, inputs }: Launch): string {
    const parts = inputs.map(({ stageId, partition, sources }) => {
      const texts = sources.map((source) => {
        const lost = { executorId: source.executorId, stageId, partition: source.task.task };
        const failure = new EngineError("fetch_failed", "it broke", { fetchFailed: lost });
        const holder = this.#cluster.executors.get(source.executorId);
        const output = holder?.alive === true ? holder.outputs.get(taskKey(source.task)) : undefined;
        if (output?.state !== "finished") throw failure;
        return output.content;
      });
      return `${stageId}.${partition}[${texts.join(" ")}]`;
    });
    return `${task.jobId}/${task.stageId}/${task.task}(${parts.join(";")})`;
  }

  #report(task: TaskId, message: ExecutorMessage): void {
    this.jobs.get(task.jobId)?.reports.push(message);
    this.#send?.(message);
  }

  #heartbeat(): void {
    if (!this.alive) return;
    this.#send?.({ kind: "heartbeat", running: [], storeBytes: 0 });
    this.#time.after(2_000, () => this.#heartbeat());
  }

  #register(): void {
    if (!this.alive) return;
    const scheduler = this.#connect();
    if (scheduler === null) {
      this.#time.after(this.#time.random.between(50, 1_000), () => this.#register());
      return;
    }
    const link = new Link(this.#time);
    const receive = scheduler.attach(this, link);
    this.#link = link;
    const send = (message: ExecutorMessage): void => link.send(() => receive(message));
    this.#send = send;
    link.onClose.push(() => {
      if (this.#link !== link) return;
      this.#send = null;
      this.#time.after(this.#time.random.between(50, 500), () => this.#register());
    });
    const ended = [...this.jobs.values()].flatMap(({ reports }) =>
      reports.flatMap((report) => ("task" in report ? [report.task] : [])),
    );
    const running = [...this.#queue.map((launch) => launch.task), ...this.#running.values(), ...ended];
    send({ kind: "register", executor: this.description, running, jobs: [...this.jobs.keys()] });
    for (const { reports } of this.jobs.values()) for (const report of reports) send(report);
  }
}

function gone(): EngineError {
  return new EngineError("executor_lost", "its rows are not here");
}

/** What a job's result must be made of, partition by partition. */
export function expectedRows(job: JobDefinition): string[] {
  const contentOf = (stageId: number, task: number): string => {
    const parts = job.stages[stageId]!.inputs.map((input) => {
      const producer = job.stages[input]!;
      const partition = producer.sinkKind === "hash" ? task : 0;
      return `${input}.${partition}[${producer.tasks.map((_, position) => contentOf(input, position)).join(" ")}]`;
    });
    return `${job.jobId}/${stageId}/${task}(${parts.join(";")})`;
  };
  const last = job.stages.length - 1;
  return job.stages[last]!.tasks.map((_, position) => contentOf(last, position));
}

/** Where a client reads a partition of a placed job now; null while nobody can tell. */
export function locate(
  scheduler: SimulatedScheduler,
  jobId: string,
  position: number,
): (TaskId & { executorId: string }) | null {
  const job = scheduler.state.jobs.get(jobId);
  if (job === undefined || !job.placed) return null;
  const stage = resultStageOf(job);
  const task = stage.tasks[position]!;
  const status = task.executorId === null ? undefined : scheduler.state.executors.get(task.executorId)?.status;
  if (task.executorId === null || status !== "connected") return null;
  return { jobId, stageId: stage.stageId, task: position, attempt: task.attempt, executorId: task.executorId };
}
