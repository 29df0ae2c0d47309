/** One thing to do: a statement (without its semicolon) or a backslash command. */
export type ShellItem = { readonly kind: "statement" | "command"; readonly text: string };

/**
 * Cuts a script at its semicolons, leaving those in quotes, dollar quotes and comments alone; lines that start with a
 * backslash between statements are commands. `rest` is the last statement, which has no semicolon yet.
 */
export function splitStatements(script: string): { readonly items: readonly ShellItem[]; readonly rest: string } {
  const items: ShellItem[] = [];
  let start = 0;
  let at = 0;
  while (at < script.length) {
    const character = script[at];
    if (character === "\\" && isBlank(script.slice(start, at))) {
      const end = endOf(script, at, "\n");
      items.push({ kind: "command", text: script.slice(at, end).trim().replace(/;$/, "") });
      start = at = end;
    } else if (character === ";") {
      const text = script.slice(start, at).trim();
      if (!isBlank(text)) items.push({ kind: "statement", text });
      start = ++at;
    } else at = skipToken(script, at);
  }
  return { items, rest: script.slice(start) };
}

/** Whether there is nothing in a text but white space and comments. */
export function isBlank(text: string): boolean {
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text[at]!)) at++;
    else if (text.startsWith("--", at) || text.startsWith("/*", at)) at = skipToken(text, at);
    else return false;
  }
  return true;
}

/** Position behind the quoted text or comment that starts here, else behind one character. */
function skipToken(text: string, at: number): number {
  const character = text[at];
  if (character === "'") {
    const escapes = /(?:^|[^\w$])[eE]$/.test(text.slice(Math.max(0, at - 2), at));
    return skipQuoted(text, at, "'", escapes);
  }
  if (character === '"') return skipQuoted(text, at, '"', false);
  if (text.startsWith("--", at)) return endOf(text, at, "\n");
  if (text.startsWith("/*", at)) return skipComment(text, at);
  if (character === "$" && !/[\w$]/.test(text[at - 1] ?? " ")) {
    const tag = /^\$(?:[A-Za-z_]\w*)?\$/.exec(text.slice(at, at + 80))?.[0];
    if (tag !== undefined) return endOf(text, at + tag.length, tag);
  }
  return at + 1;
}

/** A doubled quote closes and opens again, which comes to the same. */
function skipQuoted(text: string, start: number, quote: string, escapes: boolean): number {
  let at = start + 1;
  while (at < text.length && text[at] !== quote) at += escapes && text[at] === "\\" ? 2 : 1;
  return Math.min(at + 1, text.length);
}

function skipComment(text: string, start: number): number {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    if (text.startsWith("/*", at)) {
      depth++;
      at += 2;
    } else if (text.startsWith("*/", at)) {
      depth--;
      at += 2;
      if (depth === 0) return at;
    } else at++;
  }
  return at;
}

function endOf(text: string, at: number, mark: string): number {
  const found = text.indexOf(mark, at);
  return found < 0 ? text.length : found + mark.length;
}
