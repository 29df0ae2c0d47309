import { isInteger, simpleType } from "../arrow/data-type.ts";
import type { DataType } from "../arrow/data-type.ts";
import type { Interval, Value } from "../arrow/value.ts";
import { EngineError, type TextSpan } from "../common/engine-error.ts";
import { coerceTo, commonType } from "../expr/coerce.ts";
import type { Expression } from "../expr/expression.ts";
import { columnIds, typeOf } from "../expr/expression-properties.ts";
import { foldConstants } from "../expr/fold-constants.ts";
import { resolveFunction } from "../expr/function-registry.ts";
import { compareValues } from "../expr/interpreter/compare-values.ts";
import { addToTimestamp } from "../expr/interpreter/temporal-functions.ts";
import type { Column, LogicalNode } from "../logical/logical-node.ts";
import type { FromItem } from "../sql/ast.ts";
import { type BindContext, type BoundQuery, columnFor, columnOf, newColumn } from "./bind-context.ts";
import { bindExpression } from "./bind-expression.ts";
import type { FromPlace } from "./from-place.ts";
import { emptyNamespace, Scope } from "./scope.ts";

type FunctionItem = FromItem & { readonly kind: "function" };

const int64 = simpleType("int64");
/** Rows that one list of numbers has; longer series multiply two or three of them. */
const chunkRows = 1024;
const seriesRowsMax = 2 ** 30;
/** Steps of months are not all alike, so these series are written out. */
const listedRowsMax = 100_000;

/** A function that gives rows, in FROM. Its arguments are constants. */
export function bindTableFunction(item: FunctionItem, place: FromPlace): BoundQuery {
  const { name, span } = item.call;
  if (name !== "generate_series") {
    const message = `function ${name} in FROM is not supported`;
    throw new EngineError("feature_not_supported", message, { span, hint: "generate_series is" });
  }
  const scope = new Scope(emptyNamespace, place.lateral ?? place.outer, place.commonTables, "functions in FROM");
  const expressionPlace = { context: place.context, scope, applies: [] };
  const args = item.call.args.map((arg) => bindExpression(arg, expressionPlace));
  return generateSeries(place.context, args, item.ordinality, span);
}

function generateSeries(
  context: BindContext,
  args: readonly Expression[],
  ordinality: boolean,
  span: TextSpan,
): BoundQuery {
  const [first, last, step] = args;
  if (first === undefined || last === undefined || args.length > 3) {
    resolveFunction("generate_series", args, span);
    throw new EngineError("undefined_function", "function generate_series takes two or three arguments", { span });
  }
  const isNumeric = [first, last].every((arg) => isInteger(typeOf(arg)) || typeOf(arg).kind === "null");
  const rows = isNumeric
    ? numberSeries(context, first, last, step, span)
    : timeSeries(context, first, last, step, span);
  const { plan, value, number } = rows;
  const ordinal = resolveFunction("add", [number, literal(1n, int64)]);
  const items = [
    { column: columnFor(context, "generate_series", value), expression: value },
    ...(ordinality ? [{ column: columnFor(context, "ordinality", ordinal), expression: ordinal }] : []),
  ];
  return {
    plan: { kind: "project", input: plan, items },
    columns: items.map(({ column }) => ({ name: column.name, column })),
  };
}

type SeriesRows = { readonly plan: LogicalNode; readonly value: Expression; readonly number: Expression };

function literal(value: Value, type: DataType): Expression {
  return { kind: "literal", type, value };
}

/** The constant's value; null for NULL. */
function constant(expression: Expression, type: DataType, span: TextSpan): Value {
  const folded = foldConstants(coerceTo(expression, type, "implicit", span));
  if (folded.kind === "literal") return folded.value;
  const why = columnIds(folded).size > 0 ? "refer to columns" : "are not constants";
  const message = `generate_series with arguments that ${why} is not supported`;
  throw new EngineError("feature_not_supported", message, { span });
}

function numberSeries(
  context: BindContext,
  first: Expression,
  last: Expression,
  step: Expression | undefined,
  span: TextSpan,
): SeriesRows {
  const parts = [first, last, ...(step === undefined ? [] : [step])];
  const type = commonType([...parts.map(typeOf), simpleType("int32")]);
  if (type === null || !isInteger(type)) {
    const message = "generate_series of these types is not supported; integers, dates and timestamps are";
    throw new EngineError("feature_not_supported", message, { span });
  }
  const values = parts.map((part) => constant(part, int64, span)) as (bigint | null)[];
  const [from, to, by = 1n] = values;
  if (by === 0n) throw new EngineError("invalid_parameter_value", "step size cannot equal zero", { span });
  const isEmpty = values.includes(null) || (by! > 0n ? from! > to! : from! < to!);
  const count = isEmpty ? 0n : (to! - from!) / by! + 1n;
  const { plan, number } = numbers(context, count, span);
  const value = resolveFunction("add", [
    literal(from ?? 0n, int64),
    resolveFunction("multiply", [number, literal(by ?? 1n, int64)]),
  ]);
  return { plan, number, value: coerceTo(value, type, "explicit") };
}

function timeSeries(
  context: BindContext,
  first: Expression,
  last: Expression,
  step: Expression | undefined,
  span: TextSpan,
): SeriesRows {
  if (step === undefined) {
    resolveFunction("generate_series", [first, last], span);
  }
  // As in PostgreSQL, dates alone count as timestamps with time zone.
  const kinds = [first, last].map((arg) => typeOf(arg).kind);
  const isZoned = kinds.includes("timestamptz") || (kinds.includes("date") && !kinds.includes("timestamp"));
  const type = simpleType(isZoned ? "timestamptz" : "timestamp");
  const interval = simpleType("interval");
  const [from, to] = [first, last].map((arg) => constant(arg, type, span) as bigint | null) as [
    bigint | null,
    bigint | null,
  ];
  const by = constant(step!, interval, span) as Interval | null;
  const direction = by === null ? 0 : compareValues(interval, by, { months: 0, days: 0, micros: 0n });
  if (by !== null && direction === 0)
    throw new EngineError("invalid_parameter_value", "step size cannot equal zero", { span });
  const rows: bigint[] = [];
  if (from !== null && to !== null && by !== null) {
    for (let at = from; direction > 0 ? at <= to : at >= to; at = addToTimestamp(at, by)) {
      if (rows.push(at) <= listedRowsMax) continue;
      const message = `generate_series of more than ${listedRowsMax} timestamps is not supported`;
      throw new EngineError("feature_not_supported", message, { span });
    }
  }
  const value = newColumn(context, "value", type, false);
  const number = newColumn(context, "number", int64, false);
  const plan: LogicalNode = {
    kind: "values",
    columns: [value, number],
    rows: rows.map((at, index) => [literal(at, type), literal(BigInt(index), int64)]),
  };
  return { plan, value: columnOf(value), number: columnOf(number) };
}

/** The whole numbers from 0 to `count` - 1. */
function numbers(
  context: BindContext,
  count: bigint,
  span: TextSpan,
): { readonly plan: LogicalNode; readonly number: Expression } {
  if (count > BigInt(seriesRowsMax)) {
    const message = `generate_series of more than ${seriesRowsMax} rows is not supported`;
    throw new EngineError("feature_not_supported", message, { span });
  }
  const size = Number(count);
  const low = list(context, Math.min(size, chunkRows));
  if (size <= chunkRows) return { plan: low.plan, number: columnOf(low.column) };
  const chunks = Math.ceil(size / chunkRows);
  const high = chunks <= chunkRows ? list(context, chunks) : numbers(context, BigInt(chunks), span);
  const highNumber = "column" in high ? columnOf(high.column) : high.number;
  const joined: LogicalNode = {
    kind: "join",
    joinType: "inner",
    left: high.plan,
    right: low.plan,
    condition: null,
    nullAware: false,
    markColumn: null,
  };
  const value = resolveFunction("add", [
    resolveFunction("multiply", [highNumber, literal(BigInt(chunkRows), int64)]),
    columnOf(low.column),
  ]);
  const column = newColumn(context, "number", int64, false);
  const all: LogicalNode = { kind: "project", input: joined, items: [{ column, expression: value }] };
  const predicate = resolveFunction("lt", [columnOf(column), literal(count, int64)]);
  return { plan: { kind: "filter", input: all, predicate }, number: columnOf(column) };
}

function list(context: BindContext, count: number): { readonly plan: LogicalNode; readonly column: Column } {
  const column = newColumn(context, "number", int64, false);
  const rows = Array.from({ length: count }, (_, index) => [literal(BigInt(index), int64)]);
  return { plan: { kind: "values", columns: [column], rows }, column };
}
