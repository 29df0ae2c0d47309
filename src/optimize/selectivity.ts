import type { ColumnId, Expression } from "../expr/expression.ts";
import { columnIds, conjuncts } from "../expr/expression-properties.ts";
import { columnOf, numberOf } from "./column-estimate.ts";
import type { ColumnEstimate, ColumnEstimates } from "./column-estimate.ts";

/** Guesses for what statistics do not tell; between those of PostgreSQL and what TPC-H's predicates come to. */
const guess = {
  comparison: 1 / 3,
  having: 0.05,
  equality: 0.1,
  computedInList: 0.04,
  contains: 0.08,
  prefix: 0.02,
  suffix: 0.1,
  other: 0.25,
};

/** The part of the rows (0 to 1) for which the predicate is true. */
export function selectivity(predicate: Expression, columns: ColumnEstimates): number {
  return clamp(conjunctionSelectivity(conjuncts(predicate), columns));
}

/** Bounds that conjuncts set to one column. */
export type Range = { low: number | null; high: number | null };

/** The bounds that the conjuncts set to each column by comparing it with constants. */
export function columnRanges(parts: readonly Expression[]): {
  readonly ranges: ReadonlyMap<ColumnId, Range>;
  readonly others: readonly Expression[];
} {
  const ranges = new Map<ColumnId, Range>();
  const others: Expression[] = [];
  for (const part of parts) {
    const bound = boundOf(part);
    if (bound === null) {
      others.push(part);
      continue;
    }
    const range = ranges.get(bound.id) ?? { low: null, high: null };
    if (bound.side === "low") range.low = range.low === null ? bound.value : Math.max(range.low, bound.value);
    else range.high = range.high === null ? bound.value : Math.min(range.high, bound.value);
    ranges.set(bound.id, range);
  }
  return { ranges, others };
}

function conjunctionSelectivity(parts: readonly Expression[], columns: ColumnEstimates): number {
  // Both ends of a range belong together: as independent events x >= 5 and x < 6 would keep a quarter of the rows.
  const { ranges, others } = columnRanges(parts);
  let result = 1;
  for (const [id, range] of ranges) result *= rangeSelectivity(columns.get(id) ?? null, range);
  for (const part of others) result *= partSelectivity(part, columns);
  return result;
}

function boundOf(
  part: Expression,
): { readonly id: ColumnId; readonly side: "low" | "high"; readonly value: number } | null {
  if (part.kind !== "call" || !["lt", "le", "gt", "ge"].includes(part.name)) return null;
  const [left, right] = part.args as [Expression, Expression];
  const flipped = left.kind === "literal";
  const column = flipped ? right : left;
  const constant = flipped ? left : right;
  if (column.kind !== "column" || constant.kind !== "literal") return null;
  const value = numberOf(constant.value);
  if (value === null) return null;
  const isUpper = (part.name === "lt" || part.name === "le") !== flipped;
  return { id: column.id, side: isUpper ? "high" : "low", value };
}

function rangeSelectivity(column: ColumnEstimate | null, { low, high }: Range): number {
  if (column?.isAggregate === true) return guess.having;
  if (column === null || column.min === null || column.max === null)
    return low !== null && high !== null ? guess.comparison / 3 : guess.comparison;
  const from = Math.max(low ?? column.min, column.min);
  const to = Math.min(high ?? column.max, column.max);
  if (to < from) return 0;
  const width = column.max - column.min;
  // A range of one value still holds the rows of that value.
  const fraction = width === 0 ? 1 : Math.max((to - from) / width, 1 / Math.max(1, column.domain));
  return Math.min(1, fraction) * (1 - column.nullFraction);
}

function partSelectivity(part: Expression, columns: ColumnEstimates): number {
  switch (part.kind) {
    case "literal":
      return part.value === true ? 1 : 0;
    case "column":
      return 0.5;
    case "and":
      return conjunctionSelectivity(part.args, columns);
    case "or":
      return (
        1 -
        part.args.reduce((product, arg) => product * (1 - clamp(conjunctionSelectivity(conjuncts(arg), columns))), 1)
      );
    case "in_list": {
      const column = columnOf(part.arg, columns);
      const each = column === null ? guess.computedInList : 1 / Math.max(1, column.distinct);
      return Math.min(1, part.values.length * each);
    }
    case "call":
      return callSelectivity(part.name, part.args, columns);
    default:
      return guess.other;
  }
}

function callSelectivity(name: string, args: readonly Expression[], columns: ColumnEstimates): number {
  const [first, second] = args as [Expression, Expression];
  switch (name) {
    case "not":
      return 1 - clamp(partSelectivity(first, columns));
    case "eq":
    case "is_not_distinct_from":
      return equalitySelectivity(first, second, columns);
    case "ne":
    case "is_distinct_from":
      return 1 - equalitySelectivity(first, second, columns);
    case "lt":
    case "le":
    case "gt":
    case "ge":
      return guess.comparison;
    case "like":
    case "ilike":
      return likeSelectivity(second);
    case "is_null":
      return columnOf(first, columns)?.nullFraction ?? 0.05;
    case "is_not_null":
      return 1 - (columnOf(first, columns)?.nullFraction ?? 0.05);
    case "is_true":
    case "is_not_false":
      return clamp(partSelectivity(first, columns));
    case "is_false":
    case "is_not_true":
      return 1 - clamp(partSelectivity(first, columns));
    case "starts_with":
      return guess.prefix;
    case "contains":
      return guess.contains;
    default:
      return guess.other;
  }
}

function equalitySelectivity(left: Expression, right: Expression, columns: ColumnEstimates): number {
  const leftColumn = columnOf(left, columns);
  const rightColumn = columnOf(right, columns);
  if (leftColumn !== null && rightColumn !== null) return 1 / Math.max(1, leftColumn.distinct, rightColumn.distinct);
  const column = leftColumn ?? rightColumn;
  const other = leftColumn === null ? left : right;
  if (column === null)
    return columnIds(left).size > 0 && columnIds(right).size > 0 ? guess.equality / 10 : guess.equality;
  if (other.kind === "literal") {
    const value = numberOf(other.value);
    if (value !== null && column.min !== null && column.max !== null && (value < column.min || value > column.max))
      return 0;
  }
  return (1 - column.nullFraction) / Math.max(1, column.distinct);
}

function likeSelectivity(pattern: Expression): number {
  if (pattern.kind !== "literal" || typeof pattern.value !== "string") return guess.contains;
  const text = pattern.value;
  if (!/[%_]/.test(text)) return guess.prefix;
  // Each further piece of text that must occur makes a match rarer.
  const pieces = text.split(/[%_]+/).filter((piece) => piece !== "").length;
  const base = !/^[%_]/.test(text) ? guess.prefix : !/[%_]$/.test(text) ? guess.suffix : guess.contains;
  return pieces === 0 ? 1 : base / Math.pow(3, pieces - 1);
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
