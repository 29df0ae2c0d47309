import type { DataType } from "../arrow/data-type.ts";
import { decimalType, isInteger, maxDecimalPrecision, simpleType, type SimpleKind } from "../arrow/data-type.ts";
import type { Interval } from "../arrow/value.ts";
import { must } from "../common/assert.ts";
import { EngineError } from "../common/engine-error.ts";
import { nearestNameHint } from "../common/nearest-name.ts";
import { asDecimalType, at, coerceTo } from "../expr/coerce.ts";
import type { Expression } from "../expr/expression.ts";
import { typeOf } from "../expr/expression-properties.ts";
import { resolveFunction } from "../expr/function-registry.ts";
import { type IntervalUnit, parseInterval } from "../expr/parse-interval.ts";
import type { TypeName } from "../sql/ast.ts";
import { bindNumber } from "./bind-number.ts";

/** PostgreSQL's internal names and the ones that users of analytical engines write. */
const simpleNames: Readonly<Record<string, SimpleKind>> = {
  bool: "bool",
  boolean: "bool",
  tinyint: "int8",
  int1: "int8",
  int2: "int16",
  smallint: "int16",
  int4: "int32",
  int: "int32",
  integer: "int32",
  int8: "int64",
  bigint: "int64",
  utinyint: "uint8",
  usmallint: "uint16",
  uinteger: "uint32",
  ubigint: "uint64",
  float4: "float32",
  real: "float32",
  float8: "float64",
  double: "float64",
  date: "date",
  time: "time",
  timestamp: "timestamp",
  datetime: "timestamp",
  timestamptz: "timestamptz",
  interval: "interval",
  text: "utf8",
  varchar: "utf8",
  bpchar: "utf8",
  char: "utf8",
  string: "utf8",
  json: "utf8",
  bytea: "binary",
  blob: "binary",
};

/** `CAST(arg AS type)`, `arg::type` and `type 'text'`. */
export function bindCast(arg: Expression, typeName: TypeName): Expression {
  const { name, modifiers, span } = typeName;
  if (name === "interval" && modifiers.length > 0 && modifiers[0] !== anyFields)
    return bindIntervalFields(arg, typeName);
  const cast = coerceTo(arg, dataTypeOf(typeName, arg), "explicit", span);
  // A document is kept as the text it was written in.
  if (name === "json") return resolveFunction("json_text", [cast], span);
  const length = ["varchar", "bpchar", "char"].includes(name) ? modifiers[0] : undefined;
  if (length === undefined) return cast;
  const bounds: Expression[] = [1, length].map((value) => ({ kind: "literal", type: simpleType("int32"), value }));
  return resolveFunction("substring", [cast, ...bounds], span);
}

function dataTypeOf({ name, modifiers, span }: TypeName, arg: Expression): DataType {
  if (name === "numeric" || name === "decimal") return decimalOf(modifiers, arg, span);
  const kind = simpleNames[name];
  if (kind === undefined) {
    const hint = nearestNameHint(name, [...Object.keys(simpleNames), "numeric"]);
    throw new EngineError("undefined_object", `type "${name}" does not exist`, {
      span,
      ...(hint === undefined ? {} : { hint }),
    });
  }
  const precision = kind === "interval" ? modifiers[1] : modifiers[0];
  if (["time", "timestamp", "timestamptz", "interval"].includes(kind) && precision !== undefined && precision < 6) {
    throw new EngineError(
      "feature_not_supported",
      `${name}(${precision}) is not supported: times are kept in microseconds`,
      { span },
    );
  }
  return simpleType(kind);
}

/** `numeric` without a precision keeps what its argument has; from text and floating point it is decimal(38,10). */
function decimalOf(modifiers: readonly number[], arg: Expression, span: TypeName["span"]): DataType {
  const [precision, scale = 0] = modifiers;
  if (precision !== undefined) {
    if (precision >= 1 && precision <= maxDecimalPrecision && scale >= 0 && scale <= precision)
      return decimalType(precision, scale);
    const message = `decimal(${modifiers.join(",")}): the precision must be between 1 and ${maxDecimalPrecision}, the scale between 0 and the precision`;
    throw new EngineError("invalid_parameter_value", message, { span });
  }
  const from = typeOf(arg);
  if (from.kind === "decimal" || isInteger(from)) return asDecimalType(from);
  if (arg.kind === "literal" && typeof arg.value === "string" && /^\s*[+-]?(\d+\.?\d*|\.\d+)\s*$/.test(arg.value)) {
    const { type } = bindNumber(arg.value.trim().replace("+", ""));
    if (type.kind === "decimal" || isInteger(type)) return asDecimalType(type);
  }
  return decimalType(maxDecimalPrecision, 10);
}

const anyFields = 0x7fff;

/** The bits by which the grammar tells the fields of `interval '…' year to month`; the last one set is the unit. */
const fieldBits: readonly (readonly [number, IntervalUnit])[] = [
  [1 << 12, "second"],
  [1 << 11, "minute"],
  [1 << 10, "hour"],
  [1 << 3, "day"],
  [1 << 1, "month"],
  [1 << 2, "year"],
];

function bindIntervalFields(arg: Expression, { modifiers, span }: TypeName): Expression {
  if (arg.kind !== "literal" || typeof arg.value !== "string") {
    throw new EngineError("feature_not_supported", "interval fields are supported for literals only", { span });
  }
  const fields = must(modifiers[0], "an interval with fields has modifiers");
  const [, unit] = must(
    fieldBits.find(([bit]) => (fields & bit) !== 0),
    "the grammar sets a field",
  );
  const text = arg.value;
  const value = at(span, () => parseInterval(verboseInterval(text, fields), unit));
  return { kind: "literal", type: simpleType("interval"), value: truncateInterval(value, unit), span };
}

/** The short forms that only the fields give a meaning: `1-2` year to month, `3 04:05` day to minute, `1:30` minute to second. */
function verboseInterval(text: string, fields: number): string {
  const [minute, second, day, month] = [1 << 11, 1 << 12, 1 << 3, 1 << 1];
  if (fields === (minute | second)) return text.replace(/^\s*([+-]?)(\d+:\d+(?:\.\d+)?)\s*$/, "$100:$2");
  if ((fields & month) !== 0) return text.replace(/^\s*([+-]?)(\d+)-(\d+)\s*$/, "$1$2 years $1$3 months");
  return (fields & day) === 0 ? text : text.replace(/^\s*([+-]?\d+)\s+(?=\d)/, "$1 days ");
}

/** What lies below the last field is cut off. */
function truncateInterval({ months, days, micros }: Interval, unit: IntervalUnit): Interval {
  const cut = (step: bigint): bigint => micros - (micros % step);
  switch (unit) {
    case "year":
      return { months: months - (months % 12), days: 0, micros: 0n };
    case "month":
      return { months, days: 0, micros: 0n };
    case "day":
      return { months, days, micros: 0n };
    case "hour":
      return { months, days, micros: cut(3_600_000_000n) };
    case "minute":
      return { months, days, micros: cut(60_000_000n) };
    default:
      return { months, days, micros };
  }
}
