import assert from "node:assert/strict";
import { encodeValue, parseSlt } from "./slt-file.ts";
import { appliesTo, runRecord } from "./slt-runner.ts";
import type { SqlEngine, SqlResult } from "./sql-engine.ts";

function engineThatAnswers(rows: SqlResult["rows"] | Error): SqlEngine {
  return {
    name: "fake",
    run: () =>
      rows instanceof Error
        ? Promise.reject(rows)
        : Promise.resolve({ columns: (rows[0] ?? [null, null]).map((_, index) => `c${index}`), rows }),
    close: () => Promise.resolve(),
  };
}

async function outcome(text: string, rows: SqlResult["rows"] | Error): Promise<string> {
  try {
    for (const record of parseSlt(text, "x.slt")) await runRecord(record, engineThatAnswers(rows));
    return "passes";
  } catch (error) {
    return (error as Error).message;
  }
}

describe("the .slt runner", () => {
  const query = "query TR rowsort\nselect 1\n----\nb\t2.50\nNULL\t1\n";

  it("reads records with their conditions and lines", () => {
    const text = `# about\n\nskipif duckdb\n${query}\nstatement error by zero$\nselect 1\n  / 0\n\nonlyif fake\nstatement ok\nselect 3\n`;
    const [first, second, third] = parseSlt(text, "x.slt");
    assert.deepEqual([first?.kind, first?.line, first?.sql], ["query", 4, "select 1"]);
    assert.deepEqual([second?.kind, second?.line, second?.sql], ["error", 10, "select 1\n  / 0"]);
    assert.ok(first?.kind === "query" && first.isSorted);
    assert.deepEqual(first.rows, [
      ["b", "2.50"],
      [null, "1"],
    ]);
    const engine = engineThatAnswers([]);
    assert.deepEqual(
      [first, second, third].map((record) => appliesTo(record!, engine)),
      [true, true, true],
    );
    assert.deepEqual(
      [first, third].map((record) => appliesTo(record!, { ...engine, name: "duckdb" })),
      [false, false],
    );
  });

  it("compares numbers by value, text by text, and sorted rows in any order", async () => {
    assert.equal(
      await outcome(query, [
        [null, "1.000"],
        ["b", "2.5"],
      ]),
      "passes",
    );
    assert.notEqual(
      await outcome(query, [
        [null, "1.001"],
        ["b", "2.5"],
      ]),
      "passes",
    );
    assert.notEqual(await outcome(query, [["b", "2.5"]]), "passes");
    assert.notEqual(
      await outcome(query, [
        ["NULL", "1"],
        ["b", "2.5"],
      ]),
      "passes",
    );
    assert.notEqual(
      await outcome(query.replace(" rowsort", ""), [
        [null, "1"],
        ["b", "2.5"],
      ]),
      "passes",
    );
    assert.match(await outcome(query, [["b"], [null]]), /columns/);
  });

  it("wants the error it names", async () => {
    const text = "statement error division by zero\nselect 1 / 0\n";
    assert.equal(await outcome(text, new Error("Division by zero")), "passes");
    assert.match(await outcome(text, new Error("syntax error")), /syntax error/);
    assert.match(await outcome(text, [["1"]]), /no error/);
  });

  it("keeps values that text lines would lose", () => {
    for (const value of ["", " a ", "tab\tand\nline", "back\\slash", "\\n", "   ", null]) {
      const [record] = parseSlt(`query T\nselect 1\n----\n${encodeValue(value)}\n`, "x.slt");
      assert.ok(record?.kind === "query");
      assert.deepEqual(record.rows, [[value]]);
    }
  });

  it("names the line of what it cannot read", () => {
    for (const text of [
      "query X\nselect 1\n",
      "query I\n",
      "statement maybe\nselect 1\n",
      "query II\nselect 1\n----\n1\n",
      "what\nx\n",
    ]) {
      assert.throws(() => parseSlt(`\n${text}`, "x.slt"), /^Error: x\.slt:2: /);
    }
  });
});
