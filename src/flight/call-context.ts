import { Metadata } from "@grpc/grpc-js";
import { EngineError } from "../common/engine-error.ts";
import type { CallTracker } from "./call-tracker.ts";
import type { CallContext } from "./flight-handlers.ts";

/** What the kinds of calls have in common. */
type ServerCall = {
  readonly metadata: Metadata;
  readonly cancelled: boolean;
  getPeer(): string;
  sendMetadata(metadata: Metadata): void;
  on(event: "cancelled", listener: () => void): unknown;
};

/** A handler's view of a gRPC call, with what the server itself needs to end it properly. */
export type OpenCall = {
  readonly context: CallContext;
  /** Sends the response headers that the handler has set; only the first call does something. */
  sendHeaders(): void;
  /** From now on the signal stays quiet: grpc-js emits `cancelled` after successful calls too. */
  finish(): void;
};

export function openCall(call: ServerCall, tracker: CallTracker): OpenCall {
  const controller = new AbortController();
  const responseHeaders = new Metadata();
  let sent = false;
  let finished = false;
  const cutOff = (): void => controller.abort(new EngineError("unavailable", "the server is shutting down"));
  // A client that cancels at once may be gone before its request has been read; no event will tell of it again.
  if (isGone(call)) controller.abort(clientGone());
  else tracker.begin(cutOff);
  call.on("cancelled", () => {
    // The end of the HTTP/2 stream, whatever the event's name says.
    tracker.end(cutOff);
    if (!finished) controller.abort(clientGone());
  });
  return {
    context: {
      signal: controller.signal,
      headers: headersOf(call.metadata),
      peer: call.getPeer(),
      setHeader: (name, value) => responseHeaders.set(name, value),
    },
    sendHeaders() {
      if (sent) return;
      sent = true;
      // Without headers of ours, grpc-js sends its own together with the first message.
      if (Object.keys(responseHeaders.getMap()).length > 0) call.sendMetadata(responseHeaders);
    },
    finish() {
      finished = true;
    },
  };
}

/** grpc-js hands over calls whose HTTP/2 stream has closed already, and keeps that stream to itself. */
function isGone(call: ServerCall): boolean {
  const { call: inner } = call as { readonly call?: { readonly stream?: { readonly destroyed?: boolean } } };
  return call.cancelled || inner?.stream?.destroyed === true;
}

function clientGone(): EngineError {
  return new EngineError("query_canceled", "the client cancelled the call or went away");
}

/** A header that was sent several times is joined, as HTTP does; cookies with `; `. */
function headersOf(metadata: Metadata): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const name of Object.keys(metadata.getMap())) {
    const values = metadata.get(name).filter((value) => typeof value === "string");
    if (values.length > 0) headers.set(name, values.join(name === "cookie" ? "; " : ", "));
  }
  // Flight's older handshake has its own header for the token.
  const [token] = metadata.get("auth-token-bin");
  if (token instanceof Uint8Array && !headers.has("authorization")) {
    headers.set("authorization", `Bearer ${token.toString("latin1")}`);
  }
  return headers;
}
