import assert from "node:assert/strict";
import { sameCell } from "../../tpch/compare-answer.ts";
import { encodeValue, type SltRecord } from "./slt-file.ts";
import type { SqlEngine } from "./sql-engine.ts";

type Row = readonly (string | null)[];

export function appliesTo(record: SltRecord, engine: SqlEngine): boolean {
  return !record.skipIf.has(engine.name) && (record.onlyIf.size === 0 || record.onlyIf.has(engine.name));
}

/** Runs one record; throws an AssertionError that shows both sides when the outcome is another one. */
export async function runRecord(record: SltRecord, engine: SqlEngine): Promise<void> {
  switch (record.kind) {
    case "ok":
      await engine.run(record.sql);
      return;
    case "error":
      await assertFails(record.sql, record.pattern, engine);
      return;
    case "query":
      await assertRows(record, engine);
      return;
    default:
      record satisfies never;
  }
}

async function assertFails(sql: string, pattern: RegExp, engine: SqlEngine): Promise<void> {
  let message: string;
  try {
    await engine.run(sql);
  } catch (error) {
    message = messagesOf(error);
    assert.match(message, pattern);
    return;
  }
  assert.fail(`no error, expected one like ${pattern.source}`);
}

/** An error's message with those of its causes, which hold the hint and the position as the client got them. */
function messagesOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}\n${messagesOf(error.cause)}`;
}

async function assertRows(record: SltRecord & { kind: "query" }, engine: SqlEngine): Promise<void> {
  assert.ok(record.rows !== undefined, "the expected rows are missing (npm run slt:make fills them in)");
  const result = await engine.run(record.sql);
  assert.equal(result.columns.length, record.types.length, `columns: ${result.columns.join(", ")}`);
  const actual = record.isSorted ? sortRows(result.rows, record.types) : result.rows;
  const expected = record.isSorted ? sortRows(record.rows, record.types) : record.rows;
  const same =
    actual.length === expected.length &&
    actual.every((row, index) =>
      row.every((cell, column) => sameValue(record.types[column]!, cell, expected[index]![column]!)),
    );
  if (same) return;
  const [actualText, expectedText] = [actual.map(printRow), expected.map(printRow)];
  // Rows that only look alike differ in what printing hides; the message then says so.
  assert.deepEqual(actualText, expectedText);
  assert.fail(`values of equal text differ: ${JSON.stringify(actual)} ${JSON.stringify(expected)}`);
}

function sameValue(type: string, actual: string | null, expected: string | null): boolean {
  return sameCell(type === "R" ? "approximate" : "text", actual, expected);
}

/** Sorted by text, with numbers in a form that does not depend on how many digits were printed. */
export function sortRows(rows: readonly Row[], types: string): readonly Row[] {
  const keyOf = (row: Row): string =>
    row
      .map((cell, column) => (cell !== null && types[column] === "R" ? Number(cell).toPrecision(6) : encodeValue(cell)))
      .join("\t");
  const keyed = rows.map((row) => ({ row, key: keyOf(row) }));
  keyed.sort((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0));
  return keyed.map(({ row }) => row);
}

export function printRow(row: Row): string {
  return row.map(encodeValue).join("\t");
}
