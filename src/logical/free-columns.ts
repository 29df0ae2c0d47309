import type { ColumnId } from "../expr/expression.ts";
import { columnIds } from "../expr/expression-properties.ts";
import type { LogicalNode } from "./logical-node.ts";
import { outputColumns } from "./output-columns.ts";
import { children, nodeExpressions } from "./rewrite.ts";

const cache = new WeakMap<LogicalNode, ReadonlySet<ColumnId>>();

/** The columns that a plan refers to and does not produce: what makes a subquery correlated. */
export function freeColumns(node: LogicalNode): ReadonlySet<ColumnId> {
  let free = cache.get(node);
  if (free === undefined) cache.set(node, (free = deriveFreeColumns(node)));
  return free;
}

function deriveFreeColumns(node: LogicalNode): ReadonlySet<ColumnId> {
  const free = new Set<ColumnId>();
  const produced = new Set<ColumnId>();
  for (const child of children(node)) {
    for (const id of freeColumns(child)) free.add(id);
    for (const { id } of outputColumns(child)) produced.add(id);
  }
  // A scan's predicate is over its own columns, which are no child's output.
  if (node.kind === "scan") for (const { id } of node.columns) produced.add(id);
  for (const expression of nodeExpressions(node)) for (const id of columnIds(expression)) free.add(id);
  // An apply's subquery may use its input's columns; ids are unique, so a join's sides never hide each other's.
  for (const id of produced) free.delete(id);
  return free;
}
