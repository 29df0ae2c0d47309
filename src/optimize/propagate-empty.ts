import type { Expression } from "../expr/expression.ts";
import type { JoinNode, LogicalNode, UnionNode, ValuesNode } from "../logical/logical-node.ts";
import { outputColumns, outputIds } from "../logical/output-columns.ts";
import { rewriteBottomUp } from "../logical/rewrite.ts";
import { columnReference } from "../logical/substitute-columns.ts";
import { falseLiteral, literal, neverHolds } from "./make-expression.ts";
import { constantCount } from "./row-bounds.ts";
import type { Rule } from "./rule.ts";

/** Replaces what cannot have rows by an empty relation, and simplifies what reads one. */
export const propagateEmpty: Rule = { name: "propagate-empty", apply: (plan) => rewriteBottomUp(plan, simplify) };

function isEmpty(node: LogicalNode): boolean {
  return node.kind === "values" && node.rows.length === 0;
}

function emptyLike(node: LogicalNode): ValuesNode {
  return { kind: "values", columns: outputColumns(node), rows: [] };
}

function simplify(node: LogicalNode): LogicalNode {
  switch (node.kind) {
    case "scan":
      return node.predicate !== null && neverHolds(node.predicate) ? emptyLike(node) : node;
    case "filter":
      return isEmpty(node.input) || neverHolds(node.predicate) ? emptyLike(node) : node;
    case "project":
    case "window":
    case "sort":
      return isEmpty(node.input) ? emptyLike(node) : node;
    case "aggregate":
      return isEmpty(node.input) && node.groups.length > 0 ? emptyLike(node) : node;
    case "limit":
      return isEmpty(node.input) || (node.limit !== null && constantCount(node.limit) === 0) ? emptyLike(node) : node;
    case "union":
      return simplifyUnion(node);
    case "set_operation":
      if (isEmpty(node.left) || (node.operation === "intersect" && isEmpty(node.right))) return emptyLike(node);
      return node;
    case "join":
      return simplifyJoin(node);
    default:
      return node;
  }
}

function simplifyUnion(node: UnionNode): LogicalNode {
  const inputs = node.inputs.filter((input) => !isEmpty(input));
  if (inputs.length === 0) return emptyLike(node);
  const [only] = inputs;
  if (inputs.length > 1 || only === undefined) return inputs.length === node.inputs.length ? node : { ...node, inputs };
  const columns = outputColumns(only);
  return {
    kind: "project",
    input: only,
    items: node.columns.map((column, index) => ({
      column,
      expression: columnReference(columns[index] as (typeof columns)[number]),
    })),
  };
}

function simplifyJoin(node: JoinNode): LogicalNode {
  const leftEmpty = isEmpty(node.left);
  const rightEmpty = isEmpty(node.right);
  const noMatch = leftEmpty || rightEmpty || (node.condition !== null && !node.nullAware && neverHolds(node.condition));
  if (!noMatch) return node;
  switch (node.joinType) {
    case "inner":
    case "semi":
      return emptyLike(node);
    case "anti":
      return leftEmpty ? emptyLike(node) : node.left;
    case "left":
    case "single":
      return leftEmpty ? emptyLike(node) : padded(node, node.left, node.right);
    case "right":
      return rightEmpty ? emptyLike(node) : padded(node, node.right, node.left);
    case "full":
      if (leftEmpty && rightEmpty) return emptyLike(node);
      return leftEmpty ? padded(node, node.right, node.left) : rightEmpty ? padded(node, node.left, node.right) : node;
    case "mark": {
      if (leftEmpty || node.markColumn === null) return emptyLike(node);
      // No right row: x IN () is false, whatever x is.
      const passed = outputColumns(node.left).map((column) => ({
        column,
        expression: columnReference(column) as Expression,
      }));
      return {
        kind: "project",
        input: node.left,
        items: [...passed, { column: node.markColumn, expression: falseLiteral }],
      };
    }
  }
}

/** The kept side's rows with NULLs in place of the other side's columns. */
function padded(node: JoinNode, kept: LogicalNode, missing: LogicalNode): LogicalNode {
  const absent = outputIds(missing);
  const items = outputColumns(node).map((column) => ({
    column,
    expression: absent.has(column.id) ? literal(column.type, null) : (columnReference(column) as Expression),
  }));
  return { kind: "project", input: kept, items };
}
