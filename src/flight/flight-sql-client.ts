import { decodeSchema, encodePlainSchema, schemaOfWireFields } from "../arrow/arrow-schema.ts";
import { decodeBatch } from "../arrow/read-batch.ts";
import type { Schema } from "../arrow/schema.ts";
import type { Value } from "../arrow/value.ts";
import { encodeRows } from "../arrow/write-batch.ts";
import type { WireField } from "../arrow/wire-type.ts";
import { EngineError } from "../common/engine-error.ts";
import {
  CancelStatus,
  FlightDescriptorDescriptorType,
  type FlightDescriptor,
  type FlightInfo,
  type PollInfo,
} from "../gen/protos.ts";
import type { ProtoMessages } from "../gen/protos.ts";
import type { ClientTls } from "../security/tls-files.ts";
import { FlightPeers } from "./flight-client.ts";
import type { FlightConnection } from "./flight-connection.ts";
import { flightMethods } from "./flight-methods.ts";
import { serializeFlightData, type OutgoingParts } from "./flight-data.ts";
import { parseFlightUrl, type FlightAddress } from "./flight-url.ts";
import { unwrapEncapsulated } from "./ipc-message.ts";
import { decodeAny, decodeProto, encodeAny, encodeProto, type ProtoName } from "./proto-codec.ts";
import { readEndpoints } from "./read-endpoints.ts";

export type QueryOptions = { readonly signal?: AbortSignal; readonly parameters?: TypedRow };

/** Values with their types, as a prepared statement's parameters travel. */
export type TypedRow = { readonly schema: Schema; readonly values: readonly Value[] };

export type QueryResult = {
  readonly schema: Schema;
  /** Rows in endpoint order; may be read once. Leaving the loop early cancels the query. */
  readonly rows: AsyncIterable<readonly Value[]>;
  /** The same rows by record batch. */
  readonly batches: AsyncIterable<readonly (readonly Value[])[]>;
  readonly info: FlightInfo;
};

export type PreparedStatement = {
  readonly handle: Uint8Array;
  readonly schema: Schema;
  readonly parameters: Schema;
  readonly isUpdate: boolean;
};

/** Who connects (by default, nobody in particular), and whom an encrypted connection trusts. */
export type ConnectOptions = {
  readonly user?: string;
  readonly password?: string;
  /** In place of user and password. */
  readonly token?: string;
  readonly tls?: ClientTls;
};

/** How long a scheduler may be away while a query runs. */
const absentMsMax = 30_000;

const empty = new Uint8Array(0);
const sqlPackage = "arrow.flight.protocol.sql.";

/** Speaks Flight SQL to any server; redeems tickets at their locations, and at the front when those cannot be reached. */
export class FlightSqlClient {
  readonly #front: FlightAddress;
  readonly #peers: FlightPeers;
  readonly #connection: FlightConnection;
  readonly #headers: Readonly<Record<string, string>>;

  private constructor(front: FlightAddress, peers: FlightPeers, headers: Readonly<Record<string, string>>) {
    this.#front = front;
    this.#peers = peers;
    this.#connection = peers.connection(front.host, front.port);
    this.#headers = headers;
  }

  /** Opens a session. Throws `unavailable` when nothing listens there, `unauthenticated` when it is refused. */
  static async connect(url: string, options: ConnectOptions = {}): Promise<FlightSqlClient> {
    const front = parseFlightUrl(url);
    const peers = new FlightPeers({ tls: front.tls ? (options.tls ?? { authorities: null, own: null }) : null });
    try {
      const { user = "anonymous", password = "", token } = options;
      const credentials = Buffer.from(`${user}:${password}`).toString("base64");
      const { headers } = await peers.connection(front.host, front.port).exchange(flightMethods.Handshake, [], {
        headers: { authorization: token === undefined ? `Basic ${credentials}` : `Bearer ${token}` },
        timeoutMs: 20_000,
      });
      const { authorization } = headers;
      return new FlightSqlClient(front, peers, authorization === undefined ? {} : { authorization });
    } catch (error) {
      peers.close();
      throw error;
    }
  }

  /** Runs a query (or any statement: one without rows gives none). */
  async query(sql: string, options: QueryOptions = {}): Promise<QueryResult> {
    if (options.parameters === undefined) {
      return this.#resultOf(
        await this.#flightInfo("CommandStatementQuery", { query: sql }, options.signal),
        options.signal,
      );
    }
    const prepared = await this.prepare(sql);
    try {
      return await this.queryPrepared(prepared, options.parameters, options.signal);
    } finally {
      await this.closePrepared(prepared);
    }
  }

  /**
   * As `query`, but the server answers at once and is then asked how far the query is: `onProgress` hears 0 to 1 until the
   * rows can be read.
   */
  async queryWithProgress(
    sql: string,
    onProgress: (fraction: number) => void,
    signal?: AbortSignal,
  ): Promise<QueryResult> {
    let descriptor = commandDescriptor(`${sqlPackage}CommandStatementQuery`, { query: sql });
    let queryInfo: FlightInfo | null = null;
    let polled = false;
    try {
      while (true) {
        const poll = await this.#poll(descriptor, polled, signal);
        polled = true;
        if (poll.progress !== undefined) onProgress(poll.progress);
        queryInfo = poll.info ?? queryInfo;
        if (poll.info !== undefined && (poll.flightDescriptor === undefined || poll.info.endpoint.length > 0)) {
          return this.#resultOf(poll.info, signal);
        }
        if (poll.flightDescriptor === undefined)
          throw new EngineError("internal", "the server ended the query without a result");
        descriptor = poll.flightDescriptor;
      }
    } catch (error) {
      // Servers without polling answer so at once.
      if (!polled && EngineError.from(error).code === "feature_not_supported")
        return this.query(sql, signal === undefined ? {} : { signal });
      if (signal?.aborted === true && queryInfo !== null) await this.cancel(queryInfo).catch(() => {});
      throw error;
    }
  }

  /** A query that runs survives its scheduler: it is asked for again until that, or another one, is there. */
  async #poll(descriptor: FlightDescriptor, isRunning: boolean, signal: AbortSignal | undefined): Promise<PollInfo> {
    for (const end = performance.now() + absentMsMax; ;) {
      try {
        const options = { signal, headers: this.#headers };
        return await this.#connection.unary(flightMethods.PollFlightInfo, descriptor, options);
      } catch (error) {
        const isAway = EngineError.from(error).code === "unavailable";
        if (!isRunning || !isAway || performance.now() > end) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  /** How far a query is, 0 to 1; null where the server does not tell (it is not Onager, or has forgotten the query). */
  async progress(info: FlightInfo): Promise<number | null> {
    try {
      const { queryId } = decodeProto("onager.flight.v1.QueryReference", info.appMetadata);
      const descriptor = commandDescriptor("onager.flight.v1.PollQuery", { queryId, seen: -1 });
      const poll = await this.#connection.unary(flightMethods.PollFlightInfo, descriptor, {
        headers: this.#headers,
        timeoutMs: 5_000,
      });
      return poll.progress ?? null;
    } catch {
      return null;
    }
  }

  /** Runs a statement that changes something; -1 where the server does not count rows. */
  async update(sql: string, signal?: AbortSignal): Promise<number> {
    return this.#put(commandDescriptor(`${sqlPackage}CommandStatementUpdate`, { query: sql }), null, signal);
  }

  async prepare(sql: string): Promise<PreparedStatement> {
    const body = encodeAny(`${sqlPackage}ActionCreatePreparedStatementRequest`, { query: sql });
    const [answer] = await this.#action("CreatePreparedStatement", body);
    const any = answer === undefined ? null : decodeAny(answer);
    if (any === null) throw new EngineError("internal", "the server did not prepare the statement");
    const result = decodeProto(`${sqlPackage}ActionCreatePreparedStatementResult`, any.value);
    const schema = schemaOfBytes(result.datasetSchema);
    return {
      handle: result.preparedStatementHandle,
      schema,
      parameters: schemaOfBytes(result.parameterSchema),
      isUpdate: result.isUpdate ?? schema.length === 0,
    };
  }

  async queryPrepared(
    prepared: PreparedStatement,
    parameters: TypedRow | null,
    signal?: AbortSignal,
  ): Promise<QueryResult> {
    const handle = parameters === null ? prepared.handle : await this.#bind(prepared, parameters, signal);
    const info = await this.#flightInfo("CommandPreparedStatementQuery", { preparedStatementHandle: handle }, signal);
    return this.#resultOf(info, signal);
  }

  async closePrepared(prepared: PreparedStatement): Promise<void> {
    const body = encodeAny(`${sqlPackage}ActionClosePreparedStatementRequest`, {
      preparedStatementHandle: prepared.handle,
    });
    await this.#action("ClosePreparedStatement", body);
  }

  /** Whether the query was stopped by this call; false when it had ended or the server does not know it. */
  async cancel(info: FlightInfo): Promise<boolean> {
    const [answer] = await this.#action(
      "CancelFlightInfo",
      encodeProto("arrow.flight.protocol.CancelFlightInfoRequest", { info }),
    );
    if (answer === undefined) return false;
    return (
      decodeProto("arrow.flight.protocol.CancelFlightInfoResult", answer).status ===
      CancelStatus.CANCEL_STATUS_CANCELLED
    );
  }

  /** Tables and views with their columns. */
  async getTables(
    options: { readonly namePattern?: string; readonly signal?: AbortSignal } = {},
  ): Promise<readonly { readonly name: string; readonly type: string; readonly schema: Schema }[]> {
    const command = { tableNameFilterPattern: options.namePattern, tableTypes: [], includeSchema: true };
    const result = this.#resultOf(await this.#flightInfo("CommandGetTables", command, options.signal), options.signal);
    const tables = [];
    for await (const row of result.rows) {
      const [, , name, type, schema] = row;
      if (typeof name !== "string" || typeof type !== "string" || !(schema instanceof Uint8Array)) {
        throw new EngineError("internal", "the server's list of tables has other columns than the protocol says");
      }
      tables.push({ name, type, schema: schemaOfBytes(schema) });
    }
    return tables;
  }

  /** Ends the session and the connections. */
  async close(): Promise<void> {
    await this.#action("CloseSession", encodeProto("arrow.flight.protocol.CloseSessionRequest", {}), 2_000).catch(
      () => {},
    );
    this.#peers.close();
  }

  #flightInfo<Name extends "CommandStatementQuery" | "CommandPreparedStatementQuery" | "CommandGetTables">(
    command: Name,
    message: ProtoMessages[`${typeof sqlPackage}${Name}`],
    signal: AbortSignal | undefined,
  ): Promise<FlightInfo> {
    const descriptor = commandDescriptor<ProtoName>(`${sqlPackage}${command}`, message);
    return this.#connection.unary(flightMethods.GetFlightInfo, descriptor, { signal, headers: this.#headers });
  }

  async #action(type: string, body: Uint8Array, timeoutMs?: number): Promise<readonly Uint8Array[]> {
    const results = await this.#connection.collect(
      flightMethods.DoAction,
      { type, body },
      { headers: this.#headers, timeoutMs },
    );
    return results.map((result) => result.body);
  }

  async #bind(prepared: PreparedStatement, parameters: TypedRow, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const command = { preparedStatementHandle: prepared.handle };
    const descriptor = commandDescriptor(`${sqlPackage}CommandPreparedStatementQuery`, command);
    const results = await this.#putRaw(descriptor, parameters, signal);
    const answer = results[0];
    if (answer === undefined) return prepared.handle;
    return decodeProto(`${sqlPackage}DoPutPreparedStatementResult`, answer).preparedStatementHandle ?? prepared.handle;
  }

  async #put(
    descriptor: FlightDescriptor,
    parameters: TypedRow | null,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    const [answer] = await this.#putRaw(descriptor, parameters, signal);
    return answer === undefined ? -1 : decodeProto(`${sqlPackage}DoPutUpdateResult`, answer).recordCount;
  }

  async #putRaw(
    descriptor: FlightDescriptor,
    row: TypedRow | null,
    signal: AbortSignal | undefined,
  ): Promise<readonly Uint8Array[]> {
    const encodedDescriptor = encodeProto("arrow.flight.protocol.FlightDescriptor", descriptor);
    const messages = [
      flightDataBytes({ descriptor: encodedDescriptor, header: encodePlainSchema(row?.schema ?? []), body: empty }),
    ];
    if (row !== null) {
      messages.push(flightDataBytes(encodeRows(row.schema, [row.values])));
    }
    const { responses } = await this.#connection.exchange(flightMethods.DoPut, messages, {
      signal,
      headers: this.#headers,
    });
    return responses.map((response) => response.appMetadata);
  }

  #resultOf(info: FlightInfo, signal: AbortSignal | undefined): QueryResult {
    const header = unwrapEncapsulated(info.schema);
    const fields: readonly WireField[] = header.byteLength === 0 ? [] : decodeSchema(header);
    const read = (): AsyncGenerator<readonly (readonly Value[])[]> => this.#batches(info, fields, signal);
    return {
      schema: schemaOfWireFields(fields),
      info,
      batches: { [Symbol.asyncIterator]: read },
      rows: {
        async *[Symbol.asyncIterator]() {
          for await (const batch of read()) yield* batch;
        },
      },
    };
  }

  async *#batches(
    info: FlightInfo,
    fields: readonly WireField[],
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly (readonly Value[])[], void, undefined> {
    const messages = readEndpoints(info.endpoint, {
      peers: this.#peers,
      front: this.#front,
      headers: this.#headers,
      signal: signal ?? new AbortController().signal,
    });
    for await (const batch of messages) yield decodeBatch(fields, batch.header, batch.body);
  }
}

function schemaOfBytes(bytes: Uint8Array): Schema {
  const header = unwrapEncapsulated(bytes);
  return header.byteLength === 0 ? [] : schemaOfWireFields(decodeSchema(header));
}

export function commandDescriptor<Name extends ProtoName>(name: Name, message: ProtoMessages[Name]): FlightDescriptor {
  return { type: FlightDescriptorDescriptorType.CMD, cmd: encodeAny(name, message), path: [] };
}

function flightDataBytes(parts: OutgoingParts): Buffer {
  const serialized = serializeFlightData(parts);
  const bytes = Buffer.alloc(serialized.byteLength);
  serialized.copy(bytes, 0);
  return bytes;
}
