import type { DataType } from "../arrow/data-type.ts";
import { simpleType, typeName } from "../arrow/data-type.ts";
import type { Catalog } from "../catalog/table.ts";
import { must, unreachable } from "../common/assert.ts";
import { EngineError } from "../common/engine-error.ts";
import type { Expression } from "../expr/expression.ts";
import { ColumnIds } from "../logical/column-ids.ts";
import type { BoundStatement } from "../logical/logical-node.ts";
import type { Query, RelationName, Statement } from "../sql/ast.ts";
import type { BindContext, BoundQuery } from "./bind-context.ts";
import { bindFromItem, renamed } from "./bind-from.ts";
import { bindQuery } from "./bind-query.ts";
import { bindValues } from "./bind-values.ts";
import { inferParameterTypes } from "./parameter-types.ts";
import { isOwnSchema } from "./scope.ts";

export type BindOptions = {
  readonly catalog: Catalog;
  /** The text that the statement was parsed from. */
  readonly sql: string;
  /** Types of the values at hand for `$1`, `$2`, …, which decide where their use does not; kind "null" is unknown. */
  readonly parameterTypes?: readonly DataType[];
};

/**
 * Resolves names and types of a statement. Parameters of unknown type get the one that their context asks for, or
 * stay of kind "null". Throws EngineError with the span of the offending text.
 */
export function bindStatement(statement: Statement, options: BindOptions): BoundStatement {
  try {
    return bind(statement, options);
  } catch (thrown) {
    // Only a statement of extreme depth gets here; the parser's limit is meant to come first.
    if (thrown instanceof RangeError)
      throw new EngineError("feature_not_supported", "statement is too deeply nested", {}, thrown);
    throw thrown;
  }
}

function bind(statement: Statement, options: BindOptions): BoundStatement {
  switch (statement.kind) {
    case "query":
      return bindQueryStatement(statement.query, options);
    case "explain":
      return {
        kind: "explain",
        analyze: statement.analyze,
        statement: bindQueryStatement(statement.statement.query, options),
      };
    case "create_view":
      return bindCreateView(statement, options);
    case "drop_view":
      return { kind: "drop_view", names: statement.names.map(ownName), ifExists: statement.ifExists };
    case "describe":
      return bindDescribe(statement.name, options);
    case "show_tables":
      return { kind: "show_tables" };
    case "set":
      return { kind: "set", name: statement.name, value: statement.value };
    case "show":
      return { kind: "show", name: statement.name };
    default:
      return unreachable(statement, "statement");
  }
}

type BoundQueryStatement = BoundStatement & { readonly kind: "query" };

function makeContext(
  { catalog }: BindOptions,
  parameterTypes: ReadonlyMap<number, DataType>,
  viewNames: readonly string[] = [],
): BindContext {
  return {
    catalog,
    ids: new ColumnIds(),
    parameterTypes,
    parameters: new Set(),
    progress: { queryCount: 0 },
    viewNames,
    bindQuery,
  };
}

function bindQueryStatement(query: Query, options: BindOptions): BoundQueryStatement {
  const given = options.parameterTypes ?? [];
  let context = makeContext(options, new Map());
  let bound = bindQuery(context, query, { outer: null, commonTables: null });
  const { types, agree } = inferParameterTypes(bound.plan, given);
  if (!agree) {
    // Each use of a parameter was typed alone; now that its type is known, all uses follow it.
    context = makeContext(options, types);
    bound = bindQuery(context, query, { outer: null, commonTables: null });
  }
  const count = Math.max(given.length, ...context.parameters);
  const parameterTypes = Array.from({ length: count }, (_, index) => types.get(index + 1) ?? simpleType("null"));
  return { kind: "query", plan: bound.plan, outputs: bound.columns, ordered: query.orderBy.length > 0, parameterTypes };
}

/** The query is bound only to find its mistakes: a view is kept as text. */
function bindCreateView(statement: Statement & { readonly kind: "create_view" }, options: BindOptions): BoundStatement {
  const name = ownName(statement.name);
  const context = makeContext(options, new Map(), [name]);
  const bound: BoundQuery = bindQuery(context, statement.query, { outer: null, commonTables: null });
  if (context.parameters.size > 0) {
    throw new EngineError("undefined_parameter", "a view's query cannot have parameters", {
      span: statement.query.span,
    });
  }
  const columns = renamed(bound.columns, statement.columnNames ?? [], statement.name);
  const duplicate = columns.find((column, index) =>
    columns.some((other, before) => before < index && other.name === column.name),
  );
  if (duplicate !== undefined) {
    throw new EngineError("duplicate_alias", `column "${duplicate.name}" specified more than once`, {
      span: statement.name.span,
    });
  }
  const columnNames = statement.columnNames?.map((column) => column.name) ?? null;
  return { kind: "create_view", name, orReplace: statement.orReplace, sql: statement.querySql, columnNames };
}

function ownName({ qualifiers, name, span }: RelationName): string {
  if (isOwnSchema(qualifiers)) return name;
  throw new EngineError("undefined_object", `schema "${qualifiers.join(".")}" does not exist`, { span });
}

/** DESCRIBE: a query of one row a column. */
function bindDescribe(name: RelationName, options: BindOptions): BoundStatement {
  const context = makeContext(options, new Map());
  const place = { context, commonTables: null, outer: null, lateral: null };
  const { namespace } = bindFromItem({ kind: "table", name, alias: null, span: name.span }, place);
  const { span } = name;
  const text = (value: string) => ({ kind: "string", value, span }) as const;
  const rows = namespace.visible.map(({ name: columnName, column }) => [
    text(columnName),
    text(typeName(column.type)),
    text(column.nullable ? "YES" : "NO"),
  ]);
  const names = ["column_name", "data_type", "is_nullable"];
  const bound =
    rows.length > 0
      ? bindValues(context, { kind: "values", rows, span }, { outer: null, commonTables: null })
      : noColumns(context, names);
  const outputs = bound.columns.map(({ column }, index) => ({ name: must(names[index], "a column's name"), column }));
  const items = outputs.map((output) => {
    const expression: Expression = { ...output.column, kind: "column" };
    return { column: { ...output.column, id: context.ids.next(), name: output.name }, expression };
  });
  const plan = { kind: "project", input: bound.plan, items } as const;
  return {
    kind: "query",
    plan,
    outputs: items.map(({ column }) => ({ name: column.name, column })),
    ordered: true,
    parameterTypes: [],
  };
}

function noColumns(context: BindContext, names: readonly string[]): BoundQuery {
  const columns = names.map((name) => ({ id: context.ids.next(), name, type: simpleType("utf8"), nullable: false }));
  return {
    plan: { kind: "values", columns, rows: [] },
    columns: columns.map((column) => ({ name: column.name, column })),
  };
}
