import { EngineError } from "../common/engine-error.ts";
import { type Address, type DuckDbLibrary, type NativeResult, loadDuckDb } from "./native-library.ts";

/** The one DuckDB instance of a process. `handle` is an address: pass it to worker threads as it is. */
export type DuckDatabase = { readonly handle: Address; close(): void };

export type DuckDatabaseOptions = {
  /** For decoding buffers and cached footers, over all slots. */
  readonly memoryBytesMax?: number;
};

const defaultMemoryBytesMax = 1024 ** 3;

/**
 * Opens an in-memory database that decodes Parquet and does nothing else. Call once per process, and `close` after
 * every ParquetTableSource on it is closed.
 */
export function openDuckDatabase(options: DuckDatabaseOptions = {}): DuckDatabase {
  const library = loadDuckDb();
  const config: Address[] = [0];
  const database: Address[] = [0];
  const error: (string | null)[] = [null];
  try {
    if (library.createConfig(config) !== 0) throw new EngineError("internal", "DuckDB cannot make a configuration");
    for (const [name, value] of settings(options.memoryBytesMax ?? defaultMemoryBytesMax)) {
      if (library.setConfig(config[0]!, name, value) !== 0)
        throw new EngineError("internal", `DuckDB does not take ${name} = ${value}`);
    }
    if (library.openExtended(null, database, config[0]!, error) !== 0) {
      throw new EngineError("internal", `DuckDB does not start: ${error[0] ?? "no reason given"}`);
    }
  } finally {
    library.destroyConfig(config);
  }
  try {
    runStatements(library, database[0]!);
  } catch (thrown) {
    library.close(database);
    throw thrown;
  }
  let open = true;
  return {
    handle: database[0]!,
    close() {
      if (open) library.close(database);
      open = false;
    },
  };
}

function settings(memoryBytesMax: number): readonly (readonly [string, string])[] {
  return [
    // The thread that fetches does all the work: a slot is a thread, and DuckDB adds none of its own.
    ["threads", "1"],
    ["memory_limit", `${Math.ceil(memoryBytesMax / 1024)}KiB`],
    // A scan has nothing to spill.
    ["temp_directory", ""],
    // No code and no bytes from the network.
    ["autoinstall_known_extensions", "false"],
    ["autoload_known_extensions", "false"],
    ["allow_community_extensions", "false"],
  ];
}

/** Settings of the Parquet reader exist only once the database is open. */
const statementsAfterOpening = [
  // Footers are read once, not once per split; DuckDB checks the file's time of change.
  "SET GLOBAL parquet_metadata_cache = true",
  // The operating system's cache holds the files already: a copy of their pages here costs time and memory.
  "SET GLOBAL enable_external_file_cache = false",
  // Casts between timestamps with and without a zone must not depend on where the process runs.
  "SET GLOBAL TimeZone = 'UTC'",
  "SET GLOBAL lock_configuration = true",
];

function runStatements(library: DuckDbLibrary, database: Address): void {
  const connection: Address[] = [0];
  if (library.connect(database, connection) !== 0) throw new EngineError("internal", "DuckDB does not connect");
  try {
    for (const sql of statementsAfterOpening) runStatement(library, connection[0]!, sql);
  } finally {
    library.disconnect(connection);
  }
}

function runStatement(library: DuckDbLibrary, connection: Address, sql: string): void {
  const statement: Address[] = [0];
  const result: NativeResult = {};
  try {
    if (library.prepare(connection, sql, statement) !== 0) {
      throw new EngineError("internal", `DuckDB does not take ${sql}: ${library.prepareError(statement[0]!)}`);
    }
    const failed = library.executeStreaming(statement[0]!, result) !== 0;
    const message = failed ? library.resultError(result) : null;
    library.destroyResult(result);
    if (failed) throw new EngineError("internal", `DuckDB does not take ${sql}: ${message}`);
  } finally {
    library.destroyPrepare(statement);
  }
}
