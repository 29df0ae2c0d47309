import assert from "node:assert/strict";
import type { DataType } from "../../src/arrow/data-type.ts";
import { decimalType, simpleType } from "../../src/arrow/data-type.ts";
import type { Schema } from "../../src/arrow/schema.ts";
import type { Interval, Value } from "../../src/arrow/value.ts";
import { resolveAggregate, stateTypes } from "../../src/expr/aggregate-registry.ts";
import type { AggregateCall, Expression } from "../../src/expr/expression.ts";
import { HashAggregateOperator } from "../../src/operator/hash-aggregate.ts";
import { MeasuredOperator } from "../../src/operator/measured-operator.ts";
import type { Operator, TaskContext } from "../../src/operator/operator.ts";
import type { PhysicalHashAggregate, PhysicalNode } from "../../src/physical/physical-node.ts";
import type { Row, SourceOptions } from "../support/operator-harness.ts";
import {
  collectRows,
  makeTaskContext,
  randomNumbers,
  rowSource,
  schemaOf,
  sortedText,
} from "../support/operator-harness.ts";

const estimate = { rows: 1, bytes: 1 };

function inputColumn(schema: Schema, index: number): Expression {
  return { kind: "input", index, type: schema[index]!.type, nullable: true };
}

function aggregateNode(
  mode: "single" | "partial" | "final",
  input: Schema,
  groups: readonly Expression[],
  aggregates: readonly AggregateCall[],
): PhysicalHashAggregate {
  const groupFields = groups.map((group, index) => ({
    name: `g${index}`,
    type: mode === "final" ? input[index]!.type : (group as { type: DataType }).type,
    nullable: true,
  }));
  const outputs = aggregates.flatMap((call) => (mode === "partial" ? stateTypes(call) : [call.type]));
  const schema = [...groupFields, ...outputs.map((type, index) => ({ name: `a${index}`, type, nullable: true }))];
  return {
    kind: "hash_aggregate",
    mode,
    input: { kind: "values", rows: [], schema: input, estimate } satisfies PhysicalNode,
    groups,
    aggregates,
    schema,
    estimate,
  };
}

function operatorOf(context: TaskContext, node: PhysicalHashAggregate, input: Operator): Operator {
  const measured = new MeasuredOperator(context, "input", input, []);
  return new MeasuredOperator(context, "aggregate", new HashAggregateOperator(context, node, measured), [measured]);
}

type Setup = {
  readonly mode: "single" | "two-phase";
  readonly memoryBytes?: number;
  readonly source?: SourceOptions;
  readonly mustSpill?: boolean;
};

// A context is made once: its memory is empty again after each run, which is checked.
let sharedContext: ReturnType<typeof makeTaskContext> | undefined;

/** Runs an aggregation whole, or as a partial one per half of the input and a final one over both. */
function run(
  schema: Schema,
  rows: readonly Row[],
  groups: readonly Expression[],
  aggregates: readonly AggregateCall[],
  setup: Setup,
): Value[][] {
  const context =
    setup.memoryBytes === undefined
      ? (sharedContext ??= makeTaskContext())
      : makeTaskContext({ memoryBytes: setup.memoryBytes });
  const collect = (operator: Operator): Value[][] => {
    const result = collectRows(context, operator);
    assert.equal(context.memory.usedBytes, 0, "memory is given back");
    assert.equal(context.spill.openFiles, 0, "files are removed");
    return result;
  };
  if (setup.mode === "single") {
    const operator = operatorOf(
      context,
      aggregateNode("single", schema, groups, aggregates),
      rowSource(context, schema, rows, setup.source),
    );
    const result = collect(operator);
    assert.equal(operator.counters!().spilledBytes! > 0, setup.mustSpill ?? false, "spilled bytes");
    return result;
  }
  const partial = aggregateNode("partial", schema, groups, aggregates);
  const half = Math.ceil(rows.length / 2);
  const states = [rows.slice(0, half), rows.slice(half)].flatMap((part) =>
    collect(operatorOf(context, partial, rowSource(context, schema, part, setup.source))),
  );
  const final = aggregateNode("final", partial.schema, groups, aggregates);
  return collect(operatorOf(context, final, rowSource(context, partial.schema, states, setup.source)));
}

// ---- the oracle: groups in a Map, aggregates over arrays of values.

function expected(
  schema: Schema,
  rows: readonly Row[],
  groups: readonly number[],
  calls: readonly AggregateCall[],
): Value[][] {
  const byKey = new Map<string, { key: Value[]; rows: Row[] }>();
  if (groups.length === 0) byKey.set("", { key: [], rows: [] });
  for (const row of rows) {
    const key = groups.map((index) => row[index]!);
    const text = sortedText([key.map((value) => (value === 0 ? 0 : value))])[0]!;
    let group = byKey.get(text);
    if (group === undefined) byKey.set(text, (group = { key, rows: [] }));
    group.rows.push(row);
  }
  return [...byKey.values()].map(({ key, rows: members }) => [
    ...key,
    ...calls.map((call) => aggregate(schema, members, call)),
  ]);
}

function aggregate(schema: Schema, rows: readonly Row[], call: AggregateCall): Value {
  const kept =
    call.filter === null ? rows : rows.filter((row) => row[(call.filter as { index: number }).index] === true);
  const [arg] = call.args;
  if (arg === undefined) return BigInt(kept.length);
  const { index } = arg as { index: number };
  let values = kept.map((row) => row[index]!).filter((value) => value !== null);
  if (call.distinct) values = [...new Map(values.map((value) => [sortedText([[value]])[0]!, value])).values()];
  if (call.name === "count") return BigInt(values.length);
  if (values.length === 0) return null;
  const type = schema[index]!.type;
  switch (call.name) {
    case "sum":
      if (call.type.kind === "float64") return values.reduce<number>((sum, value) => sum + (value as number), 0);
      return values.reduce<bigint>((sum, value) => sum + BigInt(value as number | bigint), 0n);
    case "avg": {
      if (call.type.kind === "float64")
        return values.reduce<number>((sum, value) => sum + (value as number), 0) / values.length;
      const sum = values.reduce<bigint>((total, value) => total + BigInt(value as number | bigint), 0n);
      const scale = (call.type as { scale: number }).scale - (type.kind === "decimal" ? type.scale : 0);
      const count = BigInt(values.length);
      const scaled = (sum < 0n ? -sum : sum) * 10n ** BigInt(scale);
      const rounded = (scaled * 2n + count) / (count * 2n);
      return sum < 0n ? -rounded : rounded;
    }
    case "min":
    case "bool_and":
      return values.reduce((best, value) => (orderOf(value, best) < 0 ? value : best));
    case "max":
    case "bool_or":
      return values.reduce((best, value) => (orderOf(value, best) > 0 ? value : best));
    default:
      throw new Error(call.name);
  }
}

function orderOf(left: Value, right: Value): number {
  if (typeof left === "string") return Buffer.compare(Buffer.from(left), Buffer.from(right as string));
  if (left instanceof Uint8Array) return Buffer.compare(left, right as Uint8Array);
  if (typeof left === "object") {
    const length = ({ months, days, micros }: Interval): bigint =>
      BigInt(months * 30 + days) * 86_400_000_000n + micros;
    const [a, b] = [length(left as Interval), length(right as Interval)];
    return a < b ? -1 : a > b ? 1 : 0;
  }
  if (Number.isNaN(left) || Number.isNaN(right)) return Number(Number.isNaN(left)) - Number(Number.isNaN(right));
  return left! < right! ? -1 : left! > right! ? 1 : 0;
}

// ---- random values with duplicates, NULLs and extremes.

type Random = () => number;
const pickOne = <T>(random: Random, values: readonly T[]): T => values[Math.floor(random() * values.length)]!;

function randomValue(random: Random, type: DataType, nullShare: number): Value {
  if (random() < nullShare) return null;
  const small = Math.floor(random() * 7);
  switch (type.kind) {
    case "bool":
      return random() < 0.5;
    case "int8":
      return pickOne(random, [-128, 127, small]);
    case "int16":
      return pickOne(random, [-32768, 32767, small]);
    case "int32":
    case "date":
      return pickOne(random, [-(2 ** 31), 2 ** 31 - 1, small, -small]);
    case "uint8":
      return pickOne(random, [255, small]);
    case "uint16":
      return pickOne(random, [65535, small]);
    case "uint32":
      return pickOne(random, [2 ** 32 - 1, small]);
    case "int64":
    case "timestamp":
      return pickOne(random, [-(2n ** 63n), 2n ** 63n - 1n, BigInt(small), -BigInt(small)]);
    case "uint64":
      return pickOne(random, [2n ** 64n - 1n, BigInt(small)]);
    case "float32":
    case "float64":
      return pickOne(random, [0.5, -1.25, small, -small - 0.75]);
    case "decimal":
      return type.bits === 64
        ? pickOne(random, [BigInt(small), -BigInt(small), 10n ** 17n])
        : pickOne(random, [BigInt(small), -(10n ** 20n), 10n ** 20n + BigInt(small), -1n, 2n ** 64n]);
    case "interval":
      return { months: small, days: -small, micros: BigInt(small) };
    case "binary":
      return new Uint8Array(small * 4).fill(small);
    default:
      return pickOne(random, [
        "",
        "a",
        "abcd",
        "abcdefgh",
        "abcdefghijkl",
        "a longer string " + small,
        "a longer string " + small + "!",
        "ünï",
        "zz\u{10ffff}",
      ]);
  }
}

const types: readonly DataType[] = [
  ...(
    [
      "bool",
      "int8",
      "int16",
      "int32",
      "int64",
      "uint8",
      "uint16",
      "uint32",
      "uint64",
      "float32",
      "float64",
      "date",
      "timestamp",
      "interval",
      "utf8",
      "binary",
    ] as const
  ).map((kind) => simpleType(kind)),
  decimalType(18, 2),
  decimalType(38, 4),
];
const isNumeric = (type: DataType): boolean => /^(u?int\d|float|decimal)/.test(type.kind);
const typeText = (type: DataType): string => (type.kind === "decimal" ? `decimal${type.bits}` : type.kind);

function callsFor(schema: Schema, column: number, filter: Expression | null): AggregateCall[] {
  const arg = inputColumn(schema, column);
  const names = [
    "count",
    "min",
    "max",
    ...(isNumeric(arg.kind === "input" ? arg.type : simpleType("null")) ? ["sum", "avg"] : []),
  ];
  const make = (name: string, distinct: boolean): AggregateCall => resolveAggregate(name, [arg], { distinct, filter });
  return [...names.map((name) => make(name, false)), resolveAggregate("count", [], { distinct: false, filter })];
}

describe("hash aggregate", () => {
  for (const [index, type] of types.entries()) {
    it(`groups by ${typeText(type)} and aggregates ${typeText(type)}, in one phase and in two`, () => {
      const schema = schemaOf(["key", type], ["value", type], ["flag", simpleType("bool")]);
      for (const [seed, size, nullShare] of [
        [1, 0, 0],
        [2, 1, 0.5],
        [3, 200, 0],
        [4, 2500, 0.3],
      ] as const) {
        const random = randomNumbers(seed * 100 + index);
        const rows = Array.from({ length: size }, () => [
          randomValue(random, type, nullShare),
          randomValue(random, type, nullShare),
          randomValue(random, simpleType("bool"), nullShare),
        ]);
        for (const groups of [[0], [], [0, 2]]) {
          const calls = [...callsFor(schema, 1, null), ...callsFor(schema, 1, inputColumn(schema, 2))];
          const want = sortedText(expected(schema, rows, groups, calls));
          for (const mode of ["single", "two-phase"] as const) {
            const source = { batchRows: 300, selections: mode === "single" };
            const got = run(
              schema,
              rows,
              groups.map((column) => inputColumn(schema, column)),
              calls,
              { mode, source },
            );
            assert.deepEqual(sortedText(got), want, `seed ${seed}, ${size} rows, groups ${groups.join()}, ${mode}`);
          }
        }
      }
    });
  }

  const schema = schemaOf(
    ["key", simpleType("int32")],
    ["name", simpleType("utf8")],
    ["value", decimalType(15, 2)],
    ["flag", simpleType("bool")],
  );
  const mixedRows = (count: number, keys: number, seed: number): Row[] => {
    const random = randomNumbers(seed);
    return Array.from({ length: count }, () => [
      random() < 0.01 ? null : Math.floor(random() * keys),
      random() < 0.1 ? null : `the name of number ${Math.floor(random() * 40)}`,
      random() < 0.1 ? null : BigInt(Math.floor(random() * 1e6)),
      random() < 0.5,
    ]);
  };
  const column = (index: number): Expression => inputColumn(schema, index);
  const flag = column(3);

  it("counts, sums and averages DISTINCT values, with FILTER", () => {
    const make = (name: string, index: number, filter: Expression | null): AggregateCall =>
      resolveAggregate(name, [column(index)], { distinct: true, filter });
    const calls = [
      make("count", 1, null),
      make("count", 1, flag),
      make("sum", 2, null),
      make("avg", 2, null),
      resolveAggregate("sum", [column(2)], { distinct: false, filter: null }),
    ];
    for (const groups of [[], [0]]) {
      for (const size of [0, 1, 5000]) {
        const rows = mixedRows(size, 12, size);
        const got = run(schema, rows, groups.map(column), calls, { mode: "single" });
        assert.deepEqual(sortedText(got), sortedText(expected(schema, rows, groups, calls)));
      }
    }
  });

  it("gives the distinct groups when there is nothing to aggregate", () => {
    const rows = mixedRows(9000, 50, 9);
    for (const mode of ["single", "two-phase"] as const) {
      assert.deepEqual(
        sortedText(run(schema, rows, [column(0), column(1)], [], { mode })),
        sortedText(expected(schema, rows, [0, 1], [])),
      );
    }
  });

  it("takes the short way for few groups and leaves it for new keys, NULLs, long strings and large values", () => {
    const keyTypes: readonly (readonly [string, DataType, (n: number) => Value])[] = [
      ["int", simpleType("int32"), (n) => n - 2],
      ["big", simpleType("int64"), (n) => BigInt(n) * 2n ** 40n],
      [
        "text",
        simpleType("utf8"),
        (n) => ["", "A", "AB", "R", "N", "twelve bytes", "longer than twelve bytes"][n] ?? `t${n}`,
      ],
    ];
    const values: Schema = schemaOf(["amount", decimalType(18, 2, 64)], ["count", simpleType("int64")]);
    for (const [firstName, firstType, first] of keyTypes) {
      for (const [secondName, secondType, second] of keyTypes) {
        const fields: Schema = [...schemaOf([firstName, firstType], [`${secondName}2`, secondType]), ...values];
        const at = (index: number): Expression => inputColumn(fields, index);
        const random = randomNumbers(7);
        const rows = Array.from({ length: 6000 }, (_, row): Row => {
          // Groups appear late, the first NULL later still; the last batches have more groups than the short way takes.
          const keys = row < 1000 ? 3 : row < 4000 ? 6 : row < 5000 ? 7 : 40;
          const isNull = row > 2000 && random() < 0.05;
          const large = row > 3000 && row % 97 === 0;
          const amount = large ? 10n ** 17n : BigInt(Math.floor(random() * 2000) - 1000);
          return [
            isNull ? null : first(Math.floor(random() * keys)),
            second(Math.floor(random() * Math.min(keys, 7))),
            amount,
            row > 4500 && row % 11 === 0 ? null : BigInt(row),
          ];
        });
        const calls = [
          resolveAggregate("count", [], { distinct: false, filter: null }),
          resolveAggregate("sum", [at(2)], { distinct: false, filter: null }),
          resolveAggregate("avg", [at(2)], { distinct: false, filter: null }),
          resolveAggregate("sum", [at(3)], { distinct: false, filter: null }),
          resolveAggregate("max", [at(3)], { distinct: false, filter: null }),
        ];
        for (const groups of [[0], [1], [0, 1]]) {
          for (const length of [3000, 6000]) {
            const part = rows.slice(0, length);
            const want = sortedText(expected(fields, part, groups, calls));
            for (const mode of ["single", "two-phase"] as const) {
              const got = run(fields, part, groups.map(at), calls, {
                mode,
                source: { batchRows: 250, selections: true },
              });
              assert.deepEqual(sortedText(got), want, `${firstName}, ${secondName} by ${groups.join()}, ${mode}`);
            }
          }
        }
      }
    }
  });

  it("keeps many groups apart in batches of 8,192 rows", () => {
    const rows = mixedRows(60_000, 40_000, 3);
    const calls = [
      resolveAggregate("sum", [column(2)], { distinct: false, filter: null }),
      resolveAggregate("max", [column(1)], { distinct: false, filter: null }),
    ];
    const want = sortedText(expected(schema, rows, [0], calls));
    for (const mode of ["single", "two-phase"] as const) {
      assert.deepEqual(sortedText(run(schema, rows, [column(0)], calls, { mode, source: { batchRows: 8192 } })), want);
    }
  });

  it("spills when memory is short, and loses nothing", () => {
    const rows = mixedRows(150_000, 90_000, 4);
    const calls = [
      resolveAggregate("count", [], { distinct: false, filter: null }),
      resolveAggregate("avg", [column(2)], { distinct: false, filter: null }),
      resolveAggregate("min", [column(1)], { distinct: false, filter: flag }),
    ];
    const want = sortedText(expected(schema, rows, [0], calls));
    for (const mode of ["single", "two-phase"] as const) {
      const got = run(schema, rows, [column(0)], calls, {
        mode,
        memoryBytes: 13 * 2 ** 20,
        mustSpill: true,
        source: { batchRows: 4000 },
      });
      assert.deepEqual(sortedText(got), want, mode);
    }
    const distinct = [resolveAggregate("count", [column(2)], { distinct: true, filter: null }), ...calls];
    for (const groups of [[0], []]) {
      const got = run(schema, rows, groups.map(column), distinct, {
        mode: "single",
        memoryBytes: (groups.length > 0 ? 16 : 10) * 2 ** 20,
        mustSpill: true,
        source: { batchRows: 4000 },
      });
      assert.deepEqual(
        sortedText(got),
        sortedText(expected(schema, rows, groups, distinct)),
        `distinct by ${groups.join()}`,
      );
    }
  });

  it("computes variances like a textbook, in one phase and in two", () => {
    const numbers = schemaOf(["key", simpleType("int32")], ["value", simpleType("float64")]);
    const random = randomNumbers(8);
    const rows = Array.from({ length: 3000 }, (_, index) => [index % 5, random() < 0.1 ? null : 1e6 + random()] as Row);
    rows.push([77, 1.5], [78, null]);
    const calls = ["var_samp", "var_pop", "stddev_samp", "stddev_pop"].map((name) =>
      resolveAggregate(name, [inputColumn(numbers, 1)], { distinct: false, filter: null }),
    );
    for (const mode of ["single", "two-phase"] as const) {
      const got = run(numbers, rows, [inputColumn(numbers, 0)], calls, { mode });
      assert.equal(got.length, 7);
      for (const [key, ...results] of got) {
        const values = rows.filter((row) => row[0] === key && row[1] !== null).map((row) => row[1] as number);
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
        const [sample, population] = [
          values.length > 1 ? squares / (values.length - 1) : null,
          values.length > 0 ? squares / values.length : null,
        ];
        [
          sample,
          population,
          sample === null ? null : Math.sqrt(sample),
          population === null ? null : Math.sqrt(population),
        ].forEach((want, index) => {
          const found = results[index] as number | null;
          if (want === null) assert.equal(found, null);
          else assert.ok(Math.abs(found! - want) <= 1e-8 * Math.max(1, want), `${found} for ${want}`);
        });
      }
    }
  });

  it("treats -0.0 as 0.0 and NaN as NaN, and puts NaN above all", () => {
    const floats = schemaOf(["value", simpleType("float64")]);
    const arg = inputColumn(floats, 0);
    const rows = [[0], [-0], [NaN], [NaN], [1], [null]];
    assert.equal(run(floats, rows, [arg], [], { mode: "single" }).length, 4);
    const calls = ["min", "max", "any_value"].map((name) =>
      resolveAggregate(name, [arg], { distinct: false, filter: null }),
    );
    assert.deepEqual(run(floats, [[NaN], [3], [null]], [], calls, { mode: "two-phase" }), [[3, NaN, NaN]]);
  });

  it("evaluates an argument only where its filter is true", () => {
    const numbers = schemaOf(["value", simpleType("int32")], ["flag", simpleType("bool")]);
    const value = inputColumn(numbers, 0);
    const quotient: Expression = {
      kind: "call",
      name: "divide",
      type: simpleType("int32"),
      args: [{ kind: "literal", type: simpleType("int32"), value: 100 }, value],
    };
    const call = (filter: Expression | null): AggregateCall[] => [
      resolveAggregate("sum", [quotient], { distinct: false, filter }),
    ];
    const rows = [
      [5, true],
      [0, false],
      [20, true],
      [0, null],
      [1, false],
    ];
    assert.deepEqual(run(numbers, rows, [], call(inputColumn(numbers, 1)), { mode: "single" }), [[25n]]);
    assert.throws(() => run(numbers, rows, [], call(null), { mode: "single" }), { code: "division_by_zero" });
  });

  it("fails when a sum has no place in its type", () => {
    const wide = schemaOf(["value", decimalType(38, 0)]);
    const arg = inputColumn(wide, 0);
    const sum = [resolveAggregate("sum", [arg], { distinct: false, filter: null })];
    const large = 10n ** 38n - 1n;
    assert.deepEqual(run(wide, [[large], [1n], [-1n]], [], sum, { mode: "single" }), [[large]]);
    for (const rows of [
      [[large], [1n]],
      [[-large], [-large], [-large]],
    ]) {
      const context = makeTaskContext();
      const operator = operatorOf(context, aggregateNode("single", wide, [], sum), rowSource(context, wide, rows));
      assert.throws(() => collectRows(context, operator), { code: "numeric_value_out_of_range" });
      assert.equal(context.memory.usedBytes, 0);
    }
  });
});
