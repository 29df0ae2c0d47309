import type { DataType, DecimalType } from "../arrow/data-type.ts";
import { isFloat, isInteger, sameType, typeName } from "../arrow/data-type.ts";
import type { Interval, Value } from "../arrow/value.ts";
import { fitsInt64 } from "../common/bigints.ts";
import { EngineError } from "../common/engine-error.ts";
import { microsPerDay, splitMicros } from "./calendar.ts";
import { formatValue } from "./format-value.ts";
import { checkedDecimal, checkedInteger, powerOfTen, roundedDivide, roundHalfEven } from "./numeric-values.ts";
import { parseValue, rescaled } from "./parse-value.ts";

/** Whether a cast from one type to another exists at all (an explicit one). */
export function canCast(from: DataType, to: DataType): boolean {
  if (from.kind === "null" || sameType(from, to)) return true;
  if (from.kind === "utf8" || to.kind === "utf8") return true;
  const isNumber = (type: DataType): boolean => isInteger(type) || isFloat(type) || type.kind === "decimal";
  if (isNumber(from) && isNumber(to)) return true;
  if (from.kind === "bool") return isInteger(to);
  if (to.kind === "bool") return isInteger(from);
  switch (from.kind) {
    case "date":
      return to.kind === "timestamp" || to.kind === "timestamptz";
    case "timestamp":
    case "timestamptz":
      return ["date", "time", "timestamp", "timestamptz"].includes(to.kind);
    case "time":
      return to.kind === "interval";
    case "interval":
      return to.kind === "time";
    default:
      return false;
  }
}

/** The value of an explicit cast (NULL stays NULL). The cast must exist. Throws what PostgreSQL's cast throws. */
export function castValue(value: Value, from: DataType, to: DataType): Value {
  if (value === null || sameType(from, to)) return value;
  if (to.kind === "utf8") return formatValue(from, value);
  if (from.kind === "utf8" || from.kind === "null") return parseValue(to, value as string);
  if (to.kind === "bool") return BigInt(value as number | bigint) !== 0n;
  if (isInteger(to)) return toInteger(value, from, to);
  if (to.kind === "decimal") return toDecimal(value, from, to);
  if (isFloat(to)) return toFloat(value, from, to);
  return toTemporal(value, from, to);
}

function toInteger(value: Value, from: DataType, to: DataType): Value {
  if (from.kind === "bool") return checkedInteger(value === true ? 1n : 0n, to);
  if (from.kind === "decimal") return checkedInteger(roundedDivide(value as bigint, powerOfTen(from.scale)), to);
  if (!isFloat(from)) return checkedInteger(BigInt(value as number | bigint), to);
  const rounded = roundHalfEven(value as number);
  if (!Number.isFinite(rounded)) throw new EngineError("numeric_value_out_of_range", `${typeName(to)} out of range`);
  return checkedInteger(BigInt(rounded), to);
}

function toDecimal(value: Value, from: DataType, to: DecimalType): bigint {
  if (from.kind === "decimal") return checkedDecimal(rescaled(value as bigint, from.scale, to.scale), to);
  if (!isFloat(from)) return checkedDecimal(BigInt(value as number | bigint) * powerOfTen(to.scale), to);
  const float = value as number;
  if (!Number.isFinite(float)) {
    throw new EngineError(
      "numeric_value_out_of_range",
      `cannot convert ${formatValue(from, float)} to ${typeName(to)}`,
    );
  }
  // PostgreSQL goes through the number's text with 15 (real: 6) significant digits.
  return parseValue(to, float.toExponential(from.kind === "float32" ? 5 : 14)) as bigint;
}

function toFloat(value: Value, from: DataType, to: DataType): number {
  const exact = from.kind === "decimal" ? decimalToFloat(value as bigint, from.scale) : Number(value);
  if (to.kind === "float64") return exact;
  const single = Math.fround(exact);
  if (!Number.isFinite(single) && Number.isFinite(exact)) {
    throw new EngineError("numeric_value_out_of_range", "value out of range: overflow");
  }
  return single;
}

/** Two correctly rounded steps (to a float, then a division by a float): what the compiled code computes too. */
export function decimalToFloat(unscaled: bigint, scale: number): number {
  return Number(unscaled) / Number(powerOfTen(scale));
}

function toTemporal(value: Value, from: DataType, to: DataType): Value {
  switch (from.kind) {
    case "date":
      if (!fitsInt64(BigInt(value as number) * microsPerDay)) {
        throw new EngineError("datetime_field_overflow", "date out of range for timestamp");
      }
      return BigInt(value as number) * microsPerDay;
    case "timestamp":
    case "timestamptz":
      if (to.kind === "date") return splitMicros(value as bigint).days;
      if (to.kind === "time") return splitMicros(value as bigint).micros;
      return value;
    case "time":
      return { months: 0, days: 0, micros: value as bigint };
    default: {
      const { micros } = value as Interval;
      return ((micros % microsPerDay) + microsPerDay) % microsPerDay;
    }
  }
}
