import { byteWidthOf, type DataType, typeName } from "../arrow/data-type.ts";
import type { Field } from "../arrow/schema.ts";
import { EngineError } from "../common/engine-error.ts";
import { type Address, type DuckDbLibrary } from "./native-library.ts";

/** How a column of DuckDB's vectors becomes a column of ours. `sourceWidth` is the bytes of a value in the vector. */
export type ColumnReading =
  /** The same bytes. */
  | { readonly kind: "copy"; readonly sourceWidth: number }
  /** 16-byte entries, the long ones with a native address. */
  | { readonly kind: "strings"; readonly sourceWidth: 16 }
  /** Through a kernel of this name (source, target, count). */
  | { readonly kind: "widen"; readonly sourceWidth: number; readonly kernel: string }
  /** 128-bit decimals that the planner knows to fit 64 bits. */
  | { readonly kind: "narrow"; readonly sourceWidth: 16 }
  /** Only after a cast in the SQL. */
  | { readonly kind: "cast" };

/** `duckdb_type` numbers, by our kinds where the vector has our form. */
const sameFormTypeIds: Readonly<Partial<Record<DataType["kind"], number>>> = {
  bool: 1,
  int8: 2,
  int16: 3,
  int32: 4,
  int64: 5,
  uint8: 6,
  uint16: 7,
  uint32: 8,
  uint64: 9,
  float32: 10,
  float64: 11,
  timestamp: 12,
  date: 13,
  time: 14,
  interval: 15,
  timestamptz: 31,
};
const varcharTypeId = 17;
const blobTypeId = 18;
const decimalTypeId = 19;

/** Types that hold the same facts in another form: seconds, milliseconds and nanoseconds, and names of values. */
const castableTypeIds: Readonly<Partial<Record<DataType["kind"], readonly number[]>>> = {
  timestamp: [20, 21, 22],
  // Old writers have no word for "in UTC": what they mean is so by definition, and the cast keeps it (duck-database.ts).
  timestamptz: [12, 20, 21, 22],
  // In nanoseconds, or in UTC.
  time: [39, 30],
  // Enum and UUID.
  utf8: [23, 27],
};

const typeNames: Readonly<Record<number, string>> = {
  1: "boolean",
  2: "tinyint",
  3: "smallint",
  4: "integer",
  5: "bigint",
  6: "utinyint",
  7: "usmallint",
  8: "uinteger",
  9: "ubigint",
  10: "real",
  11: "double precision",
  12: "timestamp",
  13: "date",
  14: "time",
  15: "interval",
  16: "hugeint",
  17: "varchar",
  18: "bytea",
  20: "timestamp in seconds",
  21: "timestamp in milliseconds",
  22: "timestamp in nanoseconds",
  23: "enum",
  24: "list",
  25: "struct",
  26: "map",
  27: "uuid",
  30: "time with time zone",
  31: "timestamp with time zone",
  39: "time in nanoseconds",
};

/** What a file's column holds, as DuckDB reports it. */
type NativeType = { readonly id: number; readonly precision: number; readonly scale: number };

/**
 * How to read each column of a prepared SELECT. Throws datatype_mismatch, naming file and column, where the file has
 * another type than the table.
 */
export function planColumnReadings(
  library: DuckDbLibrary,
  statement: Address,
  columns: readonly { readonly name: string; readonly field: Field }[],
  path: string,
): readonly ColumnReading[] {
  return columns.map(({ name, field }, index) => {
    // DuckDB looks names up without regard to case, and takes the first: a wrong column if another differs in case only.
    const readName = library.columnName(statement, index);
    if (readName !== name) {
      const message = `column "${name}" of ${path} cannot be told from its column "${readName}"`;
      throw new EngineError("feature_not_supported", message, { file: path });
    }
    const native = nativeType(library, statement, index);
    const reading = columnReading(field.type, native);
    if (reading !== undefined) return reading;
    const found =
      native.id === decimalTypeId
        ? `decimal(${native.precision},${native.scale})`
        : (typeNames[native.id] ?? "of a type that is not supported");
    throw new EngineError(
      "datatype_mismatch",
      `column "${name}" is ${found} in ${path}, but ${typeName(field.type)} in the table`,
      { file: path },
    );
  });
}

function nativeType(library: DuckDbLibrary, statement: Address, index: number): NativeType {
  const type: Address[] = [library.columnLogicalType(statement, index)];
  try {
    const id = library.typeId(type[0]!);
    const isDecimal = id === decimalTypeId;
    return {
      id,
      precision: isDecimal ? library.decimalWidth(type[0]!) : 0,
      scale: isDecimal ? library.decimalScale(type[0]!) : 0,
    };
  } finally {
    library.destroyLogicalType(type);
  }
}

function columnReading(type: DataType, native: NativeType): ColumnReading | undefined {
  if (castableTypeIds[type.kind]?.includes(native.id)) return { kind: "cast" };
  if (type.kind === "utf8" || type.kind === "binary") {
    return native.id === (type.kind === "utf8" ? varcharTypeId : blobTypeId)
      ? { kind: "strings", sourceWidth: 16 }
      : undefined;
  }
  if (type.kind !== "decimal") {
    return sameFormTypeIds[type.kind] === native.id ? { kind: "copy", sourceWidth: byteWidthOf(type) } : undefined;
  }
  if (native.id !== decimalTypeId || native.precision !== type.precision || native.scale !== type.scale)
    return undefined;
  // DuckDB takes the smallest integer for the digits.
  if (native.precision <= 4) return { kind: "widen", sourceWidth: 2, kernel: `widen16To${type.bits}` };
  if (native.precision <= 9) return { kind: "widen", sourceWidth: 4, kernel: `widen32To${type.bits}` };
  if (native.precision <= 18) {
    return type.bits === 64
      ? { kind: "copy", sourceWidth: 8 }
      : { kind: "widen", sourceWidth: 8, kernel: "widen64To128" };
  }
  return type.bits === 128 ? { kind: "copy", sourceWidth: 16 } : { kind: "narrow", sourceWidth: 16 };
}
