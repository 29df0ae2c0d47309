/**
 * The closed list of errors that end a query. Each maps to one SQLSTATE (what SQL users know) and one gRPC status
 * (what Flight clients see); `transient` errors may succeed when the task runs again.
 */
export const errorCodes = {
  syntax_error: { sqlState: "42601", grpc: "INVALID_ARGUMENT", transient: false },
  undefined_table: { sqlState: "42P01", grpc: "NOT_FOUND", transient: false },
  undefined_column: { sqlState: "42703", grpc: "INVALID_ARGUMENT", transient: false },
  ambiguous_column: { sqlState: "42702", grpc: "INVALID_ARGUMENT", transient: false },
  undefined_function: { sqlState: "42883", grpc: "INVALID_ARGUMENT", transient: false },
  undefined_parameter: { sqlState: "42P02", grpc: "INVALID_ARGUMENT", transient: false },
  undefined_object: { sqlState: "42704", grpc: "NOT_FOUND", transient: false },
  duplicate_alias: { sqlState: "42712", grpc: "INVALID_ARGUMENT", transient: false },
  duplicate_object: { sqlState: "42710", grpc: "ALREADY_EXISTS", transient: false },
  grouping_error: { sqlState: "42803", grpc: "INVALID_ARGUMENT", transient: false },
  windowing_error: { sqlState: "42P20", grpc: "INVALID_ARGUMENT", transient: false },
  datatype_mismatch: { sqlState: "42804", grpc: "INVALID_ARGUMENT", transient: false },
  invalid_definition: { sqlState: "42P17", grpc: "INVALID_ARGUMENT", transient: false },
  feature_not_supported: { sqlState: "0A000", grpc: "UNIMPLEMENTED", transient: false },
  numeric_value_out_of_range: { sqlState: "22003", grpc: "INVALID_ARGUMENT", transient: false },
  division_by_zero: { sqlState: "22012", grpc: "INVALID_ARGUMENT", transient: false },
  invalid_text_representation: { sqlState: "22P02", grpc: "INVALID_ARGUMENT", transient: false },
  datetime_field_overflow: { sqlState: "22008", grpc: "INVALID_ARGUMENT", transient: false },
  invalid_parameter_value: { sqlState: "22023", grpc: "INVALID_ARGUMENT", transient: false },
  cardinality_violation: { sqlState: "21000", grpc: "INVALID_ARGUMENT", transient: false },
  query_canceled: { sqlState: "57014", grpc: "CANCELLED", transient: false },
  deadline_exceeded: { sqlState: "57014", grpc: "DEADLINE_EXCEEDED", transient: false },
  out_of_memory: { sqlState: "53200", grpc: "RESOURCE_EXHAUSTED", transient: false },
  disk_full: { sqlState: "53100", grpc: "RESOURCE_EXHAUSTED", transient: false },
  too_many_queries: { sqlState: "53300", grpc: "UNAVAILABLE", transient: false },
  io_error: { sqlState: "58030", grpc: "INTERNAL", transient: true },
  undefined_file: { sqlState: "58P01", grpc: "NOT_FOUND", transient: false },
  corrupt_file: { sqlState: "XX001", grpc: "DATA_LOSS", transient: false },
  fetch_failed: { sqlState: "58000", grpc: "INTERNAL", transient: true },
  executor_lost: { sqlState: "58000", grpc: "UNAVAILABLE", transient: true },
  unavailable: { sqlState: "57P03", grpc: "UNAVAILABLE", transient: true },
  not_found: { sqlState: "02000", grpc: "NOT_FOUND", transient: false },
  invalid_argument: { sqlState: "22023", grpc: "INVALID_ARGUMENT", transient: false },
  unauthenticated: { sqlState: "28000", grpc: "UNAUTHENTICATED", transient: false },
  permission_denied: { sqlState: "42501", grpc: "PERMISSION_DENIED", transient: false },
  internal: { sqlState: "XX000", grpc: "INTERNAL", transient: false },
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** Half-open range of UTF-16 offsets in the statement's text that an error points at. */
export type TextSpan = { readonly start: number; readonly end: number };

/** Facts that retry decisions read; never parsed out of the message. */
export type ErrorDetails = {
  readonly span?: TextSpan;
  readonly hint?: string;
  readonly file?: string;
  /** Set with `fetch_failed`: whose output could not be read. */
  readonly fetchFailed?: { readonly executorId: string; readonly stageId: number; readonly partition: number };
};

/** Ends a query (never the process). `message` is one plain sentence fragment, lower case, without the position. */
export class EngineError extends Error {
  override readonly name = "EngineError";
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = details;
  }

  /** Any thrown value as an EngineError; what is not one already becomes `internal` and keeps its cause for the log. */
  static from(thrown: unknown): EngineError {
    if (thrown instanceof EngineError) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new EngineError("internal", message, {}, thrown);
  }
}

/** What crosses thread and process boundaries in place of an EngineError. */
export type PlainError = { readonly code: ErrorCode; readonly message: string; readonly details: ErrorDetails };

export function toPlainError(thrown: unknown): PlainError {
  const { code, message, details } = EngineError.from(thrown);
  return { code, message, details };
}

export function fromPlainError(plain: PlainError): EngineError {
  return new EngineError(plain.code, plain.message, plain.details);
}
