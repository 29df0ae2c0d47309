import type { Writable } from "node:stream";
import type { ServerWritableStream } from "@grpc/grpc-js";
import { EngineError } from "../common/engine-error.ts";
import type { ByteBudget, BudgetStream } from "./byte-budget.ts";
import { frameFlightData } from "./flight-data.ts";
import { abortError } from "./until-aborted.ts";

/** A FlightData message on its way out: parts that are serialized by hand, or bytes that came from another server. */
export type OutgoingFlightData = { readonly header: Uint8Array; readonly body: Uint8Array } | Uint8Array;

export function outgoingByteSize(message: OutgoingFlightData): number {
  return message instanceof Uint8Array ? message.byteLength : message.header.byteLength + message.body.byteLength;
}

/** Two let the next batch be made while one is on the wire; grpc-js by itself would queue 16 messages a stream. */
const messagesInFlightMax = 2;

/** The HTTP/2 stream below a call; grpc-js keeps it on its intercepting call, without a public way to it. */
type Http2Stream = Pick<Writable, "cork" | "uncork" | "write">;

/**
 * Writes one DoGet stream with bounded memory: at most two messages of it in flight, and all streams of the server within
 * one budget. A client that takes nothing for `slowReaderMs` ends the stream with deadline_exceeded.
 */
export class DoGetWriter {
  readonly #call: ServerWritableStream<Buffer, OutgoingFlightData>;
  readonly #signal: AbortSignal;
  readonly #share: BudgetStream;
  readonly #slowReaderMs: number;
  #inFlight = 0;
  #isFirst = true;
  #failure: EngineError | null = null;
  #wake: (() => void) | null = null;

  constructor(
    call: ServerWritableStream<Buffer, OutgoingFlightData>,
    signal: AbortSignal,
    budget: ByteBudget,
    slowReaderMs: number,
  ) {
    this.#call = call;
    this.#signal = signal;
    this.#share = budget.openStream();
    this.#slowReaderMs = slowReaderMs;
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Resolves when the next message may be made. Throws query_canceled or deadline_exceeded. */
  async write(message: OutgoingFlightData): Promise<void> {
    const byteSize = outgoingByteSize(message);
    await this.#share.take(byteSize);
    this.#throwIfEnded();
    this.#inFlight++;
    this.#send(message, (error: Error | null | undefined) => {
      this.#inFlight--;
      this.#share.release(byteSize);
      if (error) this.#failure ??= new EngineError("unavailable", `the client's connection broke: ${error.message}`);
      this.#wake?.();
    });
    if (this.#inFlight >= messagesInFlightMax) await this.#drainBelow(messagesInFlightMax);
  }

  /** Resolves when the client has taken everything. */
  async finish(): Promise<void> {
    await this.#drainBelow(1);
  }

  close(): void {
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.#share.close();
  }

  /**
   * grpc-js writes the first message, and the headers before it. It would copy each message into new memory, which takes the time of
   * several sends: the others go to the HTTP/2 stream as they are, in the same order.
   */
  #send(message: OutgoingFlightData, done: (error: Error | null | undefined) => void): void {
    const stream = this.#isFirst ? undefined : (this.#call as { call?: { stream?: Http2Stream } }).call?.stream;
    this.#isFirst = false;
    if (stream === undefined) {
      this.#call.write(message, done);
      return;
    }
    const pieces = frameFlightData(message);
    stream.cork();
    pieces.forEach((piece, index) => stream.write(piece, index === pieces.length - 1 ? done : undefined));
    stream.uncork();
  }

  readonly #onAbort = (): void => {
    // Lets a writer that waits for its share go on, to find that the call has ended.
    this.#share.close();
    this.#wake?.();
  };

  async #drainBelow(count: number): Promise<void> {
    this.#throwIfEnded();
    if (this.#inFlight < count) return;
    const timer = setTimeout(() => {
      const seconds = Math.round(this.#slowReaderMs / 1000);
      this.#failure ??= new EngineError("deadline_exceeded", `the client took no rows for ${seconds} s`);
      this.#wake?.();
    }, this.#slowReaderMs);
    try {
      while (this.#inFlight >= count) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        this.#wake = null;
        this.#throwIfEnded();
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #throwIfEnded(): void {
    if (this.#signal.aborted) throw abortError(this.#signal);
    if (this.#failure !== null) throw this.#failure;
  }
}
