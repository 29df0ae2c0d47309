import { decimalType, isFloat, isInteger, maxDecimalPrecision, simpleType } from "../arrow/data-type.ts";
import { EngineError, type TextSpan } from "../common/engine-error.ts";
import { coerceTo } from "./coerce.ts";
import { typeOf } from "./expression-properties.ts";
import type { Expression } from "./expression.ts";

const float64 = simpleType("float64");
const int32 = simpleType("int32");

/** `negate` (also of intervals) and `abs`: the result has the argument's type. */
export function resolveNumericUnary(name: string, args: readonly Expression[], span?: TextSpan): Expression | null {
  if (args.length !== 1) return null;
  const arg = typeOf(args[0]!).kind === "null" ? coerceTo(args[0]!, float64, "implicit") : args[0]!;
  const type = typeOf(arg);
  const fits =
    isInteger(type) || isFloat(type) || type.kind === "decimal" || (type.kind === "interval" && name === "negate");
  if (!fits) return null;
  if (name === "negate" && type.kind.startsWith("uint")) {
    // Negative results need a signed type.
    const signed = type.kind === "uint64" ? decimalType(20, 0) : simpleType(type.kind === "uint32" ? "int64" : "int32");
    return call(name, [coerceTo(arg, signed, "implicit")], signed, span);
  }
  return call(name, [arg], type, span);
}

/** As in PostgreSQL: of a decimal a decimal, of anything else a float. */
export function resolveSign(args: readonly Expression[], span?: TextSpan): Expression | null {
  const [arg] = args;
  if (arg === undefined || args.length > 1) return null;
  const type = typeOf(arg);
  if (type.kind === "decimal") return call("sign", [arg], decimalType(1, 0), span);
  if (!isInteger(type) && !isFloat(type) && type.kind !== "null") return null;
  return call("sign", [coerceTo(arg, float64, "implicit")], float64, span);
}

/**
 * ceil, floor, round(x [, digits]) and trunc(x [, digits]). Decimals are rounded to the scale of the result's type; a negative
 * number of digits stays as a second argument, an int32 literal.
 */
export function resolveRounding(name: string, args: readonly Expression[], span?: TextSpan): Expression | null {
  const [arg, digits] = args;
  const takesDigits = name === "round" || name === "trunc";
  if (arg === undefined || args.length > (takesDigits ? 2 : 1)) return null;
  const type = typeOf(arg);
  if (!isInteger(type) && !isFloat(type) && type.kind !== "decimal" && type.kind !== "null") return null;
  const count = digits === undefined ? 0 : digitCount(digits, span);
  if (count === null) return { kind: "literal", type: type.kind === "decimal" ? type : float64, value: null };
  const isExact = type.kind === "decimal" || (isInteger(type) && digits !== undefined);
  if (!isExact) {
    const float = coerceTo(arg, float64, "implicit");
    return call(name, count === 0 ? [float] : [float, { kind: "literal", type: int32, value: count }], float64, span);
  }
  const scale = type.kind === "decimal" ? type.scale : 0;
  const precision =
    type.kind === "decimal" ? type.precision : type.kind === "uint64" ? 20 : type.kind === "int64" ? 19 : 10;
  const exact = type.kind === "decimal" ? arg : coerceTo(arg, decimalType(precision, 0), "implicit");
  if (count >= scale && count >= 0) {
    if (count === scale) return exact;
    const newScale = Math.min(count, maxDecimalPrecision);
    const widened = decimalType(Math.min(maxDecimalPrecision, precision + newScale - scale), newScale);
    return coerceTo(exact, widened, "explicit", span);
  }
  const newScale = Math.max(0, count);
  // One more digit, since 99.9 rounds to 100.
  const result = decimalType(Math.min(maxDecimalPrecision, precision - scale + newScale + 1), newScale);
  return call(name, count < 0 ? [exact, { kind: "literal", type: int32, value: count }] : [exact], result, span);
}

function digitCount(digits: Expression, span?: TextSpan): number | null {
  const inner = digits.kind === "call" && digits.name === "negate" ? digits.args[0]! : digits;
  const coerced = inner.kind === "literal" ? coerceTo(inner, int32, "assignment", span) : null;
  if (coerced === null || coerced.kind !== "literal") {
    const details = span === undefined ? {} : { span };
    throw new EngineError("feature_not_supported", "the number of digits to round to must be a constant", details);
  }
  if (coerced.value === null) return null;
  return inner === digits ? (coerced.value as number) : -(coerced.value as number);
}

function call(name: string, args: readonly Expression[], type: ReturnType<typeof typeOf>, span?: TextSpan): Expression {
  return { kind: "call", name, args, type, ...(span === undefined ? {} : { span }) };
}
