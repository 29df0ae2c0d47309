import { must } from "../../common/assert.ts";
import { EngineError } from "../../common/engine-error.ts";
import type { Logger } from "../../common/logger.ts";
import { acceptAnyone } from "../../flight/anonymous-handshake.ts";
import type { PartitionSource } from "../../flight/executor-flight.ts";
import type { FlightPeers } from "../../flight/flight-client.ts";
import type { FlightDataParts } from "../../flight/flight-data.ts";
import type { CallContext, DoGetResult, FlightHandlers } from "../../flight/flight-handlers.ts";
import type { EncodedTable } from "../../flight/nested-tables.ts";
import { decodeAny, encodeProto, type AnyMessage } from "../../flight/proto-codec.ts";
import { decodeTicket, unsignedTickets, type ResultTicket, type TicketSigner } from "../../flight/tickets.ts";
import type { EncodedBatch } from "../../shuffle/encoded-batch.ts";
import type { FlightDescriptor, FlightInfo, PollInfo } from "../../gen/protos.ts";
import type { QueryService } from "../query-service.ts";
import { Actions, actionTypes } from "./actions.ts";
import { answerMetadata, refuseCommand } from "./metadata-commands.ts";
import { readParameters } from "./parameters.ts";
import { QueryPolls } from "./poll-query.ts";
import { PreparedStatements } from "./prepared-statements.ts";
import { readLocated } from "./read-located.ts";
import { QueryTexts } from "./query-texts.ts";
import { Sessions } from "./sessions.ts";
import { flightInfoOf, metadataInfo, type InfoOptions } from "./started-query.ts";
import { Statements } from "./statements.ts";

export type FlightSqlOptions = {
  readonly queries: QueryService;
  /** For rows that executors hold and the client asks the scheduler for. */
  readonly peers: FlightPeers;
  /** The partitions of an executor in this same process (standalone mode). */
  readonly localPartitions: (PartitionSource & { holds(ticket: ResultTicket): boolean }) | null;
  readonly logger: Logger;
  readonly signer?: TicketSigner;
};

const sqlPackage = "arrow.flight.protocol.sql.";

/** Flight SQL over a QueryService. */
export function makeFlightSqlHandlers(options: FlightSqlOptions): FlightHandlers {
  return new FlightSqlService(options);
}

class FlightSqlService implements FlightHandlers {
  readonly #options: FlightSqlOptions;
  readonly #infoOptions: InfoOptions;
  readonly #sessions = new Sessions();
  readonly #prepared = new PreparedStatements();
  readonly #texts = new QueryTexts();
  readonly #statements: Statements;
  readonly #polls: QueryPolls;
  readonly #actions: Actions;

  constructor(options: FlightSqlOptions) {
    this.#options = options;
    const signer = options.signer ?? unsignedTickets;
    this.#infoOptions = {
      signer,
      isLocal: (ticket) => options.localPartitions?.holds(ticket) ?? false,
      tls: options.peers.usesTls,
    };
    this.#statements = new Statements(options.queries, this.#prepared, this.#texts);
    this.#polls = new QueryPolls(options.queries, this.#statements, this.#texts, this.#infoOptions);
    this.#actions = new Actions({
      queries: options.queries,
      prepared: this.#prepared,
      sessions: this.#sessions,
      signer,
    });
  }

  handshake(payload: Uint8Array | null, context: CallContext): ReturnType<FlightHandlers["handshake"]> {
    return Promise.resolve(acceptAnyone(payload, context));
  }

  async getFlightInfo(descriptor: FlightDescriptor, context: CallContext): Promise<FlightInfo> {
    const command = commandOf(descriptor);
    const session = this.#sessions.of(context);
    const statement = this.#statements.statementOf(command);
    if (statement !== null) {
      // Statements that change something run here, and once: clients do not read their endpoint, or cancel it.
      return flightInfoOf(await this.#statements.execute(statement, session, context), descriptor, this.#infoOptions);
    }
    const table = await answerMetadata(command, this.#options.queries, session);
    if (table === null) return refuseCommand(command);
    return metadataInfo(table.schemaHeader, descriptor, this.#infoOptions.signer);
  }

  async getSchema(descriptor: FlightDescriptor, context: CallContext): Promise<Uint8Array> {
    const command = commandOf(descriptor);
    const session = this.#sessions.of(context);
    const statement = this.#statements.statementOf(command);
    if (statement !== null) return this.#statements.schemaHeaderOf(statement, session);
    const table = await answerMetadata(command, this.#options.queries, session);
    return table === null ? refuseCommand(command) : table.schemaHeader;
  }

  async pollFlightInfo(descriptor: FlightDescriptor, context: CallContext): Promise<PollInfo> {
    const command = commandOf(descriptor);
    const continued = await this.#polls.continue(command, context);
    if (continued !== null) return continued;
    const statement = this.#statements.statementOf(command);
    if (statement !== null) return this.#polls.start(statement, descriptor, this.#sessions.of(context), context);
    return { info: await this.getFlightInfo(descriptor, context), progress: 1 };
  }

  async doGet(bytes: Uint8Array, context: CallContext): Promise<DoGetResult> {
    const ticket = decodeTicket(bytes, this.#infoOptions.signer);
    switch (ticket.kind) {
      case "empty":
        return tableResult({ schemaHeader: ticket.schemaHeader, batches: [] });
      case "command": {
        const command = decodeAny(ticket.command);
        const table =
          command === null ? null : await answerMetadata(command, this.#options.queries, this.#sessions.of(context));
        return table === null ? refuseCommand(command) : tableResult(table);
      }
      default:
        return this.#readPartition(ticket.result, bytes, context);
    }
  }

  /** From this process, or passed through from the executor without looking inside. */
  async #readPartition(ticket: ResultTicket, bytes: Uint8Array, context: CallContext): Promise<DoGetResult> {
    const { queries, peers, localPartitions, logger } = this.#options;
    const { signal } = context;
    signal.addEventListener("abort", () => {
      queries.cancel(ticket.jobId, "the client stopped reading its rows").catch((error: unknown) => {
        logger.log("warn", `cannot cancel query ${ticket.jobId}: ${EngineError.from(error).message}`);
      });
    });
    if (localPartitions?.holds(ticket) === true) {
      return {
        kind: "batches",
        schemaHeader: await localPartitions.schemaOf(ticket),
        batches: this.#texts.explainRows(ticket.jobId, localPartitions.read(ticket, signal)),
      };
    }
    if (queries.locate !== undefined) {
      const rows = readLocated(queries.locate.bind(queries), peers, ticket, this.#infoOptions.signer, signal);
      return { kind: "raw", messages: this.#texts.explainRows(ticket.jobId, rows) };
    }
    const address = queries.addressOf(ticket.executorId);
    if (address === null)
      throw new EngineError("executor_lost", "the executor that holds these rows is gone: run the query again");
    return {
      kind: "raw",
      messages: this.#texts.explainRows(ticket.jobId, peers.readRaw(address.host, address.port, bytes, signal)),
    };
  }

  async *doPut(
    descriptor: FlightDescriptor,
    messages: AsyncIterable<FlightDataParts>,
    context: CallContext,
  ): AsyncGenerator<Uint8Array> {
    const command = commandOf(descriptor);
    const session = this.#sessions.of(context);
    const statement = this.#statements.statementOf(command);
    if (statement === null) return refuseCommand(command);
    const bound = await readParameters(messages);
    switch (command.typeName.slice(sqlPackage.length)) {
      case "CommandPreparedStatementQuery": {
        const prepared = this.#prepared.get(must(statement.handle, "a prepared statement has a handle"));
        prepared.bound = bound;
        yield encodeProto(`${sqlPackage}DoPutPreparedStatementResult`, { preparedStatementHandle: prepared.handle });
        return;
      }
      case "CommandStatementQuery":
        throw new EngineError(
          "invalid_argument",
          "CommandStatementQuery is for GetFlightInfo; DoPut takes CommandStatementUpdate",
        );
      default: {
        const recordCount = await this.#statements.update(
          { ...statement, bound: bound ?? statement.bound },
          session,
          context,
        );
        yield encodeProto(`${sqlPackage}DoPutUpdateResult`, { recordCount });
      }
    }
  }

  doAction(type: string, body: Uint8Array, context: CallContext): Promise<readonly Uint8Array[]> {
    return this.#actions.run(type, body, context);
  }

  listActions(): ReturnType<FlightHandlers["listActions"]> {
    return Promise.resolve(actionTypes);
  }

  listFlights(): Promise<readonly FlightInfo[]> {
    return Promise.resolve([]);
  }
}

function commandOf(descriptor: FlightDescriptor): AnyMessage {
  return decodeAny(descriptor.cmd) ?? refuseCommand(null);
}

function tableResult({ schemaHeader, batches }: EncodedTable): DoGetResult {
  return { kind: "batches", schemaHeader, batches: asyncBatches(batches) };
}

async function* asyncBatches(batches: readonly EncodedBatch[]): AsyncGenerator<EncodedBatch, void, undefined> {
  yield* batches;
}
