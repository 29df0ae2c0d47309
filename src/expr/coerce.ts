import { integerDigits } from "../arrow/data-type.ts";
import type { DataType } from "../arrow/data-type.ts";
import {
  decimalType,
  isFloat,
  isInteger,
  isNumeric,
  maxDecimalPrecision,
  sameType,
  simpleType,
  typeName,
} from "../arrow/data-type.ts";
import type { Value } from "../arrow/value.ts";
import { EngineError, type TextSpan } from "../common/engine-error.ts";
import { canCast, castValue } from "./cast-value.ts";
import { typeOf } from "./expression-properties.ts";
import type { Expression } from "./expression.ts";
import { parseNumeric, parseValue } from "./parse-value.ts";

export type CoercionContext = "implicit" | "assignment" | "explicit";

/**
 * The expression with the wanted type: itself, a literal converted at once, or a cast. Throws datatype_mismatch when
 * PostgreSQL has no such cast in this context, and the value's error when a literal cannot be converted.
 */
export function coerceTo(
  expression: Expression,
  type: DataType,
  context: CoercionContext,
  span?: TextSpan,
): Expression {
  const from = typeOf(expression);
  if (sameType(from, type)) return expression;
  const where = span ?? spanOf(expression);
  if (expression.kind === "parameter" && from.kind === "null") return { ...expression, type };
  if (!isAllowed(from, type, context)) throw mismatch(from, type, where);
  if (expression.kind === "literal") {
    const value = at(where, () => literalValue(expression.value, from, type));
    return { kind: "literal", type, value, ...(where === undefined ? {} : { span: where }) };
  }
  return { kind: "cast", arg: expression, type, ...(where === undefined ? {} : { span: where }) };
}

export function spanOf(expression: Expression): TextSpan | undefined {
  return "span" in expression ? expression.span : undefined;
}

function literalValue(value: Value, from: DataType, to: DataType): Value {
  if (value !== null && from.kind === "null") return parseValue(to, value as string);
  return castValue(value, from, to);
}

/** Adds the place in the statement to errors thrown by `run`. */
export function at<T>(span: TextSpan | undefined, run: () => T): T {
  try {
    return run();
  } catch (thrown) {
    if (span === undefined || !(thrown instanceof EngineError) || thrown.details.span !== undefined) throw thrown;
    throw new EngineError(thrown.code, thrown.message, { ...thrown.details, span }, thrown);
  }
}

function mismatch(from: DataType, to: DataType, span: TextSpan | undefined): EngineError {
  const details = span === undefined ? {} : { span };
  return new EngineError("datatype_mismatch", `cannot cast type ${typeName(from)} to ${typeName(to)}`, details);
}

function isAllowed(from: DataType, to: DataType, context: CoercionContext): boolean {
  if (!canCast(from, to)) return false;
  if (context === "explicit" || implicitCost(from, to) !== null) return true;
  if (context === "implicit") return false;
  if (isNumeric(from) && isNumeric(to)) return true;
  return to.kind === "utf8" || (from.kind !== "utf8" && from.kind !== "bool" && to.kind !== "bool");
}

const ranks: Readonly<Record<string, number>> = {
  int8: 1,
  uint8: 2,
  int16: 3,
  uint16: 4,
  int32: 5,
  uint32: 6,
  int64: 7,
  uint64: 8,
  decimal: 9,
  float32: 10,
  float64: 11,
};

/** How far an implicit cast goes (0 = same type), or null when there is none: what overload choice minimises. */
export function implicitCost(from: DataType, to: DataType): number | null {
  if (sameType(from, to)) return 0;
  if (from.kind === "null") return to.kind === "utf8" ? 1 : 2;
  if (from.kind === to.kind) return 1;
  if (isNumeric(from) && isNumeric(to)) {
    const distance = ranks[to.kind]! - ranks[from.kind]!;
    const losesSign = isInteger(to) && to.kind.startsWith("u") && !from.kind.startsWith("u");
    return distance > 0 && !losesSign ? distance : null;
  }
  const temporal = ["date", "timestamp", "timestamptz"];
  const distance = temporal.indexOf(to.kind) - temporal.indexOf(from.kind);
  if (temporal.includes(from.kind) && distance > 0) return distance;
  return from.kind === "time" && to.kind === "interval" ? 1 : null;
}

/** The decimal type that holds every value of an integer type; a decimal type itself. */
export function asDecimalType(type: DataType): DataType & { kind: "decimal" } {
  return type.kind === "decimal" ? type : decimalType(integerDigits[type.kind]!, 0);
}

/** The decimal type an expression takes part in decimal arithmetic with: integer literals have just their digits. */
export function decimalTypeOf(expression: Expression): DataType & { kind: "decimal" } {
  const type = typeOf(expression);
  if (expression.kind === "literal" && isInteger(type) && expression.value !== null) {
    const digits = String(expression.value as number | bigint).replace("-", "").length;
    return decimalType(digits, 0);
  }
  return asDecimalType(type);
}

/**
 * The type that values of all these types become in CASE, UNION, IN, VALUES or a comparison; null when there is none.
 * Unknown types follow the others, and are text among themselves.
 */
export function commonType(types: readonly DataType[]): DataType | null {
  let result: DataType | null = null;
  for (const type of types) {
    if (type.kind === "null") continue;
    result = result === null ? type : commonOfTwo(result, type);
    if (result === null) return null;
  }
  return result ?? simpleType("utf8");
}

function commonOfTwo(left: DataType, right: DataType): DataType | null {
  if (sameType(left, right))
    return left.kind === "decimal" && right.kind === "decimal" && right.bits === 128 ? right : left;
  if (isNumeric(left) && isNumeric(right)) {
    if (isFloat(left) || isFloat(right)) return simpleType("float64");
    if (isInteger(left) && isInteger(right)) return commonInteger(left, right);
    return commonDecimal(asDecimalType(left), asDecimalType(right));
  }
  if (implicitCost(left, right) !== null) return right;
  return implicitCost(right, left) !== null ? left : null;
}

function commonInteger(left: DataType, right: DataType): DataType {
  const bits = (type: DataType): number => Number(type.kind.replace(/\D/g, ""));
  const [larger, smaller] = bits(left) >= bits(right) ? [left, right] : [right, left];
  const signed = (type: DataType): boolean => !type.kind.startsWith("u");
  if (signed(larger) === signed(smaller) || (signed(larger) && bits(larger) > bits(smaller))) return larger;
  const wanted = (signed(larger) ? bits(larger) : bits(larger) * 2) * (signed(larger) ? 2 : 1);
  if (wanted > 64) return decimalType(20, 0);
  return simpleType(`int${wanted as 16 | 32 | 64}`);
}

function commonDecimal(left: DataType & { kind: "decimal" }, right: DataType & { kind: "decimal" }): DataType {
  const scale = Math.max(left.scale, right.scale);
  const whole = Math.max(left.precision - left.scale, right.precision - right.scale);
  return decimalType(Math.min(maxDecimalPrecision, whole + scale), scale);
}

/**
 * Both sides of a comparison with one type. A numeric literal takes the other side's type where that is exact, so
 * that `column = 5` compares in the column's own type and can be pushed into a scan.
 */
export function unifyComparison(
  first: Expression,
  second: Expression,
  span?: TextSpan,
): readonly [Expression, Expression] {
  const left = withOwnDigits(first, typeOf(second));
  const right = withOwnDigits(second, typeOf(first));
  const leftType = typeOf(left);
  const rightType = typeOf(right);
  if (right.kind === "literal" && left.kind !== "literal") {
    const narrowed = exactLiteral(right, leftType);
    if (narrowed !== null) return [left, narrowed];
  }
  if (left.kind === "literal" && right.kind !== "literal") {
    const narrowed = exactLiteral(left, rightType);
    if (narrowed !== null) return [narrowed, right];
  }
  const isDecimal = leftType.kind === "decimal" || rightType.kind === "decimal";
  const exact = isDecimal && [leftType, rightType].every((type) => type.kind === "decimal" || isInteger(type));
  const type = exact ? commonDecimal(decimalTypeOf(left), decimalTypeOf(right)) : commonType([leftType, rightType]);
  if (type === null) {
    throw new EngineError(
      "undefined_function",
      `operator does not exist: ${typeName(leftType)} compared with ${typeName(rightType)}`,
      { ...(span === undefined ? {} : { span }), hint: "add an explicit cast to one side" },
    );
  }
  return [coerceTo(left, type, "implicit"), coerceTo(right, type, "implicit")];
}

/** Next to a decimal, a number in an unknown literal keeps all its digits instead of taking the other side's scale. */
export function withOwnDigits(expression: Expression, other: DataType): Expression {
  if (expression.kind !== "literal" || expression.type.kind !== "null" || typeof expression.value !== "string")
    return expression;
  if (other.kind !== "decimal") return expression;
  const { unscaled, scale } = at(expression.span, () => parseNumeric(other, expression.value as string));
  const digits = String(unscaled).replace("-", "").length;
  if (scale < 0 || Math.max(digits, scale) > maxDecimalPrecision) return expression;
  return { ...expression, type: decimalType(Math.max(digits, scale), scale), value: unscaled };
}

/** A numeric literal as a literal of another numeric type, or null where that would change its value. */
export function exactLiteral(literal: Expression & { kind: "literal" }, type: DataType): Expression | null {
  const { value, type: from } = literal;
  if (value === null || !isNumeric(from) || !isNumeric(type)) return null;
  try {
    const converted = castValue(value, from, type);
    const back = castValue(converted, type, from);
    // A real stands for its exact value: 0.1 as real is not 0.1.
    if (type.kind === "float32" && converted !== castValue(value, from, simpleType("float64"))) return null;
    return Object.is(back, value) ? { ...literal, type, value: converted } : null;
  } catch {
    // Out of the other type's range.
    return null;
  }
}
