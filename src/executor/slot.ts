import { MessageChannel, Worker, type MessagePort } from "node:worker_threads";
import { assert } from "../common/assert.ts";
import type { PlainError } from "../common/engine-error.ts";
import type { TaskId } from "../stage/control-message.ts";
import type { PartitionReader } from "./partition-reader.ts";
import { outputKib } from "./output-kib.ts";
import {
  controlWords,
  type BatchMessage,
  type DataToWorker,
  type FromWorker,
  type RunMessage,
  type SlotOptions,
} from "./worker-protocol.ts";

export type SlotListener = {
  onOutput(task: TaskId, partition: number, batch: BatchMessage): void;
  onEnd(end: Extract<FromWorker, { kind: "finished" | "failed" }>): void;
};

/** The main thread's handle of one worker thread: gives it tasks and serves its reads. */
export class Slot {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #control: Int32Array;
  readonly #reader: PartitionReader;
  readonly #listener: SlotListener;
  readonly #streams = new Map<number, { credit(byteSize: number): void; close(): void }>();
  readonly #ready: Promise<void>;
  #task: TaskId | null = null;
  #closed = false;

  constructor(options: Omit<SlotOptions, "control">, reader: PartitionReader, listener: SlotListener) {
    const control = new SharedArrayBuffer(4 * controlWords.count);
    this.#control = new Int32Array(control);
    this.#reader = reader;
    this.#listener = listener;
    const channel = new MessageChannel();
    this.#port = channel.port1;
    const slotOptions: SlotOptions = { ...options, control };
    this.#worker = new Worker(
      new URL(import.meta.url.endsWith(".ts") ? "./slot-worker.ts" : "./slot-worker.js", import.meta.url),
      {
        workerData: { options: slotOptions, dataPort: channel.port2 },
        transferList: [channel.port2],
        name: `slot-${options.slot}`,
      },
    );
    this.#ready = new Promise((resolve, reject) => {
      this.#worker.on("message", (message: FromWorker) =>
        message.kind === "ready" ? resolve() : this.#receive(message),
      );
      this.#worker.on("error", (error: Error) => {
        reject(error);
        this.#fail({ code: "internal", message: `the slot's thread failed: ${error.message}`, details: {} });
      });
      this.#worker.on("exit", (code) => {
        reject(new Error(`the slot's thread exited with ${code}`));
        this.#fail({ code: "internal", message: `the slot's thread exited with ${code}`, details: {} });
      });
    });
    // A slot that fails before anybody waits for it is reported by `ready`, not as an unhandled rejection.
    this.#ready.catch(() => {});
  }

  get task(): TaskId | null {
    return this.#task;
  }

  /** Resolves when the thread can take tasks. */
  ready(): Promise<void> {
    return this.#ready;
  }

  run(message: RunMessage): void {
    assert(this.#task === null, "a slot runs one task at a time");
    this.#task = message.task;
    Atomics.store(this.#control, controlWords.cancel, 0);
    this.#worker.postMessage(message);
  }

  /** The task ends with query_canceled at its next batch. */
  cancel(): void {
    if (this.#task === null) return;
    Atomics.store(this.#control, controlWords.cancel, 1);
    this.#wake();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.cancel();
    this.#port.close();
    await this.#worker.terminate();
  }

  #wake(): void {
    Atomics.add(this.#control, controlWords.signal, 1);
    Atomics.notify(this.#control, controlWords.signal);
  }

  #receive(message: Exclude<FromWorker, { kind: "ready" }>): void {
    switch (message.kind) {
      case "output":
        Atomics.sub(this.#control, controlWords.outputKib, outputKib(message.batch));
        this.#wake();
        this.#listener.onOutput(message.task, message.partition, message.batch);
        return;
      case "open": {
        const send = (data: DataToWorker): void => {
          this.#port.postMessage(data);
          this.#wake();
        };
        this.#streams.set(message.stream, this.#reader.open(message.stream, message.source, message.partition, send));
        return;
      }
      case "credit":
        this.#streams.get(message.stream)?.credit(message.byteSize);
        return;
      case "close":
        this.#streams.get(message.stream)?.close();
        this.#streams.delete(message.stream);
        return;
      default:
        this.#end(message);
    }
  }

  #end(end: Extract<FromWorker, { kind: "finished" | "failed" }>): void {
    for (const stream of this.#streams.values()) stream.close();
    this.#streams.clear();
    this.#task = null;
    this.#listener.onEnd(end);
  }

  #fail(error: PlainError): void {
    if (this.#closed || this.#task === null) return;
    this.#end({ kind: "failed", task: this.#task, error });
  }
}
