import { DuckDBInstance, type DuckDBConnection, type DuckDBValue } from "@duckdb/node-api";
import { ensureTpchData, tpchTables } from "../../tpch/make-data.ts";
import type { SqlEngine, SqlResult } from "./sql-engine.ts";

/** The oracle: DuckDB over the TPC-H sample, set to do as PostgreSQL does where it has a setting for it. */
export class DuckDbEngine implements SqlEngine {
  readonly name = "duckdb";
  readonly #connection: DuckDBConnection;

  private constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  static async start(): Promise<DuckDbEngine> {
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    await connection.run("set integer_division = true");
    await connection.run("set default_null_order = 'nulls_last_on_asc_first_on_desc'");
    await connection.run("set timezone = 'UTC'");
    for (const table of tpchTables) {
      await connection.run(
        `create view ${table} as select * from read_parquet('${ensureTpchData(0.01)}/${table}/*.parquet')`,
      );
    }
    return new DuckDbEngine(connection);
  }

  async run(sql: string): Promise<SqlResult> {
    const reader = await this.#connection.runAndReadAll(sql);
    return { columns: reader.columnNames(), rows: reader.getRows().map((row) => row.map(textOf)) };
  }

  close(): Promise<void> {
    this.#connection.closeSync();
    return Promise.resolve();
  }
}

function textOf(value: DuckDBValue): string | null {
  return value === null ? null : String(value as { toString(): string });
}
