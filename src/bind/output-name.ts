import type { SelectItem, SqlExpression } from "../sql/ast.ts";

/** The name of a select item's column, as PostgreSQL chooses it. */
export function outputName({ alias, expression }: SelectItem): string {
  return alias ?? nameOf(expression) ?? "?column?";
}

function nameOf(expression: SqlExpression): string | null {
  switch (expression.kind) {
    case "column":
      return expression.parts.at(-1) ?? null;
    case "function":
      return expression.name;
    case "cast":
      return nameOf(expression.arg) ?? expression.type.name;
    case "case":
      return (expression.otherwise === null ? null : nameOf(expression.otherwise)) ?? "case";
    case "boolean":
      return "bool";
    case "exists":
      return "exists";
    case "row":
      return "row";
    case "subquery": {
      const { body } = expression.query;
      const first = body.kind === "select" ? body.items[0] : undefined;
      return first === undefined ? null : (first.alias ?? nameOf(first.expression));
    }
    default:
      return null;
  }
}
