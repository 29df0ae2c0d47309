import type { DataType } from "../arrow/data-type.ts";
import { decimalType, simpleType, typeName } from "../arrow/data-type.ts";
import { EngineError, type TextSpan } from "../common/engine-error.ts";
import { coerceTo } from "./coerce.ts";
import { typeOf } from "./expression-properties.ts";
import type { Expression } from "./expression.ts";

const int64 = simpleType("int64");
const timestamp = simpleType("timestamp");

/** Fields of a date, in the order of the numbers that the kernels dateField and dateTruncate take. */
export const dateFields = [
  "year",
  "month",
  "day",
  "quarter",
  "week",
  "isoyear",
  "dow",
  "isodow",
  "doy",
  "decade",
  "century",
  "millennium",
];

/** Result types of the fields that have a fraction; the other ones are bigint. */
const fractionalFields: Readonly<Record<string, DataType>> = {
  second: decimalType(8, 6),
  milliseconds: decimalType(8, 3),
  epoch: decimalType(18, 6),
};

const fieldAliases: Readonly<Record<string, string>> = {
  years: "year",
  months: "month",
  mon: "month",
  days: "day",
  hours: "hour",
  minutes: "minute",
  seconds: "second",
  sec: "second",
  weeks: "week",
  decades: "decade",
  centuries: "century",
  millisecond: "milliseconds",
  microsecond: "microseconds",
};

/**
 * extract(field FROM source): the call `extract` with a lower-case literal field. Whole fields are bigint (PostgreSQL:
 * numeric, printed alike). A date's clock fields are those of its midnight.
 */
export function resolveExtract(args: readonly Expression[], span?: TextSpan): Expression | null {
  const [fieldArgument, sourceArgument] = args;
  if (fieldArgument === undefined || sourceArgument === undefined || args.length > 2) return null;
  const source =
    typeOf(sourceArgument).kind === "null" ? coerceTo(sourceArgument, timestamp, "implicit") : sourceArgument;
  const kind = typeOf(source).kind;
  if (!["date", "time", "timestamp", "timestamptz", "interval"].includes(kind)) return null;
  const field = fieldName(fieldArgument, "extract", span);
  const isDateField = dateFields.includes(field);
  const isClockField = ["hour", "minute", "second", "milliseconds", "microseconds"].includes(field);
  const fitsInterval = !["week", "isoyear", "dow", "isodow", "doy"].includes(field);
  const isKnown = isDateField || isClockField || field === "epoch";
  if (!isKnown || (kind === "time" && isDateField) || (kind === "interval" && !fitsInterval)) {
    const message = `unit "${field}" not ${isKnown ? "supported" : "recognized"} for type ${typeName(typeOf(source))}`;
    throw new EngineError("invalid_parameter_value", message, span === undefined ? {} : { span });
  }
  const operand = kind === "date" && !isDateField ? coerceTo(source, timestamp, "implicit") : source;
  const type = fractionalFields[field] ?? int64;
  return {
    kind: "call",
    name: "extract",
    args: [fieldLiteral(field), operand],
    type,
    ...(span === undefined ? {} : { span }),
  };
}

/** date_trunc(unit, source); of a date it is a timestamp. */
export function resolveTruncate(args: readonly Expression[], span?: TextSpan): Expression | null {
  const [unitArgument, sourceArgument] = args;
  if (unitArgument === undefined || sourceArgument === undefined || args.length > 2) return null;
  const kind = typeOf(sourceArgument).kind;
  if (!["date", "timestamp", "timestamptz", "interval", "null"].includes(kind)) return null;
  const unit = fieldName(unitArgument, "date_trunc", span);
  const source = kind === "date" || kind === "null" ? coerceTo(sourceArgument, timestamp, "implicit") : sourceArgument;
  const units = [
    "microseconds",
    "milliseconds",
    "second",
    "minute",
    "hour",
    "day",
    "week",
    "month",
    "quarter",
    "year",
    "decade",
    "century",
    "millennium",
  ];
  if (!units.includes(unit) || (kind === "interval" && unit === "week")) {
    const message = `unit "${unit}" not recognized for type ${typeName(typeOf(source))}`;
    throw new EngineError("invalid_parameter_value", message, span === undefined ? {} : { span });
  }
  const where = span === undefined ? {} : { span };
  return { kind: "call", name: "date_trunc", args: [fieldLiteral(unit), source], type: typeOf(source), ...where };
}

function fieldLiteral(field: string): Expression {
  return { kind: "literal", type: simpleType("utf8"), value: field };
}

function fieldName(argument: Expression, what: string, span?: TextSpan): string {
  if (argument.kind !== "literal" || typeof argument.value !== "string") {
    const details = span === undefined ? {} : { span };
    throw new EngineError("feature_not_supported", `the field of ${what} must be a constant`, details);
  }
  const lower = argument.value.trim().toLowerCase();
  return fieldAliases[lower] ?? lower;
}
