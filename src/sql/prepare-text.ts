import { EngineError, type TextSpan } from "../common/engine-error.ts";
import { checkNesting } from "./nesting-limit.ts";
import { type Token, tokenAt, tokenize } from "./tokenize.ts";

/** One statement as PostgreSQL's parser gets it, and the way back to the client's text. */
export type PreparedStatement = {
  /** `?` placeholders are numbered `$n`. */
  readonly text: string;
  /** In the client's text, without surrounding space and comments. */
  readonly span: TextSpan;
  /** Words and punctuation only, for statements recognised before the parser. */
  readonly tokens: readonly Token[];
  /** The client's offset for a UTF-16 offset in `text`. */
  readonly toOriginal: (offset: number) => number;
};

/**
 * Splits at top-level semicolons and numbers `?` placeholders, per statement from 1. Throws syntax_error for text that
 * the parser could not take at all, and feature_not_supported for nesting that would overflow its stack.
 */
export function prepareStatements(sql: string): readonly PreparedStatement[] {
  checkCharacters(sql);
  const statements: PreparedStatement[] = [];
  let current: Token[] = [];
  for (const token of tokenize(sql)) {
    if (token.kind === "punctuation" && sql[token.start] === ";") {
      if (hasContent(current)) statements.push(prepareStatement(sql, current));
      current = [];
    } else {
      current.push(token);
    }
  }
  if (hasContent(current)) statements.push(prepareStatement(sql, current));
  return statements;
}

function hasContent(tokens: readonly Token[]): boolean {
  return tokens.some(isContent);
}

function isContent(token: Token): boolean {
  return token.kind !== "space" && token.kind !== "comment";
}

/** The parser takes a NUL for the end of the text, and lone surrogates have no UTF-8 form. */
function checkCharacters(sql: string): void {
  const bad = /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.exec(sql);
  if (bad === null) return;
  const span = { start: bad.index, end: bad.index + 1 };
  throw new EngineError("syntax_error", "invalid character in the statement's text", { span });
}

function prepareStatement(sql: string, tokens: readonly Token[]): PreparedStatement {
  const content = tokens.filter(isContent);
  const span = { start: content[0]!.start, end: content.at(-1)!.end };
  checkNesting(sql, content);
  const numbered = content.find((token) => token.kind === "parameter");
  const edits: { readonly at: number; readonly original: number; readonly length: number }[] = [];
  let text = "";
  let copied = span.start;
  for (const token of content) {
    if (token.kind !== "placeholder") continue;
    if (numbered !== undefined) {
      const details = { span: { start: token.start, end: token.end } };
      throw new EngineError("syntax_error", "a statement cannot mix ? and $n placeholders", details);
    }
    text += sql.slice(copied, token.start);
    // The space keeps a word that follows at once from becoming part of the placeholder.
    const placeholder = `$${edits.length + 1} `;
    edits.push({ at: text.length, original: token.start, length: placeholder.length });
    text += placeholder;
    copied = token.end;
  }
  text += sql.slice(copied, span.end);
  const toOriginal = (offset: number): number => {
    let shift = span.start;
    for (const edit of edits) {
      if (offset <= edit.at) break;
      if (offset < edit.at + edit.length) return edit.original;
      shift = edit.original + 1 - (edit.at + edit.length);
    }
    return offset + shift;
  };
  return { text, span, tokens: content, toOriginal };
}

/** The range of the token that starts at an offset; an empty range at the end of the text. */
export function tokenSpan(sql: string, start: number): TextSpan {
  return start >= sql.length ? { start: sql.length, end: sql.length } : { start, end: tokenAt(sql, start).end };
}
