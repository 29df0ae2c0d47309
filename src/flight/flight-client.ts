import type { ClientReadableStream } from "@grpc/grpc-js";
import { EngineError } from "../common/engine-error.ts";
import type { ClientTls } from "../security/tls-files.ts";
import type { EncodedBatch } from "../shuffle/encoded-batch.ts";
import { FlightConnection } from "./flight-connection.ts";
import { parseFlightData, toSharedBatch } from "./flight-data.ts";
import { method, rawCodec } from "./flight-methods.ts";
import { errorOfStatus } from "./grpc-status.ts";
import { hostAndPort } from "./flight-server.ts";
import { encodeProto } from "./proto-codec.ts";
import { encodeResultTicket, unsignedTickets, type ResultTicket, type TicketSigner } from "./tickets.ts";
import { abortError } from "./until-aborted.ts";

export type FlightPeersOptions = {
  /** Bytes of all streams together that have arrived and wait for their reader. */
  readonly budgetBytes?: number;
  /** How long a peer may take until its first message (the schema, which servers send at once). */
  readonly firstMessageMs?: number;
  readonly signer?: TicketSigner;
  /** For all connections; without it, plain TCP. */
  readonly tls?: ClientTls | null;
  /** The `authorization` header of a node of the cluster, for calls that bring none. */
  readonly authorization?: (() => string) | null;
};

const defaultBudgetBytes = 128 * 1024 * 1024;
const defaultFirstMessageMs = 60_000;
/** Messages that one stream reads ahead of its reader. */
const messagesAheadMax = 2;

/** DoGet with raw bytes on both sides: FlightData is parsed by hand. */
const rawDoGet = method<Buffer, Buffer>("arrow.flight.protocol.FlightService", "DoGet", "server", rawCodec, rawCodec);

/** Reads streams from other Flight servers: one connection a peer, and bounded bytes in flight over all of them. */
export class FlightPeers {
  readonly #connections = new Map<string, FlightConnection>();
  readonly #budgetBytes: number;
  readonly #firstMessageMs: number;
  readonly #signer: TicketSigner;
  readonly #tls: ClientTls | null;
  readonly #authorization: (() => string) | null;
  readonly #waiting = new Set<() => void>();
  #bytesInFlight = 0;
  #closed = false;

  constructor(options: FlightPeersOptions = {}) {
    this.#budgetBytes = options.budgetBytes ?? defaultBudgetBytes;
    this.#firstMessageMs = options.firstMessageMs ?? defaultFirstMessageMs;
    this.#signer = options.signer ?? unsignedTickets;
    this.#tls = options.tls ?? null;
    this.#authorization = options.authorization ?? null;
  }

  /**
   * The batches of a partition, in shared memory of their own. Throws what the peer's handler threw, `unavailable` when it
   * cannot be reached or its connection breaks, or the signal's reason.
   */
  async *read(
    host: string,
    port: number,
    ticket: ResultTicket,
    signal: AbortSignal,
  ): AsyncGenerator<EncodedBatch, void, undefined> {
    for await (const bytes of this.readRaw(host, port, encodeResultTicket(ticket, this.#signer), signal)) {
      const batch = toSharedBatch(parseFlightData(bytes));
      if (batch !== null) yield batch;
    }
  }

  /** The FlightData messages behind a ticket as they arrive, the schema first. */
  async *readRaw(
    host: string,
    port: number,
    ticket: Uint8Array,
    signal: AbortSignal,
    headers: Readonly<Record<string, string>> = this.#nodeHeaders(),
  ): AsyncGenerator<Buffer, void, undefined> {
    if (signal.aborted) throw abortError(signal);
    const request = encodeProto("arrow.flight.protocol.Ticket", { ticket });
    const stream = this.connection(host, port).openServerStream(rawDoGet, request, { headers });
    const reader = new SteeredStream(
      stream,
      (ahead) => this.#mayRead(ahead),
      (delta) => this.#account(delta),
    );
    const wake = (): void => reader.maybeRead();
    this.#waiting.add(wake);
    const onAbort = (): void => reader.fail(abortError(signal));
    signal.addEventListener("abort", onAbort, { once: true });
    const timer = setTimeout(() => {
      const seconds = Math.round(this.#firstMessageMs / 1000);
      reader.fail(new EngineError("unavailable", `${hostAndPort(host, port)} did not answer within ${seconds} s`));
    }, this.#firstMessageMs);
    try {
      while (true) {
        const bytes = await reader.next();
        clearTimeout(timer);
        if (bytes === null) return;
        yield bytes;
      }
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      this.#waiting.delete(wake);
      reader.close();
    }
  }

  connection(host: string, port: number): FlightConnection {
    if (this.#closed) throw new EngineError("unavailable", "the client is closed");
    const key = hostAndPort(host, port);
    let connection = this.#connections.get(key);
    if (connection === undefined) {
      connection = new FlightConnection(host, port, this.#tls);
      this.#connections.set(key, connection);
    }
    return connection;
  }

  get usesTls(): boolean {
    return this.#tls !== null;
  }

  #nodeHeaders(): Readonly<Record<string, string>> {
    return this.#authorization === null ? {} : { authorization: this.#authorization() };
  }

  /** Ends all connections; streams that are being read end with `unavailable`. */
  close(): void {
    this.#closed = true;
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
  }

  /** A stream without a message ahead may always read, so that none starves behind readers that have stopped. */
  #mayRead(messagesAhead: number): boolean {
    return messagesAhead === 0 || (messagesAhead < messagesAheadMax && this.#bytesInFlight < this.#budgetBytes);
  }

  #account(delta: number): void {
    this.#bytesInFlight += delta;
    if (delta < 0) for (const wake of this.#waiting) wake();
  }
}

/**
 * Reads a gRPC stream only as fast as it is consumed. A Readable of grpc-js would prefetch 16 messages (32 MiB); here its
 * `_read`, which asks gRPC for the next message, waits until there is room.
 */
class SteeredStream {
  readonly #stream: ClientReadableStream<Buffer>;
  readonly #mayRead: (messagesAhead: number) => boolean;
  readonly #account: (delta: number) => void;
  readonly #startRead: () => void;
  readonly #queue: Buffer[] = [];
  #wantsRead = false;
  #ended = false;
  #error: Error | null = null;
  #wake: (() => void) | null = null;

  constructor(
    stream: ClientReadableStream<Buffer>,
    mayRead: (messagesAhead: number) => boolean,
    account: (delta: number) => void,
  ) {
    this.#stream = stream;
    this.#mayRead = mayRead;
    this.#account = account;
    const read = stream._read.bind(stream);
    this.#startRead = () => read(0);
    stream._read = () => {
      this.#wantsRead = true;
      this.maybeRead();
    };
    stream.on("data", (bytes: Buffer) => {
      if (this.#ended) return;
      this.#queue.push(bytes);
      this.#account(bytes.byteLength);
      this.#wake?.();
    });
    stream.on("end", () => {
      this.#ended = true;
      this.#wake?.();
    });
    stream.on("error", (error) => this.#fail(errorOfStatus(error)));
  }

  maybeRead(): void {
    if (!this.#wantsRead || !this.#mayRead(this.#queue.length)) return;
    this.#wantsRead = false;
    this.#startRead();
  }

  /** The next message, or null at the end. A failure is told after what came before it. */
  async next(): Promise<Buffer | null> {
    while (true) {
      const bytes = this.#queue.shift();
      if (bytes !== undefined) {
        this.#account(-bytes.byteLength);
        this.maybeRead();
        return bytes;
      }
      if (this.#error !== null) throw this.#error;
      if (this.#ended) return null;
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = null;
    }
  }

  /** Ends the stream now: what is queued is dropped. */
  fail(error: Error): void {
    this.#drop();
    this.#fail(error);
    this.#stream.cancel();
  }

  close(): void {
    this.#drop();
    if (!this.#ended) this.#stream.cancel();
    this.#ended = true;
  }

  #drop(): void {
    for (const bytes of this.#queue.splice(0)) this.#account(-bytes.byteLength);
  }

  #fail(error: Error): void {
    this.#error ??= error;
    this.#wake?.();
  }
}
