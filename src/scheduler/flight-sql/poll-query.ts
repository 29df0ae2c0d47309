import { EngineError, fromPlainError } from "../../common/engine-error.ts";
import type { CallContext } from "../../flight/flight-handlers.ts";
import { decodeProto, encodeAny, type AnyMessage } from "../../flight/proto-codec.ts";
import { FlightDescriptorDescriptorType, type FlightDescriptor, type PollInfo } from "../../gen/protos.ts";
import type { QueryProgress, QueryService, Session } from "../query-service.ts";
import type { QueryTexts } from "./query-texts.ts";
import { flightInfoOf, pendingInfo, type InfoOptions } from "./started-query.ts";
import type { Statement, Statements } from "./statements.ts";
import type { Schema } from "../../arrow/schema.ts";

const pollTypeName = "onager.flight.v1.PollQuery";
/** A poll waits for news this long, so that clients that poll in a loop do not spin. */
const longPollMs = 1_000;
const pauseMsMax = 100;
/** A query whose client has not asked for it for so long is cancelled. */
const abandonedMs = 60_000;

type PendingQuery = { readonly schema: Schema; abandoned: NodeJS.Timeout };

/** PollFlightInfo: starts queries without waiting, and tells how far they are. */
export class QueryPolls {
  readonly #queries: QueryService;
  readonly #statements: Statements;
  readonly #options: InfoOptions;
  readonly #texts: QueryTexts;
  /** Queries whose endpoints their client does not know yet. */
  readonly #pending = new Map<string, PendingQuery>();

  constructor(queries: QueryService, statements: Statements, texts: QueryTexts, options: InfoOptions) {
    this.#queries = queries;
    this.#statements = statements;
    this.#texts = texts;
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
    this.#pending.set(queryId, { schema, abandoned: this.#watch(queryId) });
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
    const pending = this.#pending.get(queryId);
    clearTimeout(pending?.abandoned);
    if (progress.state === "failed" || progress.state === "cancelled") {
      this.#pending.delete(queryId);
      const { error } = progress;
      throw this.#texts.explain(
        queryId,
        error === null ? new EngineError("query_canceled", "the query was cancelled") : fromPlainError(error),
      );
    }
    const retry: FlightDescriptor = {
      type: FlightDescriptorDescriptorType.CMD,
      cmd: encodeAny(pollTypeName, { queryId, seen: progress.fraction }),
      path: [],
    };
    if (progress.started === null) {
      if (pending !== undefined) pending.abandoned = this.#watch(queryId);
      return {
        info: pendingInfo(queryId, progress.schema ?? pending?.schema ?? [], retry),
        flightDescriptor: retry,
        progress: progress.fraction,
      };
    }
    this.#pending.delete(queryId);
    // All endpoints are known, so there is nothing to ask again for: their streams wait for the rows.
    return { info: flightInfoOf(progress.started, retry, this.#options), progress: progress.fraction };
  }

  /** Between polls there is no call whose end would tell that the client has gone. */
  #watch(queryId: string): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#pending.delete(queryId);
      this.#queries.cancel(queryId, "the client stopped asking for the query").catch(() => {});
    }, abandonedMs);
    timer.unref();
    return timer;
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
