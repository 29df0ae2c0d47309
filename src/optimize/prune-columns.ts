import { byteWidthOf, isStringLike } from "../arrow/data-type.ts";
import { must, unreachable } from "../common/assert.ts";
import type { ColumnId, Expression } from "../expr/expression.ts";
import { columnIds, forEachExpression } from "../expr/expression-properties.ts";
import type {
  AggregateNode,
  Column,
  JoinNode,
  LogicalNode,
  ProjectNode,
  ScanNode,
  UnionNode,
  ValuesNode,
  WindowNode,
} from "../logical/logical-node.ts";
import { outputColumns, outputIds } from "../logical/output-columns.ts";
import { callExpressions, nodeExpressions } from "../logical/rewrite.ts";
import { columnReference, substituteColumns } from "../logical/substitute-columns.ts";
import type { Rule } from "./rule.ts";

/**
 * Removes what nobody reads: columns of scans, unused items and aggregates, marks; merges projects with those below
 * and removes those that only pass columns on.
 */
export const pruneColumns: Rule = {
  name: "prune-columns",
  apply: (plan) => {
    const columns = outputColumns(plan);
    return withExactColumns(prune(plan, new Set(columns.map(({ id }) => id))), columns);
  },
};

type Required = ReadonlySet<ColumnId>;

/** The node with all required columns, in any order and perhaps with others. */
function prune(node: LogicalNode, required: Required): LogicalNode {
  switch (node.kind) {
    case "scan":
      return pruneScan(node, required);
    case "values":
      return pruneValues(node, required);
    case "project":
      return pruneProject(node, required);
    case "filter":
    case "sort":
    case "limit":
      return { ...node, input: prune(node.input, withReferences(required, nodeExpressions(node))) };
    case "join":
      return pruneJoin(node, required);
    case "apply":
      return {
        ...node,
        input: prune(node.input, outputIds(node.input)),
        subquery: prune(node.subquery, outputIds(node.subquery)),
      };
    case "window":
      return pruneWindow(node, required);
    case "aggregate":
      return pruneAggregate(node, required);
    case "union":
      return pruneUnion(node, required);
    case "work_table":
      return node;
    case "recursive":
      return {
        ...node,
        anchor: pruneExactly(node.anchor, outputColumns(node.anchor)),
        step: pruneExactly(node.step, outputColumns(node.step)),
      };
    case "set_operation":
      return {
        ...node,
        left: pruneExactly(node.left, outputColumns(node.left)),
        right: pruneExactly(node.right, outputColumns(node.right)),
      };
    default:
      return unreachable(node, "logical node");
  }
}

function withReferences(required: Required, expressions: readonly Expression[]): Required {
  const ids = new Set(required);
  for (const expression of expressions) for (const id of columnIds(expression)) ids.add(id);
  return ids;
}

/** Puts out exactly these columns, in this order: what a parent reads by position. */
function pruneExactly(node: LogicalNode, columns: readonly Column[]): LogicalNode {
  return withExactColumns(prune(node, new Set(columns.map(({ id }) => id))), columns);
}

function withExactColumns(node: LogicalNode, columns: readonly Column[]): LogicalNode {
  const output = outputColumns(node);
  if (output.length === columns.length && output.every(({ id }, index) => id === columns[index]?.id)) return node;
  const byId = new Map(output.map((column) => [column.id, column]));
  const items = columns
    .map(({ id }) => must(byId.get(id), "pruning keeps required columns"))
    .map((column) => ({ column, expression: columnReference(column) }));
  return mergeProject({ kind: "project", input: node, items });
}

function pruneScan(node: ScanNode, required: Required): ScanNode {
  const used = withReferences(required, nodeExpressions(node));
  const columns = node.columns.filter(({ id }) => used.has(id));
  // Rows must still be counted: the column that is cheapest to read stands for them.
  if (columns.length === 0 && node.columns.length > 0) columns.push(cheapest(node.columns));
  return columns.length === node.columns.length ? node : { ...node, columns };
}

function cheapest<T extends Column>(columns: readonly T[]): T {
  const cost = ({ type }: T) => (isStringLike(type) ? 1000 : byteWidthOf(type));
  return columns.reduce((best, column) => (cost(column) < cost(best) ? column : best));
}

function pruneValues(node: ValuesNode, required: Required): ValuesNode {
  const kept = node.columns.map(({ id }) => required.has(id));
  if (kept.every(Boolean)) return node;
  return {
    ...node,
    columns: node.columns.filter((_, index) => kept[index]),
    rows: node.rows.map((row) => row.filter((_, index) => kept[index])),
  };
}

function pruneProject(node: ProjectNode, required: Required): LogicalNode {
  const items = node.items.filter(({ column }) => required.has(column.id));
  const input = prune(
    node.input,
    withReferences(
      new Set(),
      items.map((item) => item.expression),
    ),
  );
  return items.length === 0 ? input : withoutTrivial(mergeProject({ ...node, input, items }));
}

/** Takes the items of a project right below into this one. */
function mergeProject(node: ProjectNode): ProjectNode {
  let merged = node;
  while (merged.input.kind === "project" && mayMerge(merged, merged.input)) {
    const definitions = new Map(merged.input.items.map((item) => [item.column.id, item.expression]));
    merged = {
      ...merged,
      input: merged.input.input,
      items: merged.items.map(({ column, expression }) => ({
        column,
        expression: substituteColumns(expression, definitions),
      })),
    };
  }
  return merged;
}

/** A project that passes columns on under their ids only narrows, which narrow-join-inputs decides last. */
function withoutTrivial(node: ProjectNode): LogicalNode {
  return node.items.every(({ column, expression }) => expression.kind === "column" && expression.id === column.id)
    ? node.input
    : node;
}

/** Not if an expression would be computed twice. */
function mayMerge(outer: ProjectNode, inner: ProjectNode): boolean {
  const computed = new Set(
    inner.items
      .filter(({ expression }) => expression.kind !== "column" && expression.kind !== "literal")
      .map(({ column }) => column.id),
  );
  const uses = new Map<ColumnId, number>();
  for (const { expression } of outer.items)
    for (const id of referencesOf(expression)) uses.set(id, (uses.get(id) ?? 0) + 1);
  return [...computed].every((id) => (uses.get(id) ?? 0) <= 1);
}

/** Column references with repetition. */
function referencesOf(expression: Expression): readonly ColumnId[] {
  const ids: ColumnId[] = [];
  forEachExpression(expression, (part) => {
    if (part.kind === "column") ids.push(part.id);
  });
  return ids;
}

function pruneJoin(node: JoinNode, required: Required): LogicalNode {
  // Nobody asks for the mark, and a mark join keeps each left row once.
  if (node.markColumn !== null && !required.has(node.markColumn.id)) return prune(node.left, required);
  const used = withReferences(required, nodeExpressions(node));
  return { ...node, left: prune(node.left, used), right: prune(node.right, used) };
}

function pruneAggregate(node: AggregateNode, required: Required): LogicalNode {
  const aggregates = node.aggregates.filter(({ column }) => required.has(column.id));
  if (node.groups.length === 0 && aggregates.length === 0) return { kind: "values", columns: [], rows: [[]] };
  const used = [
    ...node.groups.map((group) => group.expression),
    ...aggregates.flatMap(({ call }) => callExpressions(call)),
  ];
  return { ...node, aggregates, input: prune(node.input, withReferences(new Set(), used)) };
}

function pruneWindow(node: WindowNode, required: Required): LogicalNode {
  const functions = node.functions.filter(({ column }) => required.has(column.id));
  if (functions.length === 0) return prune(node.input, required);
  const kept = { ...node, functions };
  const own = new Set(functions.map(({ column }) => column.id));
  const passed = new Set([...required].filter((id) => !own.has(id)));
  return { ...kept, input: prune(node.input, withReferences(passed, nodeExpressions(kept))) };
}

function pruneUnion(node: UnionNode, required: Required): UnionNode {
  const kept = node.columns.map(({ id }) => required.has(id));
  if (!kept.includes(true) && kept.length > 0) kept[node.columns.indexOf(cheapest(node.columns))] = true;
  const inputs = node.inputs.map((input) =>
    pruneExactly(
      input,
      outputColumns(input).filter((_, index) => kept[index]),
    ),
  );
  return { ...node, inputs, columns: node.columns.filter((_, index) => kept[index]) };
}
