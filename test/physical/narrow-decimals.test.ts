import assert from "node:assert/strict";
import fc from "fast-check";
import { decimalType, maxDecimalPrecision } from "../../src/arrow/data-type.ts";
import type { DecimalType } from "../../src/arrow/data-type.ts";
import { fitsInt64 } from "../../src/common/bigints.ts";
import type { Expression } from "../../src/expr/expression.ts";
import { typeOf } from "../../src/expr/expression-properties.ts";
import { narrowDecimals } from "../../src/physical/narrow-decimals.ts";
import type { ValueRange } from "../../src/physical/value-range.ts";

/** Three columns of one decimal type whose values lie in these ranges. */
const column = decimalType(15, 2);
type Arithmetic = { readonly expression: Expression; readonly valueOf: (row: readonly bigint[]) => bigint | null };

function decimalOf(expression: Expression): DecimalType {
  const type = typeOf(expression);
  assert(type.kind === "decimal");
  return type;
}

/** The type that arithmetic gives by itself, and the value as whole numbers; null once it overflows the type. */
function combine(name: "add" | "subtract" | "multiply", left: Arithmetic, right: Arithmetic): Arithmetic | null {
  const [a, b] = [decimalOf(left.expression), decimalOf(right.expression)];
  const scale = name === "multiply" ? a.scale + b.scale : Math.max(a.scale, b.scale);
  const digits =
    name === "multiply"
      ? a.precision + b.precision
      : Math.max(a.precision - a.scale, b.precision - b.scale) + scale + 1;
  if (scale > maxDecimalPrecision) return null;
  const type = decimalType(Math.min(maxDecimalPrecision, digits), scale);
  const expression: Expression = { kind: "call", name, args: [left.expression, right.expression], type };
  const valueOf = (row: readonly bigint[]): bigint | null => {
    const [x, y] = [left.valueOf(row), right.valueOf(row)];
    if (x === null || y === null) return null;
    const [p, q] = [x * 10n ** BigInt(scale - a.scale), y * 10n ** BigInt(scale - b.scale)];
    const value = name === "multiply" ? x * y : name === "add" ? p + q : p - q;
    return value < 10n ** BigInt(type.precision) && -value < 10n ** BigInt(type.precision) ? value : null;
  };
  return { expression, valueOf };
}

const leaf: fc.Arbitrary<Arithmetic> = fc.oneof(
  fc.nat(2).map((index): Arithmetic => ({
    expression: { kind: "input", index, type: column, nullable: false },
    valueOf: (row) => row[index]!,
  })),
  fc.bigInt({ min: -(10n ** 4n), max: 10n ** 4n }).map((value): Arithmetic => ({
    expression: { kind: "literal", type: decimalType(6, 2), value },
    valueOf: () => value,
  })),
);
const { arithmetic } = fc.letrec<{ arithmetic: Arithmetic }>((tie) => ({
  arithmetic: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc
      .tuple(
        fc.constantFrom("add" as const, "subtract" as const, "multiply" as const),
        tie("arithmetic"),
        tie("arithmetic"),
      )
      .map(([name, left, right]) => combine(name, left, right) ?? left),
  ),
}));
const range: fc.Arbitrary<ValueRange> = fc
  .tuple(fc.bigInt({ min: -(10n ** 9n), max: 10n ** 9n }), fc.bigInt({ min: 0n, max: 10n ** 9n }))
  .map(([min, width]) => ({ min, max: min + width }));

describe("narrowDecimals", () => {
  it("keeps in 64 bits only what fits them, whatever the columns' values", () => {
    let narrowed = 0;
    fc.assert(
      fc.property(
        fc.tuple(range, range, range),
        arithmetic,
        fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
        (ranges, { expression, valueOf }, atMax) => {
          const result = narrowDecimals(expression, (index) => ranges[index]);
          const value = valueOf(ranges.map(({ min, max }, index) => (atMax[index]! ? max : min)));
          if (value === null || result.range === undefined) return;
          assert(value >= result.range.min && value <= result.range.max);
          const type = decimalOf(result.expression);
          if (type.bits === 64) assert(fitsInt64(value));
          if (type.bits === 64 && type.precision > 18) narrowed++;
        },
      ),
      { numRuns: 2000 },
    );
    assert(narrowed > 100, `${narrowed} narrowed expressions are too few to test by`);
  });

  it("narrows nothing whose columns' bounds are unknown", () => {
    const inputs = [0, 1].map((index): Expression => ({ kind: "input", index, type: column, nullable: false }));
    const product: Expression = { kind: "call", name: "multiply", args: inputs, type: decimalType(30, 4) };
    assert.deepEqual(
      narrowDecimals(product, () => undefined),
      { expression: product, range: undefined },
    );
  });
});
