import assert from "node:assert/strict";
import fc from "fast-check";
import { decimalType, simpleType } from "../../src/arrow/data-type.ts";
import type { DataType } from "../../src/arrow/data-type.ts";
import type { Value } from "../../src/arrow/value.ts";
import type { RowGroup, Table } from "../../src/catalog/table.ts";
import type { Expression } from "../../src/expr/expression.ts";
import { formatExpression } from "../../src/expr/expression-properties.ts";
import { pruneRowGroups } from "../../src/physical/prune-row-groups.ts";
import { splitPredicate } from "../../src/physical/push-predicate.ts";

const bool = simpleType("bool");
const int32 = simpleType("int32");
const utf8 = simpleType("utf8");

const input = (type: DataType, index = 0): Expression => ({ kind: "input", index, type, nullable: true });
const literal = (type: DataType, value: Value): Expression => ({ kind: "literal", type, value });
const call = (name: string, ...args: readonly Expression[]): Expression => ({ kind: "call", name, args, type: bool });

function texts(predicate: Expression): readonly [pushed: string | null, remaining: string | null] {
  const { pushed, remaining } = splitPredicate(predicate);
  const format = (part: Expression | null): string | null => (part === null ? null : formatExpression(part));
  return [format(pushed), format(remaining)];
}

describe("splitPredicate", () => {
  it("pushes comparisons with constants, the column first", () => {
    assert.deepEqual(texts(call("lt", input(int32), literal(int32, 5))), ["#0 < 5", null]);
    assert.deepEqual(texts(call("lt", literal(int32, 5), input(int32))), ["#0 > 5", null]);
    assert.deepEqual(texts(call("is_not_null", input(int32))), ["#0 IS NOT NULL", null]);
    assert.deepEqual(texts({ kind: "in_list", arg: input(int32), values: [1, null, 2] }), ["#0 IN (1, 2)", null]);
  });

  it("keeps the rest, conjunct by conjunct", () => {
    const kept = call("like", input(utf8, 1), literal(utf8, "%x"));
    assert.deepEqual(texts({ kind: "and", args: [kept, call("ge", input(int32), literal(int32, 3))] }), [
      "#0 >= 3",
      "#1 LIKE '%x'",
    ]);
    assert.deepEqual(texts(call("eq", input(int32), literal(int32, null))), [null, "#0 = NULL"]);
    const float = simpleType("float64");
    assert.deepEqual(texts(call("gt", input(float), literal(float, 1))), [null, "#0 > 1"]);
  });

  it("pushes comparisons of two columns of one type beside others only", () => {
    const constant = call("ge", input(int32), literal(int32, 3));
    const both = (part: Expression): Expression => ({ kind: "and", args: [part, constant] });
    const same = call("lt", input(int32), input(int32, 1));
    assert.deepEqual(texts(same), [null, "#0 < #1"]);
    assert.deepEqual(texts(both(same)), ["#0 >= 3 AND #0 < #1", null]);
    assert.deepEqual(texts(both(call("lt", input(int32), input(simpleType("int64"), 1))))[1], "#0 < #1");
    const float = simpleType("float64");
    assert.deepEqual(texts(both(call("lt", input(float, 1), input(float, 2))))[1], "#1 < #2");
    assert.deepEqual(texts(both(call("add", input(int32), input(int32, 1))))[0], "#0 >= 3");
  });

  it("compares in the column's own type where that is exact", () => {
    const narrow = decimalType(15, 2);
    const wide = decimalType(18, 4);
    const widened: Expression = { kind: "cast", arg: input(narrow), type: wide };
    assert.deepEqual(texts(call("lt", widened, literal(wide, 240_000n))), ["#0 < 24.00", null]);
    assert.deepEqual(texts(call("lt", widened, literal(wide, 240_001n)))[0], null);
    const cut: Expression = { kind: "cast", arg: input(wide), type: narrow };
    assert.deepEqual(texts(call("lt", cut, literal(narrow, 2400n)))[0], null);
  });

  it("adds the range that a prefix implies and keeps the LIKE", () => {
    assert.deepEqual(texts(call("like", input(utf8), literal(utf8, "MED%X")))[0], "#0 >= 'MED' AND #0 < 'MEE'");
    assert.deepEqual(texts(call("like", input(utf8), literal(utf8, "MED%X")))[1], "#0 LIKE 'MED%X'");
    assert.equal(texts(call("like", input(utf8), literal(utf8, "%X")))[0], null);
    assert.equal(
      texts(call("like", input(utf8), literal(utf8, "a\u{10ffff}%")))[0],
      "#0 >= 'a\u{10ffff}' AND #0 < 'b'",
    );
  });

  it("never lets the range exclude a string that the prefix matches", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1 }), fc.string({ unit: "binary" }), (prefix, rest) => {
        fc.pre(!/[%_\\]/.test(prefix) && prefix.isWellFormed() && rest.isWellFormed());
        const { pushed } = splitPredicate(call("like", input(utf8), literal(utf8, `${prefix}%`)));
        const table = tableOf(utf8, [[prefix + rest, prefix + rest]]);
        assert.equal(pruneRowGroups(table, [0], pushed).length, 1);
      }),
      { numRuns: 40 },
    );
  });
});

function tableOf(type: DataType, bounds: readonly (readonly [min: Value, max: Value])[], nullCount = 0): Table {
  const rowGroups = bounds.map(([min, max], index): RowGroup => ({
    firstRow: index * 10,
    rowCount: 10,
    byteSize: 100,
    columns: [{ min, max, nullCount }],
  }));
  const rowCount = rowGroups.length * 10;
  return {
    name: "t",
    schema: [{ name: "a", type, nullable: true }],
    files: [{ path: "/t.parquet", byteSize: 1000, modifiedMs: 0, rowCount, rowGroups }],
    rowCount,
    statistics: [{}],
  };
}

describe("pruneRowGroups", () => {
  const firstRows = (
    predicate: Expression,
    table: Table = tableOf(int32, [
      [0, 9],
      [10, 19],
      [20, 29],
    ]),
  ): number[] => pruneRowGroups(table, [0], predicate).map((unit) => unit.firstRow / 10);

  it("leaves out row groups whose bounds exclude the predicate", () => {
    const column = input(int32);
    assert.deepEqual(firstRows(call("eq", column, literal(int32, 10))), [1]);
    assert.deepEqual(firstRows(call("lt", column, literal(int32, 10))), [0]);
    assert.deepEqual(firstRows(call("le", column, literal(int32, 10))), [0, 1]);
    assert.deepEqual(firstRows(call("gt", column, literal(int32, 19))), [2]);
    assert.deepEqual(firstRows(call("ge", column, literal(int32, 19))), [1, 2]);
    assert.deepEqual(firstRows(call("ne", column, literal(int32, 5))), [0, 1, 2]);
    assert.deepEqual(firstRows({ kind: "in_list", arg: column, values: [5, 25] }), [0, 2]);
    assert.deepEqual(firstRows(call("is_null", column)), []);
  });

  it("keeps what statistics are silent about", () => {
    const silent: Table = {
      ...tableOf(int32, []),
      files: [
        {
          path: "/t.parquet",
          byteSize: 1,
          modifiedMs: 0,
          rowCount: 5,
          rowGroups: [{ firstRow: 0, rowCount: 5, byteSize: 10, columns: [{}] }],
        },
      ],
    };
    assert.deepEqual(firstRows(call("eq", input(int32), literal(int32, 10)), silent), [0]);
    assert.deepEqual(firstRows(call("is_null", input(int32)), silent), [0]);
  });

  it("orders strings by their bytes", () => {
    const table = tableOf(utf8, [["a\uffff", "a\u{10000}"]]);
    assert.deepEqual(firstRows(call("gt", input(utf8), literal(utf8, "a\uffff")), table), [0]);
    assert.deepEqual(firstRows(call("gt", input(utf8), literal(utf8, "a\u{10000}")), table), []);
  });
});
