import { readFileSync } from "node:fs";
import { simpleType, type DataType, type SimpleKind } from "../../arrow/data-type.ts";
import { canCast } from "../../expr/cast-value.ts";
import { functionNames } from "../../expr/function-registry.ts";
import type { SqlInfoEntry, SqlInfoValue } from "../../flight/nested-tables.ts";
import { SqlInfo, SqlSupportsConvert } from "../../gen/protos.ts";
import { preparedIdleMsMax } from "./prepared-statements.ts";
import { keywords } from "./keywords.ts";

type Manifest = { readonly version: string; readonly dependencies: Readonly<Record<string, string>> };

const manifest = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as Manifest;

const text = (value: string): SqlInfoValue => ({ kind: "text", value });
const bool = (value: boolean): SqlInfoValue => ({ kind: "bool", value });
const int32 = (value: number): SqlInfoValue => ({ kind: "int32", value });
const texts = (value: readonly string[]): SqlInfoValue => ({ kind: "texts", value });
/** Limits and the isolation level are 64-bit: JDBC casts them so, whatever the protocol's text says of some. */
const int64 = (value: number): SqlInfoValue => ({ kind: "int64", value: BigInt(value) });
const noLimit = int64(0);

/** A set of enum members, as a bit mask. */
const bits = (...members: readonly number[]): SqlInfoValue =>
  int32(members.reduce((mask, member) => mask | (1 << member), 0));

const functionGroups = groupFunctions(functionNames());

/** What CommandGetSqlInfo answers, by id. Drivers fail on missing ids or a wrong branch of the union, so all are here. */
export const sqlInfo: readonly SqlInfoEntry[] = (
  [
    ["FLIGHT_SQL_SERVER_NAME", text("Onager")],
    ["FLIGHT_SQL_SERVER_VERSION", text(manifest.version)],
    ["FLIGHT_SQL_SERVER_ARROW_VERSION", text(manifest.dependencies["apache-arrow"] ?? "")],
    ["FLIGHT_SQL_SERVER_READ_ONLY", bool(false)],
    ["FLIGHT_SQL_SERVER_SQL", bool(true)],
    ["FLIGHT_SQL_SERVER_SUBSTRAIT", bool(false)],
    ["FLIGHT_SQL_SERVER_SUBSTRAIT_MIN_VERSION", text("")],
    ["FLIGHT_SQL_SERVER_SUBSTRAIT_MAX_VERSION", text("")],
    ["FLIGHT_SQL_SERVER_TRANSACTION", int32(0)],
    ["FLIGHT_SQL_SERVER_CANCEL", bool(true)],
    ["FLIGHT_SQL_SERVER_BULK_INGESTION", bool(false)],
    ["FLIGHT_SQL_SERVER_INGEST_TRANSACTIONS_SUPPORTED", bool(false)],
    ["FLIGHT_SQL_SERVER_STATEMENT_TIMEOUT", int32(preparedIdleMsMax)],
    ["FLIGHT_SQL_SERVER_TRANSACTION_TIMEOUT", int32(0)],
    ["SQL_DDL_CATALOG", bool(false)],
    ["SQL_DDL_SCHEMA", bool(false)],
    ["SQL_DDL_TABLE", bool(false)],
    // Unquoted identifiers are folded to lower case; quoted ones are kept, which the protocol has no word for.
    ["SQL_IDENTIFIER_CASE", int32(3)],
    ["SQL_IDENTIFIER_QUOTE_CHAR", text('"')],
    ["SQL_QUOTED_IDENTIFIER_CASE", int32(0)],
    ["SQL_ALL_TABLES_ARE_SELECTABLE", bool(true)],
    // NULLs sort as larger than all values.
    ["SQL_NULL_ORDERING", int32(0)],
    ["SQL_KEYWORDS", texts(keywords)],
    ["SQL_NUMERIC_FUNCTIONS", texts(functionGroups.numeric)],
    ["SQL_STRING_FUNCTIONS", texts(functionGroups.string)],
    ["SQL_SYSTEM_FUNCTIONS", texts(functionGroups.system)],
    ["SQL_DATETIME_FUNCTIONS", texts(functionGroups.datetime)],
    ["SQL_SEARCH_STRING_ESCAPE", text("\\")],
    ["SQL_EXTRA_NAME_CHARACTERS", text("$")],
    ["SQL_SUPPORTS_COLUMN_ALIASING", bool(true)],
    ["SQL_NULL_PLUS_NULL_IS_NULL", bool(true)],
    ["SQL_SUPPORTS_CONVERT", { kind: "conversions", value: conversions() }],
    ["SQL_SUPPORTS_TABLE_CORRELATION_NAMES", bool(true)],
    ["SQL_SUPPORTS_DIFFERENT_TABLE_CORRELATION_NAMES", bool(false)],
    ["SQL_SUPPORTS_EXPRESSIONS_IN_ORDER_BY", bool(true)],
    ["SQL_SUPPORTS_ORDER_BY_UNRELATED", bool(true)],
    ["SQL_SUPPORTED_GROUP_BY", bits(0, 1)],
    ["SQL_SUPPORTS_LIKE_ESCAPE_CLAUSE", bool(true)],
    ["SQL_SUPPORTS_NON_NULLABLE_COLUMNS", bool(false)],
    ["SQL_SUPPORTED_GRAMMAR", bits(0, 1)],
    ["SQL_ANSI92_SUPPORTED_LEVEL", bits(0)],
    ["SQL_SUPPORTS_INTEGRITY_ENHANCEMENT_FACILITY", bool(false)],
    // The protocol's text says ordinal, but JDBC and ODBC both read a bit mask: limited and full outer joins.
    ["SQL_OUTER_JOINS_SUPPORT_LEVEL", bits(1, 2)],
    ["SQL_SCHEMA_TERM", text("schema")],
    ["SQL_PROCEDURE_TERM", text("procedure")],
    ["SQL_CATALOG_TERM", text("catalog")],
    ["SQL_CATALOG_AT_START", bool(true)],
    ["SQL_SCHEMAS_SUPPORTED_ACTIONS", bits()],
    ["SQL_CATALOGS_SUPPORTED_ACTIONS", bits()],
    ["SQL_SUPPORTED_POSITIONED_COMMANDS", bits()],
    ["SQL_SELECT_FOR_UPDATE_SUPPORTED", bool(false)],
    ["SQL_STORED_PROCEDURES_SUPPORTED", bool(false)],
    ["SQL_SUPPORTED_SUBQUERIES", bits(0, 1, 2, 3)],
    ["SQL_CORRELATED_SUBQUERIES_SUPPORTED", bool(true)],
    ["SQL_SUPPORTED_UNIONS", bits(0, 1)],
    ["SQL_MAX_BINARY_LITERAL_LENGTH", noLimit],
    ["SQL_MAX_CHAR_LITERAL_LENGTH", noLimit],
    ["SQL_MAX_COLUMN_NAME_LENGTH", noLimit],
    ["SQL_MAX_COLUMNS_IN_GROUP_BY", noLimit],
    ["SQL_MAX_COLUMNS_IN_INDEX", noLimit],
    ["SQL_MAX_COLUMNS_IN_ORDER_BY", noLimit],
    ["SQL_MAX_COLUMNS_IN_SELECT", noLimit],
    ["SQL_MAX_COLUMNS_IN_TABLE", noLimit],
    ["SQL_MAX_CONNECTIONS", noLimit],
    ["SQL_MAX_CURSOR_NAME_LENGTH", noLimit],
    ["SQL_MAX_INDEX_LENGTH", noLimit],
    ["SQL_DB_SCHEMA_NAME_LENGTH", noLimit],
    ["SQL_MAX_PROCEDURE_NAME_LENGTH", noLimit],
    ["SQL_MAX_CATALOG_NAME_LENGTH", noLimit],
    ["SQL_MAX_ROW_SIZE", noLimit],
    ["SQL_MAX_ROW_SIZE_INCLUDES_BLOBS", bool(true)],
    ["SQL_MAX_STATEMENT_LENGTH", noLimit],
    ["SQL_MAX_STATEMENTS", noLimit],
    ["SQL_MAX_TABLE_NAME_LENGTH", noLimit],
    ["SQL_MAX_TABLES_IN_SELECT", noLimit],
    ["SQL_MAX_USERNAME_LENGTH", noLimit],
    ["SQL_DEFAULT_TRANSACTION_ISOLATION", int64(0)],
    ["SQL_TRANSACTIONS_SUPPORTED", bool(false)],
    ["SQL_SUPPORTED_TRANSACTIONS_ISOLATION_LEVELS", bits(0)],
    ["SQL_DATA_DEFINITION_CAUSES_TRANSACTION_COMMIT", bool(false)],
    ["SQL_DATA_DEFINITIONS_IN_TRANSACTIONS_IGNORED", bool(false)],
    ["SQL_SUPPORTED_RESULT_SET_TYPES", bits(1)],
    ["SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_UNSPECIFIED", bits()],
    ["SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_FORWARD_ONLY", bits(1)],
    ["SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_SCROLL_SENSITIVE", bits()],
    ["SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_SCROLL_INSENSITIVE", bits()],
    ["SQL_BATCH_UPDATES_SUPPORTED", bool(false)],
    ["SQL_SAVEPOINTS_SUPPORTED", bool(false)],
    ["SQL_NAMED_PARAMETERS_SUPPORTED", bool(false)],
    ["SQL_LOCATORS_UPDATE_COPY", bool(false)],
    ["SQL_STORED_FUNCTIONS_USING_CALL_SYNTAX_SUPPORTED", bool(false)],
  ] satisfies readonly (readonly [keyof typeof SqlInfo, SqlInfoValue])[]
).map(([name, info]) => ({ id: SqlInfo[name], info }));

type FunctionGroups = Readonly<Record<"numeric" | "string" | "datetime" | "system", readonly string[]>>;

/** Sorts the registry's functions into the groups that drivers ask for; operators have no place there. */
function groupFunctions(names: readonly string[]): FunctionGroups {
  const numeric =
    /^(abs|ceil|ceiling|floor|round|trunc|sign|sqrt|cbrt|exp|ln|log|log\d+|power|pow|mod|div|pi|radians|degrees|a?(sin|cos|tan)h?|atan2|cot|random|gcd|lcm|greatest|least|width_bucket)$/;
  const datetime = /date|time|now|extract|interval|^(year|month|day|hour|minute|second|quarter|week|age|make_.*)$/;
  const system = /^(coalesce|nullif|version|current_(user|schema|database|catalog)|user|if|ifnull|nvl|pg_.*)$/;
  const functions = [...new Set(names)].filter((name) => /^[a-z][a-z0-9_]*$/.test(name)).sort();
  const groupOf = (name: string): keyof FunctionGroups =>
    numeric.test(name) ? "numeric" : datetime.test(name) ? "datetime" : system.test(name) ? "system" : "string";
  const only = (group: keyof FunctionGroups): readonly string[] => functions.filter((name) => groupOf(name) === group);
  return { numeric: only("numeric"), string: only("string"), datetime: only("datetime"), system: only("system") };
}

/** Which casts exist, between the types that the protocol has a name for. */
function conversions(): ReadonlyMap<number, readonly number[]> {
  const kinds: readonly (readonly [keyof typeof SqlSupportsConvert, SimpleKind | "decimal"])[] = [
    ["SQL_CONVERT_BIGINT", "int64"],
    ["SQL_CONVERT_BIT", "bool"],
    ["SQL_CONVERT_DATE", "date"],
    ["SQL_CONVERT_DECIMAL", "decimal"],
    ["SQL_CONVERT_FLOAT", "float64"],
    ["SQL_CONVERT_INTEGER", "int32"],
    ["SQL_CONVERT_NUMERIC", "decimal"],
    ["SQL_CONVERT_REAL", "float32"],
    ["SQL_CONVERT_SMALLINT", "int16"],
    ["SQL_CONVERT_TIME", "time"],
    ["SQL_CONVERT_TIMESTAMP", "timestamp"],
    ["SQL_CONVERT_TINYINT", "int8"],
    ["SQL_CONVERT_VARBINARY", "binary"],
    ["SQL_CONVERT_VARCHAR", "utf8"],
  ];
  const typeOf = (kind: SimpleKind | "decimal"): DataType =>
    kind === "decimal" ? { kind, precision: 38, scale: 0, bits: 128 } : simpleType(kind);
  return new Map(
    kinds.map(([from, fromKind]) => [
      SqlSupportsConvert[from],
      kinds
        .filter(([to, toKind]) => to !== from && canCast(typeOf(fromKind), typeOf(toKind)))
        .map(([to]) => SqlSupportsConvert[to]),
    ]),
  );
}
