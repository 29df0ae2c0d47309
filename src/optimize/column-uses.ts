import type { ColumnId } from "../expr/expression.ts";
import { forEachExpression } from "../expr/expression-properties.ts";
import type { LogicalNode } from "../logical/logical-node.ts";
import { outputColumns } from "../logical/output-columns.ts";
import { children, forEachNode, nodeExpressions } from "../logical/rewrite.ts";

/** How often each column of a plan is referred to; the plan's own output counts as a use. */
export function countUses(plan: LogicalNode): ReadonlyMap<ColumnId, number> {
  const uses = new Map<ColumnId, number>();
  const add = (id: ColumnId) => uses.set(id, (uses.get(id) ?? 0) + 1);
  for (const { id } of outputColumns(plan)) add(id);
  forEachNode(plan, (node) => {
    for (const expression of nodeExpressions(node)) {
      forEachExpression(expression, (part) => part.kind === "column" && add(part.id));
    }
    // What a union or set operation reads it reads by position, without an expression.
    const inputs = positionalInputs(node);
    for (const input of inputs) for (const { id } of outputColumns(input)) add(id);
  });
  return uses;
}

function positionalInputs(node: LogicalNode): readonly LogicalNode[] {
  return node.kind === "union" || node.kind === "set_operation" || node.kind === "recursive" ? children(node) : [];
}
