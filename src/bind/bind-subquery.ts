import { simpleType } from "../arrow/data-type.ts";
import { EngineError, type TextSpan } from "../common/engine-error.ts";
import type { Expression } from "../expr/expression.ts";
import type { LogicalNode } from "../logical/logical-node.ts";
import type { Query, SqlExpressionOf } from "../sql/ast.ts";
import { compareRows } from "./bind-comparison.ts";
import { type BoundQuery, columnOf, type ExpressionPlace, newColumn } from "./bind-context.ts";

const bool = simpleType("bool");

/** `(SELECT …)` as a value. */
export function bindScalarSubquery(query: Query, span: TextSpan, place: ExpressionPlace): Expression {
  const { plan, columns } = bindSubquery(query, place);
  const [only] = columns;
  if (only === undefined || columns.length > 1)
    throw new EngineError("syntax_error", "subquery must return only one column", { span });
  const column = newColumn(place.context, only.name, only.column.type, true);
  place.applies.push({ subquery: plan, form: { kind: "scalar", column } });
  return columnOf(column, span);
}

/** `(SELECT a, b …)` as a row: a value for each column, from a copy of the subquery for each. */
export function bindRowSubquery(query: Query, span: TextSpan, place: ExpressionPlace): readonly Expression[] {
  const { length } = bindSubquery(query, { ...place, applies: [] }).columns;
  return Array.from({ length }, (_, index) => {
    const { plan, columns } = bindSubquery(query, place);
    const { name, column } = columns[index]!;
    const only: LogicalNode = { kind: "project", input: plan, items: [{ column, expression: columnOf(column) }] };
    const value = newColumn(place.context, name, column.type, true);
    place.applies.push({ subquery: only, form: { kind: "scalar", column: value } });
    return columnOf(value, span);
  });
}

export function bindExists(query: Query, span: TextSpan, place: ExpressionPlace): Expression {
  const { plan } = bindSubquery(query, place);
  const column = newColumn(place.context, "exists", bool, false);
  place.applies.push({ subquery: plan, form: { kind: "exists", column } });
  return columnOf(column, span);
}

/** `left op ANY|ALL (SELECT …)`, IN included; `left` has several expressions when it is a row. */
export function bindQuantified(
  node: SqlExpressionOf<"quantified">,
  left: readonly Expression[],
  place: ExpressionPlace,
): Expression {
  const { span, operator, quantifier } = node;
  const { plan, columns } = bindSubquery(node.query, place);
  if (columns.length !== left.length) {
    throw new EngineError("syntax_error", `subquery has too ${columns.length > left.length ? "many" : "few"} columns`, {
      span,
    });
  }
  const right = columns.map(({ column }) => columnOf(column));
  const comparison = compareRows(operator, left, right, span);
  const column = newColumn(place.context, operator === "=" && quantifier === "any" ? "in" : quantifier, bool, true);
  place.applies.push({ subquery: plan, form: { kind: "quantified", column, quantifier, comparison } });
  return columnOf(column, span);
}

function bindSubquery(query: Query, { context, scope }: ExpressionPlace): BoundQuery {
  return context.bindQuery(context, query, { outer: scope, commonTables: scope.commonTables });
}
