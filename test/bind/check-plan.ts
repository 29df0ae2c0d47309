import assert from "node:assert/strict";
import { sameType } from "../../src/arrow/data-type.ts";
import type { Expression } from "../../src/expr/expression.ts";
import { forEachExpression, typeOf } from "../../src/expr/expression-properties.ts";
import { freeColumns } from "../../src/logical/free-columns.ts";
import type { Column, LogicalNode } from "../../src/logical/logical-node.ts";
import { outputColumns } from "../../src/logical/output-columns.ts";
import { forEachNode, nodeExpressions } from "../../src/logical/rewrite.ts";

/**
 * What every bound plan must satisfy: no reference without its column, each id made by one node, references that agree
 * with their columns about the type, set operations over equal types, and no untyped value left.
 */
export function checkPlan(plan: LogicalNode): void {
  assert.deepEqual([...freeColumns(plan)], [], "references to columns that nothing produces");
  const made = new Map<number, Column>();
  forEachNode(plan, (node) => {
    for (const column of madeColumns(node)) {
      assert(!made.has(column.id), `column ${column.name}#${column.id} is made twice`);
      assert.notEqual(column.type.kind, "null", `column ${column.name}#${column.id} has no type`);
      made.set(column.id, column);
    }
    if (node.kind === "union") for (const input of node.inputs) checkTypes(node.columns, input);
    if (node.kind === "set_operation") for (const input of [node.left, node.right]) checkTypes(node.columns, input);
    if (node.kind === "project")
      for (const { column, expression } of node.items) assert(sameType(column.type, typeOf(expression)));
  });
  forEachNode(plan, (node) => {
    for (const expression of nodeExpressions(node)) forEachExpression(expression, (part) => checkPart(part, made));
  });
}

function checkPart(part: Expression, made: ReadonlyMap<number, Column>): void {
  if (part.kind === "literal" && part.type.kind === "null")
    assert.equal(part.value, null, "an untyped literal is left");
  if (part.kind === "column")
    assert(sameType(part.type, made.get(part.id)!.type), `reference to ${part.name}#${part.id} has another type`);
}

function checkTypes(columns: readonly Column[], input: LogicalNode): void {
  const own = outputColumns(input);
  assert.equal(own.length, columns.length);
  own.forEach((column, index) =>
    assert(sameType(column.type, columns[index]!.type), `${column.name} has another type than its set operation`),
  );
}

/** The columns that begin at a node, not those that it passes on. */
function madeColumns(node: LogicalNode): readonly Column[] {
  switch (node.kind) {
    case "scan":
    case "values":
    case "union":
    case "set_operation":
      return node.columns;
    case "project":
      return node.items
        .filter(({ column, expression }) => expression.kind !== "column" || expression.id !== column.id)
        .map(({ column }) => column);
    case "aggregate":
      return [...node.groups, ...node.aggregates].map(({ column }) => column);
    case "window":
      return node.functions.map(({ column }) => column);
    case "apply":
      return node.form.kind === "lateral" ? [] : [node.form.column];
    default:
      return [];
  }
}
