import { encodeClientSchema, encodePlainSchema } from "../../arrow/arrow-schema.ts";
import { EngineError } from "../../common/engine-error.ts";
import type { CallContext } from "../../flight/flight-handlers.ts";
import { encapsulate } from "../../flight/ipc-message.ts";
import { decodeAny, decodeProto, encodeAny, encodeProto } from "../../flight/proto-codec.ts";
import type { TicketSigner } from "../../flight/tickets.ts";
import {
  ActionCancelQueryResultCancelResult,
  CancelStatus,
  CloseSessionResultStatus,
  type ActionType,
  type FlightInfo,
  type ProtoMessages,
} from "../../gen/protos.ts";
import type { QueryService } from "../query-service.ts";
import type { PreparedStatements } from "./prepared-statements.ts";
import { getSessionOptions, setSessionOptions } from "./session-options.ts";
import type { Sessions } from "./sessions.ts";
import { queriesOf } from "./started-query.ts";
import { refuseTransaction, withPosition } from "./statements.ts";

const flightPackage = "arrow.flight.protocol.";
const sqlPackage = "arrow.flight.protocol.sql.";

export const actionTypes: readonly ActionType[] = [
  {
    type: "CreatePreparedStatement",
    description: "Plans a statement; gives a handle, the schema of its rows and of its parameters.",
  },
  { type: "ClosePreparedStatement", description: "Frees a prepared statement." },
  { type: "CancelFlightInfo", description: "Stops a query and frees its rows." },
  { type: "CancelQuery", description: "As CancelFlightInfo, for older clients." },
  { type: "SetSessionOptions", description: "Changes settings of the session." },
  { type: "GetSessionOptions", description: "Tells the settings of the session." },
  { type: "CloseSession", description: "Ends the session." },
];

const refusedActions: Readonly<Record<string, string>> = {
  BeginTransaction: "transactions are not supported",
  EndTransaction: "transactions are not supported",
  BeginSavepoint: "transactions are not supported",
  EndSavepoint: "transactions are not supported",
  CreatePreparedSubstraitPlan: "Substrait plans are not supported: send SQL",
  RenewFlightEndpoint: "endpoints do not expire while the query is read, so they cannot be renewed",
};

/** How many ended queries are remembered, so that cancelling twice is no error. */
const cancelledMax = 1_000;

export type ActionParts = {
  readonly queries: QueryService;
  readonly prepared: PreparedStatements;
  readonly sessions: Sessions;
  readonly signer: TicketSigner;
};

/** Flight SQL's actions. Those of Flight itself come as bare messages, those of Flight SQL as Any. */
export class Actions {
  readonly #parts: ActionParts;
  readonly #cancelled = new Set<string>();

  constructor(parts: ActionParts) {
    this.#parts = parts;
  }

  async run(type: string, body: Uint8Array, context: CallContext): Promise<readonly Uint8Array[]> {
    const { sessions, prepared, signer } = this.#parts;
    switch (type) {
      case "CreatePreparedStatement":
        return [await this.#createPrepared(body, context)];
      case "ClosePreparedStatement":
        prepared.close(requestOf(`${sqlPackage}ActionClosePreparedStatementRequest`, body).preparedStatementHandle);
        return [];
      case "CancelFlightInfo": {
        const { info } = decodeProto(`${flightPackage}CancelFlightInfoRequest`, body);
        if (info === undefined) throw new EngineError("invalid_argument", "CancelFlightInfo came without a FlightInfo");
        return [encodeProto(`${flightPackage}CancelFlightInfoResult`, { status: await this.#cancel(info, signer) })];
      }
      case "CancelQuery": {
        const info = decodeProto(
          `${flightPackage}FlightInfo`,
          requestOf(`${sqlPackage}ActionCancelQueryRequest`, body).info,
        );
        const stopped = (await this.#cancel(info, signer)) === CancelStatus.CANCEL_STATUS_CANCELLED;
        const { CANCEL_RESULT_CANCELLED, CANCEL_RESULT_NOT_CANCELLABLE } = ActionCancelQueryResultCancelResult;
        return [
          encodeAny(`${sqlPackage}ActionCancelQueryResult`, {
            result: stopped ? CANCEL_RESULT_CANCELLED : CANCEL_RESULT_NOT_CANCELLABLE,
          }),
        ];
      }
      case "SetSessionOptions":
        sessions.offerCookie(context);
        return [setSessionOptions(body, sessions.of(context))];
      case "GetSessionOptions":
        return [getSessionOptions(sessions.of(context))];
      case "CloseSession":
        sessions.close(context);
        return [encodeProto(`${flightPackage}CloseSessionResult`, { status: CloseSessionResultStatus.CLOSED })];
      default:
        throw new EngineError("feature_not_supported", refusedActions[type] ?? `there is no action "${type}"`);
    }
  }

  async #createPrepared(body: Uint8Array, context: CallContext): Promise<Buffer> {
    const { queries, prepared, sessions } = this.#parts;
    const { query, transactionId } = requestOf(`${sqlPackage}ActionCreatePreparedStatementRequest`, body);
    refuseTransaction(transactionId);
    const description = await withPosition(query, () => queries.describe(query, sessions.of(context)));
    const parameters = description.parameterTypes.map((type, index) => ({
      name: `$${index + 1}`,
      type,
      nullable: true,
    }));
    return encodeAny(`${sqlPackage}ActionCreatePreparedStatementResult`, {
      preparedStatementHandle: prepared.add(query, description).handle,
      // JDBC takes a statement without a schema for an update.
      datasetSchema: description.isUpdate ? new Uint8Array(0) : encapsulate(encodeClientSchema(description.schema)),
      parameterSchema: encapsulate(encodePlainSchema(parameters)),
      isUpdate: description.isUpdate,
    });
  }

  async #cancel(info: FlightInfo, signer: TicketSigner): Promise<number> {
    const { queries } = this.#parts;
    let status: number = CancelStatus.CANCEL_STATUS_NOT_CANCELLABLE;
    for (const queryId of queriesOf(info, signer)) {
      if (this.#cancelled.has(queryId) || (await queries.cancel(queryId, "the query was cancelled by the client"))) {
        this.#cancelled.add(queryId);
        status = CancelStatus.CANCEL_STATUS_CANCELLED;
      } else {
        // Throws not_found for a query that nobody knows.
        const { state } = await queries.progress(queryId);
        if (state === "cancelled") status = CancelStatus.CANCEL_STATUS_CANCELLED;
      }
    }
    for (const oldest of this.#cancelled) {
      if (this.#cancelled.size <= cancelledMax) break;
      this.#cancelled.delete(oldest);
    }
    return status;
  }
}

/** The message inside an action's Any. */
function requestOf<Name extends keyof ProtoMessages>(name: Name, body: Uint8Array): ProtoMessages[Name] {
  const any = decodeAny(body);
  if (any === null || any.typeName !== name)
    throw new EngineError("invalid_argument", `the action's body is no ${name}`);
  return decodeProto(name, any.value);
}
