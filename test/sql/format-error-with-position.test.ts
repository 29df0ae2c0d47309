import assert from "node:assert/strict";
import { EngineError } from "../../src/common/engine-error.ts";
import { formatErrorWithPosition } from "../../src/sql/format-error-with-position.ts";

describe("formatErrorWithPosition", () => {
  const error = (start: number, end: number, hint?: string): EngineError =>
    new EngineError("undefined_column", "no such column", {
      span: { start, end },
      ...(hint === undefined ? {} : { hint }),
    });

  it("is the message alone for an error without a place", () => {
    assert.equal(formatErrorWithPosition(new EngineError("internal", "oh"), "select 1"), "oh");
  });

  it("marks the place and adds the hint", () => {
    assert.equal(
      formatErrorWithPosition(error(7, 10, 'perhaps you meant "food"'), "select foo from t"),
      'no such column\nLINE 1, column 8\nselect foo from t\n       ^^^\nHINT: perhaps you meant "food"',
    );
  });

  it("counts lines of all kinds of line ends, and columns in characters", () => {
    const sql = "select\r\n'😀é',\tfoo\nfrom t";
    const start = sql.indexOf("foo");
    assert.equal(
      formatErrorWithPosition(error(start, start + 3), sql),
      "no such column\nLINE 2, column 7\n'😀é', foo\n      ^^^",
    );
  });

  it("marks the end of the text", () => {
    assert.equal(formatErrorWithPosition(error(6, 6), "select"), "no such column\nLINE 1, column 7\nselect\n      ^");
  });

  it("cuts long lines around the place", () => {
    const sql = `select ${"a, ".repeat(2000)}foo${", b".repeat(2000)}`;
    const start = sql.indexOf("foo");
    const [, place, line, marker] = formatErrorWithPosition(error(start, start + 3), sql).split("\n");
    assert.equal(place, `LINE 1, column ${start + 1}`);
    assert.equal(line!.length, 122);
    assert.equal(line!.slice(marker!.indexOf("^"), marker!.lastIndexOf("^") + 1), "foo");
    const first = formatErrorWithPosition(error(0, 6), sql).split("\n")[2];
    assert.equal(first, `${sql.slice(0, 120)}…`);
  });

  it("stays below 3 KB", () => {
    const sql = `select ${"日".repeat(5000)}`;
    const long = new EngineError("syntax_error", "y".repeat(50_000), {
      span: { start: 2000, end: 5000 },
      hint: "x".repeat(50_000),
    });
    assert(Buffer.byteLength(formatErrorWithPosition(long, sql)) < 3000);
  });

  it("shows control characters as spaces and survives a span of another text", () => {
    assert.equal(formatErrorWithPosition(error(0, 1), "a\0b"), "no such column\nLINE 1, column 1\na b\n^");
    assert.equal(formatErrorWithPosition(error(50, 60), "select"), "no such column");
  });
});
