import { EngineError } from "../common/engine-error.ts";
import type { Expression } from "../expr/expression.ts";
import { columnIds, isNullable, typeOf } from "../expr/expression-properties.ts";
import type { LogicalNode } from "../logical/logical-node.ts";
import type { Values } from "../sql/ast.ts";
import {
  applyAll,
  type BindContext,
  type BoundQuery,
  columnFor,
  newColumn,
  noRelation,
  type QueryOptions,
  settleUnknown,
} from "./bind-context.ts";
import { bindExpression, unifyTypes } from "./bind-expression.ts";
import { emptyNamespace, type PendingApply, Scope } from "./scope.ts";

/** VALUES: columns `column1`, `column2`, …, each in the common type of its values. */
export function bindValues(context: BindContext, { rows, span }: Values, options: QueryOptions): BoundQuery {
  const width = rows[0]?.length ?? 0;
  const scope = new Scope(emptyNamespace, options.outer, options.commonTables, "VALUES");
  const bound = rows.map((row) => {
    if (row.length !== width)
      throw new EngineError("syntax_error", "VALUES lists must all be the same length", { span: row[0]?.span ?? span });
    const applies: PendingApply[] = [];
    return { applies, values: row.map((value) => bindExpression(value, { context, scope, applies })) };
  });
  const isPlain = bound.every(({ applies }) => applies.length === 0);
  const byColumn = Array.from({ length: width }, (_, index) => {
    const values = bound.map((row) => row.values[index]!);
    const isUnknown = values.every((value) => typeOf(value).kind === "null");
    return isUnknown && options.keepUnknown === true && isPlain
      ? values
      : unifyTypes(values, "VALUES", span).map(settleUnknown);
  });
  const typed = bound.map(({ applies }, row) => ({ applies, values: byColumn.map((column) => column[row]!) }));
  const columns = byColumn.map((values, index) =>
    newColumn(context, `column${index + 1}`, typeOf(values[0]!), values.some(isNullable)),
  );
  const visible = columns.map((column) => ({ name: column.name, column }));
  const isConstant = typed.every(
    ({ applies, values }) => applies.length === 0 && values.every((value) => columnIds(value).size === 0),
  );
  if (isConstant)
    return { plan: { kind: "values", columns, rows: typed.map(({ values }) => values) }, columns: visible };
  // Subqueries and outer columns need a plan for each row.
  const inputs = typed.map(({ applies, values }): LogicalNode => {
    const items = values.map((expression: Expression, index) => ({
      column: columnFor(context, columns[index]!.name, expression),
      expression,
    }));
    return { kind: "project", input: applyAll(noRelation, applies), items };
  });
  return { plan: { kind: "union", inputs, columns }, columns: visible };
}
