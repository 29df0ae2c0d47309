import { receiveMessageOnPort, type MessagePort } from "node:worker_threads";
import { must } from "../common/assert.ts";
import { EngineError, fromPlainError } from "../common/engine-error.ts";
import { encodedByteSize, type EncodedBatch } from "../shuffle/encoded-batch.ts";
import type { ShuffleFetcher, ShuffleStream } from "../shuffle/shuffle-fetcher.ts";
import type { TaskId } from "../stage/control-message.ts";
import {
  controlWords,
  streamWindowBytes,
  type BatchMessage,
  type DataToWorker,
  type FromWorker,
  type TaskInput,
} from "./worker-protocol.ts";

/** Main answers within this or reports why not; only a main thread that hangs makes this deadline strike. */
const silenceMsMax = 120_000;

let nextStream = 1;

/**
 * A task's inputs as the worker sees them. The worker thread blocks on the signal word while the main thread does the
 * I/O: a stream gets up to a window of bytes ahead, and each consumed batch gives credit for more.
 */
export class WorkerFetcher implements ShuffleFetcher {
  readonly #task: TaskId;
  readonly #inputs: ReadonlyMap<number, TaskInput>;
  readonly #port: MessagePort;
  readonly #control: Int32Array;
  readonly #post: (message: FromWorker) => void;
  readonly #checkCancelled: () => void;
  readonly #streams = new Map<number, WorkerStream>();
  waitMicros = 0;

  constructor(options: {
    task: TaskId;
    inputs: readonly TaskInput[];
    port: MessagePort;
    control: Int32Array;
    post: (message: FromWorker) => void;
    checkCancelled: () => void;
  }) {
    this.#task = options.task;
    this.#inputs = new Map(options.inputs.map((input) => [input.stageId, input]));
    this.#port = options.port;
    this.#control = options.control;
    this.#post = options.post;
    this.#checkCancelled = options.checkCancelled;
  }

  open(stageId: number, partition?: number): readonly ShuffleStream[] {
    const known = this.#inputs.get(stageId);
    if (known === undefined && partition !== undefined) return [];
    const input = must(known, `the task has no input from stage ${stageId}`);
    return input.sources.map((source) => {
      const id = nextStream++;
      const stream = new WorkerStream(
        () => this.#wait(stream),
        (byteSize) => this.#post({ kind: "credit", stream: id, byteSize }),
        () => {
          this.#streams.delete(id);
          this.#post({ kind: "close", stream: id });
        },
      );
      this.#streams.set(id, stream);
      this.#post({ kind: "open", task: this.#task, stream: id, partition: partition ?? input.partition, source });
      return stream;
    });
  }

  /** Blocks until the stream has a batch or its end. */
  #wait(stream: WorkerStream): void {
    const start = performance.now();
    for (;;) {
      const seen = Atomics.load(this.#control, controlWords.signal);
      this.#drain();
      if (stream.isReady) break;
      this.#checkCancelled();
      if (performance.now() - start > silenceMsMax) {
        throw new EngineError("internal", `no answer about an input of the task for ${silenceMsMax} ms`);
      }
      Atomics.wait(this.#control, controlWords.signal, seen, 1000);
    }
    this.waitMicros += (performance.now() - start) * 1000;
  }

  #drain(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#port);
      if (received === undefined) return;
      const message = received.message as DataToWorker;
      // Messages to streams that were closed meanwhile, of this task or an earlier one, mean nothing.
      this.#streams.get(message.stream)?.receive(message);
    }
  }
}

class WorkerStream implements ShuffleStream {
  readonly #wait: () => void;
  readonly #credit: (byteSize: number) => void;
  readonly #onClose: () => void;
  #queue: BatchMessage[] = [];
  #position = 0;
  #ended = false;
  #error: EngineError | null = null;
  #consumed = 0;
  #closed = false;

  constructor(wait: () => void, credit: (byteSize: number) => void, onClose: () => void) {
    this.#wait = wait;
    this.#credit = credit;
    this.#onClose = onClose;
  }

  get isReady(): boolean {
    return this.#position < this.#queue.length || this.#ended || this.#error !== null;
  }

  receive(message: DataToWorker): void {
    if (message.kind === "stream_failed") {
      this.#error = fromPlainError(message.error);
      return;
    }
    if (this.#position > 0) {
      this.#queue = this.#queue.slice(this.#position);
      this.#position = 0;
    }
    this.#queue.push(...message.batches);
    if (message.end) this.#ended = true;
  }

  next(): EncodedBatch | null {
    if (!this.isReady) this.#wait();
    if (this.#error !== null) throw this.#error;
    if (this.#position === this.#queue.length) return null;
    const batch = this.#queue[this.#position++]!;
    this.#consumed += encodedByteSize(batch);
    if (!this.#ended && this.#consumed >= streamWindowBytes / 4) {
      this.#credit(this.#consumed);
      this.#consumed = 0;
    }
    return batch;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    this.#position = 0;
    this.#ended = true;
    this.#onClose();
  }
}
