import { encodeClientSchema } from "../../src/arrow/arrow-schema.ts";
import { decimalType, simpleType } from "../../src/arrow/data-type.ts";
import type { Schema } from "../../src/arrow/schema.ts";
import type { Value } from "../../src/arrow/value.ts";
import { encodeRows } from "../../src/arrow/write-batch.ts";
import { EngineError, type ErrorCode } from "../../src/common/engine-error.ts";
import { silentLogger } from "../../src/common/logger.ts";
import { makeExecutorHandlers } from "../../src/flight/executor-flight.ts";
import { FlightPeers } from "../../src/flight/flight-client.ts";
import { startFlightServer, type FlightServer } from "../../src/flight/flight-server.ts";
import type { ResultTicket } from "../../src/flight/tickets.ts";
import { makeFlightSqlHandlers } from "../../src/scheduler/flight-sql/flight-sql-handlers.ts";
import type {
  QueryProgress,
  QueryService,
  Session,
  StartedQuery,
  StatementDescription,
} from "../../src/scheduler/query-service.ts";
import type { EncodedBatch } from "../../src/shuffle/encoded-batch.ts";

type FakeQuery = {
  readonly queryId: string;
  readonly started: StartedQuery;
  /** Batches of each endpoint; an endless query never stops putting out its last one. */
  readonly partitions: readonly (readonly EncodedBatch[])[];
  readonly endless: boolean;
  readonly broken: boolean;
  state: QueryProgress["state"];
  polls: number;
};

const bigint = simpleType("int64");
export const numbersSchema: Schema = [
  { name: "n", type: bigint, nullable: false },
  { name: "t", type: simpleType("utf8"), nullable: true },
  { name: "d", type: decimalType(15, 2), nullable: true },
];

const parameterSql = "select $1, $2, $3, $4";
const parameterTypes = [bigint, simpleType("utf8"), decimalType(15, 2), simpleType("date")];

/**
 * A scheduler's and an executor's Flight servers over a fake QueryService:
 * `select numbers ROWS PARTITIONS` gives rows, `endless` never ends, `broken` fails after its first rows, `slow` is never placed, `fail CODE` throws,
 * `select $1, …` gives its parameters back, `create …` runs without rows, and everything else is a syntax error.
 */
export class FakeCluster implements QueryService {
  readonly queries = new Map<string, FakeQuery>();
  readonly cancelled: string[] = [];
  readonly executed: { readonly sql: string; readonly parameters: readonly Value[]; readonly sessionId: string }[] = [];
  executorReads = 0;
  #scheduler: FlightServer | null = null;
  #executor: FlightServer | null = null;
  readonly #peers = new FlightPeers();

  static async start(): Promise<FakeCluster> {
    const cluster = new FakeCluster();
    const handlers = makeExecutorHandlers({
      schemaOf: (ticket) => cluster.#schemaOf(ticket),
      read: (ticket, signal) => cluster.#read(ticket, signal),
    });
    cluster.#executor = await startFlightServer({
      host: "127.0.0.1",
      port: 0,
      services: { flight: handlers },
      logger: silentLogger,
    });
    const flight = makeFlightSqlHandlers({
      queries: cluster,
      peers: cluster.#peers,
      localPartitions: null,
      logger: silentLogger,
    });
    cluster.#scheduler = await startFlightServer({
      host: "127.0.0.1",
      port: 0,
      services: { flight },
      logger: silentLogger,
    });
    return cluster;
  }

  get url(): string {
    return `grpc://127.0.0.1:${this.#scheduler?.port}`;
  }

  get executorPort(): number {
    return this.#executor?.port ?? 0;
  }

  async close(): Promise<void> {
    this.#peers.close();
    await this.#scheduler?.close(0);
    await this.#executor?.close(0);
  }

  async stopExecutor(): Promise<void> {
    await this.#executor?.close(0);
  }

  async describe(sql: string): Promise<StatementDescription> {
    if (sql.startsWith("create ")) return { schema: [], parameterTypes: [], isUpdate: true };
    if (sql === parameterSql) return { schema: schemaOf(parameterTypes), parameterTypes, isUpdate: false };
    if (sql.startsWith("select ")) return { schema: numbersSchema, parameterTypes: [], isUpdate: false };
    const span = { start: 0, end: sql.search(/\s|$/) };
    throw new EngineError("syntax_error", `syntax error at or near "${sql.slice(0, span.end)}"`, { span });
  }

  async execute(
    sql: string,
    parameters: readonly Value[],
    session: Session,
    signal?: AbortSignal,
  ): Promise<StartedQuery> {
    const query = await this.#start(sql, parameters, session);
    if (sql === "select slow") {
      await new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve()));
      await this.cancel(query.queryId);
      throw new EngineError("query_canceled", "cancelled while it was waiting");
    }
    query.state = "finished";
    return query.started;
  }

  async submit(
    sql: string,
    parameters: readonly Value[],
    session: Session,
  ): Promise<{ queryId: string; schema: Schema }> {
    const query = await this.#start(sql, parameters, session);
    return { queryId: query.queryId, schema: query.started.schema };
  }

  async progress(queryId: string): Promise<QueryProgress> {
    const query = this.queries.get(queryId);
    if (query === undefined) throw new EngineError("not_found", `query ${queryId} is not known`);
    const polls = ++query.polls;
    if (query.state === "cancelled") return { state: "cancelled", fraction: 0, started: null, error: null };
    const placed = polls > 3 && !query.endless;
    return {
      state: placed ? "finished" : "running",
      fraction: Math.min(1, polls / 4),
      started: placed ? query.started : null,
      error: null,
    };
  }

  async cancel(queryId: string): Promise<boolean> {
    const query = this.queries.get(queryId);
    if (query === undefined || query.state === "cancelled") return false;
    query.state = "cancelled";
    this.cancelled.push(queryId);
    return true;
  }

  addressOf(executorId: string): { host: string; port: number } | null {
    return executorId === "e1" ? { host: "127.0.0.1", port: this.executorPort } : null;
  }

  async relations(): Promise<{ name: string; type: "TABLE" | "VIEW"; schema: Schema }[]> {
    return [
      { name: "numbers", type: "TABLE", schema: numbersSchema },
      { name: "big_numbers", type: "VIEW", schema: [{ name: "n", type: bigint, nullable: true }] },
    ];
  }

  async #start(sql: string, parameters: readonly Value[], session: Session): Promise<FakeQuery> {
    const { schema, isUpdate } = await this.describe(sql);
    const failure = /^select fail (\w+)$/.exec(sql);
    if (failure !== null) throw failureOf(failure[1] as ErrorCode);
    this.executed.push({ sql, parameters, sessionId: session.sessionId });
    const queryId = `q${this.queries.size + 1}`;
    const partitions = sql === parameterSql ? [[encodeRows(schema, [parameters])]] : isUpdate ? [] : partitionsOf(sql);
    const started: StartedQuery = {
      queryId,
      schema,
      isUpdate,
      ordered: false,
      endpoints: partitions.map((_, task) => ({
        ticket: { jobId: queryId, stageId: 1, task, attempt: 0, partition: 0, executorId: "e1" },
        locations: [{ host: "127.0.0.1", port: this.executorPort }],
      })),
      totalRows: isUpdate ? 0 : partitions.flat().reduce((sum, batch) => sum + batch.rowCount, 0),
      totalBytes: -1,
    };
    const query: FakeQuery = {
      queryId,
      started,
      partitions,
      endless: sql === "select endless",
      broken: sql === "select broken",
      state: "running",
      polls: 0,
    };
    this.queries.set(queryId, query);
    return query;
  }

  #queryOf(ticket: ResultTicket): FakeQuery {
    const query = this.queries.get(ticket.jobId);
    if (query === undefined) throw new EngineError("not_found", `job ${ticket.jobId} is not known here`);
    return query;
  }

  #schemaOf(ticket: ResultTicket): Uint8Array {
    return encodeClientSchema(this.#queryOf(ticket).started.schema);
  }

  async *#read(ticket: ResultTicket, signal: AbortSignal): AsyncGenerator<EncodedBatch> {
    this.executorReads++;
    const query = this.#queryOf(ticket);
    const batches = query.partitions[ticket.task] ?? [];
    for (const batch of batches) yield batch;
    if (query.broken) throw new EngineError("division_by_zero", "division by zero", { span: { start: 7, end: 13 } });
    while (query.endless && !signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      yield batches[0]!;
    }
  }
}

/** An error of each code with all its details. */
export function failureOf(code: ErrorCode): EngineError {
  return new EngineError(code, `it went wrong: ünïcode, 100 % and\nmore (${code})`, {
    span: { start: 7, end: 11 },
    hint: "try again",
    file: "/data/a.parquet",
    fetchFailed: { executorId: "e7", stageId: 0, partition: 3 },
  });
}

function schemaOf(types: Schema[number]["type"][]): Schema {
  return types.map((type, index) => ({ name: `c${index + 1}`, type, nullable: true }));
}

function partitionsOf(sql: string): readonly (readonly EncodedBatch[])[] {
  const [rowCount = 3, partitionCount = 1] = (/^select numbers (\d+) (\d+)$/.exec(sql)?.slice(1) ?? []).map(Number);
  const rowsPerBatch = 1000;
  return Array.from({ length: partitionCount }, (_, partition) => {
    const batches: EncodedBatch[] = [];
    for (let at = 0; at < rowCount; at += rowsPerBatch) {
      const count = Math.min(rowsPerBatch, rowCount - at);
      const rows = Array.from({ length: count }, (_unused, index) => {
        const n = BigInt(partition * rowCount + at + index);
        return [n, n % 7n === 0n ? null : `row ${n}`, n * 25n];
      });
      batches.push(encodeRows(numbersSchema, rows));
    }
    return batches;
  });
}
