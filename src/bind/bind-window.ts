import { EngineError, type TextSpan } from "../common/engine-error.ts";
import { isAggregate, resolveAggregate } from "../expr/aggregate-registry.ts";
import { at } from "../expr/coerce.ts";
import type { Expression, SortKey, WindowCall, WindowFrame } from "../expr/expression.ts";
import { expressionEquals } from "../expr/expression-properties.ts";
import { windowExpressions } from "../expr/window-call.ts";
import { isWindowFunction, isWindowNullable, resolveWindowFunction } from "../expr/window-registry.ts";
import type { SqlExpression, SqlExpressionOf } from "../sql/ast.ts";
import { columnOf, type ExpressionPlace, newColumn, settleUnknown } from "./bind-context.ts";
import { bindFrame } from "./bind-frame.ts";
import { sortKey } from "./bind-order-by.ts";
import type { BoundWindow, WindowCollector } from "./scope.ts";
import { resolveOver } from "./window-definitions.ts";

type Binders = {
  readonly bindExpression: (node: SqlExpression, place: ExpressionPlace) => Expression;
  readonly requireBool: (expression: Expression, what: string, span: TextSpan) => Expression;
};

/**
 * Hands a call with OVER to the query level that it stands in and gives the column that holds its value there. Throws
 * windowing_error where no window function may stand.
 */
export function bindWindow(node: SqlExpressionOf<"function">, place: ExpressionPlace, binders: Binders): Expression {
  const { name, span, over } = node;
  const collector = openCollector(node, place);
  const call = within(collector, "call", () => bindCall(node, place, binders));
  if (over === undefined) throw new EngineError("windowing_error", `${name} requires an OVER clause`, { span });
  const definition = resolveOver(over, collector.definitions);
  const bind = (part: SqlExpression): Expression => binders.bindExpression(part, place);
  const window = within(collector, "definition", () => {
    const partitionBy = definition.partitionBy.map((key) => settleUnknown(bind(key)));
    const orderBy = definition.orderBy.map((item) => sortKey(item, settleUnknown(bind(item.expression))));
    return { partitionBy, orderBy, frame: bindFrame(definition.frame, orderBy, over.span, bind) };
  });
  const bound = { call: { ...call, frame: window.frame }, partitionBy: window.partitionBy, orderBy: window.orderBy };
  const known = collector.windows.find((other) => sameWindow(other, bound));
  if (known !== undefined) return columnOf(known.column, span);
  const column = newColumn(place.context, name, call.type, isWindowNullable(call.name));
  collector.windows.push({ column, ...bound });
  return columnOf(column, span);
}

function openCollector(node: SqlExpressionOf<"function">, { scope }: ExpressionPlace): WindowCollector {
  const { name, span } = node;
  const fail = (code: "windowing_error" | "grouping_error", message: string): EngineError =>
    new EngineError(code, message, { span });
  if (!isWindowFunction(name) && !isAggregate(name)) {
    const message = `OVER specified, but ${name} is not a window function nor an aggregate function`;
    throw new EngineError("undefined_function", message, { span });
  }
  if (scope.aggregates?.inArguments === true)
    throw fail("grouping_error", "aggregate function calls cannot contain window function calls");
  if (scope.windows === null) throw fail("windowing_error", `window functions are not allowed in ${scope.clause}`);
  if (scope.windows.inside === "call") throw fail("windowing_error", "window function calls cannot be nested");
  if (scope.windows.inside === "definition")
    throw fail("windowing_error", "window functions are not allowed in window definitions");
  return scope.windows;
}

function within<T>(collector: WindowCollector, part: "call" | "definition", run: () => T): T {
  collector.inside = part;
  try {
    return run();
  } finally {
    collector.inside = null;
  }
}

const wholePartition: WindowFrame = {
  unit: "range",
  start: { kind: "unbounded_preceding" },
  end: { kind: "current_row" },
  exclude: "nothing",
};

function bindCall(node: SqlExpressionOf<"function">, place: ExpressionPlace, binders: Binders): WindowCall {
  const { name, span, filter } = node;
  const refuse = (what: string): EngineError =>
    new EngineError("feature_not_supported", `${what} is not implemented for ${windowKind(name)}`, { span });
  if (node.distinct) throw refuse("DISTINCT");
  if ((node.orderBy ?? []).length > 0 || node.withinGroup === true) throw refuse("aggregate ORDER BY");
  if (node.star && name !== "count")
    throw new EngineError("undefined_function", `function ${name}(*) does not exist`, { span });
  const args = node.args.map((arg) => binders.bindExpression(arg, place));
  if (isWindowFunction(name)) {
    if (filter !== null) throw refuse("FILTER");
    const resolved = at(span, () => resolveWindowFunction(name, args, span));
    return { name, args: resolved.args, filter: null, frame: wholePartition, type: resolved.type };
  }
  const condition =
    filter === null ? null : binders.requireBool(binders.bindExpression(filter, place), "FILTER", filter.span);
  const options = { distinct: false, filter: condition, span };
  const call = at(span, () => resolveAggregate(name, args.map(settleUnknown), options));
  return { name: call.name, args: call.args, filter: call.filter, frame: wholePartition, type: call.type };
}

function windowKind(name: string): string {
  return isWindowFunction(name) ? "non-aggregate window functions" : "window functions";
}

type Unnamed = Omit<BoundWindow, "column">;

function sameWindow(left: Unnamed, right: Unnamed): boolean {
  return (
    left.call.name === right.call.name &&
    left.call.args.length === right.call.args.length &&
    frameShape(left.call) === frameShape(right.call) &&
    sameExpressions(windowExpressions(left.call), windowExpressions(right.call)) &&
    sameSpecification(left, right)
  );
}

/** A frame without its expressions. */
function frameShape({ frame, filter }: WindowCall): string {
  return JSON.stringify([frame, filter !== null], (key, value: unknown) =>
    key === "key" || key === "value" ? undefined : value,
  );
}

/** Whether two windows have the same partitions and the same order. */
export function sameSpecification(
  left: Pick<BoundWindow, "partitionBy" | "orderBy">,
  right: Pick<BoundWindow, "partitionBy" | "orderBy">,
): boolean {
  return (
    sameExpressions(left.partitionBy, right.partitionBy) &&
    left.orderBy.length === right.orderBy.length &&
    left.orderBy.every((key, index) => sameKey(key, right.orderBy[index]!))
  );
}

export function sameKey(left: SortKey, right: SortKey): boolean {
  return (
    left.descending === right.descending &&
    left.nullsFirst === right.nullsFirst &&
    expressionEquals(left.expression, right.expression)
  );
}

function sameExpressions(left: readonly Expression[], right: readonly Expression[]): boolean {
  return left.length === right.length && left.every((part, index) => expressionEquals(part, right[index]!));
}
