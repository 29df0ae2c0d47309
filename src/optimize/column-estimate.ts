import { byteWidthOf, isStringLike } from "../arrow/data-type.ts";
import type { DataType } from "../arrow/data-type.ts";
import type { Value } from "../arrow/value.ts";
import type { ColumnId, Expression } from "../expr/expression.ts";

/** What is believed of one column of a plan node. Bounds are known for numbers, dates and times, as numbers. */
export type ColumnEstimate = {
  /** Distinct values among the node's rows. */
  readonly distinct: number;
  /** Distinct values in the table that the column stems from, before any filter: the domain of a join key. */
  readonly domain: number;
  /** Rows of the table that the column stems from. */
  readonly tableRows: number;
  /** The table has no two rows with the same value, or hardly any. */
  readonly isKey: boolean;
  /** An aggregate's result: of its values nothing is known, but conditions on it (HAVING) tend to pick few groups. */
  readonly isAggregate?: boolean;
  readonly nullFraction: number;
  readonly min: number | null;
  readonly max: number | null;
  /** Average bytes of a value in memory. */
  readonly byteSize: number;
};

export type ColumnEstimates = ReadonlyMap<ColumnId, ColumnEstimate>;

/** What to believe of a value that nothing is known of, among `rows` rows. */
export function unknownColumn(type: DataType, rows: number): ColumnEstimate {
  const distinct = type.kind === "bool" ? Math.min(2, rows) : Math.max(1, rows);
  return {
    distinct,
    domain: distinct,
    tableRows: rows,
    isKey: false,
    nullFraction: 0,
    min: null,
    max: null,
    byteSize: byteSizeOf(type),
  };
}

/** Bytes of a value in linear memory: its slot and, for a string, bytes that do not fit the slot. */
export function byteSizeOf(type: DataType, averageByteSize?: number): number {
  const width = byteWidthOf(type);
  if (!isStringLike(type)) return width;
  const length = averageByteSize ?? 16;
  return length <= 12 ? width : width + length;
}

/** The column after a filter that `kept` of `rows` rows pass: rare values vanish, frequent ones stay. */
export function reduceColumn(column: ColumnEstimate, rows: number, kept: number): ColumnEstimate {
  if (kept >= rows) return column;
  return { ...column, distinct: remainingDistinct(column.distinct, rows, kept) };
}

/** How many of `distinct` values are still there when `kept` of `rows` rows are. */
export function remainingDistinct(distinct: number, rows: number, kept: number): number {
  if (distinct <= 1 || rows <= 0) return Math.min(distinct, Math.max(kept, 0));
  const perValue = rows / distinct;
  return Math.min(kept, distinct * (1 - Math.pow(Math.max(0, 1 - kept / rows), perValue)));
}

/** A value's place on the number line; null for values without one. */
export function numberOf(value: Value): number | null {
  if (typeof value === "number") return Number.isNaN(value) ? null : value;
  return typeof value === "bigint" ? Number(value) : null;
}

/** The estimate of a column that the expression is, possibly under casts that keep its values apart. */
export function columnOf(expression: Expression, columns: ColumnEstimates): ColumnEstimate | null {
  if (expression.kind === "column") return columns.get(expression.id) ?? null;
  return null;
}
