import type { DataType, DecimalType } from "../arrow/data-type.ts";
import { decimalType, isInteger, maxDecimal64Precision } from "../arrow/data-type.ts";
import type { Expression } from "../expr/expression.ts";
import { mapChildren, typeOf } from "../expr/expression-properties.ts";
import {
  absoluteRange,
  addRanges,
  multiplyRanges,
  negateRange,
  rangeFitsInt64,
  rangeOfValue,
  rescaleRange,
  unionRanges,
} from "./value-range.ts";
import type { ValueRange } from "./value-range.ts";

/** An expression whose decimals are 64 bits wide wherever that is proven to hold every value, and its own bounds. */
export type NarrowedExpression = { readonly expression: Expression; readonly range: ValueRange | undefined };

/**
 * Interval arithmetic over an expression on input positions whose inputs' bounds are known: a decimal of more than 18
 * digits by type, such as price * (1 - discount), is kept in an int64 where its values fit. `inputRange` gives the
 * bounds of an input position. Inputs already have their layout in their type.
 *
 * Where several values must have one layout (branches of CASE, both sides of a comparison), the narrow ones are cast
 * to the wide layout; functions outside the list below get their arguments in the layout that their type has by
 * itself. Arithmetic may mix layouts, as decimal(15,2) * decimal(31,4) does anyway.
 */
export function narrowDecimals(
  expression: Expression,
  inputRange: (index: number) => ValueRange | undefined,
): NarrowedExpression {
  const parts = new Map<Expression, ValueRange | undefined>();
  const narrowed = mapChildren(expression, (child) => {
    const part = narrowDecimals(child, inputRange);
    parts.set(part.expression, part.range);
    return part.expression;
  });
  return narrowNode(narrowed, (child) => parts.get(child), inputRange);
}

type RangeOf = (child: Expression) => ValueRange | undefined;

function narrowNode(
  node: Expression,
  rangeOf: RangeOf,
  inputRange: (index: number) => ValueRange | undefined,
): NarrowedExpression {
  switch (node.kind) {
    case "literal":
      return withRange(node, rangeOfLiteral(node.type, rangeOfValue(node.value)));
    case "input":
      return { expression: node, range: inputRange(node.index) };
    case "cast":
      return withRange(node, castRange(typeOf(node.arg), node.type, rangeOf(node.arg)));
    case "case": {
      const values = [...node.branches.map((branch) => branch.then), node.otherwise];
      const range = unionRanges(values.map(rangeOf));
      const type = commonLayout(values, node.type, range);
      const align = (value: Expression): Expression => toLayout(value, type);
      const branches = node.branches.map(({ when, then }) => ({ when, then: align(then) }));
      return { expression: { ...node, branches, otherwise: align(node.otherwise), type }, range };
    }
    case "call":
      return narrowCall(node, rangeOf);
    default:
      return { expression: node, range: undefined };
  }
}

type Call = Expression & { readonly kind: "call" };

const comparisons = new Set(["eq", "ne", "lt", "le", "gt", "ge", "is_distinct_from", "is_not_distinct_from"]);
const sameTypeCalls = new Set(["coalesce", "greatest", "least"]);

function narrowCall(call: Call, rangeOf: RangeOf): NarrowedExpression {
  const arithmetic = arithmeticRange(call, rangeOf);
  if (arithmetic !== undefined) {
    const operandsAreNarrow = call.args.every((arg) => !isWide(typeOf(arg)));
    return {
      expression: operandsAreNarrow ? { ...call, type: narrowType(call.type, arithmetic) } : call,
      range: arithmetic,
    };
  }
  if (comparisons.has(call.name)) return { expression: { ...call, args: alignLayouts(call.args) }, range: undefined };
  if (call.name === "is_null" || call.name === "is_not_null") return { expression: call, range: undefined };
  if (sameTypeCalls.has(call.name)) {
    const range = unionRanges(call.args.map(rangeOf));
    const type = commonLayout(call.args, call.type, range);
    return { expression: { ...call, args: call.args.map((arg) => toLayout(arg, type)), type }, range };
  }
  return { expression: isArithmetic(call) ? call : { ...call, args: call.args.map(toOwnLayout) }, range: undefined };
}

function isArithmetic(call: Call): boolean {
  return ["add", "subtract", "multiply", "negate", "abs"].includes(call.name);
}

/** Bounds of integer and decimal arithmetic; undefined where they are unknown or a step on the way leaves int64. */
function arithmeticRange(call: Call, rangeOf: RangeOf): ValueRange | undefined {
  if (!isArithmetic(call) || !isExact(call.type) || !call.args.every((arg) => isExact(typeOf(arg)))) return undefined;
  const scale = scaleOf(call.type);
  const ranges = call.args.map(rangeOf);
  if (ranges.includes(undefined)) return undefined;
  const [left, right] = ranges as [ValueRange, ValueRange | undefined];
  const leftScale = scaleOf(typeOf(call.args[0]!));
  if (right === undefined) {
    if (leftScale !== scale) return undefined;
    return bounded(call.type, call.name === "negate" ? negateRange(left) : absoluteRange(left));
  }
  const rightScale = scaleOf(typeOf(call.args[1]!));
  if (call.name === "multiply") {
    return leftScale + rightScale === scale ? bounded(call.type, multiplyRanges(left, right)) : undefined;
  }
  if (Math.max(leftScale, rightScale) !== scale) return undefined;
  const scaledLeft = rescaleRange(left, leftScale, scale);
  const scaledRight = rescaleRange(right, rightScale, scale);
  if (!rangeFitsInt64(scaledLeft) || !rangeFitsInt64(scaledRight)) return undefined;
  return bounded(call.type, addRanges(scaledLeft, call.name === "subtract" ? negateRange(scaledRight) : scaledRight));
}

/** Results outside the type are errors at run time, so those that exist lie within it. */
function bounded(type: DataType, range: ValueRange): ValueRange | undefined {
  const limit = typeLimit(type);
  if (limit === undefined) return undefined;
  return range.min >= limit.min && range.max <= limit.max ? range : limit;
}

function typeLimit(type: DataType): ValueRange | undefined {
  if (type.kind === "decimal") {
    const max = 10n ** BigInt(type.precision) - 1n;
    return { min: -max, max };
  }
  const bits = /^(u?)int(\d+)$/.exec(type.kind);
  if (bits === null) return undefined;
  const width = BigInt(bits[2]!);
  return bits[1] === "u"
    ? { min: 0n, max: 2n ** width - 1n }
    : { min: -(2n ** (width - 1n)), max: 2n ** (width - 1n) - 1n };
}

function castRange(from: DataType, to: DataType, range: ValueRange | undefined): ValueRange | undefined {
  if (!isExact(to)) return undefined;
  if (range === undefined || !isExact(from)) return typeLimit(to);
  return bounded(to, rescaleRange(range, scaleOf(from), scaleOf(to)));
}

function rangeOfLiteral(type: DataType, range: ValueRange | undefined): ValueRange | undefined {
  return isExact(type) ? range : undefined;
}

function withRange(
  node: Expression & { readonly kind: "literal" | "cast" },
  range: ValueRange | undefined,
): NarrowedExpression {
  const type = narrowType(node.type, range);
  // A wide value is not cut to the narrow layout by a cast that changes nothing else: its own bounds are unknown.
  return { expression: type === node.type ? node : { ...node, type }, range };
}

function isExact(type: DataType): boolean {
  return type.kind === "decimal" || isInteger(type);
}

function scaleOf(type: DataType): number {
  return type.kind === "decimal" ? type.scale : 0;
}

function isWide(type: DataType): boolean {
  return type.kind === "decimal" && type.bits === 128;
}

/** The type with the narrow layout where the range allows it; other types unchanged. */
export function narrowType(type: DataType, range: ValueRange | undefined): DataType {
  if (type.kind !== "decimal" || type.precision <= maxDecimal64Precision) return type;
  const bits = rangeFitsInt64(range) ? 64 : 128;
  return bits === type.bits ? type : { ...type, bits };
}

/** The layout that all values can be brought to without cutting one: wide if one of them is. */
function commonLayout(values: readonly Expression[], type: DataType, range: ValueRange | undefined): DataType {
  if (values.every((value) => !isWide(typeOf(value)))) return narrowType(type, range);
  return type.kind === "decimal" ? { ...type, bits: 128 } : type;
}

/** The expression in another layout of its type; only ever widened. */
export function toLayout(expression: Expression, type: DataType): Expression {
  const from = typeOf(expression);
  if (from.kind !== "decimal" || type.kind !== "decimal" || from.bits === type.bits) return expression;
  const target: DecimalType = { ...from, bits: type.bits };
  // A constant or a conversion gives the wide layout at once.
  const isFlexible = expression.kind === "literal" || expression.kind === "cast";
  return isFlexible ? { ...expression, type: target } : { kind: "cast", arg: expression, type: target };
}

function toOwnLayout(expression: Expression): Expression {
  const type = typeOf(expression);
  return type.kind === "decimal" ? toLayout(expression, decimalType(type.precision, type.scale)) : expression;
}

/** All in the wide layout if one is. */
export function alignLayouts(expressions: readonly Expression[]): readonly Expression[] {
  const wide = expressions.map(typeOf).find(isWide);
  return wide === undefined ? expressions : expressions.map((expression) => toLayout(expression, wide));
}
