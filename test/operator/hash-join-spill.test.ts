import assert from "node:assert/strict";
import { simpleType } from "../../src/arrow/data-type.ts";
import type { Value } from "../../src/arrow/value.ts";
import type { Expression } from "../../src/expr/expression.ts";
import { HashJoinOperator } from "../../src/operator/hash-join.ts";
import type { PhysicalHashJoin, PhysicalJoinType, PhysicalNode } from "../../src/physical/physical-node.ts";
import type { Row } from "../support/operator-harness.ts";
import {
  collectRows,
  makeTaskContext,
  randomNumbers,
  rowSource,
  schemaOf,
  sortedText,
} from "../support/operator-harness.ts";

const estimate = { rows: 1, bytes: 1 };
const schema = schemaOf(["key", simpleType("int64")], ["amount", simpleType("int32")], ["text", simpleType("utf8")]);
const width = schema.length;
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

type Spec = {
  readonly joinType: PhysicalJoinType;
  /** Whether probe.amount < build.amount is a condition too. */
  readonly residual?: boolean;
  readonly nullAware?: boolean;
  readonly nullEqual?: boolean;
  /** Whether the probe's key is computed, not a column. */
  readonly computedKey?: boolean;
};

function nodeOf(spec: Spec): PhysicalHashJoin {
  const onlyProbe = ["left_semi", "left_anti", "left_mark"].includes(spec.joinType);
  const onlyBuild = ["right_semi", "right_anti"].includes(spec.joinType);
  const mark = spec.joinType === "left_mark" ? schemaOf(["mark", simpleType("bool")]) : [];
  const column = (index: number): Expression => ({
    kind: "input",
    index,
    type: schema[index % width]!.type,
    nullable: true,
  });
  const computed: Expression = { kind: "call", name: "negate", type: simpleType("int64"), args: [column(0)] };
  const leaf: PhysicalNode = { kind: "values", rows: [], schema, estimate };
  const twice: Expression = { kind: "call", name: "negate", type: simpleType("int64"), args: [computed] };
  return {
    kind: "hash_join",
    joinType: spec.joinType,
    probe: leaf,
    build: leaf,
    keys: [{ probe: spec.computedKey ? twice : column(0), build: column(0), nullEqual: spec.nullEqual ?? false }],
    residual: spec.residual
      ? { kind: "call", name: "lt", type: simpleType("bool"), args: [column(1), column(width + 1)] }
      : null,
    nullAware: spec.nullAware ?? false,
    buildUnique: false,
    schema: [...(onlyBuild ? [] : schema), ...(onlyProbe ? [] : schema), ...mark],
    estimate,
  };
}

function run(probe: readonly Row[], build: readonly Row[], spec: Spec, batchRows = 1000): Value[][] {
  const context = makeTaskContext({ memoryBytes: 4 << 20 });
  const sources = [probe, build].map((rows) => rowSource(context, schema, rows, { batchRows, selections: true }));
  const join = new HashJoinOperator(context, nodeOf(spec), sources[0]!, sources[1]!);
  try {
    return collectRows(context, join);
  } finally {
    assert.equal(context.memory.usedBytes, 0, "memory is given back");
    assert.equal(context.spill.openFiles, 0, "files are removed");
    spilled = context.spill.spilledBytes;
  }
}
let spilled = 0;

// ---- the oracle, with a map over keys where nested loops would take too long

function expected(probe: readonly Row[], build: readonly Row[], spec: Spec): Value[][] {
  const byKey = new Map<Value, Row[]>();
  for (const row of build) {
    const rows = byKey.get(row[0]!);
    if (rows === undefined) byKey.set(row[0]!, [row]);
    else rows.push(row);
  }
  const holds = (left: Row, right: Row): boolean | null =>
    !spec.residual ? true : left[1] === null || right[1] === null ? null : left[1]! < right[1]!;
  const matched = new Set<Row>();
  const nulls = schema.map(() => null);
  const result: Value[][] = [];
  for (const left of probe) {
    const candidates = left[0] === null && !spec.nullEqual ? [] : (byKey.get(left[0]!) ?? []);
    const matches = candidates.filter((right) => holds(left, right) === true);
    matches.forEach((right) => matched.add(right));
    const unknownPartners = left[0] === null ? build : [...(byKey.get(null) ?? [])];
    const isUnknown =
      spec.nullAware === true &&
      matches.length === 0 &&
      (unknownPartners.some((right) => holds(left, right) !== false) ||
        candidates.some((right) => holds(left, right) === null));
    switch (spec.joinType) {
      case "left_semi":
        if (matches.length > 0) result.push([...left]);
        break;
      case "left_anti":
        if (matches.length === 0 && !isUnknown) result.push([...left]);
        break;
      case "left_mark":
        result.push([...left, matches.length > 0 ? true : isUnknown ? null : false]);
        break;
      case "right_semi":
      case "right_anti":
        break;
      default:
        for (const right of matches) result.push([...left, ...right]);
        if (matches.length === 0 && spec.joinType !== "inner" && spec.joinType !== "right")
          result.push([...left, ...nulls]);
    }
  }
  for (const right of build) {
    if (spec.joinType === "right_semi" && matched.has(right)) result.push([...right]);
    if (spec.joinType === "right_anti" && !matched.has(right)) result.push([...right]);
    if ((spec.joinType === "right" || spec.joinType === "full") && !matched.has(right))
      result.push([...nulls, ...right]);
  }
  return result;
}

type Shape = { readonly rows: number; readonly keys: number; readonly nullShare: number; readonly oneKeyShare: number };

function makeRows(seed: number, { rows, keys, nullShare, oneKeyShare }: Shape, label: string): Row[] {
  const random = randomNumbers(seed);
  return Array.from({ length: rows }, (_, index) => [
    random() < nullShare ? null : random() < oneKeyShare ? 3n : BigInt(Math.floor(random() * keys)),
    random() < nullShare ? null : Math.floor(random() * 100),
    index % 7 === 0 ? null : `${label} ${index} of the rows that do not fit`,
  ]);
}

function unique(rows: readonly Row[]): Row[] {
  const seen = new Set<Value>();
  return rows.filter((row) => !seen.has(row[0]!) && seen.add(row[0]!));
}

function check(probe: readonly Row[], build: readonly Row[], spec: Spec): void {
  const rows = spec.joinType === "left_single" ? unique(build) : build;
  assert.deepEqual(sortedText(run(probe, rows, spec)), sortedText(expected(probe, rows, spec)), JSON.stringify(spec));
}

describe("hash join that spills", function () {
  this.timeout(120_000);

  for (const joinType of joinTypes) {
    // Of their build side these keep the keys only.
    const rows = ["left_semi", "left_anti", "left_mark"].includes(joinType) ? 90_000 : 30_000;
    it(`${joinType}: partitions`, () => {
      // Few keys come twice, so that enough rows are left where each may come once only.
      const build = makeRows(1, { rows, keys: 300_000, nullShare: 0.02, oneKeyShare: 0 }, "build");
      const probe = makeRows(2, { rows: 8_000, keys: 300_000, nullShare: 0.02, oneKeyShare: 0 }, "probe");
      for (const spec of [
        { joinType, residual: true },
        { joinType, nullEqual: true },
        { joinType, computedKey: true },
      ]) {
        check(probe, build, spec);
        assert.ok(spilled > 1 << 20, "the join has spilled");
      }
    });

    if (joinType === "left_single") continue;
    it(`${joinType}: a key that no partition can hold`, () => {
      const build = makeRows(3, { rows, keys: 5_000, nullShare: 0.01, oneKeyShare: 0.95 }, "build");
      const probe = makeRows(4, { rows: 3_000, keys: 9_000, nullShare: 0.05, oneKeyShare: 0.002 }, "probe");
      for (const spec of [{ joinType }, { joinType, residual: true }]) check(probe, build, spec);
      assert.ok(spilled > 1 << 20, "the join has spilled");
    });

    it(`${joinType}: only NULLs and one side empty`, () => {
      const build = makeRows(5, { rows, keys: 10, nullShare: 1, oneKeyShare: 0 }, "build");
      const probe = makeRows(6, { rows: 2_000, keys: 10, nullShare: 0.5, oneKeyShare: 0 }, "probe");
      for (const spec of [{ joinType }, { joinType, residual: true }]) {
        check(probe, build, spec);
        check([], build, spec);
      }
    });
  }

  for (const joinType of ["left_anti", "left_mark"] as const) {
    for (const residual of [false, true]) {
      it(`${joinType} of NOT IN's kind, ${residual ? "with" : "without"} a residual`, () => {
        for (const [nullShare, keys, oneKeyShare] of [
          [0, 60_000, 0],
          [0.0003, 3_000, 0.95],
        ] as const) {
          const build = makeRows(7, { rows: 90_000, keys, nullShare, oneKeyShare }, "build");
          const probe = makeRows(8, { rows: 500, keys, nullShare: 0.1, oneKeyShare: 0.1 }, "probe");
          check(probe, build, { joinType, nullAware: true, residual });
        }
      });
    }
  }

  it("reports a second row for a scalar subquery when its rows are in different pieces", () => {
    const build = makeRows(10, { rows: 30_000, keys: 1, nullShare: 0, oneKeyShare: 0 }, "build");
    assert.throws(() => run([[0n, 1, null]], build, { joinType: "left_single" }), { code: "cardinality_violation" });
  });

  it("splits partitions again that do not fit", () => {
    const long = "x".repeat(2000);
    const build = Array.from({ length: 24_000 }, (_, index) => [BigInt(index), index, `${index} ${long}`]);
    const probe = Array.from({ length: 5_000 }, (_, index) => [BigInt(index * 6), index, "probe"]);
    const got = run(probe, build, { joinType: "inner" }, 100);
    const brief = (row: Row): Value[] => [
      row[0]!,
      row[3]!,
      row[4]!,
      (row[5] as string).slice(0, 8),
      (row[5] as string).length,
    ];
    assert.deepEqual(
      sortedText(got.map(brief)),
      sortedText(
        probe.filter((row) => Number(row[0]) < build.length).map((row) => brief([...row, ...build[Number(row[0])]!])),
      ),
    );
    assert.ok(spilled > 2 * 24_000 * 2000, "rows were written more than once");
  });

  it("removes its files when it is closed early", () => {
    const build = makeRows(11, { rows: 30_000, keys: 60_000, nullShare: 0, oneKeyShare: 0 }, "build");
    const context = makeTaskContext({ memoryBytes: 4 << 20 });
    const join = new HashJoinOperator(
      context,
      nodeOf({ joinType: "full" }),
      rowSource(context, schema, build),
      rowSource(context, schema, build),
    );
    join.open();
    assert.notEqual(join.next(), null);
    assert.ok(context.spill.openFiles > 0);
    join.close();
    assert.equal(context.spill.openFiles, 0);
    assert.equal(context.memory.usedBytes, 0);
  });
});
