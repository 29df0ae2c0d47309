import { must } from "../common/assert.ts";
import { EngineError } from "../common/engine-error.ts";
import type { Statement } from "./ast.ts";
import type { ConvertContext } from "./convert-context.ts";
import { convertStatement } from "./convert-statement.ts";
import { type ParserFailure, parseTree } from "./load-parser.ts";
import { type PreparedStatement, prepareStatements, tokenSpan } from "./prepare-text.ts";
import { recognizeStatement } from "./recognize-statement.ts";

export { loadParser } from "./load-parser.ts";

/**
 * The statements in a text, none for an empty one. `loadParser` must have resolved before. Throws syntax_error, or
 * feature_not_supported for statements outside the dialect, with the span of the offending text.
 */
export function parse(sql: string): Statement[] {
  try {
    return prepareStatements(sql).map((prepared) => parseStatement(sql, prepared));
  } catch (thrown) {
    // Nested subqueries take many stack frames a level, more than the limit on nesting foresees.
    if (thrown instanceof RangeError)
      throw new EngineError("feature_not_supported", "statement is too deeply nested", {}, thrown);
    throw thrown;
  }
}

function parseStatement(sql: string, prepared: PreparedStatement): Statement {
  const recognized = recognizeStatement(sql, prepared);
  if (typeof recognized === "string") return { ...parse(recognized)[0]!, span: prepared.span };
  if (recognized !== null) return recognized;
  const result = parseTree(prepared.text);
  if ("position" in result) throw syntaxError(sql, prepared, result);
  const tree = must(result.stmts?.[0]?.stmt, "a statement with tokens has a tree");
  const node = prepared.longNames.size === 0 ? tree : withLongNames(tree, prepared.longNames);
  const toOffset = byteOffsets(prepared.text);
  const context: ConvertContext = {
    sql,
    statement: prepared.span,
    offsetOf: (location) => prepared.toOriginal(toOffset(location)),
  };
  return convertStatement(context, node, prepared);
}

function syntaxError(sql: string, prepared: PreparedStatement, failure: ParserFailure): EngineError {
  const offset = Array.from(prepared.text).slice(0, failure.position).join("").length;
  // Position 0 also stands for "unknown"; the parser says so only at the very end of its input.
  const atEnd = failure.message.endsWith("at end of input");
  const start = atEnd ? prepared.span.end : prepared.toOriginal(offset);
  const span = atEnd ? { start, end: start } : tokenSpan(sql, start);
  // The parser would quote what stands in place of a question mark or a long name.
  const message = atEnd
    ? failure.message
    : failure.message.replace(
        /^(syntax error at or near ").*"$/s,
        (_, before: string) => `${before}${sql.slice(span.start, span.end)}"`,
      );
  return new EngineError("syntax_error", message, { span });
}

function withLongNames<T>(tree: T, names: ReadonlyMap<string, string>): T {
  if (typeof tree === "string") return (names.get(tree) ?? tree) as T;
  if (typeof tree !== "object" || tree === null) return tree;
  if (Array.isArray(tree)) return tree.map((part: unknown) => withLongNames(part, names)) as T;
  return Object.fromEntries(
    Object.entries(tree).map(([key, value]) => [key, withLongNames(value as unknown, names)]),
  ) as T;
}

/** Maps UTF-8 byte offsets to UTF-16 offsets; by a table only where they differ. */
function byteOffsets(text: string): (byte: number) => number {
  // eslint-disable-next-line no-control-regex -- the range is that of one-byte characters
  if (/^[\0-\x7f]*$/.test(text)) return (byte) => byte;
  const offsets: number[] = [];
  let offset = 0;
  for (const character of text) {
    for (let byte = Buffer.byteLength(character); byte > 0; byte--) offsets.push(offset);
    offset += character.length;
  }
  return (byte) => offsets[byte] ?? text.length;
}
