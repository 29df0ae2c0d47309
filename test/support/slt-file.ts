/**
 * The .slt format (sqllogictest's, with tabs between the values of a row). Records are separated by empty lines; `#` starts
 * a comment line.
 *
 *     statement ok                  query IRT rowsort             statement error division by zero
 *     create view v as …            select a, b, c from t         select 1 / 0
 *                                   ----
 *                                   1	2.5	NULL
 *
 * A query's first word has one letter per column: I and T compare as text, R by numeric value. `rowsort` sorts both sides.
 * Values are NULL, `(empty)` for the empty string, else text with \n, \t, \\ and \s (a space at either end) escaped. The word after `statement error` is
 * a regular expression over the message. Before a record, `skipif <engine>` and `onlyif <engine>` leave it out: `skipif
 * duckdb` marks expectations that were checked by hand, where DuckDB differs from PostgreSQL.
 */
export type SltRecord = {
  /** Line of the record's first word, from 1. */
  readonly line: number;
  readonly sql: string;
  readonly skipIf: ReadonlySet<string>;
  readonly onlyIf: ReadonlySet<string>;
} & (
  | { readonly kind: "ok" }
  | { readonly kind: "error"; readonly pattern: RegExp }
  | {
      readonly kind: "query";
      readonly types: string;
      readonly isSorted: boolean;
      /** Undefined where the rows have not been filled in yet. */
      readonly rows: readonly (readonly (string | null)[])[] | undefined;
      /** Lines (from 0) that `----` and the rows take; empty at the record's end without them. */
      readonly rowLines: { readonly start: number; readonly end: number };
    }
);

/** Throws with file name and line when the text is not in the format. */
export function parseSlt(text: string, fileName: string): SltRecord[] {
  const lines = text.split("\n");
  const records: SltRecord[] = [];
  let skipIf = new Set<string>();
  let onlyIf = new Set<string>();
  for (let index = 0; index < lines.length;) {
    const line = lines[index]!;
    const [word, rest] = split(line);
    if (line.trim() === "" || line.startsWith("#")) {
      index++;
    } else if (word === "skipif" || word === "onlyif") {
      (word === "skipif" ? skipIf : onlyIf).add(rest.trim());
      index++;
    } else {
      const start = index;
      while (index < lines.length && lines[index]!.trim() !== "") index++;
      records.push(parseRecord(lines, start, index, fileName, { skipIf, onlyIf }));
      skipIf = new Set();
      onlyIf = new Set();
    }
  }
  return records;
}

type Conditions = Pick<SltRecord, "skipIf" | "onlyIf">;

function parseRecord(
  lines: readonly string[],
  start: number,
  end: number,
  fileName: string,
  conditions: Conditions,
): SltRecord {
  const fail = (message: string): Error => new Error(`${fileName}:${start + 1}: ${message}`);
  const [word, rest] = split(lines[start]!);
  const separator = lines.indexOf("----", start);
  const hasRows = separator >= 0 && separator < end;
  const sql = lines.slice(start + 1, hasRows ? separator : end).join("\n");
  if (sql.trim() === "") throw fail("there is no SQL");
  const common = { line: start + 1, sql, ...conditions };
  if (word === "statement") {
    const [outcome, pattern] = split(rest);
    if (outcome === "ok") return { kind: "ok", ...common };
    if (outcome === "error" && pattern !== "") return { kind: "error", pattern: new RegExp(pattern, "i"), ...common };
    throw fail("a statement is followed by `ok` or `error <regular expression>`");
  }
  if (word !== "query") throw fail(`unknown word ${word}`);
  const [types, order] = split(rest);
  if (!/^[IRT]+$/.test(types)) throw fail("a query is followed by one of I, R and T per column");
  if (order !== "" && order !== "rowsort" && order !== "nosort") throw fail(`unknown order ${order}`);
  const rows = hasRows ? lines.slice(separator + 1, end).map((row) => row.split("\t").map(decodeValue)) : undefined;
  const wrong = rows?.find((row) => row.length !== types.length);
  if (wrong !== undefined) throw fail(`a row has ${wrong.length} values, not ${types.length}`);
  const rowLines = { start: hasRows ? separator : end, end };
  return { kind: "query", types, isSorted: order === "rowsort", rows, rowLines, ...common };
}

/** The first word of a line and the rest of it. */
function split(line: string): [string, string] {
  const match = /^(\S*)\s*(.*)$/.exec(line)!;
  return [match[1]!, match[2]!];
}

const escapes: Readonly<Record<string, string>> = { "\\n": "\n", "\\t": "\t", "\\\\": "\\", "\\s": " " };

function decodeValue(text: string): string | null {
  if (text === "NULL") return null;
  if (text === "(empty)") return "";
  return text.replaceAll(/\\[nts\\]/g, (escape) => escapes[escape]!);
}

export function encodeValue(value: string | null): string {
  if (value === null) return "NULL";
  if (value === "") return "(empty)";
  return value
    .replaceAll("\\", "\\\\")
    .replaceAll("\n", "\\n")
    .replaceAll("\t", "\\t")
    .replaceAll(/^ +| +$/g, (spaces) => "\\s".repeat(spaces.length));
}
