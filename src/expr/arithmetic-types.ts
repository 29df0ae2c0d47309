import type { DataType, DecimalType } from "../arrow/data-type.ts";
import {
  decimalType,
  isFloat,
  isInteger,
  isNumeric,
  isTemporal,
  maxDecimalPrecision,
  simpleType,
} from "../arrow/data-type.ts";
import type { TextSpan } from "../common/engine-error.ts";
import { coerceTo, commonType, decimalTypeOf, withOwnDigits } from "./coerce.ts";
import { typeOf } from "./expression-properties.ts";
import type { Expression } from "./expression.ts";

const float64 = simpleType("float64");
const int32 = simpleType("int32");
const interval = simpleType("interval");
const timestamp = simpleType("timestamp");

/** Scale from which products stop growing theirs once the precision is used up, so that whole digits remain. */
const quotientScaleMin = 16;

/** add, subtract, multiply, divide or modulo over any types that PostgreSQL allows; null when there is no such operator. */
export function resolveArithmetic(
  name: string,
  left: Expression,
  right: Expression,
  span?: TextSpan,
): Expression | null {
  const [first, second] = settleUnknown(name, left, right);
  const leftType = typeOf(first);
  const rightType = typeOf(second);
  if (isNumeric(leftType) && isNumeric(rightType)) return numericArithmetic(name, first, second, span);
  if (isDateLike(leftType) || isDateLike(rightType)) return temporalArithmetic(name, first, second, span);
  return null;
}

/** Unknown literals take the other side's type; next to a date or timestamp, `+ '1 day'` means an interval. */
function settleUnknown(name: string, first: Expression, second: Expression): readonly [Expression, Expression] {
  const left = withOwnDigits(first, typeOf(second));
  const right = withOwnDigits(second, typeOf(first));
  const leftType = typeOf(left);
  const rightType = typeOf(right);
  const partner = (type: DataType): DataType => {
    if (isTemporal(type) && name !== "subtract") return interval;
    if (type.kind === "interval" && (name === "multiply" || name === "divide")) return float64;
    return type;
  };
  if (leftType.kind === "null" && rightType.kind === "null") {
    return [coerceTo(left, float64, "implicit"), coerceTo(right, float64, "implicit")];
  }
  if (leftType.kind === "null") return [coerceTo(left, partner(rightType), "implicit"), right];
  if (rightType.kind === "null") return [left, coerceTo(right, partner(leftType), "implicit")];
  return [left, right];
}

function isDateLike(type: DataType): boolean {
  return isTemporal(type) || type.kind === "interval";
}

function numericArithmetic(name: string, left: Expression, right: Expression, span?: TextSpan): Expression | null {
  const leftType = typeOf(left);
  const rightType = typeOf(right);
  if (isFloat(leftType) || isFloat(rightType)) {
    return name === "modulo" ? null : call(name, [to(left, float64), to(right, float64)], float64, span);
  }
  if (isInteger(leftType) && isInteger(rightType)) {
    const type = commonType([leftType, rightType])!;
    if (isInteger(type)) return call(name, [to(left, type), to(right, type)], type, span);
  }
  const leftDecimal = decimalTypeOf(left);
  const rightDecimal = decimalTypeOf(right);
  const type = decimalResult(name, leftDecimal, rightDecimal);
  return call(name, [asDecimal(left, leftDecimal), asDecimal(right, rightDecimal)], type, span);
}

function asDecimal(expression: Expression, type: DecimalType): Expression {
  return typeOf(expression).kind === "decimal" ? expression : to(expression, type);
}

/** Result type of decimal arithmetic. */
export function decimalResult(name: string, left: DecimalType, right: DecimalType): DecimalType {
  const scale = Math.max(left.scale, right.scale);
  switch (name) {
    case "multiply": {
      const precision = left.precision + right.precision;
      const full = left.scale + right.scale;
      if (precision <= maxDecimalPrecision) return decimalType(precision, full);
      return decimalType(maxDecimalPrecision, Math.min(full, Math.max(quotientScaleMin, scale)));
    }
    case "divide":
      return decimalType(maxDecimalPrecision, Math.max(quotientScaleMin, scale));
    case "modulo": {
      const whole = Math.max(left.precision - left.scale, right.precision - right.scale);
      return decimalType(Math.min(maxDecimalPrecision, whole + scale), scale);
    }
    default: {
      const whole = Math.max(left.precision - left.scale, right.precision - right.scale);
      return decimalType(Math.min(maxDecimalPrecision, whole + scale + 1), scale);
    }
  }
}

function temporalArithmetic(name: string, left: Expression, right: Expression, span?: TextSpan): Expression | null {
  const leftKind = typeOf(left).kind;
  const rightKind = typeOf(right).kind;
  const isAdd = name === "add";
  if (!isAdd && name !== "subtract") return scaleInterval(name, left, right, span);
  // Addition commutes: the date or time goes first.
  const leadsToDate = isInteger(typeOf(left)) && rightKind === "date";
  const leadsToTime =
    (leftKind === "interval" && isTemporal(typeOf(right))) || (leftKind === "time" && rightKind === "date");
  const swaps = isAdd && (leadsToDate || leadsToTime);
  if (swaps) return temporalArithmetic(name, right, left, span);
  switch (leftKind) {
    case "date":
      if (isInteger(typeOf(right))) return call(name, [left, coerceTo(right, int32, "assignment")], typeOf(left), span);
      if (rightKind === "date") return isAdd ? null : call(name, [left, right], int32, span);
      if (rightKind === "interval") return call(name, [to(left, timestamp), right], timestamp, span);
      if (rightKind === "time")
        return isAdd ? call(name, [to(left, timestamp), to(right, interval)], timestamp, span) : null;
      return rightKind === "timestamp" || rightKind === "timestamptz" ? difference(name, left, right, span) : null;
    case "timestamp":
    case "timestamptz":
      if (rightKind === "interval" || rightKind === "time")
        return call(name, [left, to(right, interval)], typeOf(left), span);
      return ["date", "timestamp", "timestamptz"].includes(rightKind) ? difference(name, left, right, span) : null;
    case "time":
      if (rightKind === "interval") return call(name, [left, right], typeOf(left), span);
      return rightKind === "time" && !isAdd
        ? call(name, [to(left, interval), to(right, interval)], interval, span)
        : null;
    case "interval":
      return rightKind === "interval" ? call(name, [left, right], interval, span) : null;
    default:
      return null;
  }
}

function difference(name: string, left: Expression, right: Expression, span?: TextSpan): Expression | null {
  if (name !== "subtract") return null;
  return call(name, [to(left, timestamp, true), to(right, timestamp, true)], interval, span);
}

function scaleInterval(name: string, left: Expression, right: Expression, span?: TextSpan): Expression | null {
  if (name === "multiply" && isNumeric(typeOf(left))) return scaleInterval(name, right, left, span);
  if (typeOf(left).kind !== "interval" || !isNumeric(typeOf(right)) || name === "modulo") return null;
  return call(name, [left, to(right, float64)], interval, span);
}

function to(expression: Expression, type: DataType, explicit = false): Expression {
  return coerceTo(expression, type, explicit ? "explicit" : "implicit");
}

function call(name: string, args: readonly Expression[], type: DataType, span?: TextSpan): Expression {
  return { kind: "call", name, args, type, ...(span === undefined ? {} : { span }) };
}
