import { sameType } from "../arrow/data-type.ts";
import { assert } from "../common/assert.ts";
import type { ColumnId } from "../expr/expression.ts";
import { columnIds } from "../expr/expression-properties.ts";
import type { LogicalNode } from "../logical/logical-node.ts";
import { outputColumns } from "../logical/output-columns.ts";
import { describeNode } from "../logical/print-plan.ts";
import { children, nodeExpressions } from "../logical/rewrite.ts";

/**
 * Asserts what every plan must keep: a column that an expression names is put out below (or, within an apply's
 * subquery, by what stands outside), no two nodes produce the same id, union and set operation inputs fit, booleans
 * are booleans where rows are chosen.
 */
export function verifyPlan(plan: LogicalNode): void {
  const producers = new Map<ColumnId, LogicalNode>();
  verifyNode(plan, new Set(), producers);
}

function verifyNode(node: LogicalNode, outer: ReadonlySet<ColumnId>, producers: Map<ColumnId, LogicalNode>): void {
  if (node.kind === "apply") {
    verifyNode(node.input, outer, producers);
    verifyNode(node.subquery, new Set([...outer, ...outputColumns(node.input).map(({ id }) => id)]), producers);
  } else {
    for (const child of children(node)) verifyNode(child, outer, producers);
  }
  for (const id of producedIds(node)) {
    assert(!producers.has(id), () => `column ${id} is produced twice, also by: ${describeNode(node)}`);
    producers.set(id, node);
  }
  const visible = new Set(outer);
  for (const child of children(node)) for (const { id } of outputColumns(child)) visible.add(id);
  if (node.kind === "scan") for (const { id } of node.columns) visible.add(id);
  for (const expression of nodeExpressions(node)) {
    for (const id of columnIds(expression))
      assert(visible.has(id), () => `column ${id} is not produced below: ${describeNode(node)}`);
  }
  if (node.kind === "union") for (const input of node.inputs) verifyFit(node, input);
  if (node.kind === "recursive") for (const input of [node.anchor, node.step]) verifyFit(node, input);
  if (node.kind === "set_operation") for (const input of [node.left, node.right]) verifyFit(node, input);
  if (node.kind === "join") {
    assert(
      (node.joinType === "mark") === (node.markColumn !== null),
      () => `mark column and join type disagree: ${describeNode(node)}`,
    );
    assert(
      !node.nullAware || node.joinType === "mark" || node.joinType === "anti",
      () => `null-aware without need: ${describeNode(node)}`,
    );
  }
}

function verifyFit(
  node: Extract<LogicalNode, { kind: "union" | "set_operation" | "recursive" }>,
  input: LogicalNode,
): void {
  const columns = outputColumns(input);
  assert(columns.length === node.columns.length, () => `an input has ${columns.length} columns: ${describeNode(node)}`);
  for (const [index, column] of node.columns.entries()) {
    assert(
      sameType(column.type, (columns[index] as typeof column).type),
      () => `types of input column ${index} differ: ${describeNode(node)}`,
    );
  }
}

/** Ids that come into being at this node; a project that passes a column on under its own id does not produce it. */
function producedIds(node: LogicalNode): readonly ColumnId[] {
  switch (node.kind) {
    case "scan":
    case "values":
    case "union":
    case "set_operation":
    case "recursive":
    case "work_table":
      return node.columns.map(({ id }) => id);
    case "project":
    case "aggregate": {
      const defined = node.kind === "project" ? node.items : node.groups;
      const own = defined
        .filter(({ column, expression }) => expression.kind !== "column" || expression.id !== column.id)
        .map(({ column }) => column.id);
      return node.kind === "project" ? own : [...own, ...node.aggregates.map(({ column }) => column.id)];
    }
    case "window":
      return node.functions.map(({ column }) => column.id);
    case "join":
      return node.markColumn === null ? [] : [node.markColumn.id];
    case "apply":
      return node.form.kind === "lateral" ? [] : [node.form.column.id];
    default:
      return [];
  }
}
