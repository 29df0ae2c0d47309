import { unreachable } from "../common/assert.ts";
import type { ColumnId } from "../expr/expression.ts";
import type { ApplyNode, Column, JoinNode, LogicalNode } from "./logical-node.ts";

const cache = new WeakMap<LogicalNode, readonly Column[]>();

/** The columns that a node puts out, in order. Nodes are immutable, so each answer is computed once. */
export function outputColumns(node: LogicalNode): readonly Column[] {
  let columns = cache.get(node);
  if (columns === undefined) cache.set(node, (columns = deriveColumns(node)));
  return columns;
}

/** The ids of the columns that a node puts out. */
export function outputIds(node: LogicalNode): ReadonlySet<ColumnId> {
  return new Set(outputColumns(node).map(({ id }) => id));
}

function deriveColumns(node: LogicalNode): readonly Column[] {
  switch (node.kind) {
    case "scan":
      return node.columns.map(({ id, name, type, nullable }) => ({ id, name, type, nullable }));
    case "values":
    case "union":
    case "set_operation":
    case "recursive":
    case "work_table":
      return node.columns;
    case "project":
      return node.items.map((item) => item.column);
    case "filter":
    case "sort":
    case "limit":
      return outputColumns(node.input);
    case "join":
      return joinColumns(node);
    case "apply":
      return applyColumns(node);
    case "window":
      return [...outputColumns(node.input), ...node.functions.map(({ column }) => column)];
    case "aggregate":
      return [...node.groups.map((group) => group.column), ...node.aggregates.map((aggregate) => aggregate.column)];
    default:
      return unreachable(node, "logical node");
  }
}

function joinColumns(node: JoinNode): readonly Column[] {
  const left = outputColumns(node.left);
  switch (node.joinType) {
    case "semi":
    case "anti":
      return left;
    case "mark":
      return node.markColumn === null ? left : [...left, node.markColumn];
    case "inner":
      return [...left, ...outputColumns(node.right)];
    case "left":
    case "single":
      return [...left, ...asNullable(outputColumns(node.right))];
    case "right":
      return [...asNullable(left), ...outputColumns(node.right)];
    case "full":
      return [...asNullable(left), ...asNullable(outputColumns(node.right))];
    default:
      return unreachable(node.joinType, "join type");
  }
}

function applyColumns(node: ApplyNode): readonly Column[] {
  const input = outputColumns(node.input);
  if (node.form.kind !== "lateral") return [...input, node.form.column];
  const subquery = outputColumns(node.subquery);
  return [...input, ...(node.form.joinType === "left" ? asNullable(subquery) : subquery)];
}

function asNullable(columns: readonly Column[]): readonly Column[] {
  return columns.map((column) => (column.nullable ? column : { ...column, nullable: true }));
}
