import { unreachable } from "../common/assert.ts";
import type { AggregateCall, Expression } from "../expr/expression.ts";
import { mapWindowExpressions, windowExpressions } from "../expr/window-call.ts";
import type { ApplyForm, LogicalNode } from "./logical-node.ts";

/** The inputs of a node in order: left before right, an apply's input before its subquery. */
export function children(node: LogicalNode): readonly LogicalNode[] {
  switch (node.kind) {
    case "scan":
    case "values":
    case "work_table":
      return [];
    case "recursive":
      return [node.anchor, node.step];
    case "project":
    case "filter":
    case "aggregate":
    case "window":
    case "sort":
    case "limit":
      return [node.input];
    case "join":
    case "set_operation":
      return [node.left, node.right];
    case "apply":
      return [node.input, node.subquery];
    case "union":
      return node.inputs;
    default:
      return unreachable(node, "logical node");
  }
}

/** The node over other inputs, as `children` lists them; the node itself where they are the same objects. */
export function withChildren(node: LogicalNode, inputs: readonly LogicalNode[]): LogicalNode {
  const old = children(node);
  if (old.every((child, index) => child === inputs[index])) return node;
  const first = inputs[0] as LogicalNode;
  const second = inputs[1] as LogicalNode;
  switch (node.kind) {
    case "scan":
    case "values":
    case "work_table":
      return node;
    case "recursive":
      return { ...node, anchor: first, step: second };
    case "project":
    case "filter":
    case "aggregate":
    case "window":
    case "sort":
    case "limit":
      return { ...node, input: first };
    case "join":
    case "set_operation":
      return { ...node, left: first, right: second };
    case "apply":
      return { ...node, input: first, subquery: second };
    case "union":
      return { ...node, inputs };
    default:
      return unreachable(node, "logical node");
  }
}

/** The node with each input replaced by what `change` makes of it. */
export function mapChildren(node: LogicalNode, change: (child: LogicalNode) => LogicalNode): LogicalNode {
  return withChildren(node, children(node).map(change));
}

/** Rewrites inputs before the node that reads them. */
export function rewriteBottomUp(node: LogicalNode, change: (node: LogicalNode) => LogicalNode): LogicalNode {
  return change(mapChildren(node, (child) => rewriteBottomUp(child, change)));
}

/** Rewrites a node before its (new) inputs. */
export function rewriteTopDown(node: LogicalNode, change: (node: LogicalNode) => LogicalNode): LogicalNode {
  return mapChildren(change(node), (child) => rewriteTopDown(child, change));
}

/** Calls `visit` for every node, inputs first. */
export function forEachNode(node: LogicalNode, visit: (node: LogicalNode) => void): void {
  for (const child of children(node)) forEachNode(child, visit);
  visit(node);
}

/** Every expression that the node itself holds, inputs excluded. */
export function nodeExpressions(node: LogicalNode): readonly Expression[] {
  switch (node.kind) {
    case "scan":
      return node.predicate === null ? [] : [node.predicate];
    case "values":
      return node.rows.flat();
    case "project":
      return node.items.map((item) => item.expression);
    case "filter":
      return [node.predicate];
    case "join":
      return node.condition === null ? [] : [node.condition];
    case "apply":
      return formExpressions(node.form);
    case "aggregate":
      return [
        ...node.groups.map((group) => group.expression),
        ...node.aggregates.flatMap(({ call }) => callExpressions(call)),
      ];
    case "window":
      return [
        ...node.partitionBy,
        ...node.orderBy.map((key) => key.expression),
        ...node.functions.flatMap(({ call }) => windowExpressions(call)),
      ];
    case "sort":
      return node.keys.map((key) => key.expression);
    case "limit":
      return [node.limit, node.offset].filter((expression) => expression !== null);
    case "union":
    case "set_operation":
    case "recursive":
    case "work_table":
      return [];
    default:
      return unreachable(node, "logical node");
  }
}

/** The node with each of its own expressions replaced; inputs stay. */
export function mapNodeExpressions(node: LogicalNode, change: (expression: Expression) => Expression): LogicalNode {
  const changeOptional = (expression: Expression | null) => (expression === null ? null : change(expression));
  switch (node.kind) {
    case "scan":
      return node.predicate === null ? node : { ...node, predicate: change(node.predicate) };
    case "values":
      return { ...node, rows: node.rows.map((row) => row.map(change)) };
    case "project":
      return {
        ...node,
        items: node.items.map((item) => ({ column: item.column, expression: change(item.expression) })),
      };
    case "filter":
      return { ...node, predicate: change(node.predicate) };
    case "join":
      return node.condition === null ? node : { ...node, condition: change(node.condition) };
    case "apply":
      return { ...node, form: mapFormExpressions(node.form, change) };
    case "aggregate":
      return {
        ...node,
        groups: node.groups.map((group) => ({ column: group.column, expression: change(group.expression) })),
        aggregates: node.aggregates.map(({ column, call }) => ({ column, call: mapCallExpressions(call, change) })),
      };
    case "window":
      return {
        ...node,
        partitionBy: node.partitionBy.map(change),
        orderBy: node.orderBy.map((key) => ({ ...key, expression: change(key.expression) })),
        functions: node.functions.map(({ column, call }) => ({ column, call: mapWindowExpressions(call, change) })),
      };
    case "sort":
      return { ...node, keys: node.keys.map((key) => ({ ...key, expression: change(key.expression) })) };
    case "limit":
      return { ...node, limit: changeOptional(node.limit), offset: changeOptional(node.offset) };
    case "union":
    case "set_operation":
    case "recursive":
    case "work_table":
      return node;
    default:
      return unreachable(node, "logical node");
  }
}

/** The aggregate with its arguments and its filter replaced. */
export function mapCallExpressions(call: AggregateCall, change: (expression: Expression) => Expression): AggregateCall {
  return { ...call, args: call.args.map(change), filter: call.filter === null ? null : change(call.filter) };
}

/** The arguments and the filter of an aggregate. */
export function callExpressions(call: AggregateCall): readonly Expression[] {
  return call.filter === null ? call.args : [...call.args, call.filter];
}

function formExpressions(form: ApplyForm): readonly Expression[] {
  if (form.kind === "quantified") return [form.comparison];
  if (form.kind === "lateral" && form.condition !== null) return [form.condition];
  return [];
}

function mapFormExpressions(form: ApplyForm, change: (expression: Expression) => Expression): ApplyForm {
  if (form.kind === "quantified") return { ...form, comparison: change(form.comparison) };
  if (form.kind === "lateral" && form.condition !== null) return { ...form, condition: change(form.condition) };
  return form;
}
