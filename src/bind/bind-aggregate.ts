import { EngineError, type TextSpan } from "../common/engine-error.ts";
import { isAggregate, resolveAggregate } from "../expr/aggregate-registry.ts";
import { at } from "../expr/coerce.ts";
import type { AggregateCall, Expression } from "../expr/expression.ts";
import { columnIds, expressionEquals } from "../expr/expression-properties.ts";
import { isOrderedSetAggregate } from "../expr/general-aggregate-registry.ts";
import { callExpressions } from "../logical/rewrite.ts";
import type { SqlExpression, SqlExpressionOf } from "../sql/ast.ts";
import { columnOf, type ExpressionPlace, newColumn, settleUnknown } from "./bind-context.ts";
import { sortKey } from "./bind-order-by.ts";
import type { AggregateCollector, PendingApply, Scope } from "./scope.ts";

/**
 * Hands an aggregate to the query level that computes it and gives the column that holds its value there. That level
 * is the innermost one whose columns the arguments use, which may be one around the subquery that the call stands in.
 * Throws grouping_error where no aggregate may stand.
 */
export function bindAggregate(
  node: SqlExpressionOf<"function">,
  place: ExpressionPlace,
  bindExpression: (node: SqlExpression, place: ExpressionPlace) => Expression,
  requireBool: (expression: Expression, what: string, span: TextSpan) => Expression,
): Expression {
  const { name, span, filter, distinct, withinGroup = false } = node;
  if (withinGroup && !isOrderedSetAggregate(name)) {
    const message = `${name} is not an ordered-set aggregate, so it cannot have WITHIN GROUP`;
    throw new EngineError("undefined_function", message, { span });
  }
  if (!withinGroup && isOrderedSetAggregate(name) && isAggregate(name)) {
    const message = `WITHIN GROUP is required for ordered-set aggregate ${name}`;
    throw new EngineError("undefined_function", message, { span });
  }
  if (node.star && name !== "count")
    throw new EngineError("undefined_function", `function ${name}(*) does not exist`, { span });
  const own = place.scope.aggregates;
  if (own?.inArguments === true) throw nested(span);
  const applies: PendingApply[] = [];
  const inner: ExpressionPlace = { ...place, applies };
  const bindParts = (): AggregateCall => {
    const args = node.args.map((arg) => settleUnknown(bindExpression(arg, inner)));
    const condition = filter === null ? null : requireBool(bindExpression(filter, inner), "FILTER", filter.span);
    const orderBy = (node.orderBy ?? []).map((item) =>
      sortKey(item, settleUnknown(bindExpression(item.expression, inner))),
    );
    return at(span, () => resolveAggregate(name, args, { distinct, filter: condition, orderBy, withinGroup, span }));
  };
  const call = own === null ? bindParts() : insideArguments(own, bindParts);
  const owner = applies.length > 0 ? place.scope : owningScope(call, place.scope);
  const collector = owner.aggregates;
  if (collector === null) {
    throw new EngineError("grouping_error", `aggregate functions are not allowed in ${owner.clause}`, { span });
  }
  if (collector.inArguments) throw nested(span);
  collector.applies.push(...applies);
  const known = collector.calls.find((other) => sameCall(other.call, call));
  if (known !== undefined) return columnOf(known.column, span);
  const column = newColumn(place.context, name, call.type, call.name !== "count");
  collector.calls.push({ column, call });
  return columnOf(column, span);
}

function insideArguments<T>(collector: AggregateCollector, run: () => T): T {
  collector.inArguments = true;
  try {
    return run();
  } finally {
    collector.inArguments = false;
  }
}

function nested(span: TextSpan): EngineError {
  return new EngineError("grouping_error", "aggregate function calls cannot be nested", { span });
}

function owningScope(call: AggregateCall, scope: Scope): Scope {
  const ids = callExpressions(call).flatMap((expression) => [...columnIds(expression)]);
  if (ids.length === 0) return scope;
  for (let level: Scope | null = scope; level !== null; level = level.parent) {
    if (ids.some((id) => level.owns(id))) return level;
  }
  return scope;
}

function sameCall(left: AggregateCall, right: AggregateCall): boolean {
  const leftParts = callExpressions(left);
  const rightParts = callExpressions(right);
  return (
    left.name === right.name &&
    left.distinct === right.distinct &&
    left.args.length === right.args.length &&
    leftParts.length === rightParts.length &&
    leftParts.every((part, index) => expressionEquals(part, rightParts[index]!))
  );
}
