import type {
  Alias,
  JoinExpr,
  Node,
  RangeFunction,
  RangeTableSample,
  RangeVar,
  SelectStmt,
  WithClause,
} from "libpg-query";
import { must } from "../common/assert.ts";
import { EngineError, type TextSpan } from "../common/engine-error.ts";
import type {
  CommonTable,
  FromItem,
  Query,
  QueryBody,
  RelationName,
  Select,
  SelectItem,
  SqlExpression,
  TableAlias,
} from "./ast.ts";
import { type ConvertContext, identifiersOf, spanAt, tagOf, textsOf, unsupported } from "./convert-context.ts";
import { convertExpression, type ExpressionConverter } from "./convert-expression.ts";
import { convertSortItems } from "./convert-sort-items.ts";
import { convertWindow } from "./convert-window.ts";
import { convertGroupBy } from "./convert-group-by.ts";

/** The query in a SelectStmt node (SELECT, VALUES, TABLE or a set operation). */
export function convertQueryNode(context: ConvertContext, node: Node, span: TextSpan): Query {
  if (!("SelectStmt" in node)) throw unsupported(`${statementName(node)} in a query is`, span);
  return convertQuery(context, node.SelectStmt, span);
}

/** The keyword of a statement for messages: InsertStmt → INSERT, CreateTableAsStmt → CREATE TABLE AS. */
export function statementName(node: Node): string {
  const words = tagOf(node)
    .replace(/Stmt$/, "")
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, " ");
  return words.toUpperCase();
}

function convertQuery(context: ConvertContext, raw: SelectStmt, span: TextSpan): Query {
  if (raw.intoClause !== undefined) throw unsupported("SELECT INTO is", span);
  if (raw.lockingClause !== undefined) throw unsupported("FOR UPDATE / SHARE is", span);
  const expression = (node: Node | undefined): SqlExpression | null =>
    node === undefined ? null : convertExpression(converterOf(context), node);
  const body = convertBody(context, raw, span);
  return {
    commonTables: convertCommonTables(context, raw.withClause),
    recursive: raw.withClause?.recursive ?? false,
    body,
    orderBy: convertSortItems(context, raw.sortClause, (node) => convertExpression(converterOf(context), node)),
    limit: expression(raw.limitCount),
    offset: expression(raw.limitOffset),
    withTies: raw.limitOption === "LIMIT_OPTION_WITH_TIES",
    span,
  };
}

function converterOf(context: ConvertContext): ExpressionConverter {
  return { context, convertQuery: (node, span) => convertQueryNode(context, node, span) };
}

function convertBody(context: ConvertContext, raw: SelectStmt, span: TextSpan): QueryBody {
  if (raw.op !== undefined && raw.op !== "SETOP_NONE") {
    return {
      kind: "set_operation",
      operation: raw.op === "SETOP_UNION" ? "union" : raw.op === "SETOP_INTERSECT" ? "intersect" : "except",
      all: raw.all ?? false,
      left: convertOperand(context, must(raw.larg, "a left query"), span),
      right: convertOperand(context, must(raw.rarg, "a right query"), span),
      span,
    };
  }
  if (raw.valuesLists !== undefined) {
    const rows = raw.valuesLists.map((row) =>
      "List" in row ? (row.List.items ?? []).map((item) => convertExpression(converterOf(context), item)) : [],
    );
    return { kind: "values", rows, span: rows[0]?.[0]?.span ?? span };
  }
  return convertSelect(context, raw, span);
}

/** Operands have no location of their own; their first item tells which one an error means. */
function convertOperand(context: ConvertContext, raw: SelectStmt, span: TextSpan): Query {
  const first = raw.targetList?.[0];
  const own = first !== undefined && "ResTarget" in first ? spanAt(context, first.ResTarget.location) : span;
  return convertQuery(context, raw, own);
}

function convertSelect(context: ConvertContext, raw: SelectStmt, span: TextSpan): Select {
  const converter = converterOf(context);
  const { distinctClause, windowClause } = raw;
  // A plain DISTINCT is a list with one empty node.
  const distinctOn = (distinctClause ?? []).filter((node) => Object.keys(node).length > 0);
  const groupBy = convertGroupBy(context, raw.groupClause, (node) => convertExpression(converter, node));
  const optional = (node: Node | undefined) => (node === undefined ? null : convertExpression(converter, node));
  return {
    kind: "select",
    distinct: distinctClause !== undefined && distinctOn.length === 0,
    distinctOn: distinctOn.map((node) => convertExpression(converter, node)),
    items: (raw.targetList ?? []).map((node) => convertSelectItem(converter, node)),
    from: (raw.fromClause ?? []).map((node) => convertFromItem(context, node)),
    where: optional(raw.whereClause),
    groupBy: groupBy.expressions,
    groupingSets: groupBy.sets,
    groupDistinct: raw.groupDistinct ?? false,
    having: optional(raw.havingClause),
    windows: (windowClause ?? []).flatMap((node) =>
      "WindowDef" in node ? [convertWindow(context, node.WindowDef, (part) => convertExpression(converter, part))] : [],
    ),
    span,
  };
}

function convertSelectItem(converter: ExpressionConverter, node: Node): SelectItem {
  if (!("ResTarget" in node)) throw unsupported(tagOf(node), converter.context.statement);
  const { name, val, location } = node.ResTarget;
  const expression = convertExpression(converter, must(val, "a select item"));
  return { expression, alias: name ?? null, span: spanAt(converter.context, location) };
}

function convertCommonTables(context: ConvertContext, clause: WithClause | undefined): readonly CommonTable[] {
  return (clause?.ctes ?? []).map((node) => {
    if (!("CommonTableExpr" in node)) throw unsupported(tagOf(node), context.statement);
    const raw = node.CommonTableExpr;
    const span = spanAt(context, raw.location);
    if (raw.search_clause !== undefined || raw.cycle_clause !== undefined)
      throw unsupported("SEARCH and CYCLE are", span);
    return {
      name: { name: raw.ctename ?? "", span },
      columnNames: identifiersOf(raw.aliascolnames, span),
      query: convertQueryNode(context, must(raw.ctequery, "a query"), span),
    };
  });
}

function convertFromItem(context: ConvertContext, node: Node): FromItem {
  if ("RangeVar" in node) {
    const name = convertRelationName(context, node.RangeVar);
    return { kind: "table", name, alias: convertAlias(node.RangeVar.alias, name.span), span: name.span };
  }
  if ("RangeSubselect" in node) {
    const { subquery, alias, lateral } = node.RangeSubselect;
    const raw = must(subquery, "a subquery");
    const query = convertQueryNode(context, raw, fromSubquerySpan(context, raw));
    return {
      kind: "subquery",
      lateral: lateral ?? false,
      query,
      alias: convertAlias(alias, query.span),
      span: query.span,
    };
  }
  if ("JoinExpr" in node) return convertJoin(context, node.JoinExpr);
  if ("RangeFunction" in node) return convertTableFunction(context, node.RangeFunction);
  if ("RangeTableSample" in node) return convertSample(context, node.RangeTableSample);
  throw unsupported(`${tagOf(node)} in FROM is`, context.statement);
}

function convertTableFunction(context: ConvertContext, raw: RangeFunction): FromItem {
  const [list, ...others] = raw.functions ?? [];
  const first = list !== undefined && "List" in list ? list.List.items?.[0] : undefined;
  if (first === undefined) throw unsupported("this function in FROM is", context.statement);
  const call = convertExpression(converterOf(context), first);
  if (call.kind !== "function") throw unsupported("this function in FROM is", call.span);
  if (others.length > 0) throw unsupported("ROWS FROM with several functions is", call.span);
  if (raw.coldeflist !== undefined) throw unsupported("a column definition list is", call.span);
  return {
    kind: "function",
    call,
    ordinality: raw.ordinality ?? false,
    alias: convertAlias(raw.alias, call.span),
    span: call.span,
  };
}

function convertSample(context: ConvertContext, raw: RangeTableSample): FromItem {
  const converter = converterOf(context);
  const span = spanAt(context, raw.location);
  const [percentage, ...others] = raw.args ?? [];
  if (percentage === undefined || others.length > 0)
    throw new EngineError("syntax_error", "a tablesample method takes one argument, a percentage", { span });
  return {
    kind: "sample",
    relation: convertFromItem(context, must(raw.relation, "a relation")),
    method: textsOf(raw.method).at(-1) ?? "",
    percentage: convertExpression(converter, percentage),
    seed: raw.repeatable === undefined ? null : convertExpression(converter, raw.repeatable),
    span,
  };
}

/** A subquery in FROM has no location; its first select item or value has. */
function fromSubquerySpan(context: ConvertContext, node: Node): TextSpan {
  let raw = "SelectStmt" in node ? node.SelectStmt : undefined;
  while (raw?.larg !== undefined) raw = raw.larg;
  const target = raw?.targetList?.[0];
  return target !== undefined && "ResTarget" in target ? spanAt(context, target.ResTarget.location) : context.statement;
}

export function convertRelationName(context: ConvertContext, raw: RangeVar): RelationName {
  const qualifiers = [raw.catalogname, raw.schemaname].filter((name) => name !== undefined);
  const start = spanAt(context, raw.location);
  // The parser points at the first name; the span reaches to the end of the last one.
  const rest = /^(?:\s*\.\s*(?:"(?:[^"]|"")*"|[\w$\u0080-\uffff]+))*/.exec(context.sql.slice(start.end));
  const end = qualifiers.length === 0 ? start.end : start.end + (rest?.[0].length ?? 0);
  return { qualifiers, name: raw.relname ?? "", span: { start: start.start, end } };
}

function convertAlias(alias: Alias | undefined, span: TextSpan): TableAlias | null {
  if (alias === undefined) return null;
  return { name: { name: alias.aliasname ?? "", span }, columnNames: identifiersOf(alias.colnames, span) };
}

function convertJoin(context: ConvertContext, raw: JoinExpr): FromItem {
  const left = convertFromItem(context, must(raw.larg, "a left side"));
  const right = convertFromItem(context, must(raw.rarg, "a right side"));
  if (raw.join_using_alias !== undefined) throw unsupported("an alias for USING is", right.span);
  const types: Readonly<Record<string, "inner" | "left" | "right" | "full">> = {
    JOIN_INNER: "inner",
    JOIN_LEFT: "left",
    JOIN_RIGHT: "right",
    JOIN_FULL: "full",
  };
  const joinType = types[raw.jointype ?? "JOIN_INNER"];
  if (joinType === undefined) throw unsupported(`${raw.jointype} is`, right.span);
  return {
    kind: "join",
    joinType,
    natural: raw.isNatural ?? false,
    using: raw.usingClause === undefined ? null : identifiersOf(raw.usingClause, right.span),
    on: raw.quals === undefined ? null : convertExpression(converterOf(context), raw.quals),
    left,
    right,
    alias: convertAlias(raw.alias, left.span),
    span: right.span,
  };
}
