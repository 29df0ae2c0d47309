import type { DataType } from "../arrow/data-type.ts";
import type { Schema } from "../arrow/schema.ts";
import type { Value } from "../arrow/value.ts";
import type { PlainError } from "../common/engine-error.ts";
import type { Access } from "../security/access.ts";
import type { ResultTicket } from "../flight/tickets.ts";

export type { ResultTicket };

/**
 * What the Flight SQL front end asks of the scheduler. Everything that takes SQL throws EngineError with the span of the
 * offending text.
 */
export interface QueryService {
  /** Parses, binds and plans without running: schema, parameter types, and whether it is a query. */
  describe(sql: string, session: Session): Promise<StatementDescription>;
  /**
   * Starts a statement. For a query it returns when the last stage has been placed (or the job has ended), so that the
   * endpoints are known; statements without rows (CREATE VIEW, SET …) run to their end. `signal` aborts when the client goes
   * away before that: the query is then cancelled and the promise rejects with query_canceled.
   */
  execute(sql: string, parameters: readonly Value[], session: Session, signal?: AbortSignal): Promise<StartedQuery>;
  /** Starts a query and returns at once; `progress` follows it. */
  submit(
    sql: string,
    parameters: readonly Value[],
    session: Session,
  ): Promise<{ readonly queryId: string; readonly schema: Schema }>;
  progress(queryId: string): Promise<QueryProgress>;
  /** Stops the tasks and frees memory and files. False: unknown, or already ended. Idempotent. */
  cancel(queryId: string, reason: string): Promise<boolean>;
  /** Where an executor's Flight server is reached; null when it is gone. */
  addressOf(executorId: string): { readonly host: string; readonly port: number } | null;
  /** Where a result partition is now, under which ticket; waits while it is being made again. */
  locate?(ticket: ResultTicket, signal: AbortSignal): Promise<LocatedResult>;
  /** Relations for GetTables and information_schema. */
  relations(
    session: Session,
  ): Promise<readonly { readonly name: string; readonly type: "TABLE" | "VIEW"; readonly schema: Schema }[]>;
}

/** One client's settings. Found by bearer token or cookie; anonymous clients share nothing but the default. */
export type Session = {
  readonly sessionId: string;
  readonly settings: Map<string, string>;
  /** Who has logged in, and what they may do; without them, everything is allowed. */
  readonly user?: string;
  readonly access?: Access;
};

export type StatementDescription = {
  readonly schema: Schema;
  readonly parameterTypes: readonly DataType[];
  /** True for statements that put out no rows. */
  readonly isUpdate: boolean;
};

export type StartedQuery = {
  readonly queryId: string;
  readonly schema: Schema;
  readonly ordered: boolean;
  readonly isUpdate: boolean;
  /** Where the rows are; in order. Empty for an update. */
  readonly endpoints: readonly ResultEndpoint[];
  /** -1 where not known. */
  readonly totalRows: number;
  readonly totalBytes: number;
};

/** One result partition: redeemed at `locations` (host:port of executors), or through the scheduler. */
export type ResultEndpoint = {
  readonly ticket: ResultTicket;
  readonly locations: readonly { readonly host: string; readonly port: number }[];
};

export type LocatedResult = { readonly ticket: ResultTicket; readonly host: string; readonly port: number };

export type QueryProgress = {
  /** Of the query's rows. */
  readonly schema?: Schema;
  readonly state: "queued" | "running" | "finished" | "failed" | "cancelled";
  /** 0 to 1: finished tasks over all tasks. */
  readonly fraction: number;
  readonly started: StartedQuery | null;
  readonly error: PlainError | null;
};
