import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import koffi from "koffi";
import { EngineError } from "../common/engine-error.ts";

/** A native address or opaque handle. User-space addresses fit 47 bits, so a double holds them exactly. */
export type Address = number;

/** The fields of `duckdb_result`, opaque to us; filled by the execute call and passed back by value or by pointer. */
export type NativeResult = Record<string, number>;

/** Functions of DuckDB's C API that the scan needs. Handles are addresses; an array parameter is an out or in-out handle. */
export type DuckDbLibrary = {
  readonly createConfig: (config: Address[]) => number;
  readonly setConfig: (config: Address, name: string, value: string) => number;
  readonly destroyConfig: (config: Address[]) => void;
  readonly openExtended: (
    path: string | null,
    database: Address[],
    config: Address,
    error: (string | null)[],
  ) => number;
  readonly close: (database: Address[]) => void;
  readonly connect: (database: Address, connection: Address[]) => number;
  readonly disconnect: (connection: Address[]) => void;
  readonly prepare: (connection: Address, sql: string, statement: Address[]) => number;
  readonly prepareError: (statement: Address) => string | null;
  readonly destroyPrepare: (statement: Address[]) => void;
  readonly columnCount: (statement: Address) => number;
  /** Of a prepared statement's column. */
  readonly columnName: (statement: Address, index: number) => string;
  /** Of a prepared statement's column; the type must be destroyed. */
  readonly columnLogicalType: (statement: Address, index: number) => Address;
  readonly typeId: (type: Address) => number;
  readonly decimalWidth: (type: Address) => number;
  readonly decimalScale: (type: Address) => number;
  readonly destroyLogicalType: (type: Address[]) => void;
  readonly executeStreaming: (statement: Address, result: NativeResult) => number;
  readonly resultError: (result: NativeResult) => string | null;
  readonly destroyResult: (result: NativeResult) => void;
  /** 0 at the end and after an error, which `resultError` then tells. */
  readonly fetchChunk: (result: NativeResult) => Address;
  readonly chunkSize: (chunk: Address) => number;
  readonly chunkVector: (chunk: Address, index: number) => Address;
  readonly destroyChunk: (chunk: Address[]) => void;
  readonly vectorData: (vector: Address) => Address;
  /** 0 when no value is NULL. */
  readonly vectorValidity: (vector: Address) => Address;
  readonly memcpy: (target: Address, source: Address, byteSize: number) => Address;
  /** The native address of a typed array's first byte. */
  readonly addressOf: (bytes: Uint8Array) => Address;
};

let loaded: DuckDbLibrary | undefined;

/** Loads libduckdb once per thread. Throws EngineError "internal" when there is no binary for this platform. */
export function loadDuckDb(): DuckDbLibrary {
  return (loaded ??= bind(koffi.load(locateLibrary()), koffi.load(cLibraryName())));
}

/** The binary ships in a package per platform, which npm installs as an optional dependency of @duckdb/node-api. */
function locateLibrary(): string {
  const { platform, arch } = process;
  const fileNames: Readonly<Record<string, string>> = {
    linux: "libduckdb.so",
    darwin: "libduckdb.dylib",
    win32: "duckdb.dll",
  };
  const fileName = fileNames[platform];
  const packageName = `@duckdb/node-bindings-${platform}-${arch}`;
  if (fileName === undefined || (arch !== "x64" && arch !== "arm64")) {
    throw new EngineError(
      "internal",
      `DuckDB has no build for ${platform} on ${arch}, so Parquet files cannot be read here`,
    );
  }
  const fromHere = createRequire(import.meta.url);
  try {
    // Resolved from @duckdb/node-bindings, whose optional dependency the platform package is: it may be nested there.
    const bindings = createRequire(
      createRequire(fromHere.resolve("@duckdb/node-api")).resolve("@duckdb/node-bindings"),
    );
    return join(dirname(bindings.resolve(`${packageName}/package.json`)), fileName);
  } catch (cause) {
    const hint = "install the dependencies with optional ones included (npm ci without --omit=optional)";
    throw new EngineError(
      "internal",
      `the package ${packageName}, which holds DuckDB for this platform, is not installed`,
      { hint },
      cause,
    );
  }
}

function cLibraryName(): string {
  if (process.platform === "win32") return "msvcrt.dll";
  return process.platform === "darwin" ? "libSystem.dylib" : "libc.so.6";
}

function bind(duckdb: ReturnType<typeof koffi.load>, c: ReturnType<typeof koffi.load>): DuckDbLibrary {
  const handle = koffi.type("uint64");
  const handleOut = koffi.out(koffi.pointer(handle));
  const handleInOut = koffi.inout(koffi.pointer(handle));
  // Six words, of which only the last (the C++ result object) has a meaning today.
  const result = koffi.struct({
    word0: handle,
    word1: handle,
    word2: handle,
    word3: handle,
    word4: handle,
    word5: handle,
  });
  const resultPointer = koffi.pointer(result);
  const text = koffi.type("const char *");
  const ownedText = koffi.disposable("char *", duckdb.func("duckdb_free", koffi.type("void"), [koffi.pointer("void")]));
  const int = koffi.type("int");
  const nothing = koffi.type("void");
  const memcpy = c.func("memcpy", handle, [handle, handle, koffi.type("size_t")]);
  const memcpyToArray = c.func("memcpy", handle, [koffi.pointer("void"), handle, koffi.type("size_t")]);
  return {
    createConfig: duckdb.func("duckdb_create_config", int, [handleOut]),
    setConfig: duckdb.func("duckdb_set_config", int, [handle, text, text]),
    destroyConfig: duckdb.func("duckdb_destroy_config", nothing, [handleInOut]),
    openExtended: duckdb.func("duckdb_open_ext", int, [text, handleOut, handle, koffi.out(koffi.pointer("char *"))]),
    close: duckdb.func("duckdb_close", nothing, [handleInOut]),
    connect: duckdb.func("duckdb_connect", int, [handle, handleOut]),
    disconnect: duckdb.func("duckdb_disconnect", nothing, [handleInOut]),
    prepare: duckdb.func("duckdb_prepare", int, [handle, text, handleOut]),
    prepareError: duckdb.func("duckdb_prepare_error", text, [handle]),
    destroyPrepare: duckdb.func("duckdb_destroy_prepare", nothing, [handleInOut]),
    columnCount: duckdb.func("duckdb_prepared_statement_column_count", handle, [handle]),
    columnName: duckdb.func("duckdb_prepared_statement_column_name", ownedText, [handle, handle]),
    columnLogicalType: duckdb.func("duckdb_prepared_statement_column_logical_type", handle, [handle, handle]),
    typeId: duckdb.func("duckdb_get_type_id", int, [handle]),
    decimalWidth: duckdb.func("duckdb_decimal_width", koffi.type("uint8"), [handle]),
    decimalScale: duckdb.func("duckdb_decimal_scale", koffi.type("uint8"), [handle]),
    destroyLogicalType: duckdb.func("duckdb_destroy_logical_type", nothing, [handleInOut]),
    executeStreaming: duckdb.func("duckdb_execute_prepared_streaming", int, [handle, koffi.out(resultPointer)]),
    resultError: duckdb.func("duckdb_result_error", text, [koffi.inout(resultPointer)]),
    destroyResult: duckdb.func("duckdb_destroy_result", nothing, [koffi.inout(resultPointer)]),
    fetchChunk: duckdb.func("duckdb_fetch_chunk", handle, [result]),
    chunkSize: duckdb.func("duckdb_data_chunk_get_size", handle, [handle]),
    chunkVector: duckdb.func("duckdb_data_chunk_get_vector", handle, [handle, handle]),
    destroyChunk: duckdb.func("duckdb_destroy_data_chunk", nothing, [handleInOut]),
    vectorData: duckdb.func("duckdb_vector_get_data", handle, [handle]),
    vectorValidity: duckdb.func("duckdb_vector_get_validity", handle, [handle]),
    memcpy,
    // memcpy gives its target back: copying nothing is the cheapest way to learn where an array lies.
    addressOf: (bytes) => Number(memcpyToArray(bytes, 0, 0)),
  };
}
