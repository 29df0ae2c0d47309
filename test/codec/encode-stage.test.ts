import assert from "node:assert/strict";
import fc from "fast-check";
import { decimalType, simpleType } from "../../src/arrow/data-type.ts";
import type { DataType, SimpleKind } from "../../src/arrow/data-type.ts";
import type { Schema } from "../../src/arrow/schema.ts";
import type { Value } from "../../src/arrow/value.ts";
import { decodeGraph, decodeStage, encodeGraph, encodeStage, planFormatVersion } from "../../src/codec/encode-stage.ts";
import { fromPlainJson, toPlainJson } from "../../src/codec/plain-json.ts";
import { EngineError } from "../../src/common/engine-error.ts";
import type { AggregateCall, Expression } from "../../src/expr/expression.ts";
import type { PhysicalJoinType, PhysicalNode, PhysicalSortKey } from "../../src/physical/physical-node.ts";
import type { Stage, StageGraph, StageSink } from "../../src/stage/stage.ts";

const kinds: readonly SimpleKind[] = [
  "bool",
  "int8",
  "int32",
  "int64",
  "uint64",
  "float64",
  "date",
  "timestamptz",
  "interval",
  "utf8",
  "binary",
];
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

const anyType: fc.Arbitrary<DataType> = fc.oneof(
  fc.constantFrom(...kinds).map(simpleType),
  fc
    .record({ precision: fc.integer({ min: 1, max: 38 }), scale: fc.integer({ min: 0, max: 38 }) })
    .map(({ precision, scale }) => decimalType(precision, Math.min(scale, precision))),
  fc.constant(decimalType(31, 4, 64)),
);
const anyValue: fc.Arbitrary<Value> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.double(),
  fc.bigInt({ min: -(2n ** 127n), max: 2n ** 127n }),
  fc.string({ unit: "binary" }),
  fc.uint8Array({ maxLength: 20 }),
  fc.record({
    months: fc.integer(),
    days: fc.integer(),
    micros: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  }),
);
const position = fc.nat(1000);
const schema: fc.Arbitrary<Schema> = fc.array(fc.record({ name: fc.string(), type: anyType, nullable: fc.boolean() }), {
  maxLength: 3,
});
const base = { schema, estimate: fc.record({ rows: fc.double({ min: 0 }), bytes: fc.double({ min: 0 }) }) };
const span = fc.record({ start: position, end: position });

const { expression } = fc.letrec<{ expression: Expression }>((tie) => {
  const args = fc.array(tie("expression"), { maxLength: 3 });
  return {
    expression: fc.oneof(
      { maxDepth: 4, depthIdentifier: "expression" },
      fc.record({ kind: fc.constant("input" as const), index: position, type: anyType, nullable: fc.boolean() }),
      fc.record(
        { kind: fc.constant("literal" as const), type: anyType, value: anyValue, span },
        { requiredKeys: ["kind", "type", "value"] },
      ),
      fc.record(
        { kind: fc.constant("call" as const), name: fc.string(), args, type: anyType, span },
        { requiredKeys: ["kind", "name", "args", "type"] },
      ),
      fc.record({ kind: fc.constantFrom("and" as const, "or" as const), args }),
      fc.record({ kind: fc.constant("cast" as const), arg: tie("expression"), type: anyType }),
      fc.record({
        kind: fc.constant("case" as const),
        branches: fc.array(fc.record({ when: tie("expression"), then: tie("expression") }), { maxLength: 2 }),
        otherwise: tie("expression"),
        type: anyType,
      }),
      fc.record({
        kind: fc.constant("in_list" as const),
        arg: tie("expression"),
        values: fc.array(anyValue, { maxLength: 4 }),
      }),
    ),
  };
});
const maybe = fc.option(expression);
const expressions = fc.array(expression, { maxLength: 3 });
const sortKeys: fc.Arbitrary<PhysicalSortKey[]> = fc.array(
  fc.record({ expression, descending: fc.boolean(), nullsFirst: fc.boolean() }),
  { maxLength: 2 },
);
const maybeKeys: fc.Arbitrary<PhysicalSortKey[] | null> = fc.option(sortKeys, { nil: null });
const maybeCount: fc.Arbitrary<number | null> = fc.option(position, { nil: null });
const calls: fc.Arbitrary<AggregateCall[]> = fc.array(
  fc.record({ name: fc.string(), args: expressions, distinct: fc.boolean(), filter: maybe, type: anyType }),
  { maxLength: 2 },
);

const { plan } = fc.letrec<{ plan: PhysicalNode }>((tie) => {
  const input = tie("plan");
  const join = {
    ...base,
    joinType: fc.constantFrom(...joinTypes),
    probe: input,
    build: input,
    nullAware: fc.boolean(),
  };
  const nodes: readonly fc.Arbitrary<PhysicalNode>[] = [
    fc.record({
      ...base,
      kind: fc.constant("scan" as const),
      scanId: position,
      tableName: fc.string(),
      columns: fc.array(fc.string(), { maxLength: 3 }),
      pushed: maybe,
    }),
    fc.record({
      ...base,
      kind: fc.constant("values" as const),
      rows: fc.array(fc.array(anyValue, { maxLength: 3 }), { maxLength: 3 }),
    }),
    fc.record({ ...base, kind: fc.constant("shuffle_read" as const), stageId: position, mergeKeys: maybeKeys }),
    fc.record({ ...base, kind: fc.constant("filter" as const), input, predicate: expression }),
    fc.record({ ...base, kind: fc.constant("project" as const), input, expressions }),
    fc.record({
      ...base,
      kind: fc.constant("hash_aggregate" as const),
      mode: fc.constantFrom("single" as const, "partial" as const, "final" as const),
      input,
      groups: expressions,
      aggregates: calls,
    }),
    fc.record({
      ...join,
      kind: fc.constant("hash_join" as const),
      keys: fc.array(fc.record({ probe: expression, build: expression, nullEqual: fc.boolean() }), { maxLength: 2 }),
      residual: maybe,
      buildUnique: fc.boolean(),
    }),
    fc.record({ ...join, kind: fc.constant("nested_loop_join" as const), condition: maybe }),
    fc.record({ ...base, kind: fc.constant("sort" as const), input, keys: sortKeys }),
    fc.record({
      ...base,
      kind: fc.constant("top_n" as const),
      input,
      keys: sortKeys,
      limit: position,
      offset: position,
    }),
    fc.record({ ...base, kind: fc.constant("limit" as const), input, limit: maybeCount, offset: position }),
    fc.record({ ...base, kind: fc.constant("union" as const), inputs: fc.array(input, { maxLength: 2 }) }),
    fc.record({
      ...base,
      kind: fc.constant("set_operation" as const),
      operation: fc.constantFrom("intersect" as const, "except" as const),
      all: fc.boolean(),
      left: input,
      right: input,
    }),
  ];
  return { plan: fc.oneof({ maxDepth: 3, depthIdentifier: "plan" }, ...nodes) };
});
const sink: fc.Arbitrary<StageSink> = fc.oneof(
  fc.record({ kind: fc.constant("hash" as const), keys: expressions, partitionCount: position }),
  fc.record({ kind: fc.constantFrom("single" as const, "broadcast" as const, "result" as const) }),
);
const split = fc.record({ path: fc.string(), firstRow: position, lastRow: position, byteSize: position });
const tasks = fc.array(
  fc.record({
    partition: position,
    splits: fc.array(fc.record({ scanId: position, splits: fc.array(split, { maxLength: 2 }) }), { maxLength: 2 }),
  }),
  { maxLength: 2 },
);
const stage: fc.Arbitrary<Omit<Stage, "stageId" | "inputs">> = fc.record({ plan, sink, tasks });
const graph: fc.Arbitrary<StageGraph> = fc.record({
  stages: fc
    .array(stage, { maxLength: 3 })
    .map((stages) => stages.map((part, stageId) => ({ ...part, stageId, inputs: stageId === 0 ? [] : [stageId - 1] }))),
  schema,
  ordered: fc.boolean(),
});

const isInvalid =
  (...texts: readonly string[]) =>
  (error: unknown): true => {
    assert(error instanceof EngineError && error.code === "invalid_argument", String(error));
    for (const text of texts) assert(error.message.includes(text), `"${error.message}" does not hold "${text}"`);
    return true;
  };

const bytesOf = (body: unknown): Uint8Array =>
  toPlainJson({ format: "onager-stage", version: planFormatVersion, body });

// fast-check makes some objects without a prototype; clones are plain.
describe("encodeStage", () => {
  it("round-trips every plan", () => {
    fc.assert(
      fc.property(plan, sink, (anyPlan, anySink) =>
        assert.deepEqual(
          decodeStage(encodeStage({ plan: anyPlan, sink: anySink })),
          structuredClone({ plan: anyPlan, sink: anySink }),
        ),
      ),
      { numRuns: 300 },
    );
  });

  it("round-trips every graph", () => {
    fc.assert(
      fc.property(graph, (anyGraph) => assert.deepEqual(decodeGraph(encodeGraph(anyGraph)), structuredClone(anyGraph))),
    );
  });

  it("gives equal bytes for equal plans, whatever the order of properties", () => {
    const input = { kind: "input", index: 0, type: simpleType("int64"), nullable: false } as const;
    const shuffled = { nullable: false, type: simpleType("int64"), index: 0, kind: "input" } as const;
    const of = (key: Expression): Uint8Array =>
      encodeStage({ plan: values, sink: { kind: "hash", keys: [key], partitionCount: 2 } });
    assert.deepEqual(of(input), of(shuffled));
  });

  it("never fails on foreign bytes but with invalid_argument", () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => assert.throws(() => decodeStage(bytes), isInvalid())));
    fc.assert(fc.property(fc.json(), (text) => assert.throws(() => decodeStage(Buffer.from(text)), isInvalid())));
  });

  it("never takes a damaged encoding for another error", () => {
    const whole = encodeStage({ plan: values, sink: { kind: "single" } });
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (index, byte) => {
        const damaged = whole.slice();
        damaged[index] = byte;
        try {
          decodeStage(damaged);
        } catch (error) {
          isInvalid()(error);
        }
      }),
    );
  });

  it("says where and what is wrong", () => {
    const good = fromPlainJson(encodeStage({ plan: values, sink: { kind: "single" } }), "stage") as {
      body: { plan: object; sink: object };
    };
    const { plan: goodPlan, sink: goodSink } = good.body;
    assert.throws(
      () => decodeStage(toPlainJson({ format: "onager-stage", version: 99, body: good.body })),
      isInvalid("version 99", `version ${planFormatVersion}`),
    );
    assert.throws(
      () => decodeStage(toPlainJson({ format: "onager-graph", version: planFormatVersion, body: good.body })),
      isInvalid("no encoded stage"),
    );
    assert.throws(
      () => decodeStage(bytesOf({ plan: { ...goodPlan, kind: "teleport" }, sink: goodSink })),
      isInvalid("stage.plan.kind", "teleport"),
    );
    assert.throws(
      () => decodeStage(bytesOf({ plan: { ...goodPlan, extra: 1 }, sink: goodSink })),
      isInvalid("stage.plan", '"extra"'),
    );
    assert.throws(() => decodeStage(bytesOf({ plan: goodPlan })), isInvalid("stage", '"sink"'));
    const column = { kind: "column", id: 1, name: "a", type: { kind: "int64" }, nullable: true };
    assert.throws(
      () => decodeStage(bytesOf({ plan: goodPlan, sink: { kind: "hash", keys: [column], partitionCount: 2 } })),
      isInvalid("stage.sink.keys[0].kind", "column"),
    );
    const wide = {
      kind: "input",
      index: 0,
      type: { kind: "decimal", precision: 39, scale: 0, bits: 128 },
      nullable: true,
    };
    assert.throws(
      () => decodeStage(bytesOf({ plan: goodPlan, sink: { kind: "hash", keys: [wide], partitionCount: 2 } })),
      isInvalid("keys[0].type", "decimal(39,0)"),
    );
  });

  it("bounds size and depth", () => {
    assert.throws(() => decodeStage(Buffer.from("[".repeat(100_000))), isInvalid("nested more than"));
    assert.throws(
      () => fromPlainJson(Buffer.from('"abc"'), "stage", { byteSizeMax: 4, depthMax: 10 }),
      isInvalid("5 bytes"),
    );
    assert.equal(fromPlainJson(Buffer.from('"[[[[["'), "stage", { byteSizeMax: 100, depthMax: 1 }), "[[[[[");
  });

  it("refuses graphs that read a stage before it is there", () => {
    const looped: StageGraph = {
      stages: [{ stageId: 0, plan: values, sink: { kind: "result" }, inputs: [0], tasks: [] }],
      schema: [],
      ordered: false,
    };
    assert.throws(() => decodeGraph(encodeGraph(looped)), isInvalid("stages[0]"));
  });
});

const values: PhysicalNode = {
  kind: "values",
  rows: [[1n, -0, Number.NaN, null]],
  schema: [],
  estimate: { rows: 1, bytes: 8 },
};
