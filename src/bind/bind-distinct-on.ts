import { simpleType } from "../arrow/data-type.ts";
import type { Expression, SortKey } from "../expr/expression.ts";
import { rankingCall } from "../expr/ranking-call.ts";
import { resolveFunction } from "../expr/function-registry.ts";
import { andAll } from "../expr/expression-properties.ts";
import type { Column, LogicalNode } from "../logical/logical-node.ts";
import { applyAll, type BindContext, columnOf, newColumn } from "./bind-context.ts";
import type { PendingApply } from "./scope.ts";

const int64 = simpleType("int64");

/** The first row, in the order of `orderBy`, of those that agree in `keys`. */
export function firstOfEach(
  context: BindContext,
  input: LogicalNode,
  keys: readonly Column[],
  orderBy: readonly SortKey[],
): LogicalNode {
  const number = newColumn(context, "row_number", int64, false);
  const plan: LogicalNode = {
    kind: "window",
    input,
    partitionBy: keys.map((column) => columnOf(column)),
    orderBy,
    functions: [{ column: number, call: rankingCall("row_number") }],
  };
  return {
    kind: "filter",
    input: plan,
    predicate: atMost(columnOf(number), { kind: "literal", type: int64, value: 1n }),
  };
}

/** The first `limit` rows after `offset`, and those that the order cannot tell from the last of them. */
export function limitWithTies(
  context: BindContext,
  input: LogicalNode,
  orderBy: readonly SortKey[],
  limit: Expression,
  offset: Expression | null,
): LogicalNode {
  const rank = newColumn(context, "rank", int64, false);
  const number = newColumn(context, "row_number", int64, false);
  const plan: LogicalNode = {
    kind: "window",
    input,
    partitionBy: [],
    orderBy,
    functions: [
      { column: rank, call: rankingCall("rank") },
      { column: number, call: rankingCall("row_number") },
    ],
  };
  const last = offset === null ? limit : resolveFunction("add", [limit, offset]);
  const parts = [atMost(columnOf(rank), last)];
  if (offset !== null) parts.push(resolveFunction("gt", [columnOf(number), offset]));
  return { kind: "sort", input: { kind: "filter", input: plan, predicate: andAll(parts)! }, keys: orderBy };
}

/** The same where the counts are known only when their subqueries have run: rows are counted and compared with them. */
export function limitByQuery(
  context: BindContext,
  input: LogicalNode,
  orderBy: readonly SortKey[],
  limit: Expression | null,
  offset: Expression | null,
  applies: readonly PendingApply[],
  withTies: boolean,
): LogicalNode {
  const number = newColumn(context, "row_number", int64, false);
  const rank = newColumn(context, "rank", int64, false);
  const functions = [
    { column: number, call: rankingCall("row_number") },
    ...(withTies ? [{ column: rank, call: rankingCall("rank") }] : []),
  ];
  const counted: LogicalNode = { kind: "window", input, partitionBy: [], orderBy, functions };
  // NULL is no limit, and no offset.
  const or = (count: Expression | null, value: bigint): Expression => {
    const literal: Expression = { kind: "literal", type: int64, value };
    return count === null ? literal : resolveFunction("coalesce", [count, literal]);
  };
  const skipped = or(offset, 0n);
  const parts = [resolveFunction("gt", [columnOf(number), skipped])];
  if (limit !== null) {
    const place = resolveFunction("subtract", [columnOf(withTies ? rank : number), skipped]);
    parts.push(atMost(place, or(limit, 2n ** 63n - 1n)));
  }
  const plan: LogicalNode = { kind: "filter", input: applyAll(counted, applies), predicate: andAll(parts)! };
  return orderBy.length === 0 ? plan : { kind: "sort", input: plan, keys: orderBy };
}

function atMost(value: Expression, limit: Expression): Expression {
  return resolveFunction("le", [value, limit]);
}
