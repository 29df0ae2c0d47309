import {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBIntervalValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  DuckDBTypeId,
  type DuckDBType,
  type DuckDBValue,
} from "@duckdb/node-api";
import type { DataType } from "../../src/arrow/data-type.ts";
import type { Interval, Value } from "../../src/arrow/value.ts";
import { formatDate, formatTime, formatTimestamp, formatValue } from "../../src/expr/format-value.ts";

/** A value in a form that both engines' results share: floats as numbers, all else as text without surplus zeros. */
export type Cell = null | string | number;

export function canonicalOfOurs(type: DataType, value: Value): Cell {
  if (value === null) return null;
  if (type.kind === "float32" || type.kind === "float64") return Number(value) + 0;
  if (type.kind === "decimal") return withoutZeros(formatValue(type, value));
  if (type.kind === "timestamptz") return formatTimestamp(value as bigint);
  if (type.kind === "interval") {
    const { months, days, micros } = value as Interval;
    return intervalText(months, days, micros);
  }
  return formatValue(type, value);
}

export function canonicalOfDuck(type: DuckDBType, value: DuckDBValue): Cell {
  if (value === null) return null;
  if (type.typeId === DuckDBTypeId.DECIMAL) return withoutZeros(String(value as { toString(): string }));
  if (type.typeId === DuckDBTypeId.DOUBLE || type.typeId === DuckDBTypeId.FLOAT) return Number(value) + 0;
  if (value instanceof DuckDBDateValue) return formatDate(value.days);
  if (value instanceof DuckDBTimeValue) return formatTime(value.micros);
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue)
    return formatTimestamp(value.micros);
  if (value instanceof DuckDBIntervalValue) return intervalText(value.months, value.days, value.micros);
  if (value instanceof DuckDBBlobValue) return `\\x${Buffer.from(value.bytes).toString("hex")}`;
  return String(value as { toString(): string });
}

/** Equal intervals may be written in many ways: a month is thirty days to a comparison. */
function intervalText(months: number, days: number, micros: bigint): string {
  return `${(BigInt(months) * 30n + BigInt(days)) * 86_400_000_000n + micros} µs`;
}

function withoutZeros(text: string): string {
  const trimmed = text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  return trimmed === "-0" ? "0" : trimmed;
}
