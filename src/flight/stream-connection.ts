import type { ControlConnection } from "../stage/control-message.ts";

/** What both ends of a bidirectional gRPC stream offer. */
export interface MessageStream<Incoming, Outgoing> {
  write(message: Outgoing): boolean;
  end(): unknown;
  on(event: "data", listener: (message: Incoming) => void): unknown;
  on(event: "end" | "cancelled" | "close", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
}

export type StreamEnds<Send, Receive, Outgoing, Incoming> = {
  readonly encode: (message: Send) => Outgoing;
  readonly decode: (message: Incoming) => Receive;
  readonly errorOf: (error: Error) => Error;
  /** Ends the stream on this side, for good. */
  readonly hangUp: () => void;
};

/**
 * A control connection over a gRPC stream. It counts as closed at the first sign of the end, whichever event grpc-js chooses
 * to tell it by; messages that came before a listener was set wait for it.
 */
export function connectionOverStream<Send, Receive, Outgoing, Incoming>(
  stream: MessageStream<Incoming, Outgoing>,
  ends: StreamEnds<Send, Receive, Outgoing, Incoming>,
): ControlConnection<Send, Receive> {
  let onMessage: ((message: Receive) => void) | null = null;
  let onClose: ((error: Error | null) => void) | null = null;
  let closed: { readonly error: Error | null } | null = null;
  const waiting: Receive[] = [];

  const close = (error: Error | null): void => {
    if (closed !== null) return;
    closed = { error };
    onClose?.(error);
  };
  stream.on("data", (raw) => {
    if (closed !== null) return;
    let message: Receive;
    try {
      message = ends.decode(raw);
    } catch (error) {
      close(error instanceof Error ? error : new Error(String(error)));
      ends.hangUp();
      return;
    }
    if (onMessage === null) waiting.push(message);
    else onMessage(message);
  });
  stream.on("error", (error) => close(ends.errorOf(error)));
  stream.on("cancelled", () => close(null));
  stream.on("end", () => {
    close(null);
    ends.hangUp();
  });

  return {
    send(message) {
      if (closed === null) stream.write(ends.encode(message));
    },
    onMessage(listener) {
      onMessage = listener;
      for (const message of waiting.splice(0)) listener(message);
    },
    onClose(listener) {
      onClose = listener;
      if (closed !== null) listener(closed.error);
    },
    close() {
      close(null);
      ends.hangUp();
    },
  };
}
