import { must } from "../../common/assert.ts";
import { isNumeric } from "../../arrow/data-type.ts";
import type { Schema } from "../../arrow/schema.ts";
import type { Value } from "../../arrow/value.ts";
import { formatValue } from "../../expr/format-value.ts";
import { displayWidth, padded, printable } from "./display-width.ts";

export const outputFormats = ["table", "csv", "json"] as const;
export type OutputFormat = (typeof outputFormats)[number];

export type Rows = { readonly schema: Schema; readonly batches: AsyncIterable<readonly (readonly Value[])[]> };

/** Takes text; resolves when more may come. */
export type Write = (text: string) => Promise<void>;

/** Rows that a table's column widths are taken from; later ones keep these widths, so that any result can be printed. */
const measuredRowsMax = 10_000;

/** Prints a result as it arrives; gives its number of rows. */
export function formatRows(format: OutputFormat, rows: Rows, write: Write): Promise<number> {
  return format === "table"
    ? formatTable(rows, write)
    : format === "csv"
      ? formatCsv(rows, write)
      : formatJson(rows, write);
}

async function formatTable({ schema, batches }: Rows, write: Write): Promise<number> {
  const alignRight = schema.map((field) => isNumeric(field.type));
  const names = schema.map((field) => printable(field.name));
  const measured: string[][] = [];
  let widths: readonly number[] | null = null;
  let rowCount = 0;
  const line = (cells: readonly string[], columnWidths: readonly number[]): string =>
    ` ${cells.map((cell, column) => padded(cell, columnWidths[column] ?? 0, alignRight[column] === true)).join(" | ")}`.trimEnd();
  const start = async (): Promise<readonly number[]> => {
    const columnWidths = names.map((name, column) =>
      measured.reduce((width, cells) => Math.max(width, displayWidth(cells[column] ?? "")), displayWidth(name)),
    );
    const rule = columnWidths.map((width) => "-".repeat(width + 2)).join("+");
    await write(
      [line(names, columnWidths), rule, ...measured.map((cells) => line(cells, columnWidths)), ""].join("\n"),
    );
    measured.length = 0;
    return columnWidths;
  };
  for await (const batch of batches) {
    rowCount += batch.length;
    const cells = batch.map((row) =>
      row.map((value, column) => (value === null ? "NULL" : printable(textOf(schema, column, value)))),
    );
    if (widths === null) {
      measured.push(...cells);
      if (measured.length >= measuredRowsMax) widths = await start();
    } else {
      const known = widths;
      await write(cells.map((row) => `${line(row, known)}\n`).join(""));
    }
  }
  if (widths === null) await start();
  await write(`(${rowCount} ${rowCount === 1 ? "row" : "rows"})\n`);
  return rowCount;
}

/** As RFC 4180 says, with NULL as nothing and the empty text as `""`. */
async function formatCsv({ schema, batches }: Rows, write: Write): Promise<number> {
  const quoted = (text: string): string =>
    text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  await write(`${schema.map((field) => quoted(field.name)).join(",")}\n`);
  let rowCount = 0;
  for await (const batch of batches) {
    rowCount += batch.length;
    const lines = batch.map((row) =>
      row.map((value, column) => (value === null ? "" : quoted(textOf(schema, column, value)))).join(","),
    );
    await write(lines.map((line) => `${line}\n`).join(""));
  }
  return rowCount;
}

/** An array of one object per line. Numbers keep all their digits; what JSON has no form for is text. */
async function formatJson({ schema, batches }: Rows, write: Write): Promise<number> {
  const keys = uniqueNames(schema).map((name) => JSON.stringify(name));
  let rowCount = 0;
  for await (const batch of batches) {
    const lines = batch.map((row, index) => {
      const members = row.map((value, column) => `${keys[column]}:${jsonOf(schema, column, value)}`);
      return `${rowCount + index === 0 ? "[" : ","}\n{${members.join(",")}}`;
    });
    rowCount += batch.length;
    await write(lines.join(""));
  }
  await write(rowCount === 0 ? "[]\n" : "\n]\n");
  return rowCount;
}

function jsonOf(schema: Schema, column: number, value: Value): string {
  if (value === null) return "null";
  const type = schema[column]?.type;
  if (type?.kind === "bool") return value === true ? "true" : "false";
  const text = textOf(schema, column, value);
  const isNumber = type !== undefined && isNumeric(type) && /^-?\d/.test(text);
  return isNumber ? text : JSON.stringify(text);
}

/** A second column of a name gets a number, since a JSON object has each key once. */
function uniqueNames(schema: Schema): readonly string[] {
  const seen = new Set<string>();
  return schema.map(({ name }) => {
    let unique = name;
    for (let number = 2; seen.has(unique); number++) unique = `${name}_${number}`;
    seen.add(unique);
    return unique;
  });
}

function textOf(schema: Schema, column: number, value: Exclude<Value, null>): string {
  return formatValue(must(schema[column], "a row has no more values than its schema").type, value);
}
