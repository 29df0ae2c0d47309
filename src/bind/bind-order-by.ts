import { EngineError } from "../common/engine-error.ts";
import type { Expression, SortKey } from "../expr/expression.ts";
import type { SortItem, SqlExpression } from "../sql/ast.ts";
import { columnOf } from "./bind-context.ts";
import type { VisibleColumn } from "./scope.ts";

/**
 * The output column that ORDER BY or GROUP BY names by its position (from 0 here), or null for any other
 * expression. Throws for a position out of range and for other bare constants, which could only be mistakes.
 */
export function outputPosition(expression: SqlExpression, columnCount: number, clause: string): number | null {
  if (
    expression.kind === "string" ||
    expression.kind === "null" ||
    expression.kind === "boolean" ||
    expression.kind === "number"
  ) {
    if (expression.kind !== "number" || !/^-?\d+$/.test(expression.text)) {
      throw new EngineError("syntax_error", `non-integer constant in ${clause}`, { span: expression.span });
    }
    const position = Number(expression.text);
    if (position >= 1 && position <= columnCount) return position - 1;
    throw new EngineError("undefined_column", `${clause} position ${expression.text} is not in select list`, {
      span: expression.span,
    });
  }
  return null;
}

/** ASC puts NULLs last and DESC first unless the item says otherwise. */
export function sortKey(item: SortItem, expression: Expression): SortKey {
  return { expression, descending: item.descending, nullsFirst: item.nullsFirst ?? item.descending };
}

/** ORDER BY over VALUES and set operations: names and positions of output columns only. */
export function orderByOutputs(orderBy: readonly SortItem[], columns: readonly VisibleColumn[]): readonly SortKey[] {
  return orderBy.map((item) => {
    const { expression } = item;
    const position = outputPosition(expression, columns.length, "ORDER BY");
    if (position !== null) return sortKey(item, columnOf(columns[position]!.column, expression.span));
    if (expression.kind !== "column" || expression.parts.length !== 1) {
      const message = "ORDER BY on UNION, INTERSECT, EXCEPT or VALUES can only name output columns";
      throw new EngineError("feature_not_supported", message, { span: expression.span });
    }
    const [name] = expression.parts;
    const matches = columns.filter((column) => column.name === name);
    if (matches.length === 1) return sortKey(item, columnOf(matches[0]!.column, expression.span));
    if (matches.length > 1)
      throw new EngineError("ambiguous_column", `ORDER BY "${name}" is ambiguous`, { span: expression.span });
    throw new EngineError("undefined_column", `column "${name}" does not exist in the result`, {
      span: expression.span,
    });
  });
}
