import { EngineError, type TextSpan } from "../common/engine-error.ts";
import { checkNesting } from "./nesting-limit.ts";
import { type Token, tokenAt, tokenize } from "./tokenize.ts";

/** One statement as PostgreSQL's parser gets it, and the way back to the client's text. */
export type PreparedStatement = {
  /** `?` placeholders are numbered `$n`, long names replaced. */
  readonly text: string;
  /** In the client's text, without surrounding space and comments. */
  readonly span: TextSpan;
  /** Names too long for the parser, by the names that stand for them in `text`. */
  readonly longNames: ReadonlyMap<string, string>;
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
  checkPlaceholders(content);
  const edits: TextEdit[] = [];
  const longNames = new Map<string, string>();
  let placeholders = 0;
  let text = "";
  let copied = span.start;
  for (const token of content) {
    let replacement: string;
    if (token.kind === "placeholder") {
      // The space keeps a word that follows at once from becoming part of the placeholder.
      replacement = `$${++placeholders} `;
    } else if ((token.kind === "word" || token.kind === "quoted") && isLongName(sql, token)) {
      const name = `${unusedPrefix(sql)}${longNames.size}`;
      longNames.set(name, nameOf(sql, token));
      replacement = `"${name}"`;
    } else {
      continue;
    }
    text += sql.slice(copied, token.start);
    edits.push({ at: text.length, length: replacement.length, original: token.start, originalEnd: token.end });
    text += replacement;
    copied = token.end;
  }
  text += sql.slice(copied, span.end);
  return { text, span, tokens: content, longNames, toOriginal: (offset) => originalOffset(edits, span.start, offset) };
}

/** `length` characters at `at` stand for the client's text from `original` to `originalEnd`. */
type TextEdit = {
  readonly at: number;
  readonly length: number;
  readonly original: number;
  readonly originalEnd: number;
};

function originalOffset(edits: readonly TextEdit[], start: number, offset: number): number {
  // The last edit that begins before the offset, by halving.
  let low = 0;
  let high = edits.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edits[middle]!.at <= offset) low = middle + 1;
    else high = middle;
  }
  const edit = edits[low - 1];
  if (edit === undefined) return start + offset;
  const end = edit.at + edit.length;
  return offset < end ? edit.original : edit.originalEnd + offset - end;
}

function checkPlaceholders(tokens: readonly Token[]): void {
  const mark = tokens.find((token) => token.kind === "placeholder");
  if (mark === undefined || !tokens.some((token) => token.kind === "parameter")) return;
  const details = { span: { start: mark.start, end: mark.end } };
  throw new EngineError("syntax_error", "a statement cannot mix ? and $n placeholders", details);
}

/** PostgreSQL cuts names to this length; the columns of data files have longer ones. */
const parserNameBytesMax = 63;

function isLongName(sql: string, token: Token): boolean {
  return token.end - token.start > parserNameBytesMax / 3 && Buffer.byteLength(nameOf(sql, token)) > parserNameBytesMax;
}

/** The name that a word (folded to lower case) or a quoted name stands for. */
export function nameOf(sql: string, token: Token): string {
  const raw = sql.slice(token.start, token.end);
  return token.kind === "quoted"
    ? raw.slice(1, -1).replaceAll('""', '"')
    : raw.replaceAll(/[A-Z]+/g, (capitals) => capitals.toLowerCase());
}

function unusedPrefix(sql: string): string {
  let prefix = "long_name_";
  while (sql.includes(prefix)) prefix = `_${prefix}`;
  return prefix;
}

/** The range of the token that starts at an offset; an empty range at the end of the text. */
export function tokenSpan(sql: string, start: number): TextSpan {
  return start >= sql.length ? { start: sql.length, end: sql.length } : { start, end: tokenAt(sql, start).end };
}
