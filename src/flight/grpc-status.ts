import { Metadata, status, type ServiceError, type StatusObject } from "@grpc/grpc-js";
import { EngineError, errorCodes, toPlainError, type ErrorCode, type PlainError } from "../common/engine-error.ts";
import { decodePlainError, encodePlainError } from "./plain-error-codec.ts";

/** Trailing metadata that carries the typed error between Onager's own processes. */
export const errorMetadataKey = "onager-error-bin";

/**
 * The status text is an HTTP/2 header and some clients accept 8 KB of headers in all, so the text and the typed error
 * together stay well below that.
 */
const statusBytesMax = 2_800;
const plainMessageBytesMax = 1_600;

/** Cuts a text to what fits once grpc-js has percent-encoded it (three bytes for all but printable ASCII). */
export function cutForStatus(text: string, bytesMax = statusBytesMax): string {
  let used = 0;
  let cut = "";
  for (const character of text.replaceAll("\r", "")) {
    const printable = character >= " " && character <= "~" && character !== "%";
    used += printable ? 1 : 3 * Buffer.byteLength(character);
    if (used > bytesMax) return `${cut} …`;
    cut += character;
  }
  return cut;
}

/** What the server ends a call with. `text` is what a person reads, with the position where there is one. */
export function statusOf(thrown: unknown, text?: string): Pick<StatusObject, "code" | "details" | "metadata"> {
  const plain = toPlainError(thrown);
  const metadata = new Metadata();
  metadata.set(errorMetadataKey, encodePlainError(shorten(plain)));
  return { code: status[errorCodes[plain.code].grpc], details: cutForStatus(text ?? plain.message), metadata };
}

function shorten(plain: PlainError): PlainError {
  const { hint, ...rest } = plain.details;
  const details = hint === undefined ? rest : { ...rest, hint: cutForStatus(hint, 400) };
  return { code: plain.code, message: cutForStatus(plain.message, plainMessageBytesMax), details };
}

/** For servers that do not send the typed error: the nearest code to a bare gRPC status. */
const codesByStatus: Readonly<Record<number, ErrorCode>> = {
  [status.CANCELLED]: "query_canceled",
  [status.DEADLINE_EXCEEDED]: "deadline_exceeded",
  [status.INVALID_ARGUMENT]: "invalid_argument",
  [status.NOT_FOUND]: "not_found",
  [status.RESOURCE_EXHAUSTED]: "out_of_memory",
  [status.ALREADY_EXISTS]: "duplicate_object",
  [status.PERMISSION_DENIED]: "permission_denied",
  [status.UNAUTHENTICATED]: "unauthenticated",
  [status.UNIMPLEMENTED]: "feature_not_supported",
  [status.UNAVAILABLE]: "unavailable",
};

function isServiceError(thrown: unknown): thrown is ServiceError {
  return thrown instanceof Error && "code" in thrown && typeof thrown.code === "number" && "details" in thrown;
}

/** The error that a call to another process ended with, as the EngineError that was thrown there. */
export function errorOfStatus(thrown: unknown): EngineError {
  if (!isServiceError(thrown)) return EngineError.from(thrown);
  // grpc-js can fail a call without metadata, whatever its types say.
  const metadata: Metadata | undefined = thrown.metadata;
  const typed = metadata?.get(errorMetadataKey)[0];
  if (typed instanceof Uint8Array) {
    const plain = decodePlainError(typed);
    return new EngineError(plain.code, plain.message, plain.details, thrown);
  }
  const text = thrown.details.length > 0 ? thrown.details : thrown.message;
  return new EngineError(codesByStatus[thrown.code] ?? "internal", text, {}, thrown);
}
