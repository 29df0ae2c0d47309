import { Client, Metadata, type ClientReadableStream, type MethodDefinition } from "@grpc/grpc-js";
import { EngineError } from "../common/engine-error.ts";
import type { ClientTls } from "../security/tls-files.ts";
import { hostAndPort } from "./flight-server.ts";
import { errorOfStatus } from "./grpc-status.ts";
import { announcedName, channelCredentials } from "./tls-credentials.ts";
import { abortError } from "./until-aborted.ts";

export type CallOptions = {
  readonly signal?: AbortSignal | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly timeoutMs?: number | undefined;
};

/** Bytes that a peer may send ahead on one stream; the default of 64 KiB would cost a round trip for each. */
const flowControlWindowBytes = 4 * 1024 * 1024;

/** One HTTP/2 connection to a Flight server, connected on first use and again when it broke. Errors are EngineErrors. */
export class FlightConnection {
  readonly host: string;
  readonly port: number;
  readonly #client: Client;

  constructor(host: string, port: number, tls: ClientTls | null = null) {
    this.host = host;
    this.port = port;
    this.#client = new Client(hostAndPort(host, port), channelCredentials(tls, host), {
      ...announcedName(tls, host),
      "grpc.max_receive_message_length": -1,
      "grpc.max_send_message_length": -1,
      "grpc.enable_channelz": 0,
      "grpc.enable_retries": 0,
      "grpc-node.flow_control_window": flowControlWindowBytes,
      "grpc.use_local_subchannel_pool": 1,
      "grpc.keepalive_time_ms": 15_000,
      "grpc.keepalive_timeout_ms": 15_000,
      "grpc.initial_reconnect_backoff_ms": 100,
      "grpc.max_reconnect_backoff_ms": 2_000,
    });
  }

  unary<Request, Response>(
    method: MethodDefinition<Request, Response>,
    request: Request,
    options: CallOptions = {},
  ): Promise<Response> {
    const { signal } = options;
    if (signal?.aborted === true) return Promise.reject(abortError(signal));
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        metadataOf(options),
        callOptionsOf(options),
        (error, response) => {
          signal?.removeEventListener("abort", cancel);
          if (signal?.aborted === true) reject(abortError(signal));
          else if (error !== null) reject(errorOfStatus(error));
          else if (response === undefined) reject(new EngineError("internal", "the server sent no answer"));
          else resolve(response);
        },
      );
      const cancel = (): void => call.cancel();
      signal?.addEventListener("abort", cancel, { once: true });
    });
  }

  /** The open stream, for callers that steer its reading; it emits grpc errors. */
  openServerStream<Request, Response>(
    method: MethodDefinition<Request, Response>,
    request: Request,
    options: CallOptions = {},
  ): ClientReadableStream<Response> {
    return this.#client.makeServerStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      metadataOf(options),
      callOptionsOf(options),
    );
  }

  /** All results of a call that puts out few. */
  async collect<Request, Response>(
    method: MethodDefinition<Request, Response>,
    request: Request,
    options: CallOptions = {},
  ): Promise<readonly Response[]> {
    const stream = this.openServerStream(method, request, options);
    return collectStream<Response>(stream, () => stream.cancel(), options.signal);
  }

  /** Sends all requests, then collects all responses and the server's headers. */
  async exchange<Request, Response>(
    method: MethodDefinition<Request, Response>,
    requests: readonly Request[],
    options: CallOptions = {},
  ): Promise<{ readonly responses: readonly Response[]; readonly headers: Readonly<Record<string, string>> }> {
    const call = this.#client.makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      metadataOf(options),
      callOptionsOf(options),
    );
    const headers: Record<string, string> = {};
    call.on("metadata", (metadata: Metadata) => {
      for (const [name, value] of Object.entries(metadata.getMap()))
        if (typeof value === "string") headers[name] = value;
    });
    for (const request of requests) call.write(request);
    call.end();
    const responses = await collectStream<Response>(call, () => call.cancel(), options.signal);
    return { responses, headers };
  }

  close(): void {
    this.#client.close();
  }
}

async function collectStream<Response>(
  stream: AsyncIterable<Response>,
  cancel: () => void,
  signal: AbortSignal | undefined,
): Promise<readonly Response[]> {
  const responses: Response[] = [];
  if (signal?.aborted === true) cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    for await (const response of stream) responses.push(response);
  } catch (error) {
    throw signal?.aborted === true ? abortError(signal) : errorOfStatus(error);
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
  return responses;
}

function metadataOf(options: CallOptions): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(options.headers ?? {})) metadata.set(name, value);
  return metadata;
}

function callOptionsOf(options: CallOptions): { deadline?: number } {
  return options.timeoutMs === undefined ? {} : { deadline: Date.now() + options.timeoutMs };
}
