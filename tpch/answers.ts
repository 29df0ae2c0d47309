import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  DuckDBInstance,
  DuckDBTypeId,
  type DuckDBConnection,
  type DuckDBType,
  type DuckDBValue,
} from "@duckdb/node-api";
import type { ColumnKind, ExpectedAnswer, TextRow } from "./compare-answer.ts";
import { tpchTables } from "./make-data.ts";
import type { TpchQuery } from "./queries.ts";

const cacheFolder = fileURLToPath(new URL("../.cache/tpch/answers", import.meta.url));
/** How far past a limit the oracle looks for rows that tie with the last one. */
const tieRowsMax = 500;

const exactTypes = [
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.DECIMAL,
];

function kindOf(type: DuckDBType): ColumnKind {
  if (type.typeId === DuckDBTypeId.DOUBLE || type.typeId === DuckDBTypeId.FLOAT) return "approximate";
  return exactTypes.includes(type.typeId) ? "exact" : "text";
}

function textOf(value: DuckDBValue): string | null {
  return value === null ? null : String(value as { toString(): string });
}

/**
 * The right answers, computed by DuckDB from the same files and kept under .cache/ until a query or a file changes.
 * `close` lets go of DuckDB.
 */
export class TpchAnswers {
  readonly #dataFolder: string;
  #connection: DuckDBConnection | undefined;

  constructor(dataFolder: string) {
    this.#dataFolder = dataFolder;
  }

  async expected(query: TpchQuery): Promise<ExpectedAnswer> {
    const file = `${cacheFolder}/${query.name}-${this.#keyOf(query)}.json`;
    if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as ExpectedAnswer;
    const answer = await this.#compute(query);
    mkdirSync(cacheFolder, { recursive: true });
    writeFileSync(file, JSON.stringify(answer));
    return answer;
  }

  close(): void {
    this.#connection?.closeSync();
    this.#connection = undefined;
  }

  #keyOf(query: TpchQuery): string {
    const hash = createHash("sha256").update(query.sql).update(JSON.stringify(query.orderColumns));
    for (const table of tpchTables) {
      const { size, mtimeMs } = statSync(`${this.#dataFolder}/${table}/${table}.parquet`);
      hash.update(`${table} ${size} ${mtimeMs}`);
    }
    return hash.digest("hex").slice(0, 16);
  }

  async #connect(): Promise<DuckDBConnection> {
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    for (const table of tpchTables) {
      const files = `${this.#dataFolder}/${table}/*.parquet`.replaceAll("'", "''");
      await connection.run(`create view ${table} as select * from read_parquet('${files}')`);
    }
    return connection;
  }

  async #compute(query: TpchQuery): Promise<ExpectedAnswer> {
    this.#connection ??= await this.#connect();
    const sql = query.limit === undefined ? query.sql : query.sql.replace(/\d+$/, String(query.limit + tieRowsMax));
    const reader = await this.#connection.runAndReadAll(sql);
    const columns = reader.columnNames().map((name, index) => ({ name, kind: kindOf(reader.columnType(index)) }));
    const rows: TextRow[] = reader.getRows().map((row) => row.map(textOf));
    return { columns, rows, orderColumns: query.orderColumns, limit: query.limit };
  }
}
