import type { ColumnId, Expression } from "../expr/expression.ts";
import { conjuncts } from "../expr/expression-properties.ts";
import type { JoinNode, JoinType, LogicalNode } from "../logical/logical-node.ts";
import { outputColumns, outputIds } from "../logical/output-columns.ts";
import { mapChildren } from "../logical/rewrite.ts";
import { columnReference, substituteColumns } from "../logical/substitute-columns.ts";
import { rejectsNulls } from "./null-rejection.ts";
import type { Rule } from "./rule.ts";

/** Outer joins whose padded rows a predicate above drops anyway become left, right or inner joins. */
export const simplifyOuterJoins: Rule = { name: "simplify-outer-joins", apply: (plan) => simplify(plan, []) };

/** `above` holds predicates over the node's columns: a row for which one is not true is of no use to anyone. */
function simplify(node: LogicalNode, above: readonly Expression[]): LogicalNode {
  switch (node.kind) {
    case "filter":
      return mapChildren(node, (input) => simplify(input, [...above, ...conjuncts(node.predicate)]));
    case "sort":
      return mapChildren(node, (input) => simplify(input, above));
    case "project": {
      const definitions = new Map(node.items.map((item) => [item.column.id, item.expression]));
      return mapChildren(node, (input) =>
        simplify(
          input,
          above.map((predicate) => substituteColumns(predicate, definitions)),
        ),
      );
    }
    case "aggregate": {
      const definitions = new Map(node.groups.map((group) => [group.column.id, group.expression]));
      const computed = node.aggregates.map(({ column }) => column.id);
      const onGroups = above.filter((predicate) => !mentions(predicate, computed));
      return mapChildren(node, (input) =>
        simplify(
          input,
          onGroups.map((predicate) => substituteColumns(predicate, definitions)),
        ),
      );
    }
    case "union":
      return mapChildren(node, (input) => {
        const columns = outputColumns(input);
        const definitions = new Map<ColumnId, Expression>();
        for (const [index, { id }] of node.columns.entries())
          definitions.set(id, columnReference(columns[index] as (typeof columns)[number]));
        return simplify(
          input,
          above.map((predicate) => substituteColumns(predicate, definitions)),
        );
      });
    case "join":
      return simplifyJoin(node, above);
    default:
      return mapChildren(node, (input) => simplify(input, []));
  }
}

function mentions(expression: Expression, ids: readonly ColumnId[]): boolean {
  const nothing = new Map(ids.map((id) => [id, trueMarker]));
  return ids.length > 0 && substituteColumns(expression, nothing) !== expression;
}

const trueMarker: Expression = { kind: "literal", type: { kind: "bool" }, value: true };

function simplifyJoin(node: JoinNode, above: readonly Expression[]): JoinNode {
  const joinType = strongerType(node, above);
  const condition = node.condition === null || node.nullAware ? [] : conjuncts(node.condition);
  // A predicate over both sides says of one side's columns what it says: rejectsNulls only asks about those.
  const forLeft =
    joinType === "inner" || joinType === "semi"
      ? [...above, ...condition]
      : joinType === "right"
        ? condition
        : joinType === "full"
          ? []
          : above;
  const forRight =
    joinType === "inner"
      ? [...above, ...condition]
      : joinType === "right"
        ? above
        : joinType === "full"
          ? []
          : condition;
  return { ...node, joinType, left: simplify(node.left, forLeft), right: simplify(node.right, forRight) };
}

function strongerType(node: JoinNode, above: readonly Expression[]): JoinType {
  const rejects = (side: LogicalNode) => {
    const ids = outputIds(side);
    return above.some((predicate) => rejectsNulls(predicate, ids));
  };
  switch (node.joinType) {
    case "left":
      return rejects(node.right) ? "inner" : "left";
    case "right":
      return rejects(node.left) ? "inner" : "right";
    case "full": {
      const needsLeft = rejects(node.left);
      const needsRight = rejects(node.right);
      return needsLeft && needsRight ? "inner" : needsLeft ? "left" : needsRight ? "right" : "full";
    }
    default:
      return node.joinType;
  }
}
