import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { encodeClientSchema, encodeShuffleSchema } from "../arrow/arrow-schema.ts";
import { decodeStage } from "../codec/encode-stage.ts";
import { EngineError, fromPlainError, toPlainError, type ErrorCode } from "../common/engine-error.ts";
import type { Logger } from "../common/logger.ts";
import { openDuckDatabase, type DuckDatabase } from "../duckdb/duck-database.ts";
import type { FlightPeers } from "../flight/flight-client.ts";
import type { EncodedBatch } from "../shuffle/encoded-batch.ts";
import { ShuffleStore, type OutputKey } from "../shuffle/shuffle-store.ts";
import type {
  ExecutorMessage,
  ExecutorSideConnection,
  InputSource,
  SchedulerMessage,
  TaskId,
} from "../stage/control-message.ts";
import { controlProtocolVersion } from "../stage/control-message.ts";
import { PartitionReader, type PartitionOrigin } from "./partition-reader.ts";
import { Slot } from "./slot.ts";
import type { FromWorker, RunMessage } from "./worker-protocol.ts";

export type ExecutorOptions = {
  readonly executorId: string;
  /** Where others reach its Flight server. */
  readonly host: string;
  readonly port: number;
  readonly slots: number;
  /** For everything: the slots' linear memories and the shuffle store. */
  readonly memoryBytes: number;
  readonly workDirectory: string;
  readonly diskBytesMax: number;
  readonly version: string;
  readonly logger: Logger;
  readonly peers: FlightPeers;
  /** Opens the stream to the scheduler; called again, after a pause, whenever it broke. */
  readonly connect: () => Promise<ExecutorSideConnection>;
  readonly poison?: boolean;
};

type LaunchMessage = Extract<SchedulerMessage, { kind: "launch" }>;
type JobData = { readonly plans: Map<number, Uint8Array>; readonly reports: ExecutorMessage[] };

/** A quarter of the memory holds shuffle data and results; the slots share the rest. */
const storeShare = 0.25;
const slotMemoryBytesMax = 4 * 1024 ** 3;
/** Answers of a scheduler that trying again would not change. */
const refusals: ReadonlySet<ErrorCode> = new Set(["permission_denied", "unauthenticated", "invalid_argument"]);
const reconnectPauseMs = [50, 100, 250, 500, 1000, 2000];

/**
 * Runs tasks and keeps their output. The main thread does I/O only: it queues tasks for the slots (worker threads),
 * takes their output into the shuffle store, serves it, and reports to the scheduler. When the stream to the
 * scheduler breaks, tasks run on and reports are sent again over the next one.
 */
export class Executor {
  readonly #options: ExecutorOptions;
  readonly #logger: Logger;
  readonly #directory: string;
  readonly #store: ShuffleStore;
  readonly #duck: DuckDatabase;
  readonly #slots: Slot[];
  readonly #queue: LaunchMessage[] = [];
  readonly #jobs = new Map<string, JobData>();
  #connection: ExecutorSideConnection | null = null;
  #heartbeat: NodeJS.Timeout | null = null;
  #draining = false;
  #closed = false;
  #idle: (() => void) | null = null;

  constructor(options: ExecutorOptions) {
    this.#options = options;
    this.#logger = options.logger.with({ executor: options.executorId });
    mkdirSync(options.workDirectory, { recursive: true });
    this.#directory = mkdtempSync(join(options.workDirectory, "executor-"));
    const storeBytes = Math.floor(options.memoryBytes * storeShare);
    this.#store = new ShuffleStore({
      memoryBytesMax: storeBytes,
      directory: join(this.#directory, "shuffle"),
      diskBytesMax: options.diskBytesMax,
    });
    const spillDirectory = join(this.#directory, "spill");
    mkdirSync(spillDirectory, { recursive: true });
    this.#duck = openDuckDatabase();
    const reader = new PartitionReader(this.#origin());
    const slotMemory = Math.min(slotMemoryBytesMax, Math.floor((options.memoryBytes - storeBytes) / options.slots));
    this.#slots = Array.from(
      { length: options.slots },
      (_, slot) =>
        new Slot(
          {
            slot,
            memoryBytes: slotMemory,
            databaseHandle: this.#duck.handle,
            spillDirectory,
            spillBytesMax: Math.floor(options.diskBytesMax / options.slots),
            poison: options.poison ?? false,
          },
          reader,
          {
            onOutput: (task, partition, batch) => this.#takeOutput(task, partition, batch),
            onEnd: (end) => this.#onTaskEnd(end),
          },
        ),
    );
  }

  /** Resolves when the slots are up and the scheduler has accepted it. */
  async start(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.ready()));
    await this.#register();
  }

  /** The IPC schema message (bare flatbuffer) of the stage that wrote a partition. */
  schemaOf(key: OutputKey): Uint8Array {
    const plan = this.#jobs.get(key.jobId)?.plans.get(key.stageId);
    if (plan === undefined)
      throw new EngineError("not_found", `job ${key.jobId} is not known here, or its result was freed`);
    const stage = decodeStage(plan);
    return stage.sink.kind === "result"
      ? encodeClientSchema(stage.plan.schema)
      : encodeShuffleSchema(stage.plan.schema);
  }

  /** Rows of a partition, while they are produced if need be. */
  async *read(key: OutputKey, signal: AbortSignal): AsyncIterable<EncodedBatch> {
    let complete = false;
    try {
      yield* this.#store.read(key, signal);
      complete = true;
    } finally {
      if (complete) this.#send({ kind: "result_read", task: taskOf(key) });
      else if (signal.aborted) this.#send({ kind: "result_abandoned", task: taskOf(key) });
    }
  }

  get storeBytes(): number {
    return this.#store.byteSize;
  }

  /** Takes no new tasks, lets running ones end within the grace, then frees everything. */
  async close(graceMs: number): Promise<void> {
    if (this.#closed) return;
    this.#draining = true;
    this.#send({ kind: "draining" });
    if (!this.#isIdle()) {
      let timer: NodeJS.Timeout | undefined;
      const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, graceMs)));
      await Promise.race([new Promise<void>((resolve) => (this.#idle = resolve)), timeout]);
      clearTimeout(timer);
    }
    this.#closed = true;
    if (this.#heartbeat !== null) clearInterval(this.#heartbeat);
    this.#connection?.close();
    await Promise.all(this.#slots.map((slot) => slot.close()));
    await this.#store.close();
    this.#duck.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #origin(): PartitionOrigin {
    const isLocal = (source: InputSource): boolean => source.executorId === this.#options.executorId;
    return {
      isLocal,
      inMemory: (key) => this.#store.inMemory(key),
      read: (source, partition, signal) => {
        const key = { ...source.task, partition };
        if (isLocal(source)) return this.#store.read(key, signal);
        return this.#options.peers.read(source.host, source.port, { ...key, executorId: source.executorId }, signal);
      },
    };
  }

  /** Connects until it is accepted or refused for good. */
  async #register(): Promise<void> {
    for (let failures = 0; !this.#closed; failures++) {
      try {
        await this.#connectOnce();
        return;
      } catch (error) {
        const problem = EngineError.from(error);
        if (refusals.has(problem.code)) throw problem;
        if (failures === 0) this.#logger.log("warn", `waiting for the scheduler: ${problem.message}`);
        const pause = reconnectPauseMs[Math.min(failures, reconnectPauseMs.length - 1)]!;
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }

  async #connectOnce(): Promise<void> {
    const connection = await this.#options.connect();
    await new Promise<void>((resolve, reject) => {
      connection.onMessage((message) => {
        if (message.kind === "registered") {
          this.#onRegistered(connection, message.heartbeatIntervalMs);
          resolve();
        } else if (message.kind === "refused") {
          reject(new EngineError(message.error.code, message.error.message, message.error.details));
        } else {
          this.#onMessage(message);
        }
      });
      connection.onClose((error) => {
        const refused = error instanceof EngineError && refusals.has(error.code);
        reject(
          refused ? error : new EngineError("unavailable", error?.message ?? "the scheduler closed the connection"),
        );
        this.#onDisconnected(connection);
      });
      const { executorId, host, port, slots, memoryBytes, version } = this.#options;
      const executor = { executorId, host, port, slots, memoryBytes, version, protocolVersion: controlProtocolVersion };
      connection.send({ kind: "register", executor, running: this.#runningTasks() });
    });
  }

  #onRegistered(connection: ExecutorSideConnection, heartbeatIntervalMs: number): void {
    this.#connection = connection;
    this.#logger.log("info", "registered with the scheduler", { slots: this.#options.slots });
    // Reports that were sent into a breaking stream may be lost; the scheduler ignores those it knows.
    for (const job of this.#jobs.values()) for (const report of job.reports) connection.send(report);
    if (this.#heartbeat !== null) clearInterval(this.#heartbeat);
    this.#heartbeat = setInterval(() => {
      this.#send({ kind: "heartbeat", running: this.#runningTasks(), storeBytes: this.#store.byteSize });
    }, heartbeatIntervalMs);
  }

  #onDisconnected(connection: ExecutorSideConnection): void {
    if (this.#connection !== connection) return;
    this.#connection = null;
    if (this.#heartbeat !== null) clearInterval(this.#heartbeat);
    this.#heartbeat = null;
    if (this.#closed || this.#draining) return;
    this.#logger.log("warn", "lost the stream to the scheduler, connecting again");
    this.#register().catch((error: unknown) =>
      this.#logger.log("error", `the scheduler refused this executor: ${EngineError.from(error).message}`),
    );
  }

  #send(message: ExecutorMessage): void {
    this.#connection?.send(message);
  }

  #runningTasks(): TaskId[] {
    const tasks = this.#queue.map((launch) => launch.task);
    for (const slot of this.#slots) if (slot.task !== null) tasks.push(slot.task);
    return tasks;
  }

  #job(jobId: string): JobData {
    let job = this.#jobs.get(jobId);
    if (job === undefined) this.#jobs.set(jobId, (job = { plans: new Map(), reports: [] }));
    return job;
  }

  #onMessage(message: Exclude<SchedulerMessage, { kind: "registered" | "refused" }>): void {
    switch (message.kind) {
      case "stage":
        this.#job(message.jobId).plans.set(message.stageId, message.plan);
        return;
      case "launch":
        this.#queue.push(message);
        this.#startTasks();
        return;
      case "cancel_job":
        this.#cancelJob(message.jobId, fromPlainError(message.error));
        return;
      default:
        this.#releaseJob(message.jobId);
    }
  }

  #startTasks(): void {
    for (const slot of this.#slots) {
      if (slot.task !== null) continue;
      const launch = this.#queue.shift();
      if (launch === undefined) return;
      const plan = this.#jobs.get(launch.task.jobId)?.plans.get(launch.task.stageId);
      if (plan === undefined) {
        const error = new EngineError("internal", `task ${launch.task.task} came without the plan of its stage`);
        this.#report(launch.task, { kind: "task_failed", task: launch.task, error: toPlainError(error) });
        continue;
      }
      const run: RunMessage = { kind: "run", task: launch.task, plan, splits: launch.splits, inputs: launch.inputs };
      this.#store.begin(launch.task);
      slot.run(run);
      this.#send({ kind: "task_started", task: launch.task });
    }
  }

  #takeOutput(task: TaskId, partition: number, batch: EncodedBatch): void {
    if (!this.#jobs.has(task.jobId)) return; // freed while the task was still writing
    try {
      this.#store.put({ ...task, partition }, batch);
    } catch (error) {
      this.#logger.log("warn", `output of a task cannot be stored: ${EngineError.from(error).message}`, {
        job: task.jobId,
      });
      this.#store.failTask(task, EngineError.from(error));
      for (const slot of this.#slots) if (slot.task !== null && slot.task.jobId === task.jobId) slot.cancel();
    }
  }

  #onTaskEnd(end: Extract<FromWorker, { kind: "finished" | "failed" }>): void {
    const { task } = end;
    if (end.kind === "finished") {
      const failure = this.#store.finishTask(task);
      if (failure === null)
        this.#report(task, { kind: "task_finished", task, partitions: end.partitions, operators: end.operators });
      else this.#report(task, { kind: "task_failed", task, error: toPlainError(failure) });
    } else {
      const failure = this.#store.failTask(task, new EngineError(end.error.code, end.error.message, end.error.details));
      this.#report(task, { kind: "task_failed", task, error: toPlainError(failure) });
    }
    this.#logger.log("debug", `task ${end.kind}`, {
      job: task.jobId,
      stage: task.stageId,
      task: task.task,
      attempt: task.attempt,
    });
    this.#startTasks();
    if (this.#isIdle()) this.#idle?.();
  }

  #isIdle(): boolean {
    return this.#queue.length === 0 && this.#slots.every((slot) => slot.task === null);
  }

  #report(task: TaskId, message: ExecutorMessage): void {
    this.#jobs.get(task.jobId)?.reports.push(message);
    this.#send(message);
  }

  /** Readers of the job's unfinished output get the reason, the tasks themselves end at their next batch. */
  #cancelJob(jobId: string, reason: EngineError): void {
    for (let position = this.#queue.length - 1; position >= 0; position--) {
      const { task } = this.#queue[position]!;
      if (task.jobId !== jobId) continue;
      this.#queue.splice(position, 1);
      this.#store.failTask(task, reason);
    }
    for (const slot of this.#slots) {
      if (slot.task?.jobId !== jobId) continue;
      this.#store.failTask(slot.task, reason);
      slot.cancel();
    }
  }

  #releaseJob(jobId: string): void {
    this.#cancelJob(jobId, new EngineError("query_canceled", "the query was cancelled"));
    this.#jobs.delete(jobId);
    this.#store.releaseJob(jobId);
  }
}

function taskOf(key: OutputKey): TaskId {
  return { jobId: key.jobId, stageId: key.stageId, task: key.task, attempt: key.attempt };
}
