import type * as grpc from "@grpc/grpc-js";
import { EngineError } from "../common/engine-error.ts";
import type { Logger } from "../common/logger.ts";
import { openCall, type OpenCall } from "./call-context.ts";
import type { CallTracker } from "./call-tracker.ts";
import { statusOf } from "./grpc-status.ts";

/** Text for the client, when the handler's layer has made a better one than the bare message. */
const clientTexts = new WeakMap<EngineError, string>();

/** Has clients read `text` (with the position in the statement) in place of the error's message. */
export function withClientText(error: EngineError, text: string): EngineError {
  clientTexts.set(error, text);
  return error;
}

const statusPatienceMs = 5_000;

type StreamingCall<Request, Response> =
  | grpc.ServerWritableStream<Request, Response>
  | grpc.ServerDuplexStream<Request, Response>;

/** Turns promises into what grpc-js calls: results are sent, EngineErrors become typed statuses, bugs are logged. */
export class CallWrappers {
  readonly #tracker: CallTracker;
  readonly #logger: Logger;

  constructor(tracker: CallTracker, logger: Logger) {
    this.#tracker = tracker;
    this.#logger = logger;
  }

  unary<Request, Response>(method: string, handle: (request: Request, call: OpenCall) => Promise<Response>) {
    return (call: grpc.ServerUnaryCall<Request, Response>, callback: grpc.sendUnaryData<Response>): void => {
      const open = openCall(call, this.#tracker);
      handle(call.request, open).then(
        (response) => {
          open.finish();
          open.sendHeaders();
          callback(null, response);
        },
        (thrown: unknown) => {
          open.finish();
          open.sendHeaders();
          callback(this.#statusOf(thrown, method));
        },
      );
    };
  }

  /** For calls with one request and many responses. */
  streaming<Request, Response>(
    method: string,
    run: (call: grpc.ServerWritableStream<Request, Response>, open: OpenCall) => Promise<void>,
  ) {
    return (call: grpc.ServerWritableStream<Request, Response>): void =>
      this.#follow(method, call, (open) => run(call, open));
  }

  /** For calls with many requests and many responses. */
  duplex<Request, Response>(
    method: string,
    run: (call: grpc.ServerDuplexStream<Request, Response>, open: OpenCall) => Promise<void>,
  ) {
    return (call: grpc.ServerDuplexStream<Request, Response>): void =>
      this.#follow(method, call, (open) => run(call, open));
  }

  #follow<Request, Response>(
    method: string,
    call: StreamingCall<Request, Response>,
    run: (open: OpenCall) => Promise<void>,
  ): void {
    const open = openCall(call, this.#tracker);
    run(open).then(
      () => {
        open.finish();
        open.sendHeaders();
        call.end();
      },
      (thrown: unknown) => {
        open.finish();
        open.sendHeaders();
        endWithError(call, this.#statusOf(thrown, method));
      },
    );
  }

  #statusOf(thrown: unknown, method: string): ReturnType<typeof statusOf> {
    const error = EngineError.from(thrown);
    if (error.code === "internal") {
      const cause = error.cause instanceof Error ? error.cause : error;
      this.#logger.log("error", `${method} failed: ${error.message}`, { stack: cause.stack ?? "" });
    }
    return statusOf(error, clientTexts.get(error));
  }
}

function endWithError<Request, Response>(
  call: StreamingCall<Request, Response>,
  status: ReturnType<typeof statusOf>,
): void {
  call.emit("error", status);
  // The status waits behind messages; where the client does not take those, the stream is reset instead. Not at once:
  // Node loops for ever when a stream is closed in the turn in which something was written to it.
  const timer = setTimeout(() => resetStream(call), statusPatienceMs);
  timer.unref();
  call.once("cancelled", () => clearTimeout(timer));
}

/** Ends the HTTP/2 stream below a call; grpc-js keeps it on its intercepting call, without a public way to it. */
function resetStream(call: object): void {
  const inner = call as { readonly call?: { readonly stream?: { close?(code: number): void } } };
  const http2Cancel = 8;
  inner.call?.stream?.close?.(http2Cancel);
}
