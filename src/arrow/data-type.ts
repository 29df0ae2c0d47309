import { unreachable } from "../common/assert.ts";

/**
 * The engine's types. Each has one Arrow type on the wire and one fixed-width form in a slot's linear memory
 * (`byteWidthOf`); the Arrow side is in arrow-schema.ts.
 */
export type SimpleKind =
  | "null"
  | "bool"
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "uint8"
  | "uint16"
  | "uint32"
  | "uint64"
  | "float32"
  | "float64"
  | "date"
  | "time"
  | "timestamp"
  | "timestamptz"
  | "interval"
  | "utf8"
  | "binary";

/**
 * `bits` is the form in memory: 64 for up to 18 digits, and for more digits where the planner proved from column
 * statistics that every value fits an int64 (physical/narrow-decimals.ts); else 128. SQL equality of types
 * ignores it.
 */
export type DecimalType = {
  readonly kind: "decimal";
  readonly precision: number;
  readonly scale: number;
  readonly bits: 64 | 128;
};

export type DataType = { readonly kind: SimpleKind } | DecimalType;
export type TypeKind = DataType["kind"];

export const maxDecimalPrecision = 38;
export const maxDecimal64Precision = 18;

const simpleTypes = new Map<SimpleKind, DataType>();

/** The one shared object of a type without parameters. */
export function simpleType(kind: SimpleKind): DataType {
  let type = simpleTypes.get(kind);
  if (type === undefined) simpleTypes.set(kind, (type = Object.freeze({ kind })));
  return type;
}

export function decimalType(precision: number, scale: number, bits?: 64 | 128): DecimalType {
  return { kind: "decimal", precision, scale, bits: bits ?? (precision <= maxDecimal64Precision ? 64 : 128) };
}

/** SQL equality: a decimal's form in memory does not count. */
export function sameType(left: DataType, right: DataType): boolean {
  if (left.kind === "decimal" && right.kind === "decimal") {
    return left.precision === right.precision && left.scale === right.scale;
  }
  return left.kind === right.kind;
}

/** Equality of the form in memory too: what two plan nodes that pass batches must agree on. */
export function sameLayout(left: DataType, right: DataType): boolean {
  return sameType(left, right) && (left.kind !== "decimal" || left.bits === (right as DecimalType).bits);
}

/** Bytes of one value in linear memory. Booleans take a byte; strings a 16-byte view (see kernel/batch.ts). */
export function byteWidthOf(type: DataType): 1 | 2 | 4 | 8 | 16 {
  switch (type.kind) {
    case "null":
    case "bool":
    case "int8":
    case "uint8":
      return 1;
    case "int16":
    case "uint16":
      return 2;
    case "int32":
    case "uint32":
    case "float32":
    case "date":
      return 4;
    case "int64":
    case "uint64":
    case "float64":
    case "time":
    case "timestamp":
    case "timestamptz":
      return 8;
    case "interval":
    case "utf8":
    case "binary":
      return 16;
    case "decimal":
      return type.bits === 64 ? 8 : 16;
    default:
      return unreachable(type, "type");
  }
}

export function isInteger(type: DataType): boolean {
  return /^u?int\d/.test(type.kind);
}

export function isFloat(type: DataType): boolean {
  return type.kind === "float32" || type.kind === "float64";
}

export function isNumeric(type: DataType): boolean {
  return isInteger(type) || isFloat(type) || type.kind === "decimal";
}

/** Types whose 16-byte entry may point at bytes elsewhere. */
export function isStringLike(type: DataType): boolean {
  return type.kind === "utf8" || type.kind === "binary";
}

export function isTemporal(type: DataType): boolean {
  return ["date", "time", "timestamp", "timestamptz"].includes(type.kind);
}

/** The name PostgreSQL users know, for messages, EXPLAIN and metadata. */
export function typeName(type: DataType): string {
  switch (type.kind) {
    case "null":
      return "unknown";
    case "bool":
      return "boolean";
    case "int8":
      return "tinyint";
    case "int16":
      return "smallint";
    case "int32":
      return "integer";
    case "int64":
      return "bigint";
    case "uint8":
      return "utinyint";
    case "uint16":
      return "usmallint";
    case "uint32":
      return "uinteger";
    case "uint64":
      return "ubigint";
    case "float32":
      return "real";
    case "float64":
      return "double precision";
    case "date":
      return "date";
    case "time":
      return "time";
    case "timestamp":
      return "timestamp";
    case "timestamptz":
      return "timestamp with time zone";
    case "interval":
      return "interval";
    case "utf8":
      return "varchar";
    case "binary":
      return "bytea";
    case "decimal":
      return `decimal(${type.precision},${type.scale})`;
    default:
      return unreachable(type, "type");
  }
}

/** Decimal digits that hold every value of an integer type, by its kind. */
export const integerDigits: Readonly<Record<string, number>> = {
  int8: 3,
  uint8: 3,
  int16: 5,
  uint16: 5,
  int32: 10,
  uint32: 10,
  int64: 19,
  uint64: 20,
};
