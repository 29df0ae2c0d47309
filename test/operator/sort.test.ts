import assert from "node:assert/strict";
import type { DataType } from "../../src/arrow/data-type.ts";
import type { Schema } from "../../src/arrow/schema.ts";
import { simpleType } from "../../src/arrow/data-type.ts";
import type { Interval, Value } from "../../src/arrow/value.ts";
import { EngineError } from "../../src/common/engine-error.ts";
import { SortOperator } from "../../src/operator/sort.ts";
import { TopNOperator } from "../../src/operator/top-n.ts";
import type { PhysicalNode, PhysicalSortKey } from "../../src/physical/physical-node.ts";
import { allTypes } from "../shuffle/all-types.ts";
import {
  collectRows,
  makeTaskContext,
  memorySpillSpace,
  randomNumbers,
  rowSource,
} from "../support/operator-harness.ts";

const estimate = { rows: 0, bytes: 0 };
const inputNode: PhysicalNode = { kind: "values", schema: [], estimate, rows: [] };

function key(index: number, type: DataType, descending: boolean, nullsFirst: boolean): PhysicalSortKey {
  return { expression: { kind: "input", index, type, nullable: true }, descending, nullsFirst };
}

/** The order of two values by other means than their bytes. */
function compareValues(type: DataType, left: Exclude<Value, null>, right: Exclude<Value, null>): number {
  if (type.kind === "utf8") return Buffer.compare(Buffer.from(left as string), Buffer.from(right as string));
  if (type.kind === "binary") return Buffer.compare(left as Uint8Array, right as Uint8Array);
  if (type.kind === "interval") {
    const micros = ({ months, days, micros: rest }: Interval): bigint =>
      (BigInt(months) * 30n + BigInt(days)) * 86_400_000_000n + rest;
    return (
      Number(micros(left as Interval) > micros(right as Interval)) -
      Number(micros(left as Interval) < micros(right as Interval))
    );
  }
  const isNaNumber = (value: Value): boolean => typeof value === "number" && Number.isNaN(value);
  if (isNaNumber(left) || isNaNumber(right)) return Number(isNaNumber(left)) - Number(isNaNumber(right));
  return left === right ? 0 : left < right ? -1 : 1;
}

function compareRows(keys: readonly PhysicalSortKey[], left: readonly Value[], right: readonly Value[]): number {
  for (const { expression, descending, nullsFirst } of keys) {
    if (expression.kind !== "input") throw new Error("the tests sort by columns");
    const a = left[expression.index]!;
    const b = right[expression.index]!;
    if (a === null && b === null) continue;
    if (a === null) return nullsFirst ? -1 : 1;
    if (b === null) return nullsFirst ? 1 : -1;
    const order = compareValues(expression.type, a, b);
    if (order !== 0) return descending ? -order : order;
  }
  return 0;
}

const extremes: Readonly<Partial<Record<DataType["kind"], readonly Value[]>>> = {
  float32: [NaN, Infinity, -Infinity, 0, -0, 1.5, -1.5],
  float64: [NaN, Infinity, -Infinity, 0, -0, Number.MIN_VALUE, -Number.MAX_VALUE],
  int64: [2n ** 63n - 1n, -(2n ** 63n), 0n, -1n],
  utf8: [
    "",
    "\0",
    "\0\0",
    "a",
    "a\0",
    "a\0b",
    "ab",
    "abcdefgh",
    "abcdefghi",
    "abcdefg",
    "ÿ",
    "abcdefghijkl",
    "abcdefghijklm",
  ],
  binary: [
    new Uint8Array(0),
    new Uint8Array([0]),
    new Uint8Array([0, 255]),
    new Uint8Array([255]),
    new Uint8Array([0, 0]),
  ],
  interval: [
    { months: 1, days: 0, micros: 0n },
    { months: 0, days: 30, micros: 0n },
    { months: 0, days: 29, micros: 86_400_000_001n },
    { months: 0, days: 0, micros: -1n },
  ],
};

describe("SortOperator", () => {
  for (const { name, type, value } of allTypes) {
    it(`sorts ${name} every way`, () => {
      const random = randomNumbers(type.kind.length);
      const schema: Schema = [
        { name, type, nullable: true },
        { name: "row", type: simpleType("int32"), nullable: false },
      ];
      const rows = Array.from({ length: 1500 }, (_, row): Value[] => {
        const pool = extremes[type.kind] ?? [];
        const pick = Math.floor(random() * (pool.length + 40));
        return [random() < 0.1 ? null : (pool[pick] ?? value(Math.floor(random() * 200))), row];
      });
      for (const [descending, nullsFirst] of [
        [false, false],
        [false, true],
        [true, false],
        [true, true],
      ] as const) {
        const keys = [key(0, type, descending, nullsFirst)];
        const context = makeTaskContext();
        const node = { kind: "sort" as const, schema, estimate, keys, input: inputNode };
        const operator = new SortOperator(
          context,
          node,
          rowSource(context, schema, rows, { batchRows: 333, selections: true }),
        );
        assert.deepEqual(
          collectRows(context, operator),
          rows.toSorted((left, right) => compareRows(keys, left, right)),
        );
        assert.equal(context.memory.usedBytes, 0);
      }
    });
  }

  const schema: Schema = [
    { name: "group", type: simpleType("int32"), nullable: true },
    { name: "text", type: simpleType("utf8"), nullable: true },
    { name: "number", type: simpleType("float64"), nullable: true },
    { name: "row", type: simpleType("int32"), nullable: false },
  ];
  const keys = [
    key(0, simpleType("int32"), true, false),
    key(1, simpleType("utf8"), false, true),
    key(2, simpleType("float64"), true, true),
  ];
  const random = randomNumbers(42);
  const makeRows = (count: number): Value[][] =>
    Array.from({ length: count }, (_, row) => [
      random() < 0.1 ? null : Math.floor(random() * 10) - 5,
      random() < 0.1 ? null : `the text of group ${Math.floor(random() * 50)}`.slice(0, Math.floor(random() * 30)),
      random() < 0.1 ? null : Math.floor(random() * 100) / 8,
      row,
    ]);

  for (const count of [0, 1, 2, 511, 513, 30_000]) {
    it(`sorts ${count} rows by three keys, stably`, () => {
      const rows = makeRows(count);
      const context = makeTaskContext();
      const node = { kind: "sort" as const, schema, estimate, keys, input: inputNode };
      const operator = new SortOperator(
        context,
        node,
        rowSource(context, schema, rows, { batchRows: 8192, selections: true }),
      );
      assert.deepEqual(
        collectRows(context, operator),
        rows.toSorted((left, right) => compareRows(keys, left, right)),
      );
      assert.equal(context.memory.usedBytes, 0);
    });
  }

  it("spills runs and merges them", () => {
    const rows = makeRows(100_000);
    const context = { ...makeTaskContext({ memoryBytes: 12 * 2 ** 20 }), spill: memorySpillSpace() };
    const node = { kind: "sort" as const, schema, estimate, keys, input: inputNode };
    const operator = new SortOperator(context, node, rowSource(context, schema, rows));
    const sorted = collectRows(context, operator);
    assert.ok(context.spill.spilledBytes > 0, "the rows do not fit");
    assert.deepEqual(
      sorted,
      rows.toSorted((left, right) => compareRows(keys, left, right)),
    );
    assert.equal(context.memory.usedBytes, 0);
    assert.equal(context.spill.openFiles, 0);
  });

  it("frees everything when it is cancelled half-way", () => {
    const base = makeTaskContext({ memoryBytes: 12 * 2 ** 20 });
    let calls = 0;
    const spill = memorySpillSpace();
    const context = {
      ...base,
      spill,
      checkCancelled() {
        if (++calls === 200) throw new EngineError("query_canceled", "cancelled");
      },
    };
    const node = { kind: "sort" as const, schema, estimate, keys, input: inputNode };
    assert.throws(
      () =>
        collectRows(
          context,
          new SortOperator(context, node, rowSource(context, schema, makeRows(100_000), { batchRows: 300 })),
        ),
      /cancelled/,
    );
    assert.equal(context.memory.usedBytes, 0);
    assert.equal(spill.openFiles, 0);
  });

  for (const [limit, offset] of [
    [0, 0],
    [1, 0],
    [10, 5],
    [100, 0],
    [9000, 1000],
    [70_000, 10],
  ] as const) {
    it(`TopNOperator: gives rows ${offset} to ${offset + limit}`, () => {
      for (const count of [0, 50, 40_000]) {
        const rows = makeRows(count);
        const context = makeTaskContext();
        const node = { kind: "top_n" as const, schema, estimate, keys, limit, offset, input: inputNode };
        const operator = new TopNOperator(context, node, rowSource(context, schema, rows, { selections: true }));
        // The first key of the row number makes the order total: ties may be cut either way.
        const expected = rows.toSorted((left, right) => compareRows(keys, left, right)).slice(offset, offset + limit);
        const actual = collectRows(context, operator);
        assert.equal(actual.length, expected.length);
        for (const [index, row] of actual.entries()) assert.equal(compareRows(keys, row, expected[index]!), 0);
        assert.equal(new Set(actual.map((row) => row[3])).size, actual.length);
        for (const row of actual) assert.deepEqual(row, rows[row[3] as number]);
        assert.equal(context.memory.usedBytes, 0);
      }
    });
  }
});
