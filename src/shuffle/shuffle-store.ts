import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { EngineError } from "../common/engine-error.ts";
import { encodedByteSize, type EncodedBatch } from "./encoded-batch.ts";
import { SpillFile } from "./spill-file.ts";

/** One attempt at one task. */
export type TaskKey = {
  readonly jobId: string;
  readonly stageId: number;
  readonly task: number;
  readonly attempt: number;
};

/** One partition of its output. */
export type OutputKey = TaskKey & { readonly partition: number };

export type ShuffleStoreOptions = {
  readonly memoryBytesMax: number;
  /** Emptied at the start: what lies there belongs to a process that died. */
  readonly directory: string;
  readonly diskBytesMax: number;
  /** How long a read waits for a task that has not begun. */
  readonly startWaitMsMax?: number;
  /** How long a reader of an attempt that was given up waits for the next one. */
  readonly nextAttemptWaitMsMax?: number;
};

/** A batch in memory, on disk, or on its way (both). */
type Entry = {
  readonly rowCount: number;
  readonly headerByteSize: number;
  readonly byteSize: number;
  readonly job: Job;
  batch: EncodedBatch | null;
  /** Offset in the job's file. */
  offset: number | null;
};

type TaskOutput = {
  /** `superseded`: failed, but runs again; who has read nothing yet reads the next attempt instead. */
  state: "running" | "finished" | "failed" | "superseded";
  error: EngineError | null;
  readonly partitions: Map<number, Entry[]>;
  readonly listeners: Set<() => void>;
};

type Job = {
  readonly jobId: string;
  readonly tasks: Map<string, TaskOutput>;
  file: SpillFile | null;
  memoryBytes: number;
  released: boolean;
};

const startWaitMsDefault = 120_000;
const nextAttemptWaitMsDefault = 10_000;
/** Over the budget by more than this share, the writer waits for the disk; below, moving goes on in the background. */
const overdraftShare = 0.25;

/**
 * The output of an executor's tasks until their job is released:
 *
 *     put ──► memory (SharedArrayBuffers, up to memoryBytesMax) ──oldest──► one file per job (up to diskBytesMax)
 *                └───────────────────────── read ◄──────────────────────────────┘
 *
 * Rows can be read while they are written. Used by one thread.
 */
export class ShuffleStore {
  readonly #options: ShuffleStoreOptions;
  readonly #jobs = new Map<string, Job>();
  /** Readers of tasks that have not begun, by task. */
  readonly #awaited = new Map<string, Set<() => void>>();
  /** Entries in the order they came; those before `#oldest` are not in memory any more. */
  #queue: Entry[] = [];
  #oldest = 0;
  #memoryBytes = 0;
  #diskBytes = 0;
  #fileCount = 0;
  #moving: Promise<void> | null = null;
  /** Why nothing can be written; cleared when a job's file goes. */
  #diskProblem: string | null = null;

  constructor(options: ShuffleStoreOptions) {
    this.#options = options;
    rmSync(options.directory, { recursive: true, force: true });
    mkdirSync(options.directory, { recursive: true });
  }

  /** Bytes held, in memory and on disk. */
  get byteSize(): number {
    return this.#memoryBytes + this.#diskBytes;
  }

  get memoryByteSize(): number {
    return this.#memoryBytes;
  }

  get diskByteSize(): number {
    return this.#diskBytes;
  }

  /** Says that a task runs, so that its partitions can be read. */
  begin(task: TaskKey): void {
    this.#outputOf(task);
  }

  /** Keeps a batch. Throws disk_full when neither memory nor disk has room for it. */
  put(key: OutputKey, batch: EncodedBatch): void {
    const output = this.#outputOf(key);
    // A writer hears late that its task has failed.
    if (output.state === "failed" || output.state === "superseded") return;
    const job = this.#jobOf(key.jobId);
    const byteSize = encodedByteSize(batch);
    this.#makeRoom(byteSize);
    const entry: Entry = {
      rowCount: batch.rowCount,
      headerByteSize: batch.header.byteLength,
      byteSize,
      job,
      batch,
      offset: null,
    };
    let entries = output.partitions.get(key.partition);
    if (entries === undefined) output.partitions.set(key.partition, (entries = []));
    entries.push(entry);
    this.#queue.push(entry);
    this.#memoryBytes += byteSize;
    job.memoryBytes += byteSize;
    notify(output.listeners);
    if (this.#memoryBytes > this.#options.memoryBytesMax) this.#moving ??= this.#moveOldest();
  }

  /** Ends a task's output. Gives its failure when it had failed before, else null. */
  finishTask(task: TaskKey): EngineError | null {
    const output = this.#outputOf(task);
    if (output.state === "running") output.state = "finished";
    notify(output.listeners);
    return output.error;
  }

  /** Fails a task's output, and all who read it. Gives the failure that counts: the first. */
  failTask(task: TaskKey, error: EngineError): EngineError {
    const output = this.#outputOf(task);
    if (output.state === "running") {
      output.state = "failed";
      output.error = error;
      // What is on disk already stays there until the job goes.
      for (const entries of output.partitions.values()) for (const entry of entries) this.#dropFromMemory(entry);
      output.partitions.clear();
    }
    notify(output.listeners);
    return output.error ?? error;
  }

  /** The attempt is given up in favour of the next one. Gives the failure that counts: the first. */
  supersede(task: TaskKey, error: EngineError): EngineError {
    const output = this.#outputOf(task);
    if (output.state === "running" || output.state === "superseded") {
      output.state = "superseded";
      for (const entries of output.partitions.values()) for (const entry of entries) this.#dropFromMemory(entry);
      output.partitions.clear();
      notify(output.listeners);
      return error;
    }
    return output.error ?? error;
  }

  /** The attempts that readers were to follow to will not come. */
  failSuperseded(jobId: string, error: EngineError): void {
    for (const [name, output] of this.#jobs.get(jobId)?.tasks ?? []) {
      if (output.state !== "superseded") continue;
      const [, stageId, task, attempt] = name.split("/").map(Number);
      const next = { jobId, stageId: stageId!, task: task!, attempt: attempt! + 1 };
      if (!this.#jobs.get(jobId)!.tasks.has(taskName(next))) this.failTask(next, error);
    }
  }

  /** All batches of a finished task's partition when they are in memory; null when they must be awaited or read. */
  inMemory(key: OutputKey): readonly EncodedBatch[] | null {
    const output = this.#jobs.get(key.jobId)?.tasks.get(taskName(key));
    if (output?.state !== "finished") return null;
    const batches: EncodedBatch[] = [];
    for (const { batch } of output.partitions.get(key.partition) ?? []) {
      if (batch === null) return null;
      batches.push(batch);
    }
    return batches;
  }

  /**
   * The batches of a partition in the order they were put, following the task while it runs. Throws the task's own error
   * when it failed, not_found when it is unknown or was released, query_canceled when `signal` aborts.
   */
  async *read(key: OutputKey, signal?: AbortSignal): AsyncGenerator<EncodedBatch, void, undefined> {
    const output = await this.#awaitTask(key, signal);
    for (let position = 0; ;) {
      if (output.error !== null) throw output.error;
      throwIfAborted(signal);
      if (output.state === "superseded") {
        if (position > 0) throw new EngineError("executor_lost", "the task failed after some of its rows were read");
        const next = { ...key, attempt: key.attempt + 1 };
        if (
          (await this.#findTask(next, signal, this.#options.nextAttemptWaitMsMax ?? nextAttemptWaitMsDefault)) === null
        )
          throw new EngineError("executor_lost", "the task runs again, but not here: ask the scheduler for its rows");
        yield* this.read(next, signal);
        return;
      }
      const entry = output.partitions.get(key.partition)?.[position];
      if (entry !== undefined) {
        position++;
        yield await this.#load(entry, output);
      } else if (output.state === "finished") {
        return;
      } else {
        await nextEvent(output.listeners, signal);
      }
    }
  }

  /** Frees all that a job's tasks put out; readers fail with not_found. */
  releaseJob(jobId: string): void {
    const job = this.#jobs.get(jobId);
    for (const [name, listeners] of this.#awaited) if (name.startsWith(`${jobId}/`)) notify(listeners);
    if (job === undefined) return;
    this.#jobs.delete(jobId);
    job.released = true;
    for (const output of job.tasks.values()) {
      output.state = "failed";
      output.error ??= new EngineError("not_found", `the data of job ${jobId} was freed`);
      output.partitions.clear();
      notify(output.listeners);
    }
    this.#memoryBytes -= job.memoryBytes;
    job.memoryBytes = 0;
    if (job.file !== null) {
      this.#diskBytes -= job.file.byteSize;
      job.file.remove();
      this.#diskProblem = null;
    }
    this.#queue = this.#queue.slice(this.#oldest).filter((entry) => entry.job !== job);
    this.#oldest = 0;
  }

  /** Frees everything and removes the files. */
  async close(): Promise<void> {
    for (const jobId of this.#jobs.keys()) this.releaseJob(jobId);
    for (const listeners of this.#awaited.values()) notify(listeners);
    await this.#moving;
    rmSync(this.#options.directory, { recursive: true, force: true });
  }

  #jobOf(jobId: string): Job {
    let job = this.#jobs.get(jobId);
    if (job === undefined) {
      job = { jobId, tasks: new Map(), file: null, memoryBytes: 0, released: false };
      this.#jobs.set(jobId, job);
    }
    return job;
  }

  #outputOf(task: TaskKey): TaskOutput {
    const { tasks } = this.#jobOf(task.jobId);
    const name = taskName(task);
    let output = tasks.get(name);
    if (output === undefined) {
      output = { state: "running", error: null, partitions: new Map(), listeners: new Set() };
      tasks.set(name, output);
      notify(this.#awaited.get(name) ?? new Set());
    }
    return output;
  }

  async #awaitTask(task: TaskKey, signal: AbortSignal | undefined): Promise<TaskOutput> {
    const begun = await this.#findTask(task, signal, this.#options.startWaitMsMax ?? startWaitMsDefault);
    if (begun !== null) return begun;
    throw new EngineError(
      "not_found",
      `task ${task.task} of stage ${task.stageId} of job ${task.jobId} has no output here`,
    );
  }

  /** Null when the task has not begun within the time, or its job went. */
  async #findTask(task: TaskKey, signal: AbortSignal | undefined, waitMsMax: number): Promise<TaskOutput | null> {
    const find = (): TaskOutput | undefined => this.#jobs.get(task.jobId)?.tasks.get(taskName(task));
    const known = find();
    if (known !== undefined) return known;
    const name = taskName(task);
    let listeners = this.#awaited.get(name);
    if (listeners === undefined) this.#awaited.set(name, (listeners = new Set()));
    try {
      await nextEvent(listeners, signal, waitMsMax);
    } finally {
      if (listeners.size === 0) this.#awaited.delete(name);
    }
    return find() ?? null;
  }

  async #load(entry: Entry, output: TaskOutput): Promise<EncodedBatch> {
    if (entry.batch !== null) return entry.batch;
    const bodyAt = Math.ceil(entry.headerByteSize / 16) * 16;
    const bodyByteSize = entry.byteSize - entry.headerByteSize;
    const shared = new SharedArrayBuffer(bodyAt + bodyByteSize);
    const header = new Uint8Array(shared, 0, entry.headerByteSize);
    const body = new Uint8Array(shared, bodyAt, bodyByteSize);
    try {
      await entry.job.file!.read(header, entry.offset!);
      await entry.job.file!.read(body, entry.offset! + entry.headerByteSize);
    } catch (thrown) {
      if (output.error !== null) throw output.error;
      throw new EngineError(
        "io_error",
        `shuffle data in ${this.#options.directory} cannot be read: ${String(thrown)}`,
        {},
        thrown,
      );
    }
    return { header, body, rowCount: entry.rowCount };
  }

  /** Far over the budget, moves batches to disk at once: the background would not keep up. */
  #makeRoom(byteSize: number): void {
    const most = this.#options.memoryBytesMax * (1 + overdraftShare);
    while (this.#memoryBytes + byteSize > most) {
      const entry = this.#takeOldest();
      if (entry === null) return;
      if (!this.#moveNow(entry)) {
        throw new EngineError(
          "disk_full",
          `shuffle data does not fit: memory holds ${this.#memoryBytes} bytes, and ${this.#diskProblem}`,
        );
      }
    }
  }

  #moveNow(entry: Entry): boolean {
    const parts = this.#prepareMove(entry);
    if (parts === null) return false;
    try {
      entry.job.file!.writeSync(parts, entry.offset!);
    } catch (thrown) {
      this.#diskFailed(entry, thrown);
      return false;
    }
    this.#diskProblem = null;
    this.#dropFromMemory(entry);
    return true;
  }

  async #moveOldest(): Promise<void> {
    // In a later turn, so that a put never waits for the start of a write.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#memoryBytes > this.#options.memoryBytesMax && this.#diskProblem === null) {
      const entry = this.#takeOldest();
      if (entry === null) break;
      const parts = this.#prepareMove(entry);
      if (parts === null) break;
      try {
        await entry.job.file!.write(parts, entry.offset!);
        if (!entry.job.released) this.#dropFromMemory(entry);
      } catch (thrown) {
        if (!entry.job.released) this.#diskFailed(entry, thrown);
      }
    }
    this.#moving = null;
  }

  #takeOldest(): Entry | null {
    if (this.#oldest > 1024) {
      this.#queue = this.#queue.slice(this.#oldest);
      this.#oldest = 0;
    }
    while (this.#oldest < this.#queue.length) {
      const entry = this.#queue[this.#oldest++]!;
      if (entry.batch !== null && entry.offset === null) return entry;
    }
    return null;
  }

  /** Gives the bytes to write, room in the job's file being reserved; null, with the reason noted, when there is none. */
  #prepareMove(entry: Entry): readonly Uint8Array[] | null {
    const { batch, job, byteSize } = entry;
    if (this.#diskBytes + byteSize > this.#options.diskBytesMax) {
      this.#diskProblem = `the disk limit of ${this.#options.diskBytesMax} bytes is reached in ${this.#options.directory}`;
      this.#queue.push(entry);
      return null;
    }
    try {
      job.file ??= new SpillFile(join(this.#options.directory, `${++this.#fileCount}.shuffle`));
    } catch (thrown) {
      this.#diskFailed(entry, thrown);
      return null;
    }
    entry.offset = job.file.reserve(byteSize);
    this.#diskBytes += byteSize;
    return [batch!.header, batch!.body];
  }

  #dropFromMemory(entry: Entry): void {
    if (entry.batch === null) return;
    entry.batch = null;
    this.#memoryBytes -= entry.byteSize;
    entry.job.memoryBytes -= entry.byteSize;
  }

  /** The batch stays in memory; whoever wants more room fails. */
  #diskFailed(entry: Entry, thrown: unknown): void {
    if (entry.offset !== null && entry.job.file!.giveBack(entry.offset, entry.byteSize))
      this.#diskBytes -= entry.byteSize;
    entry.offset = null;
    this.#queue.push(entry);
    const code = (thrown as NodeJS.ErrnoException).code;
    this.#diskProblem = `${this.#options.directory} ${code === "ENOSPC" ? "has no space left" : `cannot be written: ${String(thrown)}`}`;
  }
}

function taskName({ jobId, stageId, task, attempt }: TaskKey): string {
  return `${jobId}/${stageId}/${task}/${attempt}`;
}

function notify(listeners: Set<() => void>): void {
  for (const listener of listeners) listener();
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new EngineError("query_canceled", "reading the partition was cancelled");
}

/** Resolves at the next notification or, when one is given, at the deadline. */
function nextEvent(listeners: Set<() => void>, signal: AbortSignal | undefined, waitMsMax?: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const end = (): void => {
      clearTimeout(timer);
      listeners.delete(onEvent);
      signal?.removeEventListener("abort", onAbort);
    };
    const onEvent = (): void => {
      end();
      resolve();
    };
    const onAbort = (): void => {
      end();
      reject(new EngineError("query_canceled", "reading the partition was cancelled"));
    };
    if (signal?.aborted) return onAbort();
    listeners.add(onEvent);
    signal?.addEventListener("abort", onAbort, { once: true });
    if (waitMsMax !== undefined) timer = setTimeout(onEvent, waitMsMax);
  });
}
