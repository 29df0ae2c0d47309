import type { Schema } from "../arrow/schema.ts";
import { EngineError } from "../common/engine-error.ts";
import type { ScanRequest } from "../operator/operator.ts";
import type { ScanSplit } from "../stage/stage.ts";
import { type ColumnReading, planColumnReadings } from "./column-reading.ts";
import type { Address, DuckDbLibrary, NativeResult } from "./native-library.ts";
import { predicateToSql, quoteIdentifier, quoteText, sqlTypeName } from "./predicate-sql.ts";
import { scanError } from "./scan-error.ts";

/**
 * DuckDB's chunks of one split, in the file's order. Owns a connection, since a connection carries one stream only and
 * costs ten microseconds. `close` always, also after an error.
 */
export class ChunkStream {
  readonly readings: readonly ColumnReading[];
  readonly #library: DuckDbLibrary;
  readonly #path: string;
  readonly #connection: Address[] = [0];
  readonly #statement: Address[] = [0];
  readonly #chunk: Address[] = [0];
  #result: NativeResult | undefined;

  constructor(library: DuckDbLibrary, database: Address, request: ScanRequest, split: ScanSplit) {
    this.#library = library;
    this.#path = split.path;
    try {
      if (library.connect(database, this.#connection) !== 0)
        throw new EngineError("internal", "DuckDB does not connect");
      this.readings = this.#prepareReading(request, split);
      const result: NativeResult = {};
      const failed = library.executeStreaming(this.#statement[0]!, result) !== 0;
      this.#result = result;
      if (failed) throw scanError(split.path, library.resultError(result));
    } catch (thrown) {
      this.close();
      throw thrown;
    }
  }

  /** The next chunk that has rows, valid until the next call; 0 at the end. */
  next(): Address {
    this.#releaseChunk();
    for (;;) {
      const chunk = this.#library.fetchChunk(this.#result!);
      if (chunk === 0) {
        const error = this.#library.resultError(this.#result!);
        if (error !== null && error !== "") throw scanError(this.#path, error);
        return 0;
      }
      this.#chunk[0] = chunk;
      if (this.#library.chunkSize(chunk) > 0) return chunk;
      this.#releaseChunk();
    }
  }

  close(): void {
    this.#releaseChunk();
    if (this.#result !== undefined) this.#library.destroyResult(this.#result);
    this.#result = undefined;
    if (this.#statement[0] !== 0) this.#library.destroyPrepare(this.#statement);
    this.#statement[0] = 0;
    if (this.#connection[0] !== 0) this.#library.disconnect(this.#connection);
    this.#connection[0] = 0;
  }

  #releaseChunk(): void {
    if (this.#chunk[0] !== 0) this.#library.destroyChunk(this.#chunk);
    this.#chunk[0] = 0;
  }

  /**
   * Prepares the SELECT of all columns, which tells the file's types; and once more where types need casts or columns are
   * only compared. Gives the readings of the columns that the last one puts out.
   */
  #prepareReading(request: ScanRequest, split: ScanSplit): readonly ColumnReading[] {
    const all = request.columns.map((name, index) => ({ name, field: request.schema[index]! }));
    const noCasts = all.map(() => false);
    const everywhere = all.map((_, index) => index);
    this.#prepare(selectText(request, split, everywhere, noCasts));
    const readings = planColumnReadings(this.#library, this.#statement[0]!, all, split.path);
    const positions = readPositions(request);
    const casts = readings.map(({ kind }) => kind === "cast");
    if (positions.length === all.length && !casts.includes(true)) return readings;
    this.#library.destroyPrepare(this.#statement);
    this.#prepare(selectText(request, split, positions, casts));
    const read = positions.map((index) => all[index]!);
    return planColumnReadings(this.#library, this.#statement[0]!, read, split.path);
  }

  #prepare(sql: string): void {
    if (this.#library.prepare(this.#connection[0]!, sql, this.#statement) === 0) return;
    throw scanError(this.#path, this.#library.prepareError(this.#statement[0]!));
  }
}

/** Schema positions of the columns that DuckDB puts out, ascending: at least one, since a chunk without columns has no rows to count. */
export function readPositions({ columns, read }: ScanRequest): readonly number[] {
  const positions = columns.map((_, index) => index);
  if (read === undefined) return positions;
  const kept = positions.filter((index) => read.has(index));
  return kept.length > 0 ? kept : positions.slice(0, 1);
}

/** The one SELECT that DuckDB gets. Cast columns are cast below the predicate, which means the table's types. */
function selectText(
  request: ScanRequest,
  split: ScanSplit,
  positions: readonly number[],
  castColumns: readonly boolean[],
): string {
  const source = `read_parquet(${quoteText(split.path)}, file_row_number = true, hive_partitioning = false)`;
  const range = `file_row_number BETWEEN ${split.firstRow} AND ${split.lastRow}`;
  const where = request.pushed === null ? range : `${range} AND ${predicateToSql(request.pushed, request.columns)}`;
  const names = request.columns.map(quoteIdentifier);
  const output = positions.map((index) => names[index]!).join(", ");
  if (!castColumns.includes(true)) return `SELECT ${output} FROM ${source} WHERE ${where}`;
  const columns = [...new Set(castedColumns(request.schema, names, castColumns))];
  return `SELECT ${output} FROM (SELECT ${columns.join(", ")}, file_row_number FROM ${source}) WHERE ${where}`;
}

function castedColumns(schema: Schema, names: readonly string[], castColumns: readonly boolean[]): readonly string[] {
  return names.map((name, index) =>
    castColumns[index] ? `CAST(${name} AS ${sqlTypeName(schema[index]!.type)}) AS ${name}` : name,
  );
}
