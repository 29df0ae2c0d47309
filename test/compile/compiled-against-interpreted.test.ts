import assert from "node:assert/strict";
import type { DataType } from "../../src/arrow/data-type.ts";
import type { Schema } from "../../src/arrow/schema.ts";
import type { Value } from "../../src/arrow/value.ts";
import { EngineError } from "../../src/common/engine-error.ts";
import { ExpressionCompiler } from "../../src/compile/expression-compiler.ts";
import { formatExpression, typeOf, valueEquals } from "../../src/expr/expression-properties.ts";
import type { Expression } from "../../src/expr/expression.ts";
import { evaluate } from "../../src/expr/interpreter/evaluate.ts";
import { foldConstants } from "../../src/expr/fold-constants.ts";
import { loadKernels } from "../../src/kernel/load-kernels.ts";
import { SlotMemory } from "../../src/kernel/slot-memory.ts";
import { batchOfValues, valuesOfVector } from "./batch-of-values.ts";
import { columnTypes, ExpressionMaker, Random, randomValue } from "./random-expressions.ts";

const memory = new SlotMemory(64 << 20, { poison: true });
const compiler = new ExpressionCompiler(memory, loadKernels(memory));

type Outcome = { readonly values: Value[] } | { readonly error: EngineError };

function outcomeOf(run: () => Value[]): Outcome {
  try {
    return { values: run() };
  } catch (thrown) {
    if (thrown instanceof EngineError && thrown.code !== "internal") return { error: thrown };
    throw thrown;
  }
}

function show(type: DataType, value: Value): string {
  return value === null ? "NULL" : formatExpression({ kind: "literal", type, value });
}

/** The same rows, with the columns' NULLs or without any. */
function randomRows(random: Random, schema: Schema, count: number): Value[][] {
  return Array.from({ length: count }, () =>
    schema.map(({ type, nullable }) => (nullable && random.chance(20) ? null : randomValue(random, type))),
  );
}

function checkOnce(seed: number): boolean {
  const random = new Random(seed);
  const schema: Schema = columnTypes.map((type, index) => ({ name: `c${index}`, type, nullable: random.chance(40) }));
  const rowCount = random.chance(95) ? 1 + random.below(20) : random.pick([63, 64, 65, 300, 1000]);
  const rows = randomRows(random, schema, rowCount);
  const all = Array.from({ length: rowCount }, (_, row) => row);
  const chosen = random.chance(50) ? all.filter(() => random.chance(60)) : null;
  const selection = chosen === null || chosen.length === 0 ? null : chosen;
  const used = selection ?? all;
  const maker = new ExpressionMaker(random, schema);
  const expression = random.chance(30) ? maker.bool(3) : maker.any(3);
  const region = memory.region();
  const batch = batchOfValues(memory, region, schema, rows, selection);
  const interpret = (one: Expression): Outcome =>
    outcomeOf(() => used.map((row) => evaluate(one, (position) => rows[row]![position]!)));
  const expected = interpret(expression);
  const where = `seed ${seed}: ${formatExpression(expression)}`;
  const compare = (actual: Outcome, what: string): void => {
    if ("error" in expected || "error" in actual) {
      const said = "error" in actual ? actual.error.message : "no error";
      const wanted = "error" in expected ? expected.error.message : "no error";
      assert.ok("error" in expected && "error" in actual, `${where}\n${what}: ${said}, wanted ${wanted}`);
      return;
    }
    actual.values.forEach((value, index) => {
      const type = typeOf(expression);
      assert.ok(
        valueEquals(value, expected.values[index]!),
        `${where}\n${what}, row ${index} (${JSON.stringify(rows[used[index]!]!.map(String))}): ${show(type, value)}, wanted ${show(type, expected.values[index]!)}`,
      );
    });
  };
  const projector = compiler.projector([expression], schema);
  try {
    projector.open();
    compare(
      outcomeOf(() => valuesOfVector(memory, projector.evaluate(batch)[0]!, used.length)),
      "compiled",
    );
  } finally {
    projector.close();
  }
  if (!("error" in expected)) {
    const folded = interpret(foldConstants(expression));
    if (!("error" in folded)) compare(folded, "folded");
    if (typeOf(expression).kind === "bool") checkFilter(expression, schema, batch, used, expected.values, where);
  }
  region.free();
  return !("error" in expected);
}

function checkFilter(
  expression: Expression,
  schema: Schema,
  batch: Parameters<ReturnType<typeof compiler.filter>["select"]>[0],
  used: readonly number[],
  expected: readonly Value[],
  where: string,
): void {
  const filter = compiler.filter(expression, schema);
  try {
    filter.open();
    const result = filter.select(batch);
    const rows = Array.from({ length: result?.rowCount ?? 0 }, (_, index) =>
      result!.selection === 0 ? index : memory.u32[(result!.selection >>> 2) + index]!,
    );
    assert.deepEqual(
      rows,
      used.filter((_, index) => expected[index] === true),
      `${where} (filter)`,
    );
  } finally {
    filter.close();
  }
}

describe("compiled expressions", () => {
  it("do what the interpreter does", function () {
    this.timeout(120_000);
    const first = Number(process.env["SEED"] ?? Date.now() % 1_000_000_000);
    const count = Number(process.env["RUNS"] ?? 3000);
    console.log(`      seeds ${first} to ${first + count - 1}`);
    let succeeded = 0;
    for (let seed = first; seed < first + count; seed++) succeeded += checkOnce(seed) ? 1 : 0;
    assert.ok(succeeded > count / 2, `only ${succeeded} of ${count} expressions had a value`);
    assert.equal(memory.usedBytes, 0, "all memory is given back");
  });
});
