export type TokenKind =
  | "space"
  | "comment"
  | "word"
  | "quoted"
  | "string"
  | "number"
  | "parameter"
  /** `?`, which in PostgreSQL could be part of an operator; no operator of ours has it. */
  | "placeholder"
  | "operator"
  | "punctuation"
  /** A string, comment or quoted name without an end; reaches to the end of the text. */
  | "unterminated";

/** Half-open range of UTF-16 offsets. */
export type Token = { readonly kind: TokenKind; readonly start: number; readonly end: number };

const space = /[ \t\n\r\f\v]+/y;
const lineComment = /--[^\n\r]*/y;
const word = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y;
const escapeString = /[eE]'[^'\\]*(?:(?:\\[^]|'')[^'\\]*)*'/y;
const prefixedString = /[bBxXnN]'[^']*(?:''[^']*)*'/y;
const plainString = /'[^']*(?:''[^']*)*'/y;
const quotedName = /"[^"]*(?:""[^"]*)*"/y;
const dollarTag = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;
const parameter = /\$\d+/y;
const number = /(?:0[xXoObB][0-9A-Fa-f_]+|(?:\d[\d_]*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?)/y;
const operator = /[~!@#^&|`+\-*/%<>=]+/y;

/**
 * The token that starts at `start`, after the rules of PostgreSQL's scanner as far as they tell where tokens end:
 * what splits statements and finds `?` placeholders outside strings, names and comments.
 */
export function tokenAt(sql: string, start: number): Token {
  const token = (kind: TokenKind, end: number): Token => ({ kind, start, end });
  const matched = (pattern: RegExp): number => {
    pattern.lastIndex = start;
    return pattern.test(sql) ? pattern.lastIndex : -1;
  };
  const first = (patterns: readonly (readonly [RegExp, TokenKind])[]): Token | null => {
    for (const [pattern, kind] of patterns) {
      const end = matched(pattern);
      if (end >= 0) return token(kind, end);
    }
    return null;
  };
  if (sql.startsWith("/*", start)) {
    const end = endOfBlockComment(sql, start);
    return end < 0 ? token("unterminated", sql.length) : token("comment", end);
  }
  const simple = first([
    [space, "space"],
    [lineComment, "comment"],
    [escapeString, "string"],
    [prefixedString, "string"],
    [plainString, "string"],
    [quotedName, "quoted"],
    [parameter, "parameter"],
    [number, "number"],
  ]);
  if (simple !== null) return simple;
  if (/['"]/.test(sql[start]!) || /^[eEbBxXnN]'/.test(sql.slice(start, start + 2)))
    return token("unterminated", sql.length);
  const wordEnd = matched(word);
  if (wordEnd >= 0) return token("word", wordEnd);
  const tagEnd = matched(dollarTag);
  if (tagEnd >= 0) {
    const tag = sql.slice(start, tagEnd);
    const close = sql.indexOf(tag, tagEnd);
    return close < 0 ? token("unterminated", sql.length) : token("string", close + tag.length);
  }
  if (sql[start] === "?") return token("placeholder", start + 1);
  const operatorEnd = matched(operator);
  if (operatorEnd < 0) return token("punctuation", start + (sql.startsWith("::", start) ? 2 : 1));
  // A comment may follow an operator without a space.
  const comment = sql.slice(start, operatorEnd).search(/--|\/\*/);
  return token("operator", comment > 0 ? start + comment : operatorEnd);
}

/** All tokens, spaces and comments included: they cover the text without gaps. */
export function tokenize(sql: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let start = 0; start < sql.length; start = tokens.at(-1)!.end) tokens.push(tokenAt(sql, start));
  return tokens;
}

/** Block comments nest. */
function endOfBlockComment(sql: string, start: number): number {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = start;
  for (let depth = 0, match = edge.exec(sql); match !== null; match = edge.exec(sql)) {
    depth += match[0] === "/*" ? 1 : -1;
    if (depth === 0) return edge.lastIndex;
  }
  return -1;
}
