import assert from "node:assert/strict";
import { compareAnswer, type ExpectedAnswer, type TextRow } from "../../tpch/compare-answer.ts";

function answer(rows: readonly TextRow[], more: Partial<ExpectedAnswer> = {}): ExpectedAnswer {
  const columns = [
    { name: "name", kind: "text" },
    { name: "amount", kind: "exact" },
    { name: "average", kind: "approximate" },
  ] as const;
  return { columns, rows, orderColumns: [1], limit: undefined, ...more };
}

describe("compareAnswer()", () => {
  const rows: TextRow[] = [
    ["a", "1.50", "0.123456789012"],
    ["b", "2", "3"],
    ["c", "2.00", null],
    ["d", "10", "4.5"],
  ];

  it("accepts equal rows, numbers written differently, and rows that tie in another order", () => {
    assert.deepEqual(compareAnswer(answer(rows), rows), []);
    const other: TextRow[] = [["a", "1.5000", "0.123457"], ["c", "2.0", null], ["b", "2", "3.0"], rows[3]!];
    assert.deepEqual(compareAnswer(answer(rows), other), []);
  });

  it("rejects rows out of order, wrong values, NULL for a value, and a wrong count", () => {
    const swapped = [rows[1]!, rows[0]!, rows[2]!, rows[3]!];
    assert.ok(compareAnswer(answer(rows), swapped).length > 0);
    for (const wrong of [
      ["a", "1.51", "0.123456789012"],
      ["a", "1.5", "0.1235"],
      ["a", "1.5", null],
      ["A", "1.5", "0.1"],
    ]) {
      assert.equal(compareAnswer(answer(rows), [wrong, ...rows.slice(1)]).length, 1);
    }
    assert.match(compareAnswer(answer(rows), rows.slice(1))[0]!, /^3 rows, expected 4$/);
    assert.match(compareAnswer(answer(rows), [...rows, rows[3]!])[0]!, /^5 rows, expected 4$/);
    assert.match(compareAnswer(answer(rows), [["a"], ["b"], ["c"], ["d"]])[0]!, /^1 columns, expected 3$/);
  });

  it("does not take a row of a tie twice", () => {
    assert.equal(compareAnswer(answer(rows), [rows[0]!, rows[1]!, rows[1]!, rows[3]!]).length, 1);
  });

  it("lets a limit take any rows of the tie it cuts, and no other", () => {
    const limited = answer(rows, { limit: 2 });
    assert.deepEqual(compareAnswer(limited, [rows[0]!, rows[1]!]), []);
    assert.deepEqual(compareAnswer(limited, [rows[0]!, rows[2]!]), []);
    assert.equal(compareAnswer(limited, [rows[0]!, rows[3]!]).length, 1);
  });
});
