import assert from "node:assert/strict";
import type { DataType } from "../../src/arrow/data-type.ts";
import { decimalType, simpleType } from "../../src/arrow/data-type.ts";
import type { Field, Schema } from "../../src/arrow/schema.ts";
import type { Value } from "../../src/arrow/value.ts";
import type { Expression, FrameBound, WindowCall, WindowFrame } from "../../src/expr/expression.ts";
import { SortOperator } from "../../src/operator/sort.ts";
import { WindowOperator } from "../../src/operator/window.ts";
import type { PhysicalNode, PhysicalSortKey, PhysicalWindow } from "../../src/physical/physical-node.ts";
import { allTypes } from "../shuffle/all-types.ts";
import { collectRows, makeTaskContext, randomNumbers, rowSource } from "../support/operator-harness.ts";
import { windowColumn } from "../support/window-oracle.ts";

const int64 = simpleType("int64");
const float64 = simpleType("float64");
const estimate = { rows: 0, bytes: 0 };

const schema: Schema = [
  { name: "part", type: simpleType("utf8"), nullable: true },
  { name: "key", type: simpleType("int32"), nullable: true },
  { name: "row", type: simpleType("int32"), nullable: false },
  { name: "int", type: int64, nullable: true },
  { name: "float", type: float64, nullable: true },
  { name: "narrow", type: decimalType(12, 2), nullable: true },
  { name: "wide", type: decimalType(30, 4), nullable: true },
  { name: "text", type: simpleType("utf8"), nullable: true },
  { name: "flag", type: simpleType("bool"), nullable: true },
  { name: "low", type: simpleType("int32"), nullable: true },
  { name: "high", type: simpleType("int32"), nullable: true },
  { name: "count", type: simpleType("int32"), nullable: true },
];

function column(name: string, over = schema): Expression & { readonly kind: "input" } {
  const index = over.findIndex((field) => field.name === name);
  const field = over[index]!;
  return { kind: "input", index, type: field.type, nullable: field.nullable };
}

function valueIn(expression: Expression, row: readonly Value[]): Value {
  if (expression.kind === "input") return row[expression.index]!;
  if (expression.kind === "literal") return expression.value;
  throw new Error("the tests use columns and literals");
}

const unbounded: WindowFrame = {
  unit: "rows",
  start: { kind: "unbounded_preceding" },
  end: { kind: "unbounded_following" },
  exclude: "nothing",
};

function call(name: string, args: readonly Expression[], type: DataType, frame = unbounded): WindowCall {
  return { name, args, filter: null, frame, type };
}

function makeRows(count: number, partitions: number, seed: number): Value[][] {
  const random = randomNumbers(seed);
  const upTo = (limit: number): number => Math.floor(random() * limit);
  const orNull = (value: Value): Value => (random() < 0.15 ? null : value);
  return Array.from({ length: count }, (_, row) => {
    const key = orNull(upTo(40) - 20);
    return [
      partitions === 0 ? null : orNull(`partition number ${upTo(partitions)}`),
      key,
      row,
      orNull(BigInt(upTo(2 ** 31)) * 4_000_000_000n - 2n ** 62n),
      orNull(upTo(1000) / 8),
      orNull(BigInt(upTo(1e9)) - 500_000_000n),
      orNull((BigInt(upTo(1e9)) - 500_000_000n) * 10n ** 18n),
      orNull("a text of some length or other ".slice(0, upTo(31)) + String(upTo(50))),
      orNull(random() < 0.5),
      key === null ? null : (key as number) - 5,
      key === null ? null : (key as number) + 3,
      orNull(upTo(5)),
    ];
  });
}

/** The oracle looks at every row of a partition for each of its rows. */
function noNullPartition(row: readonly Value[], index: number): Value[] {
  return [row[0] ?? `without a name ${index % 1000}`, ...row.slice(1)];
}

/** Functions of every kind over one frame. */
function callsOver(frame: WindowFrame): WindowCall[] {
  const int32 = simpleType("int32");
  const wide = decimalType(38, 0);
  const literal = (value: number): Expression => ({ kind: "literal", type: int32, value });
  const value = (name: string, of: string, ...rest: Expression[]): WindowCall =>
    call(name, [column(of), ...rest], column(of).type, frame);
  const nth: Expression = literal(2);
  return [
    call("count", [], int64, frame),
    call("count", [column("text")], int64, frame),
    call("sum", [column("int")], wide, frame),
    call("sum", [column("row")], int64, frame),
    call("sum", [column("float")], float64, frame),
    call("sum", [column("narrow")], decimalType(38, 2), frame),
    call("sum", [column("wide")], decimalType(38, 4), frame),
    call("avg", [column("row")], decimalType(38, 16), frame),
    call("avg", [column("narrow")], decimalType(38, 16), frame),
    call("avg", [column("float")], float64, frame),
    call("var_samp", [column("float")], float64, frame),
    call("stddev_pop", [column("float")], float64, frame),
    ...["int", "float", "narrow", "wide", "text"].flatMap((of) => [value("min", of), value("max", of)]),
    value("bool_and", "flag"),
    value("bool_or", "flag"),
    { ...call("sum", [column("narrow")], decimalType(38, 2), frame), filter: column("flag") },
    { ...call("count", [], int64, frame), filter: column("flag") },
    { ...value("max", "text"), filter: column("flag") },
    value("first_value", "text"),
    value("last_value", "wide"),
    value("nth_value", "text", nth),
    value("lag", "text", column("count"), {
      kind: "literal",
      type: simpleType("utf8"),
      value: "no text that far back",
    }),
    value("lead", "wide", literal(3)),
    value("lag", "flag"),
    call("row_number", [], int64),
    call("rank", [], int64),
    call("dense_rank", [], int64),
    call("percent_rank", [], float64),
    call("cume_dist", [], float64),
    call("ntile", [literal(3)], int32),
  ];
}

type Case = {
  readonly rows: readonly (readonly Value[])[];
  readonly calls: readonly WindowCall[];
  readonly orderBy: readonly PhysicalSortKey[];
  readonly partitionBy?: readonly Expression[];
  readonly batchRows?: number;
  readonly memoryBytes?: number;
  readonly over?: Schema;
};

/** Runs a sort and a window over it; checks every value against the oracle, and that all memory is given back. */
function check({
  rows,
  calls,
  orderBy,
  partitionBy = [column("part")],
  batchRows = 1000,
  memoryBytes,
  over = schema,
}: Case): void {
  const context = makeTaskContext(memoryBytes === undefined ? {} : { memoryBytes });
  const inputNode: PhysicalNode = { kind: "values", schema: over, estimate, rows: [] };
  const keys = [
    ...partitionBy.map((expression) => ({ expression, descending: false, nullsFirst: false })),
    ...orderBy,
    // Rows that tie come in the order of their numbers, as they come to the oracle.
    { expression: column("row", over), descending: false, nullsFirst: false },
  ];
  const source = rowSource(context, over, rows, { batchRows, selections: true });
  const sort = new SortOperator(context, { kind: "sort", schema: over, estimate, keys, input: inputNode }, source);
  const fields = calls.map((one, index): Field => ({ name: `${one.name}${index}`, type: one.type, nullable: true }));
  const node: PhysicalWindow = {
    kind: "window",
    schema: [...over, ...fields],
    estimate,
    input: inputNode,
    partitionBy,
    orderBy,
    functions: calls,
  };
  const actual = collectRows(context, new WindowOperator(context, node, sort));
  assert.equal(context.memory.usedBytes, 0);
  assert.equal(context.spill.openFiles, 0);
  const place = column("row", over).index;
  actual.sort((left, right) => Number(left[place]) - Number(right[place]));
  assert.deepEqual(
    actual.map((row) => row.slice(0, over.length)),
    rows,
  );
  calls.forEach((one, index) => {
    const expected = windowColumn(one, rows, { partitionBy, orderBy, valueOf: valueIn });
    const column = actual.map((row) => row[over.length + index]!);
    column.forEach((value, row) => {
      if (isClose(value, expected[row]!)) return;
      assert.deepEqual(value, expected[row], `${one.name} ${JSON.stringify(one.frame)} in row ${row}`);
    });
  });
}

function isClose(actual: Value, expected: Value): boolean {
  if (typeof actual !== "number" || typeof expected !== "number") return actual === expected;
  return actual === expected || Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected));
}

const byKey: readonly PhysicalSortKey[] = [{ expression: column("key"), descending: false, nullsFirst: false }];
const byRow: readonly PhysicalSortKey[] = [{ expression: column("row"), descending: false, nullsFirst: false }];

describe("WindowOperator", () => {
  const offsets: readonly FrameBound[] = [
    { kind: "unbounded_preceding" },
    { kind: "offset", offset: -3 },
    { kind: "current_row" },
    { kind: "offset", offset: 2 },
    { kind: "unbounded_following" },
  ];
  for (const unit of ["rows", "groups"] as const) {
    for (const exclude of ["nothing", "current_row", "group", "ties"] as const) {
      it(`computes every function over ${unit} frames that exclude ${exclude}`, () => {
        const rows = makeRows(150, 4, 7);
        for (const [first, start] of offsets.slice(0, 4).entries()) {
          for (const end of offsets.slice(Math.max(1, first))) {
            check({ rows, calls: callsOver({ unit, start, end, exclude }), orderBy: byKey });
          }
        }
      });
    }
  }

  it("computes every function over range frames by value, up and down", () => {
    const rows = makeRows(150, 3, 11);
    const [key, low, high] = [column("key"), column("low"), column("high")];
    const bound = (value: Expression, descending: boolean): FrameBound => ({ kind: "value", key, value, descending });
    for (const descending of [false, true]) {
      for (const nullsFirst of [false, true]) {
        const [from, to] = descending ? [high, low] : [low, high];
        const bounds: readonly (readonly [FrameBound, FrameBound])[] = [
          [bound(from, descending), bound(to, descending)],
          [{ kind: "unbounded_preceding" }, bound(from, descending)],
          [bound(from, descending), { kind: "current_row" }],
          [bound(to, descending), { kind: "unbounded_following" }],
        ];
        for (const [start, end] of bounds) {
          for (const exclude of ["nothing", "ties"] as const) {
            const orderBy = [{ expression: key, descending, nullsFirst }];
            check({ rows, calls: callsOver({ unit: "range", start, end, exclude }), orderBy });
          }
        }
      }
    }
  });

  const sliding: WindowFrame = {
    unit: "rows",
    start: { kind: "offset", offset: -40 },
    end: { kind: "offset", offset: 30 },
    exclude: "nothing",
  };

  it("asks trees where frames are long and slide", () => {
    for (const exclude of ["nothing", "current_row"] as const)
      check({ rows: makeRows(700, 2, 3), calls: callsOver({ ...sliding, exclude }), orderBy: byRow });
  });

  for (const count of [0, 1, 2]) {
    it(`takes ${count} rows`, () => check({ rows: makeRows(count, 1, 5), calls: callsOver(sliding), orderBy: byKey }));
  }

  it("works without partitions and without an order", () => {
    const calls = callsOver({ ...unbounded, unit: "range", end: { kind: "current_row" } });
    check({ rows: makeRows(200, 0, 9), calls, orderBy: [], partitionBy: [] });
  });

  it("keeps many small partitions apart over many chunks", () => {
    const rows = makeRows(60_000, 30_000, 21).map(noNullPartition);
    const frame: WindowFrame = { ...sliding, start: { kind: "offset", offset: -1 }, end: { kind: "current_row" } };
    const chosen = callsOver(frame).filter(({ name }) => ["sum", "max", "lag", "rank", "ntile"].includes(name));
    check({ rows, calls: chosen, orderBy: byKey, batchRows: 8192 });
  });

  it("takes partitions larger than a chunk between small ones", () => {
    const rows = makeRows(100_000, 0, 33).map((row, index): Value[] => {
      const part = index % 10 < 7 ? "large" : `small ${index % 4999}`;
      return [part, ...row.slice(1)];
    });
    const results = [call("row_number", [], int64), call("lead", [column("row")], simpleType("int32"))];
    const context = makeTaskContext();
    const inputNode: PhysicalNode = { kind: "values", schema, estimate, rows: [] };
    const ordered = rows.toSorted((left, right) =>
      Buffer.compare(Buffer.from(left[0] as string), Buffer.from(right[0] as string)),
    );
    const node: PhysicalWindow = {
      kind: "window",
      schema: [...schema, ...results.map((one, index) => ({ name: `f${index}`, type: one.type, nullable: true }))],
      estimate,
      input: inputNode,
      partitionBy: [column("part")],
      orderBy: [],
      functions: results,
    };
    const actual = collectRows(context, new WindowOperator(context, node, rowSource(context, schema, ordered)));
    let number = 0;
    ordered.forEach((row, index) => {
      number = index > 0 && ordered[index - 1]![0] === row[0] ? number + 1 : 1;
      assert.equal(actual[index]![schema.length], BigInt(number));
      const next = ordered[index + 1];
      assert.equal(actual[index]![schema.length + 1], next !== undefined && next[0] === row[0] ? next[2] : null);
      assert.equal(actual[index]![2], row[2]);
    });
    assert.equal(context.memory.usedBytes, 0);
  });

  for (const { name, type, value } of allTypes) {
    it(`partitions, orders and picks by ${name}`, () => {
      const random = randomNumbers(name.length * 31);
      const over: Schema = [
        { name: "part", type, nullable: true },
        { name: "key", type, nullable: true },
        { name: "row", type: simpleType("int32"), nullable: false },
      ];
      const pick = (): Value => (random() < 0.2 ? null : value(Math.floor(random() * 6)));
      const rows = Array.from({ length: 120 }, (_, row): Value[] => [pick(), pick(), row]);
      const key = column("key", over);
      const frame: WindowFrame = {
        ...sliding,
        start: { kind: "offset", offset: -2 },
        end: { kind: "offset", offset: 1 },
      };
      const calls = [
        call("dense_rank", [], int64),
        ...["min", "max", "first_value", "last_value", "lag"].map((of) => call(of, [key], type, frame)),
      ];
      const wrapped = calls.map((one) => ({ ...one }));
      const orderBy = [{ expression: key, descending: true, nullsFirst: false }];
      const partitionBy = [column("part", over)];
      checkByText({ rows, calls: wrapped, orderBy, partitionBy, over });
    });
  }

  it("sorts with spilled runs and still computes right", () => {
    const rows = makeRows(60_000, 9000, 77).map(noNullPartition);
    const chosen = callsOver(sliding).filter(({ name }) => ["sum", "min", "first_value"].includes(name));
    check({ rows, calls: chosen.slice(0, 4), orderBy: byKey, batchRows: 4000, memoryBytes: 12 * 2 ** 20 });
  });

  it("carries ranks over from chunk to chunk, in little memory", () => {
    const rows = makeRows(50_000, 0, 13).map((row, index): Value[] => [
      ["alone", "small", "the rest"][index % 1000 > 1 ? 2 : index % 1000]!,
      Math.floor(index / 3000),
      ...row.slice(2),
    ]);
    const chosen = [call("row_number", [], int64), call("rank", [], int64), call("dense_rank", [], int64)];
    const context = makeTaskContext({ memoryBytes: 8 * 2 ** 20 });
    const inputNode: PhysicalNode = { kind: "values", schema, estimate, rows: [] };
    const ordered = rows.toSorted(
      (left, right) =>
        Buffer.compare(Buffer.from(left[0] as string), Buffer.from(right[0] as string)) ||
        (left[1] as number) - (right[1] as number),
    );
    const fields = chosen.map((one): Field => ({ name: one.name, type: one.type, nullable: false }));
    const node: PhysicalWindow = {
      kind: "window",
      schema: [...schema, ...fields],
      estimate,
      input: inputNode,
      partitionBy: [column("part")],
      orderBy: byKey,
      functions: chosen,
    };
    const source = rowSource(context, schema, ordered, { batchRows: 777, selections: true });
    const actual = collectRows(context, new WindowOperator(context, node, source));
    assert.equal(actual.length, ordered.length);
    let [number, rank, dense] = [0n, 0n, 0n];
    ordered.forEach((row, index) => {
      const before = ordered[index - 1];
      if (before === undefined || before[0] !== row[0]) [number, rank, dense] = [1n, 1n, 1n];
      else {
        number++;
        if (before[1] !== row[1]) [rank, dense] = [number, dense + 1n];
      }
      assert.deepEqual(actual[index]!.slice(schema.length), [number, rank, dense], `row ${index}`);
      assert.equal(actual[index]![2], row[2]);
    });
    assert.equal(context.memory.usedBytes, 0);
  });

  it("says what is missing when a partition has no place in memory", () => {
    const rows = makeRows(60_000, 0, 1);
    assert.throws(
      () => check({ rows, calls: callsOver(sliding), orderBy: [], partitionBy: [], memoryBytes: 6 * 2 ** 20 }),
      { code: "out_of_memory" },
    );
  });

  it("refuses a tile count and an nth row that are not positive", () => {
    const zero: Expression = { kind: "literal", type: simpleType("int32"), value: 0 };
    const rows = makeRows(3, 1, 2);
    for (const bad of [call("ntile", [zero], simpleType("int32")), call("nth_value", [column("int"), zero], int64)]) {
      assert.throws(() => check({ rows, calls: [bad], orderBy: byKey }), { code: "invalid_parameter_value" });
    }
  });

  it("fails when a sum has more than 38 digits, and only then", () => {
    const over: Schema = [
      { name: "part", type: int64, nullable: true },
      { name: "row", type: simpleType("int32"), nullable: false },
      { name: "wide", type: decimalType(38, 0), nullable: true },
    ];
    const most = 10n ** 38n - 1n;
    const rows: Value[][] = [most, -most, most, -most, -1n].map((value, row) => [1n, row, value]);
    const sum = (end: FrameBound): WindowCall =>
      call("sum", [column("wide", over)], decimalType(38, 0), { ...unbounded, end });
    const orderBy = [{ expression: column("row", over), descending: false, nullsFirst: false }];
    const partitionBy = [column("part", over)];
    check({ rows, calls: [sum({ kind: "current_row" })], orderBy, partitionBy, over });
    const same = rows.map(([part, row]): Value[] => [part!, row!, most]);
    assert.throws(() => check({ rows: same, calls: [sum({ kind: "current_row" })], orderBy, partitionBy, over }), {
      code: "numeric_value_out_of_range",
    });
  });
});

/** As `check`, for types whose values are no primitives, or whose equal values differ in form. */
function checkByText(given: Case & { readonly over: Schema; readonly partitionBy: readonly Expression[] }): void {
  const context = makeTaskContext();
  const { rows, calls, orderBy, partitionBy, over } = given;
  const inputNode: PhysicalNode = { kind: "values", schema: over, estimate, rows: [] };
  const keys = [...partitionBy.map((expression) => ({ expression, descending: false, nullsFirst: false })), ...orderBy];
  const sort = new SortOperator(
    context,
    { kind: "sort", schema: over, estimate, keys, input: inputNode },
    rowSource(context, over, rows, { batchRows: 37, selections: true }),
  );
  const fields = calls.map((one, index): Field => ({ name: `f${index}`, type: one.type, nullable: true }));
  const node: PhysicalWindow = {
    kind: "window",
    schema: [...over, ...fields],
    estimate,
    input: inputNode,
    partitionBy,
    orderBy,
    functions: calls,
  };
  const actual = collectRows(context, new WindowOperator(context, node, sort));
  assert.equal(context.memory.usedBytes, 0);
  const place = column("row", over).index;
  actual.sort((left, right) => Number(left[place]) - Number(right[place]));
  calls.forEach((one, index) => {
    const expected = windowColumn(one, rows, { partitionBy, orderBy, valueOf: valueIn });
    assert.deepEqual(
      actual.map((row) => row[over.length + index]),
      expected,
      one.name,
    );
  });
}
