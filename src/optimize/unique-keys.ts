import type { ColumnId } from "../expr/expression.ts";
import type { LogicalNode } from "../logical/logical-node.ts";
import { outputIds } from "../logical/output-columns.ts";
import { rowBounds } from "./row-bounds.ts";
import { splitCondition } from "./split-condition.ts";

/**
 * Whether no two rows of the node agree in all these columns (NULLs equal): a promise that follows from the plan's
 * shape, such as grouping, never from statistics.
 */
export function isUniqueKey(node: LogicalNode, ids: readonly ColumnId[]): boolean {
  if (rowBounds(node).max <= 1) return true;
  switch (node.kind) {
    case "aggregate":
      return node.groups.every(({ column }) => ids.includes(column.id));
    case "filter":
    case "window":
    case "sort":
    case "limit":
      return isUniqueKey(node.input, ids);
    case "project": {
      const sources: ColumnId[] = [];
      for (const { column, expression } of node.items)
        if (ids.includes(column.id) && expression.kind === "column") sources.push(expression.id);
      return isUniqueKey(node.input, sources);
    }
    case "set_operation":
      return !node.all && node.columns.every(({ id }) => ids.includes(id));
    case "join":
      return isUniqueJoinKey(node, ids);
    default:
      return false;
  }
}

function isUniqueJoinKey(node: Extract<LogicalNode, { kind: "join" }>, ids: readonly ColumnId[]): boolean {
  const left = outputIds(node.left);
  const right = outputIds(node.right);
  const leftKey = ids.filter((id) => left.has(id));
  const rightKey = ids.filter((id) => right.has(id));
  switch (node.joinType) {
    case "semi":
    case "anti":
    case "mark":
    case "single":
      return isUniqueKey(node.left, leftKey);
    case "inner":
    case "left": {
      if (isUniqueKey(node.left, leftKey) && isUniqueKey(node.right, rightKey)) return true;
      // Each left row has one match at most where the right side's join keys are unique; and the other way round.
      const { pairs } = splitCondition(node.condition, left, right);
      const keysOf = (side: "left" | "right") =>
        pairs.flatMap((pair) => (pair[side].kind === "column" ? [pair[side].id] : []));
      if (isUniqueKey(node.left, leftKey) && isUniqueKey(node.right, keysOf("right"))) return true;
      return node.joinType === "inner" && isUniqueKey(node.right, rightKey) && isUniqueKey(node.left, keysOf("left"));
    }
    default:
      return isUniqueKey(node.left, leftKey) && isUniqueKey(node.right, rightKey) && node.joinType !== "full";
  }
}
