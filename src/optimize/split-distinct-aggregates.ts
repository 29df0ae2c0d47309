import { must } from "../common/assert.ts";
import { combinerOf } from "../expr/combine-aggregates.ts";
import { sameType } from "../arrow/data-type.ts";
import { resolveAggregate } from "../expr/aggregate-registry.ts";
import type { AggregateCall, Expression } from "../expr/expression.ts";
import { expressionEquals, typeOf } from "../expr/expression-properties.ts";
import type { ColumnIds } from "../logical/column-ids.ts";
import type { AggregateNode, Column, LogicalNode } from "../logical/logical-node.ts";
import { rewriteBottomUp } from "../logical/rewrite.ts";
import { columnReference } from "../logical/substitute-columns.ts";
import { literal } from "./make-expression.ts";
import type { Rule } from "./rule.ts";

/**
 * count(distinct x) … group by g becomes count(x) … group by g over the distinct (g, x), so that duplicates go away
 * before rows are exchanged. Other aggregates beside it are computed for each (g, x) first and then combined.
 */
export const splitDistinctAggregates: Rule = {
  name: "split-distinct-aggregates",
  apply: (plan, { ids }) => rewriteBottomUp(plan, (node) => (node.kind === "aggregate" ? split(node, ids) : node)),
};

function split(node: AggregateNode, ids: ColumnIds): LogicalNode {
  const argument = commonArgument(node);
  if (argument === null) return node;
  const fresh = (name: string, expression: Expression): Column => ({
    id: ids.next(),
    name,
    type: typeOf(expression),
    nullable: true,
  });
  const groups = node.groups.map(({ column, expression }) => {
    const isPassedOn = expression.kind === "column" && expression.id === column.id;
    return { column: isPassedOn ? column : fresh(column.name, expression), expression };
  });
  const distinct = { column: fresh("distinct_value", argument), expression: argument };
  const inner: { column: Column; call: AggregateCall }[] = [];
  const outer: { column: Column; call: AggregateCall }[] = [];
  const items = node.groups.map(({ column }) => ({ column, expression: columnReference(column) as Expression }));
  for (const { column, call } of node.aggregates) {
    if (call.distinct) {
      outer.push({ column, call: { ...call, distinct: false, args: [columnReference(distinct.column)] } });
      items.push({ column, expression: columnReference(column) });
      continue;
    }
    const part: Column = { ...column, id: ids.next() };
    inner.push({ column: part, call });
    const combined = resolveAggregate(must(combinerOf(call), "commonArgument saw to it"), [columnReference(part)], {
      distinct: false,
      filter: null,
    });
    const result: Column = { ...column, id: ids.next(), type: combined.type, nullable: true };
    outer.push({ column: result, call: combined });
    items.push({ column, expression: restoreType(call, columnReference(result)) });
  }
  const first: AggregateNode = {
    kind: "aggregate",
    input: node.input,
    groups: [...groups, distinct],
    aggregates: inner,
  };
  const outerGroups = node.groups.map(({ column }, index) => ({
    column,
    expression: columnReference((groups[index] as (typeof groups)[number]).column),
  }));
  const second: AggregateNode = { kind: "aggregate", input: first, groups: outerGroups, aggregates: outer };
  return inner.length === 0 ? second : { kind: "project", input: second, items };
}

/** The argument of all distinct calls; null where there is none, or where the other calls cannot be computed in parts. */
function commonArgument(node: AggregateNode): Expression | null {
  const distinct = node.aggregates.filter(({ call }) => call.distinct);
  const argument = distinct[0]?.call.args[0];
  if (argument === undefined) return null;
  const sameArguments = distinct.every(
    ({ call }) =>
      call.filter === null && call.args.length === 1 && expressionEquals(call.args[0] as Expression, argument),
  );
  const decomposable = node.aggregates.every(({ call }) => call.distinct || combinerOf(call) !== null);
  return sameArguments && decomposable ? argument : null;
}

/** A sum of counts is a wider number than a count, and NULL where there is nothing to add up. */
function restoreType(call: AggregateCall, result: Expression): Expression {
  const typed: Expression = sameType(typeOf(result), call.type)
    ? result
    : { kind: "cast", arg: result, type: call.type };
  return call.name === "count"
    ? { kind: "call", name: "coalesce", args: [typed, literal(call.type, 0n)], type: call.type }
    : typed;
}
