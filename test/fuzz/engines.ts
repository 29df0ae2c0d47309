import { tmpdir } from "node:os";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { checkOptions } from "../../src/cli/options.ts";
import { startStandalone, type Standalone } from "../../src/cli/start-standalone.ts";
import { silentLogger } from "../../src/common/logger.ts";
import { FlightSqlClient } from "../../src/flight/flight-sql-client.ts";
import { canonicalOfDuck, canonicalOfOurs, type Cell } from "./canonical-value.ts";
import { ensureFuzzTables, fuzzTables } from "./fuzz-tables.ts";

export type Rows = readonly (readonly Cell[])[];

type Variant = {
  readonly name: string;
  readonly settings: Readonly<Record<string, number>>;
  /** On a node with so little memory that operators go to disk; some queries do not fit at all. */
  readonly isTight?: true;
};

/** How one session of ours is set. */
export const variants: readonly Variant[] = [
  { name: "one partition", settings: { target_partitions: 1 } },
  { name: "two partitions", settings: { target_partitions: 2, small_query_bytes_max: 0, broadcast_bytes_max: 0 } },
  { name: "eight partitions", settings: { target_partitions: 8, small_query_bytes_max: 0 } },
  {
    name: "little memory",
    settings: { target_partitions: 1, small_query_bytes_max: 0, broadcast_bytes_max: 0 },
    isTight: true,
  },
];

const statementTimeoutMs = 60_000;
const triedRowsMax = 100_000;
const tightMemoryBytes = 9 * 1024 ** 2;

/** Ours in this process, with freed memory overwritten so that its use shows, and one session for each variant. */
export class OnagerUnderTest {
  readonly #nodes: readonly Standalone[];
  readonly #sessions: readonly FlightSqlClient[];

  private constructor(nodes: readonly Standalone[], sessions: readonly FlightSqlClient[]) {
    this.#nodes = nodes;
    this.#sessions = sessions;
  }

  static async start(): Promise<OnagerUnderTest> {
    const roomy = await startNode("roomy");
    const tight = await startNode("tight", tightMemoryBytes);
    const sessions: FlightSqlClient[] = [];
    for (const { settings, isTight } of variants) {
      const node = isTight === true ? tight : roomy;
      const session = await FlightSqlClient.connect(`grpc://${node.host}:${node.port}`);
      for (const [name, value] of Object.entries({ ...settings, statement_timeout: statementTimeoutMs })) {
        await drain(session, `set ${name} = ${value}`);
      }
      sessions.push(session);
    }
    return new OnagerUnderTest([roomy, tight], sessions);
  }

  async run(sql: string, variant: number): Promise<Rows> {
    return drain(this.#sessions[variant]!, sql);
  }

  /**
   * Runs a text whose rows nobody compares, and leaves after many of them: what a damaged join multiplies its tables into
   * would not fit this process.
   */
  async tryOut(sql: string, variant: number): Promise<void> {
    const { rows } = await this.#sessions[variant]!.query(sql);
    let count = 0;
    for await (const row of rows) {
      if (row.length > 0) count++;
      if (count === triedRowsMax) break;
    }
  }

  async close(): Promise<void> {
    for (const session of this.#sessions) await session.close();
    for (const node of this.#nodes) await node.close(1000);
  }
}

async function startNode(name: string, memoryBytes?: number): Promise<Standalone> {
  const options = checkOptions(
    {
      port: "0",
      "data-dir": [await ensureFuzzTables()],
      slots: memoryBytes === undefined ? "2" : "1",
      memory: "512MB",
      disk: "4GB",
      "work-dir": `${tmpdir()}/onager-fuzz-${process.pid}/${name}`,
      state: "memory",
    },
    { port: 0 },
  );
  return startStandalone({ ...options, memoryBytes: memoryBytes ?? options.memoryBytes }, silentLogger, true);
}

async function drain(session: FlightSqlClient, sql: string): Promise<Rows> {
  const { schema, rows } = await session.query(sql);
  const cells: Cell[][] = [];
  for await (const row of rows) cells.push(row.map((value, index) => canonicalOfOurs(schema[index]!.type, value)));
  return cells;
}

/** DuckDB over the same files, set to do as PostgreSQL does where it has a setting for it. */
export class Oracle {
  readonly #connection: DuckDBConnection;

  private constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  static async start(): Promise<Oracle> {
    const folder = await ensureFuzzTables();
    const instance = await DuckDBInstance.create(":memory:", { threads: "1", memory_limit: "2GB" });
    const connection = await instance.connect();
    for (const setting of [
      "integer_division = true",
      "default_null_order = 'nulls_last_on_asc_first_on_desc'",
      "timezone = 'UTC'",
    ]) {
      await connection.run(`set ${setting}`);
    }
    for (const { name } of fuzzTables) {
      await connection.run(`create table "${name}" as select * from read_parquet('${folder}/${name}/*.parquet')`);
    }
    return new Oracle(connection);
  }

  async run(sql: string): Promise<Rows> {
    const timer = setTimeout(() => this.#connection.interrupt(), statementTimeoutMs);
    try {
      const reader = await this.#connection.runAndReadAll(sql);
      const types = reader.columnTypes();
      return reader.getRows().map((row) => row.map((value, index) => canonicalOfDuck(types[index]!, value)));
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.#connection.closeSync();
  }
}
