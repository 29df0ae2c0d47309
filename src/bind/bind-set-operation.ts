import { type DataType, sameType, typeName } from "../arrow/data-type.ts";
import { EngineError, type TextSpan } from "../common/engine-error.ts";
import { coerceTo, commonType } from "../expr/coerce.ts";
import type { Expression } from "../expr/expression.ts";
import { isNullable } from "../expr/expression-properties.ts";
import type { Column, LogicalNode } from "../logical/logical-node.ts";
import type { SetOperation } from "../sql/ast.ts";
import {
  type BindContext,
  type BoundQuery,
  columnFor,
  columnOf,
  newColumn,
  type QueryOptions,
} from "./bind-context.ts";

/** UNION, INTERSECT, EXCEPT: both sides in common types, columns named by the first. */
export function bindSetOperation(context: BindContext, node: SetOperation, options: QueryOptions): BoundQuery {
  const operandOptions: QueryOptions = { ...options, keepUnknown: true };
  const left = context.bindQuery(context, node.left, operandOptions);
  const right = context.bindQuery(context, node.right, operandOptions);
  const keyword = node.operation.toUpperCase();
  if (left.columns.length !== right.columns.length) {
    const message = `each ${keyword} query must have the same number of columns`;
    throw new EngineError("syntax_error", message, { span: node.right.span });
  }
  const types = left.columns.map(({ column }, index) => {
    const other = right.columns[index]!.column;
    const type = commonType([column.type, other.type]);
    if (type !== null) return type;
    const message = `${keyword} types ${typeName(column.type)} and ${typeName(other.type)} cannot be matched`;
    throw new EngineError("datatype_mismatch", message, { span: node.right.span });
  });
  const first = withTypes(context, left, types, node.left.span);
  const second = withTypes(context, right, types, node.right.span);
  const columns = types.map((type, index) => {
    const [leftNullable, rightNullable] = [first, second].map((side) => side.columns[index]!.column.nullable);
    const nullable =
      node.operation === "union"
        ? leftNullable! || rightNullable!
        : node.operation === "except"
          ? leftNullable!
          : leftNullable! && rightNullable!;
    return newColumn(context, left.columns[index]!.name, type, nullable);
  });
  const visible = columns.map((column) => ({ name: column.name, column }));
  if (node.operation !== "union") {
    const { operation, all } = node;
    return {
      plan: { kind: "set_operation", operation, all, left: first.plan, right: second.plan, columns },
      columns: visible,
    };
  }
  const union: LogicalNode = { kind: "union", inputs: [...unionInputs(first), second.plan], columns };
  if (node.all) return { plan: union, columns: visible };
  const groups = columns.map((column) => ({
    column: columnFor(context, column.name, columnOf(column)),
    expression: columnOf(column),
  }));
  const plan: LogicalNode = { kind: "aggregate", input: union, groups, aggregates: [] };
  return { plan, columns: groups.map(({ column }) => ({ name: column.name, column })) };
}

/** A chain of UNION ALLs is one node: its depth would else grow with the number of queries. */
function unionInputs({ plan }: BoundQuery): readonly LogicalNode[] {
  return plan.kind === "union" ? plan.inputs : [plan];
}

/** The query with its columns in other types; untyped literals are converted where they stand. */
function withTypes(context: BindContext, query: BoundQuery, types: readonly DataType[], span: TextSpan): BoundQuery {
  const { plan, columns } = query;
  if (columns.every(({ column }, index) => sameType(column.type, types[index]!))) return query;
  const retyped = (column: Column, expression: Expression): Column =>
    sameType(column.type, expressionType(expression))
      ? column
      : { ...newColumn(context, column.name, expressionType(expression), isNullable(expression)) };
  if (plan.kind === "project" && plan.items.length === columns.length) {
    const items = plan.items.map(({ column, expression }, index) => {
      const coerced = coerceTo(expression, types[index]!, "implicit", span);
      return { column: retyped(column, coerced), expression: coerced };
    });
    return {
      plan: { ...plan, items },
      columns: items.map(({ column }, index) => ({ name: columns[index]!.name, column })),
    };
  }
  if (plan.kind === "values") {
    const rows = plan.rows.map((row) =>
      row.map((expression, index) => coerceTo(expression, types[index]!, "implicit", span)),
    );
    const typed = plan.columns.map((column, index) => ({
      ...newColumn(context, column.name, types[index]!, column.nullable),
    }));
    return {
      plan: { kind: "values", columns: typed, rows },
      columns: typed.map((column) => ({ name: column.name, column })),
    };
  }
  const items = columns.map(({ name, column }, index) => {
    const expression = coerceTo(columnOf(column), types[index]!, "implicit", span);
    return { column: columnFor(context, name, expression), expression };
  });
  return {
    plan: { kind: "project", input: plan, items },
    columns: items.map(({ column }) => ({ name: column.name, column })),
  };
}

function expressionType(expression: Expression): DataType {
  return "type" in expression ? expression.type : { kind: "bool" };
}
