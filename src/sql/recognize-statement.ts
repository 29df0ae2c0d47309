import { EngineError } from "../common/engine-error.ts";
import type { Statement } from "./ast.ts";
import { nameOf, type PreparedStatement } from "./prepare-text.ts";

const schemas = "select schema_name from information_schema.schemata order by 1";
const catalogs = "select catalog_name from information_schema.information_schema_catalog_name";

const listings: ReadonlyMap<string, string> = new Map([
  ["schemas", schemas],
  ["catalogs", catalogs],
  ["databases", catalogs],
]);

/**
 * Statements that users of analytical engines type and PostgreSQL's grammar lacks, or reads as something else:
 * SHOW TABLES | COLUMNS | CATALOGS | SCHEMAS and DESCRIBE [TABLE] name. A text is the query that the statement stands for;
 * null for all others.
 */
export function recognizeStatement(sql: string, { tokens, span }: PreparedStatement): Statement | string | null {
  const text = (index: number): string => {
    const token = tokens[index];
    return token === undefined || token.kind === "quoted" ? "" : sql.slice(token.start, token.end).toLowerCase();
  };
  if (text(0) === "show" && text(1) === "tables" && tokens.length === 2) return { kind: "show_tables", span };
  if (text(0) === "show" && tokens.length === 2 && listings.has(text(1))) return listings.get(text(1))!;
  const isShowColumns = text(0) === "show" && text(1) === "columns" && ["from", "in"].includes(text(2));
  if (text(0) !== "describe" && text(0) !== "desc" && !isShowColumns) return null;
  const first = isShowColumns ? 3 : text(1) === "table" && tokens.length > 2 ? 2 : 1;
  const names: string[] = [];
  for (let index = first; index < tokens.length; index += 2) {
    const token = tokens[index]!;
    const isName = token.kind === "word" || token.kind === "quoted";
    const isLast = index === tokens.length - 1;
    if (!isName || (!isLast && text(index + 1) !== ".") || index + 2 === tokens.length)
      throw unexpected(sql, isName ? tokens[index + 1]! : token);
    names.push(nameOf(sql, token));
  }
  const name = names.pop();
  if (name === undefined)
    throw new EngineError("syntax_error", "syntax error at end of input", { span: { start: span.end, end: span.end } });
  const nameSpan = { start: tokens[first]!.start, end: span.end };
  return { kind: "describe", name: { qualifiers: names, name, span: nameSpan }, span };
}

function unexpected(sql: string, token: { readonly start: number; readonly end: number }): EngineError {
  const { start, end } = token;
  return new EngineError("syntax_error", `syntax error at or near "${sql.slice(start, end)}"`, {
    span: { start, end },
  });
}
