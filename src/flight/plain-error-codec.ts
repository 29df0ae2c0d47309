import { errorCodes, type ErrorCode, type ErrorDetails, type PlainError } from "../common/engine-error.ts";
import type * as gen from "../gen/protos.ts";
import { decodeProto, encodeProto } from "./proto-codec.ts";

/** The protobuf form of an error, alone in metadata or inside control messages. */
export function plainErrorToProto(error: PlainError): gen.PlainError {
  const { span, hint, file, fetchFailed } = error.details;
  return { code: error.code, message: error.message, span, hint, file, fetchFailed };
}

/** A code that this version does not know (a newer peer's) becomes `internal`; the message stays. */
export function plainErrorFromProto(error: gen.PlainError): PlainError {
  const { span, hint, file, fetchFailed } = error;
  const details: ErrorDetails = {
    ...(span === undefined ? {} : { span }),
    ...(hint === undefined ? {} : { hint }),
    ...(file === undefined ? {} : { file }),
    ...(fetchFailed === undefined ? {} : { fetchFailed }),
  };
  return { code: isErrorCode(error.code) ? error.code : "internal", message: error.message, details };
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCodes, code);
}

export function encodePlainError(error: PlainError): Buffer {
  return encodeProto("onager.control.v1.PlainError", plainErrorToProto(error));
}

export function decodePlainError(bytes: Uint8Array): PlainError {
  return plainErrorFromProto(decodeProto("onager.control.v1.PlainError", bytes));
}
