import assert from "node:assert/strict";
import type { DataType } from "../../src/arrow/data-type.ts";
import { decimalType, simpleType } from "../../src/arrow/data-type.ts";
import type { Schema } from "../../src/arrow/schema.ts";
import type { Value } from "../../src/arrow/value.ts";
import type { Expression } from "../../src/expr/expression.ts";
import { HashJoinOperator } from "../../src/operator/hash-join.ts";
import { MeasuredOperator } from "../../src/operator/measured-operator.ts";
import type { PhysicalHashJoin, PhysicalJoinType, PhysicalNode } from "../../src/physical/physical-node.ts";
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
const joinTypes: readonly PhysicalJoinType[] = [
  "inner",
  "left",
  "right",
  "full",
  "left_semi",
  "left_anti",
  "right_semi",
  "right_anti",
  "left_mark",
  "left_single",
];

type JoinSpec = {
  readonly joinType: PhysicalJoinType;
  readonly keys: readonly { readonly column: number; readonly nullEqual: boolean }[];
  /** probe column `probe` < build column `build`. */
  readonly residual: { readonly probe: number; readonly build: number } | null;
  readonly nullAware: boolean;
};

function inputColumn(schema: Schema, index: number): Expression {
  return { kind: "input", index, type: schema[index]!.type, nullable: true };
}

function nodeOf(probe: Schema, build: Schema, spec: JoinSpec): PhysicalHashJoin {
  const onlyProbe = ["left_semi", "left_anti", "left_mark"].includes(spec.joinType);
  const onlyBuild = ["right_semi", "right_anti"].includes(spec.joinType);
  const mark = spec.joinType === "left_mark" ? schemaOf(["mark", simpleType("bool")]) : [];
  const both = [...probe, ...build];
  const residual: Expression | null =
    spec.residual === null
      ? null
      : {
          kind: "call",
          name: "lt",
          type: simpleType("bool"),
          args: [inputColumn(both, spec.residual.probe), inputColumn(both, probe.length + spec.residual.build)],
        };
  const leaf = (schema: Schema): PhysicalNode => ({ kind: "values", rows: [], schema, estimate });
  return {
    kind: "hash_join",
    joinType: spec.joinType,
    probe: leaf(probe),
    build: leaf(build),
    keys: spec.keys.map(({ column, nullEqual }) => ({
      probe: inputColumn(probe, column),
      build: inputColumn(build, column),
      nullEqual,
    })),
    residual,
    nullAware: spec.nullAware,
    buildUnique: false,
    schema: [...(onlyBuild ? [] : probe), ...(onlyProbe ? [] : build), ...mark],
    estimate,
  };
}

// A context is made once: its memory is empty again after each run, which is checked.
let sharedContext: ReturnType<typeof makeTaskContext> | undefined;

function run(
  schema: Schema,
  probeRows: readonly Row[],
  buildRows: readonly Row[],
  spec: JoinSpec,
  source: SourceOptions = {},
): Value[][] {
  const context = (sharedContext ??= makeTaskContext());
  const inputs = [probeRows, buildRows].map((rows) => rowSource(context, schema, rows, source));
  const [probe, build] = inputs.map((input, index) => new MeasuredOperator(context, `input ${index}`, input, [])) as [
    MeasuredOperator,
    MeasuredOperator,
  ];
  const join = new MeasuredOperator(
    context,
    spec.joinType,
    new HashJoinOperator(context, nodeOf(schema, schema, spec), probe, build),
    [probe, build],
  );
  try {
    return collectRows(context, join);
  } finally {
    assert.equal(context.memory.usedBytes, 0, "memory is given back");
    inputs.forEach(({ state }) => assert.deepEqual([state.opened, state.closed], [1, 1]));
  }
}

// ---- the oracle: nested loops and three-valued logic; null stands for unknown.

function textOf(value: Value): string {
  return sortedText([[value]])[0]!;
}

function keyMatch(left: Row, right: Row, spec: JoinSpec): boolean | null {
  let result: boolean | null = true;
  for (const { column, nullEqual } of spec.keys) {
    const [a, b] = [left[column]!, right[column]!];
    if (nullEqual ? textOf(a) !== textOf(b) : a !== null && b !== null && textOf(a) !== textOf(b)) return false;
    if (!nullEqual && (a === null || b === null)) result = null;
  }
  return result;
}

function residualHolds(left: Row, right: Row, spec: JoinSpec): boolean | null {
  if (spec.residual === null) return true;
  const [a, b] = [left[spec.residual.probe]!, right[spec.residual.build]!];
  return a !== null && b !== null ? a < b : null;
}

/** The keys' equality and the residual, in three-valued logic. */
function matchOf(left: Row, right: Row, spec: JoinSpec): boolean | null {
  const outcomes = [keyMatch(left, right, spec), residualHolds(left, right, spec)];
  return outcomes.includes(false) ? false : outcomes.includes(null) ? null : true;
}

function expected(schema: Schema, probe: readonly Row[], build: readonly Row[], spec: JoinSpec): Value[][] {
  const isMatch = (left: Row, right: Row): boolean => matchOf(left, right, spec) === true;
  const nulls = schema.map(() => null);
  const rows: Value[][] = [];
  const matchedBuild = new Set<Row>();
  for (const left of probe) {
    const matches = build.filter((right) => isMatch(left, right));
    matches.forEach((right) => matchedBuild.add(right));
    const isUnknown = spec.nullAware && build.some((right) => matchOf(left, right, spec) === null);
    switch (spec.joinType) {
      case "left_semi":
        if (matches.length > 0) rows.push([...left]);
        break;
      case "left_anti":
        if (matches.length === 0 && !isUnknown) rows.push([...left]);
        break;
      case "left_mark":
        rows.push([...left, matches.length > 0 ? true : isUnknown ? null : false]);
        break;
      case "right_semi":
      case "right_anti":
        break;
      default:
        rows.push(...matches.map((right) => [...left, ...right]));
        if (matches.length === 0 && spec.joinType !== "inner" && spec.joinType !== "right")
          rows.push([...left, ...nulls]);
    }
  }
  for (const right of build) {
    const isMatched = matchedBuild.has(right);
    if (spec.joinType === "right_semi" && isMatched) rows.push([...right]);
    if (spec.joinType === "right_anti" && !isMatched) rows.push([...right]);
    if ((spec.joinType === "right" || spec.joinType === "full") && !isMatched) rows.push([...nulls, ...right]);
  }
  return rows;
}

type Random = () => number;

function keyValue(random: Random, type: DataType, distinct: number, nullShare: number): Value {
  if (random() < nullShare) return null;
  const number = Math.floor(random() * distinct);
  switch (type.kind) {
    case "bool":
      return number % 2 === 0;
    case "utf8":
      return number % 3 === 0 ? `k${number}` : `a key of more than twelve bytes, ${number}`;
    case "int64":
    case "timestamp":
    case "decimal":
      return BigInt(number) - 3n;
    case "float64":
      return number / 4;
    case "binary":
      return new Uint8Array(number).fill(number);
    case "interval":
      return { months: number, days: 0, micros: 0n };
    default:
      return number;
  }
}

const payload = simpleType("int32");
const schemaFor = (type: DataType): Schema =>
  schemaOf(["key", type], ["other", simpleType("int32")], ["payload", payload], ["text", simpleType("utf8")]);

function makeRows(random: Random, type: DataType, count: number, distinct: number, nullShare: number): Row[] {
  return Array.from({ length: count }, (_, index) => [
    keyValue(random, type, distinct, nullShare),
    keyValue(random, simpleType("int32"), 3, nullShare),
    keyValue(random, payload, 100, nullShare),
    random() < nullShare ? null : `row ${index}, with a long text`,
  ]);
}

const plain = { keys: [{ column: 0, nullEqual: false }], residual: null, nullAware: false };
const residual = { probe: 2, build: 2 };

describe("hash join", () => {
  const keyTypes: readonly DataType[] = [
    ...(["bool", "int8", "int32", "int64", "float64", "date", "timestamp", "utf8", "binary", "interval"] as const).map(
      (kind) => simpleType(kind),
    ),
    decimalType(12, 2),
    decimalType(30, 2),
  ];
  for (const joinType of joinTypes) {
    it(`${joinType}: every type of key`, () => {
      keyTypes.forEach((type, index) => {
        const random = randomNumbers(index + 1);
        const schema = schemaFor(type);
        // A scalar subquery has at most one row for each key.
        const build = makeRows(random, type, 60, 40, 0.1).filter(
          (row, at, all) =>
            joinType !== "left_single" ||
            row[0] === null ||
            all.findIndex((other) => textOf(other[0]!) === textOf(row[0]!)) === at,
        );
        const probe = makeRows(random, type, 90, 40, 0.1);
        const spec = { ...plain, joinType };
        assert.deepEqual(
          sortedText(run(schema, probe, build, spec, { batchRows: 17, selections: true })),
          sortedText(expected(schema, probe, build, spec)),
          type.kind,
        );
      });
    });

    it(`${joinType}: empty sides, one row, NULLs, duplicates, residuals, two keys`, () => {
      const type = simpleType("int32");
      const schema = schemaFor(type);
      const specs: JoinSpec[] = [
        { ...plain, joinType },
        { ...plain, joinType, residual },
        { ...plain, joinType, keys: [{ column: 0, nullEqual: true }] },
        {
          ...plain,
          joinType,
          keys: [
            { column: 0, nullEqual: false },
            { column: 1, nullEqual: false },
          ],
        },
        {
          ...plain,
          joinType,
          keys: [
            { column: 0, nullEqual: true },
            { column: 1, nullEqual: false },
          ],
          residual,
        },
      ];
      if (joinType === "left_anti" || joinType === "left_mark")
        specs.push(
          { ...plain, joinType, nullAware: true },
          { ...plain, joinType, nullAware: true, residual },
          { joinType, nullAware: true, residual, keys: [{ column: 0, nullEqual: true }] },
          {
            joinType,
            nullAware: true,
            residual,
            keys: [
              { column: 0, nullEqual: true },
              { column: 1, nullEqual: true },
            ],
          },
        );
      for (const [probeCount, buildCount, distinct, nullShare] of [
        [0, 0, 1, 0],
        [0, 5, 3, 0.5],
        [5, 0, 3, 0.5],
        [1, 1, 1, 0],
        [1, 1, 1, 1],
        [40, 3, 6, 0],
        [300, 200, 20, 0.2],
        [200, 300, 400, 0.05],
        [100, 100, 2, 0],
      ] as const) {
        const random = randomNumbers(probeCount * 7 + buildCount);
        let build = makeRows(random, type, buildCount, distinct, nullShare);
        if (joinType === "left_single")
          build = build.filter((row, at) => build.findIndex((other) => other[0] === row[0]) === at);
        const probe = makeRows(random, type, probeCount, distinct, nullShare);
        for (const spec of specs) {
          for (const selections of [false, true]) {
            const got = run(schema, probe, build, spec, { batchRows: 64, selections });
            assert.deepEqual(
              sortedText(got),
              sortedText(expected(schema, probe, build, spec)),
              JSON.stringify({ ...spec, probeCount, buildCount }),
            );
          }
        }
      }
    });
  }

  it("puts out many matches in batches of at most 8,192 rows", () => {
    const schema = schemaOf(["key", simpleType("int32")], ["value", simpleType("int32")]);
    const rows = (count: number): Row[] =>
      Array.from({ length: count }, (_, index) => [index % 3 === 0 ? 7 : index, index]);
    const [probe, build] = [rows(600), rows(900)];
    for (const joinType of ["inner", "left", "full", "right", "left_semi", "right_semi"] as const) {
      const spec: JoinSpec = { ...plain, joinType, residual: null };
      assert.deepEqual(
        sortedText(run(schema, probe, build, spec)),
        sortedText(expected(schema, probe, build, spec)),
        joinType,
      );
    }
  });

  it("keeps unmatched rows when the last batch of matches is full", () => {
    const schema = schemaOf(["key", simpleType("int32")]);
    const build = Array.from({ length: 128 }, () => [1]);
    const probe = Array.from({ length: 100 }, (_, index) => [index < 64 ? 1 : 2]);
    for (const joinType of ["left", "full"] as const) {
      const spec: JoinSpec = { ...plain, joinType };
      assert.deepEqual(
        sortedText(run(schema, probe, build, spec)),
        sortedText(expected(schema, probe, build, spec)),
        joinType,
      );
    }
  });

  it("finds whole-number keys by value or by hash, at the ends of the range and beside it", () => {
    const greatest = 2n ** 63n - 1n;
    const least = -(2n ** 63n);
    const int64 = simpleType("int64");
    const dense = Array.from({ length: 1500 }, (_, index) => BigInt(index) - 700n);
    // Below, at and above the range; and so far away that a difference of 64 bits wraps around.
    const around = [
      -702n,
      -701n,
      -700n,
      -699n,
      798n,
      799n,
      800n,
      801n,
      4000n,
      2n ** 32n,
      2n ** 32n + 5n,
      greatest,
      least,
    ];
    const cases: readonly (readonly [string, readonly bigint[], readonly bigint[]])[] = [
      ["dense", dense, around],
      ["dense with duplicates", [...dense, ...dense.filter((key) => key % 3n === 0n)], around],
      ["one key", [7n], [6n, 7n, 8n, greatest, least]],
      ["the greatest", [greatest, greatest - 3n], [greatest, greatest - 1n, greatest - 3n, least, 0n]],
      ["the least", [least, least + 3n], [least, least + 1n, least + 3n, greatest, 0n]],
      ["both ends", [least, 0n, greatest], [least, least + 1n, 0n, greatest - 1n, greatest]],
      [
        "sparse",
        Array.from({ length: 900 }, (_, index) => BigInt(index) * 1_000_003n),
        [0n, 1n, 1_000_003n, 1_000_004n],
      ],
    ];
    const schema = schemaOf(["key", int64], ["row", simpleType("int32")]);
    for (const [name, buildKeys, probeKeys] of cases) {
      const numbered = (keys: readonly (bigint | null)[]): Row[] => keys.map((key, index) => [key, index]);
      const build = numbered([null, ...buildKeys, null]);
      const probe = numbered([...probeKeys, null, ...probeKeys, ...buildKeys.slice(0, 40)]);
      for (const joinType of joinTypes) {
        if (joinType === "left_single" && name.includes("duplicates")) continue;
        const spec = { ...plain, joinType };
        for (const keys of [plain.keys, [{ column: 0, nullEqual: true }]]) {
          if (keys !== plain.keys && joinType === "left_single") continue;
          const oracle = { ...spec, keys };
          assert.deepEqual(
            sortedText(run(schema, probe, build, oracle, { batchRows: 333, selections: true })),
            sortedText(expected(schema, probe, build, oracle)),
            `${name}, ${joinType}`,
          );
        }
      }
    }
  });

  it("joins tens of thousands of keys, NULLs and long strings among them", () => {
    const schema = schemaOf(["key", simpleType("int64")], ["text", simpleType("utf8")]);
    const random = randomNumbers(5);
    const rows = (count: number, label: string): Row[] =>
      Array.from({ length: count }, () => {
        const key = Math.floor(random() * 30_000);
        return [random() < 0.02 ? null : BigInt(key), `${label} number ${key} of the test`];
      });
    const [probe, build] = [rows(40_000, "probe"), rows(30_000, "build")];
    const byKey = new Map<Value, Row[]>();
    build.forEach((row) => byKey.set(row[0]!, [...(byKey.get(row[0]!) ?? []), row]));
    const want = probe.flatMap((left) =>
      left[0] === null ? [] : (byKey.get(left[0]!) ?? []).map((right) => [...left, ...right]),
    );
    assert.deepEqual(
      sortedText(run(schema, probe, build, { ...plain, joinType: "inner" }, { batchRows: 8192 })),
      sortedText(want),
    );
  });

  it("refuses a second row for a scalar subquery", () => {
    const schema = schemaOf(["key", simpleType("int32")]);
    const spec: JoinSpec = { ...plain, joinType: "left_single" };
    assert.throws(() => run(schema, [[1], [2]], [[2], [2]], spec), { code: "cardinality_violation" });
    assert.deepEqual(run(schema, [[1], [2]], [[3], [3], [2]], spec).length, 2);
  });

  it("does not read the probe side when nothing can match", () => {
    const schema = schemaOf(["key", simpleType("int32")]);
    for (const joinType of ["inner", "left_semi", "right", "right_semi", "right_anti"] as const) {
      const context = makeTaskContext();
      const [probe, build] = [rowSource(context, schema, [[1]]), rowSource(context, schema, [])];
      assert.deepEqual(
        collectRows(
          context,
          new HashJoinOperator(context, nodeOf(schema, schema, { ...plain, joinType }), probe, build),
        ),
        [],
      );
      assert.deepEqual(probe.state, { opened: 1, closed: 1, batches: 0 }, joinType);
    }
  });
});
