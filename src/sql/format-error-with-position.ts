import type { EngineError, TextSpan } from "../common/engine-error.ts";

const messageCharactersMax = 380;
const lineCharactersMax = 120;

/**
 * The text of an error as clients show it, below 3 KB:
 *
 *     column "foo" does not exist
 *     LINE 1, column 8
 *     select foo from t
 *            ^^^
 *     HINT: perhaps you meant "food"
 *
 * The position's lines are left out where the error has none; lines and columns count from 1, columns in characters.
 */
export function formatErrorWithPosition(error: Pick<EngineError, "message" | "details">, sql: string): string {
  const lines = [clip(error.message, messageCharactersMax)];
  const { span, hint } = error.details;
  if (span !== undefined && span.start >= 0 && span.start <= sql.length) lines.push(...positionLines(sql, span));
  if (hint !== undefined) lines.push(`HINT: ${clip(hint, messageCharactersMax / 2)}`);
  return lines.join("\n");
}

function positionLines(sql: string, span: TextSpan): readonly string[] {
  const before = sql.slice(0, span.start);
  const lineNumber = before.split(/\r\n|\n|\r/).length;
  const lineStart = Math.max(before.lastIndexOf("\n"), before.lastIndexOf("\r")) + 1;
  const lineLength = sql.slice(lineStart).search(/[\r\n]/);
  // One UTF-16 unit can be half a character, so everything is counted in code points.
  const line = Array.from(lineLength < 0 ? sql.slice(lineStart) : sql.slice(lineStart, lineStart + lineLength));
  const column = Array.from(sql.slice(lineStart, span.start)).length;
  const marked = Array.from(sql.slice(span.start, Math.max(span.start, span.end))).length;
  const first =
    line.length <= lineCharactersMax
      ? 0
      : Math.max(0, Math.min(column - lineCharactersMax / 2, line.length - lineCharactersMax));
  const last = Math.min(line.length, first + lineCharactersMax);
  const shown = line.slice(first, last).map((character) => (character < " " ? " " : character));
  const prefix = first > 0 ? "…" : "";
  const carets = Math.max(1, Math.min(marked, last - column));
  return [
    `LINE ${lineNumber}, column ${column + 1}`,
    `${prefix}${shown.join("")}${last < line.length ? "…" : ""}`,
    `${" ".repeat(prefix.length + column - first)}${"^".repeat(carets)}`,
  ];
}

function clip(text: string, charactersMax: number): string {
  const characters = Array.from(text);
  return characters.length <= charactersMax ? text : `${characters.slice(0, charactersMax).join("")}…`;
}
