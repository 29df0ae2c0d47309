import assert from "node:assert/strict";
import { simpleType } from "../../src/arrow/data-type.ts";
import type { Schema } from "../../src/arrow/schema.ts";
import type { Value } from "../../src/arrow/value.ts";
import { EngineError } from "../../src/common/engine-error.ts";
import type { Expression } from "../../src/expr/expression.ts";
import { NestedLoopJoinOperator } from "../../src/operator/nested-loop-join.ts";
import { SetOperationOperator } from "../../src/operator/set-operation.ts";
import type { PhysicalJoinType, PhysicalNode } from "../../src/physical/physical-node.ts";
import {
  collectRows,
  makeTaskContext,
  randomNumbers,
  type Row,
  rowSource,
  sortedText,
} from "../support/operator-harness.ts";

const estimate = { rows: 0, bytes: 0 };
const inputNode: PhysicalNode = { kind: "values", schema: [], estimate, rows: [] };
const int32 = simpleType("int32");
const side = (name: string): Schema => [
  { name: `${name}n`, type: int32, nullable: true },
  { name: `${name}s`, type: simpleType("utf8"), nullable: true },
];
const left = side("l");
const right = side("r");
/** l.n < r.n */
const lessThan: Expression = {
  kind: "call",
  name: "lt",
  type: simpleType("bool"),
  args: [
    { kind: "input", index: 0, type: int32, nullable: true },
    { kind: "input", index: 2, type: int32, nullable: true },
  ],
};

/** Less than the build sides of the tests that spill. */
const smallMemory = 4 << 20;
const random = randomNumbers(7);
function makeRows(count: number, range: number, nulls: number): Value[][] {
  return Array.from({ length: count }, (_, i) => [
    random() < nulls ? null : Math.floor(random() * range),
    `a longer text, number ${i}`,
  ]);
}

function outputSchema(joinType: PhysicalJoinType): Schema {
  if (joinType === "left_semi" || joinType === "left_anti") return left;
  if (joinType === "right_semi" || joinType === "right_anti") return right;
  if (joinType === "left_mark") return [...left, { name: "mark", type: simpleType("bool"), nullable: true }];
  return [...left, ...right];
}

/** By definition, pair by pair. */
function oracle(
  joinType: PhysicalJoinType,
  nullAware: boolean,
  probe: readonly Row[],
  build: readonly Row[],
  test: (l: Row, r: Row) => boolean | null,
): Row[] {
  const results = probe.map((l) => build.map((r) => test(l, r)));
  const probeMatched = results.map((row) => row.includes(true));
  const buildMatched = build.map((_, column) => results.some((row) => row[column] === true));
  const pairs = probe.flatMap((l, i) => build.filter((_r, j) => results[i]![j] === true).map((r) => [...l, ...r]));
  const leftRest = probe.filter((_, i) => !probeMatched[i]).map((l) => [...l, null, null]);
  const rightRest = build.filter((_, j) => !buildMatched[j]).map((r) => [null, null, ...r]);
  switch (joinType) {
    case "inner":
      return pairs;
    case "left":
    case "left_single":
      return [...pairs, ...leftRest];
    case "right":
      return [...pairs, ...rightRest];
    case "full":
      return [...pairs, ...leftRest, ...rightRest];
    case "left_semi":
      return probe.filter((_, i) => probeMatched[i]);
    case "left_anti":
      return probe.filter((_, i) => (nullAware ? results[i]!.every((result) => result === false) : !probeMatched[i]));
    case "left_mark":
      return probe.map((l, i) => [
        ...l,
        probeMatched[i] ? true : nullAware && results[i]!.includes(null) ? null : false,
      ]);
    case "right_semi":
      return build.filter((_, j) => buildMatched[j]);
    case "right_anti":
      return build.filter((_, j) => !buildMatched[j]);
  }
}

function join(
  joinType: PhysicalJoinType,
  nullAware: boolean,
  condition: Expression | null,
  probe: readonly Row[],
  build: readonly Row[],
  memoryBytes = 64 << 20,
): Value[][] {
  const context = makeTaskContext({ memoryBytes });
  const node = {
    kind: "nested_loop_join" as const,
    schema: outputSchema(joinType),
    estimate,
    joinType,
    probe: inputNode,
    build: inputNode,
    condition,
    nullAware,
  };
  const inputs = [
    rowSource(context, left, probe, { batchRows: 170, selections: true }),
    rowSource(context, right, build, { batchRows: 60, selections: true }),
  ] as const;
  try {
    return collectRows(context, new NestedLoopJoinOperator(context, node, ...inputs));
  } finally {
    assert.equal(context.memory.usedBytes, 0);
    assert.equal(context.spill.openFiles, 0);
    if (memoryBytes === smallMemory && build.length > 0) assert.ok(context.spill.spilledBytes > 1 << 20);
    for (const { state } of inputs) assert.equal(state.closed, 1);
  }
}

describe("NestedLoopJoinOperator", () => {
  const types: readonly PhysicalJoinType[] = [
    "inner",
    "left",
    "right",
    "full",
    "left_semi",
    "left_anti",
    "left_mark",
    "right_semi",
    "right_anti",
  ];
  const sizes = [
    [0, 0],
    [0, 5],
    [5, 0],
    [1, 1],
    [300, 70],
    [70, 200],
  ] as const;
  for (const joinType of types) {
    for (const nullAware of joinType === "left_anti" || joinType === "left_mark" ? [false, true] : [false]) {
      it(`joins ${joinType}${nullAware ? ", NULL-aware" : ""}`, () => {
        for (const [probeCount, buildCount] of sizes) {
          for (const nulls of [0, 0.03]) {
            const probe = makeRows(probeCount, 1000, nulls);
            const build = makeRows(buildCount, 60, nulls);
            const test = (l: Row, r: Row): boolean | null => (l[0] === null || r[0] === null ? null : l[0]! < r[0]!);
            assert.deepEqual(
              sortedText(join(joinType, nullAware, lessThan, probe, build)),
              sortedText(oracle(joinType, nullAware, probe, build, test)),
            );
          }
          const probe = makeRows(probeCount, 9, 0.1);
          const build = makeRows(buildCount, 9, 0.1);
          assert.deepEqual(
            sortedText(join(joinType, nullAware, null, probe, build)),
            sortedText(oracle(joinType, nullAware, probe, build, () => true)),
          );
        }
      });
    }
  }

  const withText = (rows: readonly Value[][]): Row[] =>
    rows.map(([n, text]) => [n!, `${text as string} ${"x".repeat(400)}`]);
  for (const joinType of types) {
    for (const nullAware of joinType === "left_anti" || joinType === "left_mark" ? [false, true] : [false]) {
      it(`joins ${joinType}${nullAware ? ", NULL-aware," : ""} in pieces when the build side does not fit`, () => {
        for (const nulls of [0, 0.0003]) {
          const probe = makeRows(300, 62, nulls * 100).filter(([n]) => n === null || Number(n) > 55);
          const build = withText(makeRows(9_000, 59, nulls));
          // Rows that match come in every piece, and in the last ones only.
          build.splice(8_500, 0, [60, "late"], [61, "late"]);
          const test = (l: Row, r: Row): boolean | null => (l[0] === null || r[0] === null ? null : l[0]! < r[0]!);
          assert.deepEqual(
            sortedText(join(joinType, nullAware, lessThan, probe, build, smallMemory)),
            sortedText(oracle(joinType, nullAware, probe, build, test)),
          );
          if (nulls === 0) continue;
          const none = join(joinType, nullAware, lessThan, [], build, smallMemory);
          assert.deepEqual(sortedText(none), sortedText(oracle(joinType, nullAware, [], build, test)));
        }
      });
    }
  }

  it("refuses a second match of left_single in a later piece", () => {
    const build = withText(makeRows(9_000, 5, 0));
    build.splice(1, 0, [7, "early"]);
    assert.equal(
      join(
        "left_single",
        false,
        lessThan,
        [
          [6, "a"],
          [8, "b"],
        ],
        build,
        smallMemory,
      ).length,
      2,
    );
    build.splice(8_500, 0, [7, "late"]);
    assert.throws(() => join("left_single", false, lessThan, [[6, "a"]], build, smallMemory), {
      code: "cardinality_violation",
    });
  });

  it("joins left_single, and refuses a second match", () => {
    const probe: Row[] = [
      [1, "a"],
      [5, "b"],
      [null, "c"],
    ];
    assert.deepEqual(join("left_single", false, lessThan, probe, [[3, "x"]]), [
      [1, "a", 3, "x"],
      [5, "b", null, null],
      [null, "c", null, null],
    ]);
    assert.throws(
      () =>
        join("left_single", false, lessThan, probe, [
          [3, "x"],
          [2, "y"],
        ]),
      (thrown) => thrown instanceof EngineError && thrown.code === "cardinality_violation",
    );
  });
});

describe("SetOperationOperator", () => {
  const count = (rows: readonly Row[]): Map<string, number> => {
    const counts = new Map<string, number>();
    for (const text of sortedText(rows)) counts.set(text, (counts.get(text) ?? 0) + 1);
    return counts;
  };
  for (const operation of ["intersect", "except"] as const) {
    for (const all of [false, true]) {
      it(`computes ${operation}${all ? " all" : ""}`, () => {
        for (const [leftCount, rightCount] of [
          [0, 0],
          [0, 10],
          [10, 0],
          [3000, 2500],
          // These two do not fit: the right side, then the left one.
          [30_000, 40_000],
          [60_000, 3000],
        ] as const) {
          const isLarge = leftCount + rightCount > 6000;
          const make = (rows: number): Value[][] =>
            Array.from({ length: rows }, () => [
              random() < 0.2 ? null : Math.floor(random() * 8),
              random() < 0.2 ? null : `text number ${Math.floor(random() * (isLarge ? 20_000 : 120))}`,
            ]);
          const [leftRows, rightRows] = [make(leftCount), make(rightCount)];
          const context = makeTaskContext({ memoryBytes: isLarge ? smallMemory : 64 << 20 });
          const node = {
            kind: "set_operation" as const,
            schema: left,
            estimate,
            operation,
            all,
            left: inputNode,
            right: inputNode,
          };
          const operator = new SetOperationOperator(
            context,
            node,
            rowSource(context, left, leftRows, { selections: true }),
            rowSource(context, right, rightRows, { selections: true }),
          );
          const actual = count(collectRows(context, operator));
          const [leftCounts, rightCounts] = [count(leftRows), count(rightRows)];
          const expected = new Map<string, number>();
          for (const [row, times] of leftCounts) {
            const other = rightCounts.get(row) ?? 0;
            const result =
              operation === "intersect" ? Math.min(times, other) : all ? times - other : other > 0 ? 0 : times;
            if (result > 0) expected.set(row, all ? result : 1);
          }
          assert.deepEqual(actual, expected);
          assert.equal(context.spill.spilledBytes > 0, isLarge);
          assert.equal(context.spill.openFiles, 0);
          assert.equal(context.memory.usedBytes, 0);
        }
      });
    }
  }
});
