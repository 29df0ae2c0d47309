import type { DropStmt, ExplainStmt, Node, VariableSetStmt, ViewStmt } from "libpg-query";
import { must } from "../common/assert.ts";
import type { RelationName, Statement } from "./ast.ts";
import { type ConvertContext, identifiersOf, spanAt, textsOf, unsupported } from "./convert-context.ts";
import { convertQueryNode, convertRelationName, statementName } from "./convert-query.ts";
import type { PreparedStatement } from "./prepare-text.ts";

export function convertStatement(context: ConvertContext, node: Node, prepared: PreparedStatement): Statement {
  const span = context.statement;
  if ("SelectStmt" in node) return { kind: "query", query: convertQueryNode(context, node, span), span };
  if ("ExplainStmt" in node) return convertExplain(context, node.ExplainStmt);
  if ("ViewStmt" in node) return convertView(context, node.ViewStmt, prepared);
  if ("DropStmt" in node) return convertDrop(context, node.DropStmt, prepared);
  if ("VariableSetStmt" in node) return convertSet(context, node.VariableSetStmt);
  if ("VariableShowStmt" in node) return { kind: "show", name: node.VariableShowStmt.name ?? "all", span };
  const first = prepared.tokens[0]!;
  const keywords = "CreateStmt" in node ? "CREATE TABLE" : statementName(node);
  throw unsupported(`${keywords} is`, { start: first.start, end: first.end });
}

function convertExplain(context: ConvertContext, raw: ExplainStmt): Statement {
  let analyze = false;
  for (const option of raw.options ?? []) {
    if (!("DefElem" in option)) continue;
    const { defname, arg, location } = option.DefElem;
    const value =
      arg === undefined ? "true" : String(Object.values(Object.values(arg)[0] as object)[0] ?? "").toLowerCase();
    if (defname === "analyze") analyze = ["true", "on", "1"].includes(value);
    else if (defname === "format" && value !== "text")
      throw unsupported(`EXPLAIN (FORMAT ${value}) is`, spanAt(context, location));
  }
  const query = must(raw.query, "a statement");
  const span = context.statement;
  if (!("SelectStmt" in query)) throw unsupported(`EXPLAIN of ${statementName(query)} is`, span);
  return {
    kind: "explain",
    analyze,
    statement: { kind: "query", query: convertQueryNode(context, query, span), span },
    span,
  };
}

function convertView(context: ConvertContext, raw: ViewStmt, prepared: PreparedStatement): Statement {
  const span = context.statement;
  const view = must(raw.view, "a view's name");
  if (view.relpersistence !== undefined && view.relpersistence !== "p")
    throw unsupported("CREATE TEMPORARY VIEW is", span);
  if (raw.options !== undefined) throw unsupported("CREATE VIEW … WITH (options) is", span);
  if (raw.withCheckOption !== undefined && raw.withCheckOption !== "NO_CHECK_OPTION")
    throw unsupported("WITH CHECK OPTION is", span);
  const name = convertRelationName(context, view);
  const columnNames = raw.aliases === undefined ? null : identifiersOf(raw.aliases, name.span);
  const query = convertQueryNode(context, must(raw.query, "a view's query"), span);
  return {
    kind: "create_view",
    name,
    orReplace: raw.replace ?? false,
    columnNames,
    query,
    querySql: viewQueryText(context, prepared),
    span,
  };
}

/** What stands behind the first AS outside brackets: neither a view's name nor its column list can hold another. */
function viewQueryText({ sql }: ConvertContext, { tokens, span }: PreparedStatement): string {
  const as = tokens.find((token) => token.kind === "word" && /^as$/i.test(sql.slice(token.start, token.end)));
  return sql.slice(must(as, "CREATE VIEW has an AS").end, span.end).trim();
}

function convertDrop(context: ConvertContext, raw: DropStmt, prepared: PreparedStatement): Statement {
  const span = context.statement;
  if (raw.removeType !== "OBJECT_VIEW") {
    const first = prepared.tokens[0]!;
    const what = (raw.removeType ?? "").replace("OBJECT_", "").replaceAll("_", " ");
    throw unsupported(`DROP ${what} is`, { start: first.start, end: first.end });
  }
  if (raw.behavior === "DROP_CASCADE") throw unsupported("DROP VIEW … CASCADE is", span);
  const names: RelationName[] = (raw.objects ?? []).map((object) => {
    const parts = "List" in object ? [...textsOf(object.List.items)] : [];
    const name = parts.pop() ?? "";
    return { qualifiers: parts, name, span };
  });
  return { kind: "drop_view", names, ifExists: raw.missing_ok ?? false, span };
}

function convertSet(context: ConvertContext, raw: VariableSetStmt): Statement {
  const span = context.statement;
  switch (raw.kind) {
    case "VAR_RESET_ALL":
      return { kind: "set", name: "all", value: null, span };
    case "VAR_RESET":
    case "VAR_SET_DEFAULT":
      return { kind: "set", name: raw.name ?? "", value: null, span };
    case "VAR_SET_VALUE":
      if (raw.is_local === true) throw unsupported("SET LOCAL is", span);
      return {
        kind: "set",
        name: raw.name ?? "",
        value: (raw.args ?? []).map((arg) => settingText(context, arg)).join(", "),
        span,
      };
    default:
      throw unsupported(`this form of SET is`, span);
  }
}

function settingText(context: ConvertContext, node: Node): string {
  if (!("A_Const" in node)) throw unsupported("this value of a setting is", context.statement);
  const { ival, fval, sval, boolval } = node.A_Const;
  if (ival !== undefined) return String(ival.ival ?? 0);
  if (boolval !== undefined) return String(boolval.boolval ?? false);
  return fval?.fval ?? sval?.sval ?? "";
}
