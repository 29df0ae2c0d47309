import { EngineError, fromPlainError } from "../../common/engine-error.ts";
import { withClientText } from "../../flight/call-wrappers.ts";
import type { CallContext } from "../../flight/flight-handlers.ts";
import { decodeProto, encodeAny, type AnyMessage } from "../../flight/proto-codec.ts";
import { FlightDescriptorDescriptorType, type FlightDescriptor, type PollInfo } from "../../gen/protos.ts";
import { formatErrorWithPosition } from "../../sql/format-error-with-position.ts";
import type { QueryProgress, QueryService, Session } from "../query-service.ts";
import { flightInfoOf, pendingInfo, type InfoOptions } from "./started-query.ts";
import type { Statement, Statements } from "./statements.ts";
import type { Schema } from "../../arrow/schema.ts";

const pollTypeName = "onager.flight.v1.PollQuery";
/** A poll waits for news this long, so that clients that poll in a loop do not spin. */
const longPollMs = 1_000;
const pauseMsMax = 100;
const rememberedMax = 1_000;

/** PollFlightInfo: starts queries without waiting, and tells how far they are. */
export class QueryPolls {
  readonly #queries: QueryService;
  readonly #statements: Statements;
  readonly #options: InfoOptions;
  /** Text and schema of submitted queries, the oldest first: for error positions and for answers before the first rows. */
  readonly #submitted = new Map<string, { readonly sql: string; readonly schema: Schema }>();

  constructor(queries: QueryService, statements: Statements, options: InfoOptions) {
    this.#queries = queries;
    this.#statements = statements;
    this.#options = options;
  }

  /** The first poll: runs statements without rows to their end, and answers at once for queries. */
  async start(
    statement: Statement,
    descriptor: FlightDescriptor,
    session: Session,
    context: CallContext,
  ): Promise<PollInfo> {
    const { isUpdate } = await this.#statements.describe(statement, session);
    if (isUpdate) {
      const started = await this.#statements.execute(statement, session, context);
      return { info: flightInfoOf(started, descriptor, this.#options), progress: 1 };
    }
    const { queryId, schema } = await this.#statements.submit(statement, session);
    if (context.signal.aborted) await this.#queries.cancel(queryId, "the client went away");
    this.#remember(queryId, { sql: statement.sql, schema });
    return this.#answer(queryId, await this.#queries.progress(queryId));
  }

  /** A retry with the descriptor of an earlier answer; null for other descriptors. Waits a little for news. */
  async continue(command: AnyMessage, context: CallContext): Promise<PollInfo | null> {
    if (command.typeName !== pollTypeName) return null;
    const { queryId, seen } = decodeProto(pollTypeName, command.value);
    const end = Date.now() + longPollMs;
    let progress = await this.#queries.progress(queryId);
    for (
      let pauseMs = 2;
      isStill(progress, seen) && Date.now() < end && !context.signal.aborted;
      pauseMs = Math.min(pauseMs * 2, pauseMsMax)
    ) {
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      progress = await this.#queries.progress(queryId);
    }
    return this.#answer(queryId, progress);
  }

  #answer(queryId: string, progress: QueryProgress): PollInfo {
    const known = this.#submitted.get(queryId);
    if (progress.state === "failed" || progress.state === "cancelled") {
      this.#submitted.delete(queryId);
      const error =
        progress.error === null
          ? new EngineError("query_canceled", "the query was cancelled")
          : fromPlainError(progress.error);
      throw known === undefined ? error : withClientText(error, formatErrorWithPosition(error, known.sql));
    }
    const retry: FlightDescriptor = {
      type: FlightDescriptorDescriptorType.CMD,
      cmd: encodeAny(pollTypeName, { queryId, seen: progress.fraction }),
      path: [],
    };
    if (progress.started === null) {
      return {
        info: pendingInfo(queryId, known?.schema ?? [], retry),
        flightDescriptor: retry,
        progress: progress.fraction,
      };
    }
    // All endpoints are known, so there is nothing to ask again for: their streams wait for the rows.
    return { info: flightInfoOf(progress.started, retry, this.#options), progress: progress.fraction };
  }

  #remember(queryId: string, query: { readonly sql: string; readonly schema: Schema }): void {
    for (const oldest of this.#submitted.keys()) {
      if (this.#submitted.size < rememberedMax) break;
      this.#submitted.delete(oldest);
    }
    this.#submitted.set(queryId, query);
  }
}

/** Whether there is nothing to tell a client that has seen a fraction already. */
function isStill(progress: QueryProgress, seen: number): boolean {
  return (
    (progress.state === "queued" || progress.state === "running") &&
    progress.started === null &&
    progress.fraction <= seen
  );
}
