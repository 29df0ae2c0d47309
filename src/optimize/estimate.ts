import { must, unreachable } from "../common/assert.ts";
import type { ColumnId, Expression } from "../expr/expression.ts";
import { conjuncts, typeOf } from "../expr/expression-properties.ts";
import type { AggregateNode, JoinNode, LogicalNode, ScanNode } from "../logical/logical-node.ts";
import { outputColumns, outputIds } from "../logical/output-columns.ts";
import { byteSizeOf, numberOf, reduceColumn, unknownColumn } from "./column-estimate.ts";
import type { ColumnEstimate, ColumnEstimates } from "./column-estimate.ts";
import { keySelectivity, matchFraction, residualSelectivity } from "./join-selectivity.ts";
import type { KeyPair } from "./join-selectivity.ts";
import { constantCount } from "./row-bounds.ts";
import { columnRanges, selectivity } from "./selectivity.ts";
import { splitCondition } from "./split-condition.ts";

/** What a node is believed to put out. `rows` is a fraction where little is expected, never negative. */
export type NodeEstimate = { readonly rows: number; readonly columns: ColumnEstimates };

const cache = new WeakMap<LogicalNode, NodeEstimate>();

/** Estimates from statistics of tables, carried up the plan; computed once a node. */
export function estimate(node: LogicalNode): NodeEstimate {
  let result = cache.get(node);
  if (result === undefined) cache.set(node, (result = derive(node)));
  return result;
}

export function estimateRows(node: LogicalNode): number {
  return estimate(node).rows;
}

/** Average bytes of one output row. */
export function rowByteSize(node: LogicalNode): number {
  const { columns } = estimate(node);
  return outputColumns(node).reduce(
    (sum, column) => sum + (columns.get(column.id)?.byteSize ?? byteSizeOf(column.type)),
    0,
  );
}

/** Distinct values of a column that the node puts out. */
export function distinctCount(node: LogicalNode, id: ColumnId): number {
  const { rows, columns } = estimate(node);
  return Math.max(1, Math.min(rows, columns.get(id)?.distinct ?? rows));
}

/** Whether two rows with the same values of these columns are not to be expected; a belief, not a promise. */
export function isLikelyUnique(node: LogicalNode, ids: readonly ColumnId[]): boolean {
  const { rows, columns } = estimate(node);
  let combinations = 1;
  for (const id of ids) combinations *= columns.get(id)?.distinct ?? 1;
  return combinations >= rows * 0.95;
}

/** Guesses: nothing is known of how a recursion goes. */
const recursiveRounds = 10;
const workTableRows = 1000;

function derive(node: LogicalNode): NodeEstimate {
  switch (node.kind) {
    case "scan":
      return deriveScan(node);
    case "values": {
      const rows = node.rows.length;
      return { rows, columns: new Map(node.columns.map((column) => [column.id, unknownColumn(column.type, rows)])) };
    }
    case "project": {
      const input = estimate(node.input);
      return {
        rows: input.rows,
        columns: new Map(
          node.items.map(({ column, expression }) => [column.id, expressionEstimate(expression, input)]),
        ),
      };
    }
    case "filter":
      return applyPredicate(estimate(node.input), node.predicate);
    case "join":
      return deriveJoin(node);
    case "apply": {
      const input = estimate(node.input);
      const columns = new Map(input.columns);
      for (const { id, type } of outputColumns(node))
        if (!columns.has(id)) columns.set(id, unknownColumn(type, input.rows));
      return { rows: input.rows, columns };
    }
    case "aggregate":
      return deriveAggregate(node);
    case "window": {
      const input = estimate(node.input);
      const columns = new Map(input.columns);
      for (const { column } of node.functions) columns.set(column.id, unknownColumn(column.type, input.rows));
      return { rows: input.rows, columns };
    }
    case "sort":
      return estimate(node.input);
    case "limit": {
      const input = estimate(node.input);
      const offset = node.offset === null ? 0 : (constantCount(node.offset) ?? 0);
      const limit = node.limit === null ? Infinity : (constantCount(node.limit) ?? Infinity);
      return withRows(input, Math.min(limit, Math.max(0, input.rows - offset)));
    }
    case "union": {
      const inputs = node.inputs.map(estimate);
      const rows = inputs.reduce((sum, input) => sum + input.rows, 0);
      return { rows, columns: positional(node.columns, node.inputs, rows) };
    }
    case "recursive": {
      const rows = estimateRows(node.anchor) * recursiveRounds;
      return { rows, columns: positional(node.columns, [node.anchor], rows) };
    }
    case "work_table":
      return {
        rows: workTableRows,
        columns: new Map(node.columns.map((column) => [column.id, unknownColumn(column.type, workTableRows)])),
      };
    case "set_operation": {
      const left = estimateRows(node.left);
      const rows = node.operation === "intersect" ? Math.min(left, estimateRows(node.right)) / 2 : left / 2;
      return { rows, columns: positional(node.columns, [node.left, node.right], rows) };
    }
    default:
      return unreachable(node, "logical node");
  }
}

function deriveScan(node: ScanNode): NodeEstimate {
  const rows = node.table.rowCount;
  const columns = new Map<ColumnId, ColumnEstimate>();
  for (const column of node.columns) {
    const statistics = node.table.statistics[column.sourceIndex] ?? {};
    const nullFraction = rows === 0 ? 0 : (statistics.nullCount ?? 0) / rows;
    const distinct = Math.max(1, Math.min(rows, statistics.distinctCount ?? unknownColumn(column.type, rows).distinct));
    columns.set(column.id, {
      distinct,
      domain: distinct,
      tableRows: rows,
      isKey: rows > 1 && distinct >= rows * (1 - nullFraction) * 0.98,
      nullFraction,
      min: statistics.min === undefined ? null : numberOf(statistics.min),
      max: statistics.max === undefined ? null : numberOf(statistics.max),
      byteSize: byteSizeOf(column.type, statistics.averageByteSize),
    });
  }
  const all: NodeEstimate = { rows, columns };
  return node.predicate === null ? all : applyPredicate(all, node.predicate);
}

/** The estimate of those rows that pass the predicate. */
function applyPredicate(input: NodeEstimate, predicate: Expression): NodeEstimate {
  const parts = conjuncts(predicate);
  const rows = input.rows * selectivity(predicate, input.columns);
  const reduced = withRows(input, rows);
  const columns = new Map(reduced.columns);
  const { ranges, others } = columnRanges(parts);
  for (const [id, range] of ranges) {
    const column = input.columns.get(id);
    const current = columns.get(id);
    if (column === undefined || current === undefined || column.min === null || column.max === null) continue;
    const min = Math.max(range.low ?? column.min, column.min);
    const max = Math.min(range.high ?? column.max, column.max);
    const width = column.max - column.min;
    const share = width === 0 || max < min ? 1 : (max - min) / width;
    const distinct = Math.max(1, Math.min(current.distinct, Math.max(1, column.distinct * share)));
    columns.set(id, { ...current, min, max: Math.max(min, max), distinct, nullFraction: 0 });
  }
  for (const part of others) {
    const fixed = fixedColumn(part);
    const current = fixed === null ? undefined : columns.get(fixed.id);
    if (fixed !== null && current !== undefined)
      columns.set(fixed.id, { ...current, distinct: Math.min(current.distinct, fixed.values), nullFraction: 0 });
  }
  return { rows, columns };
}

/** A column that a conjunct holds to a few values. */
function fixedColumn(part: Expression): { readonly id: ColumnId; readonly values: number } | null {
  if (part.kind === "in_list" && part.arg.kind === "column") return { id: part.arg.id, values: part.values.length };
  if (part.kind !== "call" || part.name !== "eq") return null;
  const column = part.args.find((arg) => arg.kind === "column");
  return column !== undefined && part.args.some((arg) => arg.kind === "literal") ? { id: column.id, values: 1 } : null;
}

function withRows(input: NodeEstimate, rows: number): NodeEstimate {
  if (rows >= input.rows) return input;
  return {
    rows,
    columns: new Map([...input.columns].map(([id, column]) => [id, reduceColumn(column, input.rows, rows)])),
  };
}

function expressionEstimate(expression: Expression, input: NodeEstimate): ColumnEstimate {
  if (expression.kind === "column")
    return input.columns.get(expression.id) ?? unknownColumn(expression.type, input.rows);
  if (expression.kind === "literal")
    return { ...unknownColumn(expression.type, 1), nullFraction: expression.value === null ? 1 : 0 };
  return { ...unknownColumn(typeOf(expression), Math.min(input.rows, combinations(expression, input))) };
}

/** The most values that an expression over some columns can have. */
function combinations(expression: Expression, input: NodeEstimate): number {
  let product = 1;
  const visit = (part: Expression): void => {
    if (part.kind === "column") product *= Math.max(1, input.columns.get(part.id)?.distinct ?? input.rows);
    else if (part.kind === "call" && part.name === "extract") product *= 1;
    else for (const arg of "args" in part ? part.args : "arg" in part ? [part.arg] : []) visit(arg);
  };
  visit(expression);
  // Dates to years, strings to prefixes: functions of a column have far fewer values than it has.
  const isNarrowing = expression.kind === "call" && /extract|date_part|date_trunc|substring|left/.test(expression.name);
  return isNarrowing ? Math.max(1, Math.min(100, product)) : product;
}

function positional(
  columns: readonly { readonly id: ColumnId }[],
  inputs: readonly LogicalNode[],
  rows: number,
): ColumnEstimates {
  const first = must(inputs[0], "an input at least");
  const estimates = estimate(first).columns;
  return new Map(
    columns.map(({ id }, index) => {
      const source = must(outputColumns(first)[index], "inputs have the union's columns");
      const column = estimates.get(source.id) ?? unknownColumn(source.type, rows);
      return [id, { ...column, isKey: false, distinct: Math.max(1, Math.min(rows, column.distinct * inputs.length)) }];
    }),
  );
}

function deriveAggregate(node: AggregateNode): NodeEstimate {
  const input = estimate(node.input);
  const keys = node.groups.map((group) => expressionEstimate(group.expression, input));
  const rows =
    node.groups.length === 0
      ? 1
      : groupCount(
          input.rows,
          keys.map((key) => key.distinct),
        );
  const columns = new Map<ColumnId, ColumnEstimate>();
  for (const [index, { column }] of node.groups.entries()) {
    const key = must(keys[index], "one for each group");
    const distinct = Math.max(1, Math.min(rows, key.distinct));
    columns.set(column.id, {
      ...key,
      distinct,
      tableRows: Math.max(1, rows),
      isKey: node.groups.length === 1,
      domain: node.groups.length === 1 ? Math.max(distinct, Math.min(key.domain, input.rows)) : key.domain,
    });
  }
  for (const { column } of node.aggregates)
    columns.set(column.id, { ...unknownColumn(column.type, rows), isAggregate: true });
  return { rows, columns };
}

/** Groups of `rows` rows by keys with these many values, taken as independent but never more than the rows. */
function groupCount(rows: number, distincts: readonly number[]): number {
  const sorted = [...distincts].sort((left, right) => right - left);
  // Keys tend to depend on each other: each further one counts with a root of its values.
  const product = sorted.reduce(
    (result, distinct, index) => result * Math.pow(Math.max(1, distinct), 1 / Math.min(4, index + 1)),
    1,
  );
  const all = sorted.reduce((result, distinct) => result * Math.max(1, distinct), 1);
  const groups = all <= 10_000 ? all : Math.max(10_000, product);
  return Math.min(rows, groups);
}

function deriveJoin(node: JoinNode): NodeEstimate {
  const left = estimate(node.left);
  const right = estimate(node.right);
  const { pairs, residual } = splitCondition(node.condition, outputIds(node.left), outputIds(node.right));
  const columns = new Map([...left.columns, ...right.columns]);
  const matches = () =>
    left.rows *
    right.rows *
    (pairs.length === 0 ? 1 : keySelectivity(pairs, left, right)) *
    residualSelectivity(residual, left, right);
  switch (node.joinType) {
    case "inner":
      return keysMeet(scaled(columns, left, right, matches()), pairs);
    case "left":
      return scaled(columns, left, right, Math.max(left.rows, matches()));
    case "right":
      return scaled(columns, left, right, Math.max(right.rows, matches()));
    case "full":
      return scaled(columns, left, right, Math.max(left.rows, right.rows, matches()));
    case "single":
      return scaled(columns, left, right, left.rows);
    case "semi":
      return keysMeet(withRows(left, left.rows * matchFraction(pairs, residual, left, right)), pairs, right.columns);
    case "anti":
      // What matches nothing is rare under foreign keys; an estimate of no rows at all would mislead everything above.
      return withRows(left, left.rows * Math.max(0.1, 1 - matchFraction(pairs, residual, left, right)));
    case "mark": {
      const mark = must(node.markColumn, "a mark join has a mark");
      return { rows: left.rows, columns: new Map([...left.columns, [mark.id, unknownColumn(mark.type, left.rows)]]) };
    }
    default:
      return unreachable(node.joinType, "join type");
  }
}

/** Equated keys have no more values than the side with fewer of them; `others` are the columns that are not put out. */
function keysMeet(joined: NodeEstimate, pairs: readonly KeyPair[], others?: ColumnEstimates): NodeEstimate {
  const columns = new Map(joined.columns);
  for (const { left, right } of pairs) {
    if (left.kind !== "column" || right.kind !== "column") continue;
    const leftColumn = columns.get(left.id);
    const rightColumn = columns.get(right.id) ?? others?.get(right.id);
    if (leftColumn === undefined || rightColumn === undefined) continue;
    const distinct = Math.min(leftColumn.distinct, rightColumn.distinct);
    columns.set(left.id, { ...leftColumn, distinct });
    if (columns.has(right.id)) columns.set(right.id, { ...rightColumn, distinct });
  }
  return { rows: joined.rows, columns };
}

function scaled(columns: ColumnEstimates, left: NodeEstimate, right: NodeEstimate, rows: number): NodeEstimate {
  const result = new Map<ColumnId, ColumnEstimate>();
  for (const [id, column] of columns) {
    const before = left.columns.has(id) ? left.rows : right.rows;
    result.set(id, rows < before ? reduceColumn(column, before, rows) : column);
  }
  return { rows, columns: result };
}
