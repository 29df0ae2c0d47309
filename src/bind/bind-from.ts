import type { Schema } from "../arrow/schema.ts";
import type { Relation, Table, View } from "../catalog/table.ts";
import { EngineError, type TextSpan } from "../common/engine-error.ts";
import { nearestNameHint } from "../common/nearest-name.ts";
import type { FromItem, Identifier, RelationName, TableAlias } from "../sql/ast.ts";
import { parse } from "../sql/parse.ts";
import { type BindContext, type BoundQuery, newColumn, noRelation } from "./bind-context.ts";
import { bindJoin, joinPlans } from "./bind-join.ts";
import { bindRecursive, workTable } from "./bind-recursive.ts";
import { bindSample } from "./bind-sample.ts";
import { bindTableFunction } from "./bind-table-function.ts";
import { bindInformationSchema, isInformationSchema } from "./information-schema.ts";
import { besides, type BoundFrom, type FromPlace } from "./from-place.ts";
import { isReferenced } from "./is-referenced.ts";
import {
  type CommonTables,
  emptyNamespace,
  findCommonTable,
  isOwnSchema,
  type ScopeRelation,
  type VisibleColumn,
} from "./scope.ts";

/** A FROM clause; without items, one row without columns. */
export function bindFrom(items: readonly FromItem[], place: FromPlace): BoundFrom {
  let result: BoundFrom | null = null;
  for (const item of items) {
    const right = bindFromItem(item, result === null ? place : besides(place, result.namespace));
    result = result === null ? right : joinPlans(result, right, "inner", null, item.span);
  }
  return result ?? { plan: noRelation, namespace: emptyNamespace };
}

export function bindFromItem(item: FromItem, place: FromPlace): BoundFrom {
  switch (item.kind) {
    case "table":
      return bindRelation(item.name, item.alias, place);
    case "subquery": {
      const outer = item.lateral ? (place.lateral ?? place.outer) : place.outer;
      const bound = place.context.bindQuery(place.context, item.query, { outer, commonTables: place.commonTables });
      return aliased(bound, item.alias, null, item.span);
    }
    case "function": {
      const bound = bindTableFunction(item, place);
      const name = item.call.name;
      // A function with one column is known by its alias, and so is the column.
      const [only, ...others] = bound.columns;
      const isScalar = only !== undefined && others.length === (item.ordinality ? 1 : 0);
      const columns =
        isScalar && item.alias !== null && item.alias.columnNames.length === 0
          ? [{ ...only, name: item.alias.name.name }, ...others]
          : bound.columns;
      return aliased({ plan: bound.plan, columns }, item.alias, { name, isCatalogName: false }, item.span);
    }
    case "sample":
      return bindSample(item, bindFromItem(item.relation, place), place.context);
    case "join": {
      const joined = bindJoin(item, place, bindFromItem);
      if (item.alias === null) return joined;
      return aliased({ plan: joined.plan, columns: joined.namespace.visible }, item.alias, null, item.span);
    }
  }
}

function bindRelation(name: RelationName, alias: TableAlias | null, place: FromPlace): BoundFrom {
  const { context } = place;
  if (name.qualifiers.length === 0) {
    const common = findCommonTable(place.commonTables, name.name);
    if (common !== null)
      return aliased(
        bindCommonTable(common, name, context),
        alias,
        { name: name.name, isCatalogName: false },
        name.span,
      );
  }
  if (isInformationSchema(name.qualifiers)) {
    const bound = bindInformationSchema(name, context, (relation) => columnsOf(relation, name, context));
    return aliased(bound, alias, { name: name.name, isCatalogName: false }, name.span);
  }
  const relation = isOwnSchema(name.qualifiers) ? context.catalog.find(name.name) : undefined;
  if (relation === undefined) throw unknownTable(name, place);
  const unreadable = relation.kind === "table" ? relation.table.unsupportedColumns : undefined;
  const own = { name: name.name, isCatalogName: alias === null, ...(unreadable === undefined ? {} : { unreadable }) };
  if (relation.kind === "table")
    return aliased(scanTable(relation.table, alias?.name.name ?? name.name, context), alias, own, name.span);
  return aliased(bindRenamedView(relation.view, name, context), alias, own, name.span);
}

function bindRenamedView(view: View, reference: RelationName, context: BindContext): BoundQuery {
  const bound = bindView(view.name, view.sql, reference.span, context);
  const names = view.columnNames?.map((column) => ({ name: column, span: reference.span })) ?? [];
  return { plan: bound.plan, columns: renamed(bound.columns, names, reference) };
}

/** For information_schema. A view whose tables are gone has no columns to show. */
function columnsOf(relation: Relation, reference: RelationName, context: BindContext): Schema {
  if (relation.kind === "table") return relation.table.schema;
  try {
    const { columns } = bindRenamedView(relation.view, reference, context);
    return columns.map(({ name, column }) => ({ name, type: column.type, nullable: column.nullable }));
  } catch (thrown) {
    if (thrown instanceof EngineError && thrown.code !== "internal") return [];
    throw thrown;
  }
}

function unknownTable({ qualifiers, name, span }: RelationName, place: FromPlace): EngineError {
  const names = [...place.context.catalog.names()];
  for (let common = place.commonTables; common !== null; common = common.next) names.push(common.table.name.name);
  const hint = nearestNameHint(name, names);
  const full = [...qualifiers, name].join(".");
  return new EngineError("undefined_table", `table "${full}" does not exist`, {
    span,
    ...(hint === undefined ? {} : { hint }),
  });
}

function scanTable(table: Table, alias: string, context: BindContext): BoundQuery {
  const columns = table.schema.map((field, sourceIndex) => ({
    ...newColumn(context, field.name, field.type, field.nullable),
    sourceIndex,
  }));
  const visible = columns.map(({ id, name, type, nullable }) => ({ name, column: { id, name, type, nullable } }));
  return { plan: { kind: "scan", table, alias, columns, predicate: null }, columns: visible };
}

function bindCommonTable(common: CommonTables, reference: RelationName, context: BindContext): BoundQuery {
  const { table, recursive, outer, next } = common;
  if (common.work !== undefined) return workTable(common.work, table.name.name, context);
  if (common.isBeingBound) {
    const message = `recursive reference to query "${table.name.name}" must not appear within its non-recursive term`;
    throw new EngineError("invalid_definition", message, { span: reference.span });
  }
  if (recursive && isReferenced(table.query, table.name.name)) return bindRecursive(common, reference, context);
  // With RECURSIVE the query sees its own name, which leads to an entry that only reports the recursion.
  const commonTables = recursive ? { ...common, isBeingBound: true } : next;
  const bound = context.bindQuery(context, table.query, { outer, commonTables });
  return { plan: bound.plan, columns: renamed(bound.columns, table.columnNames, reference) };
}

/** A view's query, bound in the place of the reference. Errors inside point at the reference and name the view. */
function bindView(name: string, sql: string, span: TextSpan, context: BindContext): BoundQuery {
  if (context.viewNames.includes(name)) {
    throw new EngineError("invalid_definition", `view "${name}" refers to itself`, { span });
  }
  try {
    const [statement] = parse(sql);
    if (statement?.kind !== "query") throw new EngineError("internal", "its text is not a query");
    const query = withSpans(statement.query, span);
    const catalog = context.catalog.behindViews?.() ?? context.catalog;
    return context.bindQuery({ ...context, catalog, viewNames: [...context.viewNames, name] }, query, {
      outer: null,
      commonTables: null,
    });
  } catch (thrown) {
    if (!(thrown instanceof EngineError) || thrown.code === "invalid_definition") throw thrown;
    throw new EngineError(thrown.code, `in view "${name}": ${thrown.message}`, { ...thrown.details, span }, thrown);
  }
}

/** A copy of a syntax tree in which every node claims the same place: the text it was parsed from is not the statement's. */
function withSpans<T>(tree: T, span: TextSpan): T {
  if (typeof tree !== "object" || tree === null) return tree;
  if (Array.isArray(tree)) return tree.map((part: unknown) => withSpans(part, span)) as T;
  const entries = Object.entries(tree).map(([key, value]) => [
    key,
    key === "span" ? span : withSpans(value as unknown, span),
  ]);
  return Object.fromEntries(entries) as T;
}

/** The namespace of one FROM item: under its alias, or under its own name. */
function aliased(
  { plan, columns }: BoundQuery,
  alias: TableAlias | null,
  own: ({ readonly name: string } & Pick<ScopeRelation, "isCatalogName" | "unreadable">) | null,
  span: TextSpan,
): BoundFrom {
  const name = alias?.name.name ?? own?.name;
  const visible = renamed(columns, alias?.columnNames ?? [], { name: name ?? "", span });
  const { isCatalogName = false, unreadable } = own ?? {};
  const relation = { alias: name ?? "", columns: visible, isCatalogName, ...(unreadable && { unreadable }) };
  const relations = name === undefined ? [] : [relation];
  return { plan, namespace: { visible, relations } };
}

/** The columns with the first ones renamed. */
export function renamed(
  columns: readonly VisibleColumn[],
  names: readonly Identifier[],
  relation: { readonly name: string; readonly span: TextSpan },
): readonly VisibleColumn[] {
  if (names.length > columns.length) {
    const message = `"${relation.name}" has ${columns.length} column${columns.length === 1 ? "" : "s"}, but ${names.length} column names are given`;
    throw new EngineError("undefined_column", message, { span: names[columns.length]?.span ?? relation.span });
  }
  return columns.map(({ name, column }, index) => ({ name: names[index]?.name ?? name, column }));
}
