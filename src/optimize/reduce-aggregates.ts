import type { ColumnId, Expression } from "../expr/expression.ts";
import { andAll, conjuncts, typeOf } from "../expr/expression-properties.ts";
import type { ColumnIds } from "../logical/column-ids.ts";
import { copyPlan } from "../logical/copy-plan.ts";
import type { AggregateNode, Column, JoinNode, LogicalNode } from "../logical/logical-node.ts";
import { outputColumns, outputIds } from "../logical/output-columns.ts";
import { children, forEachNode, rewriteBottomUp, withChildren } from "../logical/rewrite.ts";
import { columnReference } from "../logical/substitute-columns.ts";
import { distinctCount, estimate } from "./estimate.ts";
import { predicateCall } from "./make-expression.ts";
import { orderJoins } from "./order-joins.ts";
import { pruneColumns } from "./prune-columns.ts";
import type { Rule } from "./rule.ts";
import { splitCondition } from "./split-condition.ts";

/**
 * Where few of an aggregate's groups are joined, drops the rows of the others before they are aggregated, by a semi
 * join with the keys of the join's other side: a correlated subquery then computes what the outer rows ask for, not
 * all there is. The other side is computed twice, so it must be cheap beside the aggregate's input.
 */
export const reduceAggregates: Rule = {
  name: "reduce-aggregates",
  apply: (plan, context) => {
    const reduced = rewriteBottomUp(plan, (node) => (node.kind === "join" ? reduceJoin(node, context.ids) : node));
    // The new semi joins find their place among the joins below the aggregate.
    return reduced === plan ? plan : orderJoins.apply(pruneColumns.apply(reduced, context), context);
  },
};

/** The share of the groups that may be asked for at most. */
const mostOfGroups = 0.2;
/** Rows read for the other side at most, per row read for the aggregate. */
const mostOfCost = 0.5;

/** `comparison` is the join's own: where NULL matches NULL there, the group of NULL is asked for too. */
type Key = { readonly asked: Column; readonly group: Expression; readonly comparison: (typeof comparisons)[number] };

const comparisons = ["eq", "is_not_distinct_from"] as const;

function reduceJoin(node: JoinNode, ids: ColumnIds): LogicalNode {
  // A null-aware join asks whether there is a NULL on the right, so there no row is beside the point.
  if (node.nullAware || node.joinType === "full" || node.joinType === "right") return node;
  const right = reduceSide(node, node.right, node.left, ids);
  if (right !== null) return { ...node, right };
  const left = node.joinType === "inner" ? reduceSide(node, node.left, node.right, ids) : null;
  return left === null ? node : { ...node, left };
}

function reduceSide(join: JoinNode, side: LogicalNode, other: LogicalNode, ids: ColumnIds): LogicalNode | null {
  const aggregate = aggregateBelow(side);
  if (aggregate === null || !isRepeatable(other)) return null;
  const keys = keysOf(join, side, other, aggregate);
  if (keys.length === 0 || !pays(aggregate, other, keys)) return null;
  const { plan, columns } = copyPlan(other, ids);
  const items = keys
    .map(({ asked }) => columns.get(asked.id) as Column)
    .map((column) => ({ column, expression: columnReference(column) }));
  const condition = andAll(
    keys.map(({ group, comparison }, index) =>
      predicateCall(comparison, group, columnReference((items[index] as (typeof items)[number]).column)),
    ),
  );
  const reduced: JoinNode = {
    kind: "join",
    joinType: "semi",
    left: aggregate.input,
    right: { kind: "project", input: plan, items },
    condition,
    nullAware: false,
    markColumn: null,
  };
  return replaceAggregate(side, { ...aggregate, input: reduced });
}

/** The aggregate that the side's rows come from, one each. */
function aggregateBelow(node: LogicalNode): AggregateNode | null {
  if (node.kind === "aggregate") return node.groups.length > 0 ? node : null;
  return node.kind === "project" || node.kind === "filter" ? aggregateBelow(node.input) : null;
}

function replaceAggregate(node: LogicalNode, aggregate: AggregateNode): LogicalNode {
  if (node.kind === "aggregate") return aggregate;
  return withChildren(
    node,
    children(node).map((child) => replaceAggregate(child, aggregate)),
  );
}

/** The columns of the other side that the join equates with groups. */
function keysOf(join: JoinNode, side: LogicalNode, other: LogicalNode, aggregate: AggregateNode): readonly Key[] {
  const otherColumns = new Map(outputColumns(other).map((column) => [column.id, column]));
  const sideIds = outputIds(side);
  const parts = join.condition === null ? [] : conjuncts(join.condition);
  return comparisons.flatMap((comparison) => {
    const equated = andAll(parts.filter((part) => part.kind === "call" && part.name === comparison));
    const { pairs } = splitCondition(equated, new Set(otherColumns.keys()), sideIds);
    return pairs.flatMap(({ left, right }): readonly Key[] => {
      if (left.kind !== "column" || right.kind !== "column" || typeOf(left).kind !== typeOf(right).kind) return [];
      const asked = otherColumns.get(left.id);
      const group = groupOf(side, right.id, aggregate);
      return asked === undefined || group === null ? [] : [{ asked, group, comparison }];
    });
  });
}

/** The group expression that a column of the side is, if it is one. */
function groupOf(node: LogicalNode, id: ColumnId, aggregate: AggregateNode): Expression | null {
  if (node === aggregate) return aggregate.groups.find(({ column }) => column.id === id)?.expression ?? null;
  if (node.kind === "filter") return groupOf(node.input, id, aggregate);
  if (node.kind !== "project") return null;
  const item = node.items.find(({ column }) => column.id === id);
  return item?.expression.kind === "column" ? groupOf(node.input, item.expression.id, aggregate) : null;
}

function pays(aggregate: AggregateNode, other: LogicalNode, keys: readonly Key[]): boolean {
  const input = estimate(aggregate.input).columns;
  const share = keys.map(({ asked, group }) => {
    const all = group.kind === "column" ? (input.get(group.id)?.distinct ?? Infinity) : Infinity;
    return Number.isFinite(all) ? distinctCount(other, asked.id) / Math.max(1, all) : 1;
  });
  return Math.min(...share) <= mostOfGroups && rowsRead(other) <= mostOfCost * rowsRead(aggregate.input);
}

function rowsRead(node: LogicalNode): number {
  let rows = 0;
  forEachNode(node, (part) => {
    if (part.kind === "scan") rows += part.table.rowCount;
  });
  return rows;
}

/** Whether two runs surely give the same rows. */
function isRepeatable(node: LogicalNode): boolean {
  let repeatable = true;
  forEachNode(node, (part) => {
    if (part.kind === "limit") repeatable = false;
    if (part.kind === "aggregate" && part.aggregates.some(({ call }) => call.name === "any_value")) repeatable = false;
  });
  return repeatable;
}
