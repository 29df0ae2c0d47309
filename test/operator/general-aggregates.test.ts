import assert from "node:assert/strict";
import { simpleType } from "../../src/arrow/data-type.ts";
import type { Schema } from "../../src/arrow/schema.ts";
import type { Value } from "../../src/arrow/value.ts";
import { resolveAggregate, stateTypes } from "../../src/expr/aggregate-registry.ts";
import type { AggregateCall, Expression } from "../../src/expr/expression.ts";
import { HashAggregateOperator } from "../../src/operator/hash-aggregate.ts";
import type { PhysicalHashAggregate } from "../../src/physical/physical-node.ts";
import { collectRows, makeTaskContext, type Row, rowSource, sortedText } from "../support/operator-harness.ts";

const schema: Schema = [
  { name: "g", type: simpleType("int32"), nullable: true },
  { name: "s", type: simpleType("utf8"), nullable: true },
  { name: "n", type: simpleType("int64"), nullable: true },
];
const estimate = { rows: 1, bytes: 1 };

function column(index: number): Expression {
  return { kind: "input", index, type: schema[index]!.type, nullable: true };
}

function callOf(name: string, args: readonly Expression[], orderBy?: Expression, withinGroup = false): AggregateCall {
  const keys = orderBy === undefined ? [] : [{ expression: orderBy, descending: false, nullsFirst: false }];
  return resolveAggregate(name, args, { distinct: false, filter: null, orderBy: keys, withinGroup });
}

const half: Expression = { kind: "literal", type: simpleType("float64"), value: 0.5 };
const comma: Expression = { kind: "literal", type: simpleType("utf8"), value: "," };
const calls = [
  callOf("string_agg", [column(1), comma], column(2)),
  callOf("bit_xor", [column(2)]),
  callOf("percentile_disc", [half], column(2), true),
  callOf("max_by", [column(1), column(2)]),
  callOf("approx_count_distinct", [column(2)]),
];

function nodeOf(
  mode: PhysicalHashAggregate["mode"],
  input: Schema,
  groups: readonly Expression[],
): PhysicalHashAggregate {
  const types = calls.flatMap((call) => (mode === "partial" ? stateTypes(call) : [call.type]));
  return {
    kind: "hash_aggregate",
    mode,
    input: { kind: "values", rows: [], schema: input, estimate },
    groups,
    aggregates: calls,
    schema: [
      ...groups.map((_, index) => ({ name: `g${index}`, type: schema[0]!.type, nullable: true })),
      ...types.map((type, index) => ({ name: `a${index}`, type, nullable: true })),
    ],
    estimate,
  };
}

/** Numbers are all different, so that every order is one. */
function makeRows(count: number, groups: number): Row[] {
  return Array.from({ length: count }, (_, index): Row => {
    const number = BigInt((index * 7919) % count);
    return [index % groups, index % 11 === 0 ? null : `text ${number} of some length`, number];
  });
}

function expected(rows: readonly Row[], grouped: boolean): Value[][] {
  const byGroup = new Map<Value, Row[]>();
  for (const row of rows) {
    const key = grouped ? row[0]! : 0;
    byGroup.set(key, [...(byGroup.get(key) ?? []), row]);
  }
  return [...byGroup].map(([key, members]) => {
    const sorted = members.toSorted((left, right) => Number((left[2] as bigint) - (right[2] as bigint)));
    const texts = sorted.filter(([, text]) => text !== null);
    return [
      ...(grouped ? [key] : []),
      texts.length === 0 ? null : texts.map(([, text]) => text as string).join(","),
      sorted.reduce((bits, row) => bits ^ (row[2] as bigint), 0n),
      sorted[Math.ceil(sorted.length / 2) - 1]![2]!,
      texts.at(-1)?.[1] ?? null,
      BigInt(sorted.length),
    ];
  });
}

describe("general aggregates", () => {
  it("spill as states when memory is short, and lose nothing", () => {
    const rows = makeRows(40_000, 6000);
    const context = makeTaskContext({ memoryBytes: 13 * 2 ** 20 });
    const operator = new HashAggregateOperator(
      context,
      nodeOf("single", schema, [column(0)]),
      rowSource(context, schema, rows, { batchRows: 4000 }),
    );
    const got = collectRows(context, operator);
    assert.ok(operator.counters().spilledBytes! > 0, "spilled");
    assert.equal(context.memory.usedBytes, 0, "memory is given back");
    assert.equal(context.spill.openFiles, 0, "files are removed");
    assert.deepEqual(sortedText(got), sortedText(expected(rows, true)));
  });

  for (const grouped of [true, false]) {
    it(`merge states of several tasks, ${grouped ? "with" : "without"} groups`, () => {
      const context = makeTaskContext();
      const rows = makeRows(grouped ? 3000 : 400, 50);
      const groups = grouped ? [column(0)] : [];
      const partial = nodeOf("partial", schema, groups);
      const middle = Math.ceil(rows.length / 3);
      const states = [rows.slice(0, middle), rows.slice(middle), []].flatMap((part) =>
        collectRows(context, new HashAggregateOperator(context, partial, rowSource(context, schema, part))),
      );
      const final = nodeOf("final", partial.schema, groups);
      const source = rowSource(context, partial.schema, states, { batchRows: 1000 });
      const got = collectRows(context, new HashAggregateOperator(context, final, source));
      assert.deepEqual(sortedText(got), sortedText(expected(rows, grouped)));
    });
  }
});
