import type { DataType, DecimalType } from "../../arrow/data-type.ts";
import { isInteger } from "../../arrow/data-type.ts";
import type { Value } from "../../arrow/value.ts";
import { EngineError } from "../../common/engine-error.ts";
import { checkedDecimal, checkedInteger, powerOfTen, roundedDivide, roundHalfEven } from "../numeric-values.ts";
import { rescaled } from "../parse-value.ts";

export function divisionByZero(): EngineError {
  return new EngineError("division_by_zero", "division by zero");
}

function invalid(message: string): EngineError {
  return new EngineError("invalid_parameter_value", message);
}

/** add, subtract, multiply, divide or modulo of two numbers of the types that the registry chose. */
export function numericArithmetic(
  name: string,
  left: Value,
  right: Value,
  leftType: DataType,
  rightType: DataType,
  type: DataType,
): Value {
  if (type.kind === "decimal") {
    return decimalArithmetic(
      name,
      left as bigint,
      right as bigint,
      leftType as DecimalType,
      rightType as DecimalType,
      type,
    );
  }
  if (isInteger(type))
    return checkedInteger(integerArithmetic(name, BigInt(left as number), BigInt(right as number)), type);
  return floatArithmetic(name, left as number, right as number);
}

function integerArithmetic(name: string, left: bigint, right: bigint): bigint {
  switch (name) {
    case "add":
      return left + right;
    case "subtract":
      return left - right;
    case "multiply":
      return left * right;
    default:
      if (right === 0n) throw divisionByZero();
      return name === "divide" ? left / right : left % right;
  }
}

/** Floats follow IEEE 754 (overflow gives infinity), but dividing by zero is an error, as in PostgreSQL. */
function floatArithmetic(name: string, left: number, right: number): number {
  switch (name) {
    case "add":
      return left + right;
    case "subtract":
      return left - right;
    case "multiply":
      return left * right;
    default:
      if (right === 0) throw divisionByZero();
      return left / right;
  }
}

function decimalArithmetic(
  name: string,
  left: bigint,
  right: bigint,
  leftType: DecimalType,
  rightType: DecimalType,
  type: DecimalType,
): bigint {
  const scale = Math.max(leftType.scale, rightType.scale);
  const alignedLeft = left * powerOfTen(scale - leftType.scale);
  const alignedRight = right * powerOfTen(scale - rightType.scale);
  switch (name) {
    case "add":
      return checkedDecimal(alignedLeft + alignedRight, type);
    case "subtract":
      return checkedDecimal(alignedLeft - alignedRight, type);
    case "multiply":
      return checkedDecimal(rescaled(left * right, leftType.scale + rightType.scale, type.scale), type);
    case "divide":
      if (right === 0n) throw divisionByZero();
      return checkedDecimal(
        roundedDivide(left * powerOfTen(type.scale + rightType.scale - leftType.scale), right),
        type,
      );
    default:
      if (right === 0n) throw divisionByZero();
      return alignedLeft % alignedRight;
  }
}

/** negate and abs of a number. */
export function negateNumber(value: Value, type: DataType): Value {
  if (type.kind === "decimal") return -(value as bigint);
  if (isInteger(type)) return checkedInteger(-BigInt(value as number | bigint), type);
  return -(value as number);
}

export function absoluteNumber(value: Value, type: DataType): Value {
  if (typeof value === "bigint" || isInteger(type))
    return (value as number | bigint) < 0 ? negateNumber(value, type) : value;
  return Math.abs(value as number);
}

export function signOf(value: Value): Value {
  if (typeof value === "bigint") return value > 0n ? 1n : value < 0n ? -1n : 0n;
  const number = value as number;
  return number > 0 ? 1 : number < 0 ? -1 : number;
}

/** ceil, floor, round and trunc; `digits` is below 0 for decimals, any for floats. */
export function roundNumber(name: string, value: Value, digits: number, from: DataType, to: DataType): Value {
  if (from.kind === "decimal" && to.kind === "decimal") {
    const divisor = powerOfTen(from.scale - (digits < 0 ? digits : to.scale));
    const rounded = roundTo(name, value as bigint, divisor);
    return checkedDecimal(digits < 0 ? rounded * powerOfTen(-digits) : rounded, to);
  }
  const number = value as number;
  switch (name) {
    case "ceil":
      return Math.ceil(number);
    case "floor":
      return Math.floor(number);
    case "trunc":
      return digits === 0 ? Math.trunc(number) : scaledRound(number, digits, Math.trunc);
    default:
      return digits === 0
        ? evenRound(number)
        : scaledRound(number, digits, (x) => Math.trunc(x + (x < 0 ? -0.5 : 0.5)));
  }
}

function evenRound(value: number): number {
  const rounded = Number.isFinite(value) ? roundHalfEven(value) : value;
  return rounded === 0 && (value < 0 || Object.is(value, -0)) ? -0 : rounded;
}

/** What cannot be scaled without overflow has no such digits and stays as it is. */
function scaledRound(value: number, digits: number, round: (value: number) => number): number {
  const factor = 10 ** Math.abs(digits);
  const scaled = digits < 0 ? value / factor : value * factor;
  if (!Number.isFinite(scaled) || factor === Infinity) return digits < 0 && Number.isFinite(value) ? 0 : value;
  return digits < 0 ? round(scaled) * factor : round(scaled) / factor;
}

function roundTo(name: string, value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  switch (name) {
    case "trunc":
      return quotient;
    case "round":
      return roundedDivide(value, divisor);
    case "floor":
      return value < 0n && value % divisor !== 0n ? quotient - 1n : quotient;
    default:
      return value > 0n && value % divisor !== 0n ? quotient + 1n : quotient;
  }
}

function checkLogarithm(value: number): number {
  if (value === 0) throw invalid("cannot take logarithm of zero");
  if (value < 0) throw invalid("cannot take logarithm of a negative number");
  return value;
}

function checkUnit(value: number): number {
  if (value < -1 || value > 1) throw new EngineError("numeric_value_out_of_range", "input is out of range");
  return value;
}

function power(base: number, exponent: number): number {
  if (base === 0 && exponent < 0) throw invalid("zero raised to a negative power is undefined");
  if (base < 0 && Number.isFinite(base) && Number.isFinite(exponent) && !Number.isInteger(exponent)) {
    throw invalid("a negative number raised to a non-integer power yields a complex result");
  }
  // PostgreSQL: 1 to any power and anything to the power 0 is 1, NaN included.
  return base === 1 || exponent === 0 ? 1 : base ** exponent;
}

/** Functions of float64 arguments. */
export const floatFunctions: ReadonlyMap<string, (first: number, second: number) => number> = new Map([
  [
    "sqrt",
    (value) => {
      if (value < 0) throw invalid("cannot take square root of a negative number");
      return Math.sqrt(value);
    },
  ],
  ["cbrt", Math.cbrt],
  ["exp", Math.exp],
  ["ln", (value) => Math.log(checkLogarithm(value))],
  ["log10", (value) => Math.log10(checkLogarithm(value))],
  ["log2", (value) => Math.log2(checkLogarithm(value))],
  ["log_base", (base, value) => logarithm(checkLogarithm(base), checkLogarithm(value))],
  ["power", power],
  ["sin", Math.sin],
  ["cos", Math.cos],
  ["tan", Math.tan],
  ["cot", (value) => 1 / Math.tan(value)],
  ["asin", (value) => Math.asin(checkUnit(value))],
  ["acos", (value) => Math.acos(checkUnit(value))],
  ["atan", Math.atan],
  ["atan2", Math.atan2],
  ["sinh", Math.sinh],
  ["cosh", Math.cosh],
  ["tanh", Math.tanh],
  ["degrees", (value) => (value * 180) / Math.PI],
  ["radians", (value) => (value * Math.PI) / 180],
] as [string, (first: number, second: number) => number][]);

function logarithm(base: number, value: number): number {
  if (base === 1) throw divisionByZero();
  if (base === 2) return Math.log2(value);
  return base === 10 ? Math.log10(value) : Math.log(value) / Math.log(base);
}
