import { EngineError, toPlainError } from "../common/engine-error.ts";
import { encodedByteSize, type EncodedBatch } from "../shuffle/encoded-batch.ts";
import type { OutputKey } from "../shuffle/shuffle-store.ts";
import type { InputSource } from "../stage/control-message.ts";
import { streamWindowBytes, type DataToWorker } from "./worker-protocol.ts";

/** Where partitions come from: the executor's own store, or its peers' Flight servers. */
export interface PartitionOrigin {
  /** All batches of a finished local partition when they are in memory; null when they must be read. */
  inMemory(key: OutputKey): readonly EncodedBatch[] | null;
  read(source: InputSource, partition: number, signal: AbortSignal): AsyncIterable<EncodedBatch>;
  isLocal(source: InputSource): boolean;
}

export type OpenStream = { credit(byteSize: number): void; close(): void };

/** Serves the reads of the slots' tasks: everything at once where the bytes are in memory, else within a window. */
export class PartitionReader {
  readonly #origin: PartitionOrigin;

  constructor(origin: PartitionOrigin) {
    this.#origin = origin;
  }

  open(stream: number, source: InputSource, partition: number, send: (data: DataToWorker) => void): OpenStream {
    if (this.#origin.isLocal(source)) {
      const batches = this.#origin.inMemory({ ...source.task, partition });
      if (batches !== null) {
        send({ kind: "batches", stream, batches, end: true });
        return { credit() {}, close() {} };
      }
    }
    const pump = new StreamPump(stream, source, send);
    void pump.run((signal) => this.#origin.read(source, partition, signal));
    return pump;
  }
}

/** Sends one stream's batches as long as the window is open. */
class StreamPump implements OpenStream {
  readonly #stream: number;
  readonly #source: InputSource;
  readonly #send: (data: DataToWorker) => void;
  readonly #abort = new AbortController();
  #window = streamWindowBytes;
  #resume: (() => void) | null = null;

  constructor(stream: number, source: InputSource, send: (data: DataToWorker) => void) {
    this.#stream = stream;
    this.#source = source;
    this.#send = send;
  }

  async run(read: (signal: AbortSignal) => AsyncIterable<EncodedBatch>): Promise<void> {
    try {
      for await (const batch of read(this.#abort.signal)) {
        while (this.#window <= 0 && !this.#abort.signal.aborted)
          await new Promise<void>((resolve) => (this.#resume = resolve));
        if (this.#abort.signal.aborted) return;
        this.#window -= encodedByteSize(batch);
        this.#send({ kind: "batches", stream: this.#stream, batches: [batch], end: false });
      }
      if (!this.#abort.signal.aborted) this.#send({ kind: "batches", stream: this.#stream, batches: [], end: true });
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      this.#send({ kind: "stream_failed", stream: this.#stream, error: toPlainError(this.#asFetchFailed(error)) });
    }
  }

  credit(byteSize: number): void {
    this.#window += byteSize;
    this.#resume?.();
    this.#resume = null;
  }

  close(): void {
    this.#abort.abort();
    this.#resume?.();
  }

  /** Whatever went wrong, what the scheduler must know is whose output could not be read. */
  #asFetchFailed(error: unknown): EngineError {
    const cause = EngineError.from(error);
    if (cause.details.fetchFailed !== undefined) return cause;
    const { task, executorId } = this.#source;
    const message = `cannot read partition of task ${task.task} in stage ${task.stageId} from executor ${executorId}: ${cause.message}`;
    return new EngineError(
      "fetch_failed",
      message,
      { fetchFailed: { executorId, stageId: task.stageId, partition: task.task } },
      cause,
    );
  }
}
