import type { ColumnExpression, ColumnId, Expression } from "../expr/expression.ts";
import { mapExpression } from "../expr/expression-properties.ts";
import type { Column, LogicalNode } from "./logical-node.ts";
import { mapChildren, mapNodeExpressions } from "./rewrite.ts";

/** A reference to a column that some node puts out. */
export function columnReference(column: Column): ColumnExpression {
  return { kind: "column", id: column.id, name: column.name, type: column.type, nullable: column.nullable };
}

/** The expression with the listed columns replaced. */
export function substituteColumns(expression: Expression, replacements: ReadonlyMap<ColumnId, Expression>): Expression {
  if (replacements.size === 0) return expression;
  return mapExpression(expression, (part) => (part.kind === "column" ? (replacements.get(part.id) ?? part) : part));
}

/** The plan with the listed columns replaced wherever an expression in it refers to them. */
export function substituteInPlan(node: LogicalNode, replacements: ReadonlyMap<ColumnId, Expression>): LogicalNode {
  if (replacements.size === 0) return node;
  const own = mapNodeExpressions(node, (expression) => substituteColumns(expression, replacements));
  return mapChildren(own, (child) => substituteInPlan(child, replacements));
}
