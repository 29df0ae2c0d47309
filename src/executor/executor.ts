import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { encodeClientSchema, encodeShuffleSchema } from "../arrow/arrow-schema.ts";
import { decodeStage } from "../codec/encode-stage.ts";
import { EngineError, errorCodes, fromPlainError, toPlainError, type ErrorCode } from "../common/engine-error.ts";
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
import { openWorkFolder, removeWorkFolder } from "./work-folder.ts";
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
  /**
   * Opens the stream to a scheduler; called again, after a pause, whenever it broke or was refused. `leader` is the address
   * (HOST:PORT) that the last one referred to, "" if none.
   */
  readonly connect: (leader: string) => Promise<ExecutorSideConnection>;
  /** False where the scheduler ends together with the executor: then nobody reads what is kept, and it need not wait. */
  readonly servesWhileDraining?: boolean;
  readonly poison?: boolean;
};

type LaunchMessage = Extract<SchedulerMessage, { kind: "launch" }>;
type JobData = { readonly plans: Map<number, Uint8Array>; readonly reports: ExecutorMessage[] };

/** A quarter of the memory holds shuffle data and results; the slots share the rest. */
const storeShare = 0.25;
const slotMemoryBytesMax = 4 * 1024 ** 3;
/** Answers of a scheduler that trying again would not change. */
const refusals: ReadonlySet<ErrorCode> = new Set(["permission_denied", "unauthenticated", "invalid_argument"]);
const reconnectPauseMs = [50, 100, 250, 500, 1000];
/** A scheduler that takes a connection, but does not answer, is passed over. */
const registerTimeoutMs = 5_000;
/** A draining executor that finds no scheduler for so long leaves. */
const drainAloneMs = 3_000;
const drainPollMs = 50;

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
  /** By plan: in one process, jobs of a remembered statement have the same one. */
  readonly #schemaHeaders = new WeakMap<Uint8Array, Uint8Array>();
  #connection: ExecutorSideConnection | null = null;
  #heartbeat: NodeJS.Timeout | null = null;
  #draining = false;
  /** Where the last scheduler that was asked sent us. */
  #leader = "";
  #closed = false;

  constructor(options: ExecutorOptions) {
    this.#options = options;
    this.#logger = options.logger.with({ executor: options.executorId });
    this.#directory = openWorkFolder(options.workDirectory, options.logger);
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
    let header = this.#schemaHeaders.get(plan);
    if (header === undefined) {
      const stage = decodeStage(plan);
      const encode = stage.sink.kind === "result" ? encodeClientSchema : encodeShuffleSchema;
      this.#schemaHeaders.set(plan, (header = encode(stage.plan.schema)));
    }
    return header;
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

  /**
   * Takes no new tasks. Within the grace it lets running ones end and keeps serving until the scheduler has released all
   * that it holds; then it frees everything.
   */
  async close(graceMs: number): Promise<void> {
    if (this.#closed) return;
    this.#draining = true;
    this.#send({ kind: "draining" });
    await this.#drained(graceMs);
    this.#send({ kind: "left" });
    this.#closed = true;
    if (this.#heartbeat !== null) clearInterval(this.#heartbeat);
    this.#connection?.close();
    await Promise.all(this.#slots.map((slot) => slot.close()));
    await this.#store.close();
    this.#duck.close();
    removeWorkFolder(this.#directory);
  }

  async #drained(graceMs: number): Promise<void> {
    const end = performance.now() + graceMs;
    let aloneSince: number | null = null;
    while (performance.now() < end) {
      const serves = this.#options.servesWhileDraining !== false && this.#jobs.size > 0;
      if (this.#isIdle() && !serves) return;
      if (this.#connection === null) aloneSince ??= performance.now();
      else aloneSince = null;
      if (this.#isIdle() && aloneSince !== null && performance.now() - aloneSince > drainAloneMs) return;
      await new Promise((resolve) => setTimeout(resolve, drainPollMs));
    }
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
    const connection = await this.#options.connect(this.#leader);
    this.#leader = "";
    await new Promise<void>((resolveAccepted, reject) => {
      const timer = setTimeout(() => {
        reject(new EngineError("unavailable", `the scheduler did not answer within ${registerTimeoutMs} ms`));
        connection.close();
      }, registerTimeoutMs);
      const resolve = (): void => {
        clearTimeout(timer);
        resolveAccepted();
      };
      connection.onMessage((message) => {
        if (message.kind === "registered") {
          this.#onRegistered(connection, message.heartbeatIntervalMs);
          resolve();
        } else if (message.kind === "refused") {
          clearTimeout(timer);
          this.#leader = message.leader ?? "";
          reject(new EngineError(message.error.code, message.error.message, message.error.details));
        } else {
          this.#onMessage(message);
        }
      });
      connection.onClose((error) => {
        clearTimeout(timer);
        const refused = error instanceof EngineError && refusals.has(error.code);
        reject(
          refused ? error : new EngineError("unavailable", error?.message ?? "the scheduler closed the connection"),
        );
        this.#onDisconnected(connection);
      });
      const { executorId, host, port, slots, memoryBytes, version } = this.#options;
      const executor = { executorId, host, port, slots, memoryBytes, version, protocolVersion: controlProtocolVersion };
      connection.send({
        kind: "register",
        executor,
        running: [...this.#runningTasks(), ...this.#endedTasks()],
        jobs: [...this.#jobs.keys()],
      });
    });
  }

  #onRegistered(connection: ExecutorSideConnection, heartbeatIntervalMs: number): void {
    this.#connection = connection;
    this.#logger.log("info", "registered with the scheduler", { slots: this.#options.slots });
    // Reports that were sent into a breaking stream may be lost; the scheduler ignores those it knows.
    for (const job of this.#jobs.values()) for (const report of job.reports) connection.send(report);
    if (this.#draining) connection.send({ kind: "draining" });
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
    if (this.#closed) return;
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

  /** Ended tasks of live jobs: their reports follow. */
  #endedTasks(): TaskId[] {
    return [...this.#jobs.values()].flatMap((job) =>
      job.reports.flatMap((report) => ("task" in report ? [report.task] : [])),
    );
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
        // Readers of earlier attempts, which may never have come here, follow to this one.
        if (message.task.attempt > 0 && this.#isResult(message.task)) {
          const error = new EngineError("executor_lost", "the task runs again");
          for (let attempt = 0; attempt < message.task.attempt; attempt++)
            this.#store.supersede({ ...message.task, attempt }, error);
        }
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
      const error = new EngineError(end.error.code, end.error.message, end.error.details);
      // Clients that wait for these rows need not know: the task runs again here, or the scheduler ends the query.
      const runsAgain = errorCodes[error.code].transient && this.#isResult(task);
      const failure = runsAgain ? this.#store.supersede(task, error) : this.#store.failTask(task, error);
      this.#report(task, { kind: "task_failed", task, error: toPlainError(failure) });
    }
    this.#logger.log("debug", `task ${end.kind}`, {
      job: task.jobId,
      stage: task.stageId,
      task: task.task,
      attempt: task.attempt,
    });
    this.#startTasks();
  }

  #isResult(task: TaskId): boolean {
    const plan = this.#jobs.get(task.jobId)?.plans.get(task.stageId);
    return plan !== undefined && decodeStage(plan).sink.kind === "result";
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
    this.#store.failSuperseded(jobId, reason);
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
