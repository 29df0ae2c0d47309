import { simpleType } from "../arrow/data-type.ts";
import type { Expression, SortKey, WindowCall } from "../expr/expression.ts";
import { resolveFunction } from "../expr/function-registry.ts";
import { andAll } from "../expr/expression-properties.ts";
import type { Column, LogicalNode } from "../logical/logical-node.ts";
import { type BindContext, columnOf, newColumn } from "./bind-context.ts";

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
    functions: [{ column: number, call: ranking("row_number") }],
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
      { column: rank, call: ranking("rank") },
      { column: number, call: ranking("row_number") },
    ],
  };
  const last = offset === null ? limit : resolveFunction("add", [limit, offset]);
  const parts = [atMost(columnOf(rank), last)];
  if (offset !== null) parts.push(resolveFunction("gt", [columnOf(number), offset]));
  return { kind: "sort", input: { kind: "filter", input: plan, predicate: andAll(parts)! }, keys: orderBy };
}

function atMost(value: Expression, limit: Expression): Expression {
  return resolveFunction("le", [value, limit]);
}

function ranking(name: string): WindowCall {
  return {
    name,
    args: [],
    filter: null,
    frame: {
      unit: "range",
      start: { kind: "unbounded_preceding" },
      end: { kind: "current_row" },
      exclude: "nothing",
    },
    type: int64,
  };
}
