import type { DataType } from "../arrow/data-type.ts";
import type { Interval, Value } from "../arrow/value.ts";
import { assert, unreachable } from "../common/assert.ts";
import type { Expression } from "../expr/expression.ts";

const operators = new Map([
  ["eq", "="],
  ["ne", "<>"],
  ["lt", "<"],
  ["le", "<="],
  ["gt", ">"],
  ["ge", ">="],
  ["is_distinct_from", "IS DISTINCT FROM"],
  ["is_not_distinct_from", "IS NOT DISTINCT FROM"],
]);

/**
 * A pushed predicate as DuckDB's SQL. Takes the forms that PhysicalScan allows: comparisons of columns and constants,
 * IN lists, IS [NOT] NULL, bare booleans, NOT, and AND / OR of them. Anything else is the planner's bug.
 */
export function predicateToSql(predicate: Expression, columns: readonly string[]): string {
  switch (predicate.kind) {
    case "and":
    case "or":
      assert(predicate.args.length > 0, "a pushed AND or OR has arguments");
      return `(${predicate.args.map((arg) => predicateToSql(arg, columns)).join(predicate.kind === "and" ? " AND " : " OR ")})`;
    case "in_list": {
      const { type } = operandType(predicate.arg);
      if (predicate.values.length === 0) return "FALSE";
      const values = predicate.values.map((value) => listedToSql(type, value));
      return `(${operandToSql(predicate.arg, columns)} IN (${values.join(", ")}))`;
    }
    case "call":
      return callToSql(predicate.name, predicate.args, columns);
    case "input":
    case "literal":
      return operandToSql(predicate, columns);
    default:
      assert(false, `a scan cannot evaluate a pushed ${predicate.kind}`);
  }
}

function callToSql(name: string, args: readonly Expression[], columns: readonly string[]): string {
  const operator = operators.get(name);
  const [first, second] = args;
  if (operator !== undefined && first !== undefined && second !== undefined) {
    return `(${operandToSql(first, columns)} ${operator} ${operandToSql(second, columns)})`;
  }
  assert(first !== undefined && second === undefined, `a scan cannot evaluate a pushed ${name}`);
  if (name === "is_null") return `(${operandToSql(first, columns)} IS NULL)`;
  if (name === "is_not_null") return `(${operandToSql(first, columns)} IS NOT NULL)`;
  assert(name === "not", `a scan cannot evaluate a pushed ${name}`);
  return `(NOT ${predicateToSql(first, columns)})`;
}

function operandType(expression: Expression): { readonly type: DataType } {
  assert(
    expression.kind === "input" || expression.kind === "literal",
    `a scan cannot evaluate a pushed ${expression.kind}`,
  );
  return expression;
}

function operandToSql(expression: Expression, columns: readonly string[]): string {
  if (expression.kind === "literal") return literalToSql(expression.type, expression.value);
  assert(expression.kind === "input", `a scan cannot evaluate a pushed ${expression.kind}`);
  const column = columns[expression.index];
  assert(column !== undefined, `a pushed predicate names column ${expression.index} of ${columns.length}`);
  return quoteIdentifier(column);
}

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A NUL byte would end the statement's text, so it becomes a call that DuckDB folds. */
export function quoteText(text: string): string {
  const parts = text.split("\0").map((part) => `'${part.replaceAll("'", "''")}'`);
  return parts.length === 1 ? parts[0]! : `(${parts.join(" || chr(0) || ")})`;
}

const wholeNumbers: ReadonlySet<string> = new Set(["int8", "int16", "int32", "int64"]);

/** In a list, integers go without a cast, since they compare alike whatever type DuckDB gives them: 1,500 casts take it 6 ms more. */
function listedToSql(type: DataType, value: Value): string {
  return value !== null && wholeNumbers.has(type.kind)
    ? (value as number | bigint).toString()
    : literalToSql(type, value);
}

/** A constant of exactly this type: DuckDB must not choose one by the look of the number. */
export function literalToSql(type: DataType, value: Value): string {
  if (value === null) return `CAST(NULL AS ${sqlTypeName(type)})`;
  switch (type.kind) {
    case "null":
      return assert(false, "an unknown literal is not NULL") as never;
    case "bool":
      return value === true ? "TRUE" : "FALSE";
    case "utf8":
      return quoteText(value as string);
    case "binary":
      return `'${[...(value as Uint8Array)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")}'::BLOB`;
    case "date":
      return `(DATE '1970-01-01' + CAST('${value as number}' AS INTEGER))`;
    case "time":
      return `CAST('${timeText(value as bigint)}' AS TIME)`;
    case "timestamp":
      return `make_timestamp(CAST('${value as bigint}' AS BIGINT))`;
    case "timestamptz":
      // The session's zone is UTC (duck-database.ts), so this cast keeps the instant.
      return `CAST(make_timestamp(CAST('${value as bigint}' AS BIGINT)) AS TIMESTAMPTZ)`;
    case "interval": {
      const { months, days, micros } = value as Interval;
      return `(to_months(${months}) + to_days(${days}) + to_microseconds(CAST('${micros}' AS BIGINT)))`;
    }
    case "decimal":
      return `CAST('${decimalText(value as bigint, type.scale)}' AS ${sqlTypeName(type)})`;
    default:
      return `CAST('${(value as number | bigint).toString()}' AS ${sqlTypeName(type)})`;
  }
}

function decimalText(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, "0");
  const sign = unscaled < 0n ? "-" : "";
  return scale === 0 ? `${sign}${digits}` : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function timeText(micros: bigint): string {
  const part = (unit: bigint, modulus: bigint, width: number): string =>
    String((micros / unit) % modulus).padStart(width, "0");
  const hours = String(micros / 3_600_000_000n).padStart(2, "0");
  return `${hours}:${part(60_000_000n, 60n, 2)}:${part(1_000_000n, 60n, 2)}.${part(1n, 1_000_000n, 6)}`;
}

/** DuckDB's name of a type. */
export function sqlTypeName(type: DataType): string {
  switch (type.kind) {
    case "null":
      return "INTEGER";
    case "bool":
      return "BOOLEAN";
    case "int8":
      return "TINYINT";
    case "int16":
      return "SMALLINT";
    case "int32":
      return "INTEGER";
    case "int64":
      return "BIGINT";
    case "uint8":
      return "UTINYINT";
    case "uint16":
      return "USMALLINT";
    case "uint32":
      return "UINTEGER";
    case "uint64":
      return "UBIGINT";
    case "float32":
      return "FLOAT";
    case "float64":
      return "DOUBLE";
    case "date":
      return "DATE";
    case "time":
      return "TIME";
    case "timestamp":
      return "TIMESTAMP";
    case "timestamptz":
      return "TIMESTAMPTZ";
    case "interval":
      return "INTERVAL";
    case "utf8":
      return "VARCHAR";
    case "binary":
      return "BLOB";
    case "decimal":
      return `DECIMAL(${type.precision}, ${type.scale})`;
    default:
      return unreachable(type, "type");
  }
}
