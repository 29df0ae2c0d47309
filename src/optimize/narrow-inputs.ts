import type { ColumnId } from "../expr/expression.ts";
import { columnIds } from "../expr/expression-properties.ts";
import type { JoinNode, LogicalNode } from "../logical/logical-node.ts";
import { outputColumns, outputIds } from "../logical/output-columns.ts";
import { children, nodeExpressions, withChildren } from "../logical/rewrite.ts";
import { columnReference } from "../logical/substitute-columns.ts";
import type { Rule } from "./rule.ts";

/**
 * Puts a narrowing project below each join and sort whose input carries columns that nobody needs any more: these
 * nodes copy the columns they are given. Runs last, since other rules would have to look through the projects.
 */
export const narrowInputs: Rule = {
  name: "narrow-inputs",
  apply: (plan) => narrow(plan, outputIds(plan)),
};

type Required = ReadonlySet<ColumnId>;

function narrow(node: LogicalNode, required: Required): LogicalNode {
  const own = new Set<ColumnId>();
  for (const expression of nodeExpressions(node)) for (const id of columnIds(expression)) own.add(id);
  const inputs = children(node).map((child, index) => {
    const needed = neededOf(node, child, index, required, own);
    const narrowed = narrow(child, needed);
    return node.kind === "join" || node.kind === "sort" || node.kind === "window"
      ? onlyColumns(narrowed, needed)
      : narrowed;
  });
  return withChildren(node, inputs);
}

/** What the node needs of its input. */
function neededOf(node: LogicalNode, child: LogicalNode, index: number, required: Required, own: Required): Required {
  switch (node.kind) {
    case "project":
    case "aggregate":
      return own;
    case "filter":
    case "window":
    case "sort":
    case "limit":
      return new Set([...required, ...own]);
    case "join":
      return putsOutSide(node, index) ? new Set([...required, ...own]) : own;
    default:
      return outputIds(child);
  }
}

function putsOutSide(node: JoinNode, index: number): boolean {
  return index === 0 || !["semi", "anti", "mark"].includes(node.joinType);
}

function onlyColumns(node: LogicalNode, needed: Required): LogicalNode {
  const output = outputColumns(node);
  const kept = output.filter(({ id }) => needed.has(id));
  // Rows without columns would have no count; the first column stands for them.
  if (kept.length === 0 && output[0] !== undefined) kept.push(output[0]);
  if (kept.length === output.length) return node;
  return {
    kind: "project",
    input: node,
    items: kept.map((column) => ({ column, expression: columnReference(column) })),
  };
}
