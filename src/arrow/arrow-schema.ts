import * as arrow from "apache-arrow";
import { Message } from "apache-arrow/ipc/metadata/message";
import { EngineError } from "../common/engine-error.ts";
import { unreachable } from "../common/assert.ts";
import { type DataType, decimalType, maxDecimalPrecision, simpleType, typeName } from "./data-type.ts";
import type { Schema } from "./schema.ts";
import { clientWireType, shuffleWireType, type TimeUnit, type WireField, type WireType } from "./wire-type.ts";

/** The schema message (bare flatbuffer) of what clients read. Every column is declared nullable. */
export function encodeClientSchema(schema: Schema): Uint8Array {
  const fields = schema.map(
    ({ name, type }) => new arrow.Field(name, toArrowType(clientWireType(type)), true, flightSqlMetadata(type)),
  );
  return encodeMessage(new arrow.Schema(fields));
}

/** The schema message (bare flatbuffer) of what executors pass to each other. */
export function encodeShuffleSchema(schema: Schema): Uint8Array {
  const fields = schema.map(
    ({ name, type, nullable }) => new arrow.Field(name, toArrowType(shuffleWireType(type)), nullable),
  );
  return encodeMessage(new arrow.Schema(fields));
}

/** Like encodeClientSchema, but nullability as stated and without metadata: for results that a protocol prescribes. */
export function encodePlainSchema(schema: Schema): Uint8Array {
  const fields = schema.map(
    ({ name, type, nullable }) => new arrow.Field(name, toArrowType(clientWireType(type)), nullable),
  );
  return encodeMessage(new arrow.Schema(fields));
}

/**
 * Reads a schema message (bare flatbuffer), anybody's: each field with the type of ours that holds its values. Throws
 * feature_not_supported for types without one (nested, dictionary), invalid_argument for bytes that are no schema.
 */
export function decodeSchema(header: Uint8Array): readonly WireField[] {
  return parseSchema(header).fields.map((field) => {
    const wire = fromArrowType(field.type as arrow.DataType, field.name);
    return { name: field.name, nullable: field.nullable, type: typeOfWire(wire, field.name), wire };
  });
}

export function schemaOfWireFields(fields: readonly WireField[]): Schema {
  return fields.map(({ name, type, nullable }) => ({ name, type, nullable }));
}

export function clientWireFields(schema: Schema): readonly WireField[] {
  return schema.map((field) => ({ ...field, wire: clientWireType(field.type) }));
}

function parseSchema(header: Uint8Array): arrow.Schema {
  try {
    const message = Message.decode(header);
    if (message.isSchema()) return message.header();
  } catch (thrown) {
    throw new EngineError("invalid_argument", "the Arrow schema is malformed", {}, thrown);
  }
  throw new EngineError("invalid_argument", "an Arrow schema was expected");
}

function encodeMessage(schema: arrow.Schema): Uint8Array {
  return Message.encode(Message.from(schema));
}

/** The names of Flight SQL's column metadata, by which JDBC and ODBC drivers describe a column. */
function flightSqlMetadata(type: DataType): Map<string, string> {
  const metadata = new Map([["ARROW:FLIGHT:SQL:TYPE_NAME", typeName(type)]]);
  if (type.kind === "decimal") {
    metadata.set("ARROW:FLIGHT:SQL:PRECISION", String(type.precision));
    metadata.set("ARROW:FLIGHT:SQL:SCALE", String(type.scale));
  }
  return metadata;
}

const units: readonly TimeUnit[] = ["second", "millisecond", "microsecond", "nanosecond"];

function toArrowType(wire: WireType): arrow.DataType {
  switch (wire.kind) {
    case "null":
      return new arrow.Null();
    case "bool":
      return new arrow.Bool();
    case "int":
      return new arrow.Int(wire.signed, wire.bits);
    case "float":
      return new arrow.Float(
        { 16: arrow.Precision.HALF, 32: arrow.Precision.SINGLE, 64: arrow.Precision.DOUBLE }[wire.bits],
      );
    case "decimal":
      return new arrow.Decimal(wire.scale, wire.precision, wire.bits);
    case "date":
      return wire.unit === "day" ? new arrow.DateDay() : new arrow.DateMillisecond();
    case "time":
      return new arrow.Time(units.indexOf(wire.unit), wire.unit === "second" || wire.unit === "millisecond" ? 32 : 64);
    case "timestamp":
      return new arrow.Timestamp(units.indexOf(wire.unit), wire.utc ? "UTC" : null);
    case "duration":
      return new arrow.Duration(units.indexOf(wire.unit));
    case "interval":
      return new arrow.Interval(["year_month", "day_time", "month_day_nano"].indexOf(wire.unit));
    case "string":
      if (wire.form === "views") return wire.text ? new arrow.Utf8View() : new arrow.BinaryView();
      if (wire.form === "offsets64") return wire.text ? new arrow.LargeUtf8() : new arrow.LargeBinary();
      return wire.text ? new arrow.Utf8() : new arrow.Binary();
    case "fixed":
      return new arrow.FixedSizeBinary(wire.byteWidth);
    default:
      return unreachable(wire, "wire type");
  }
}

function fromArrowType(type: arrow.DataType, name: string): WireType {
  if (arrow.DataType.isNull(type)) return { kind: "null" };
  if (arrow.DataType.isBool(type)) return { kind: "bool" };
  if (arrow.DataType.isInt(type)) return { kind: "int", bits: type.bitWidth, signed: type.isSigned };
  if (arrow.DataType.isFloat(type)) return { kind: "float", bits: ([16, 32, 64] as const)[type.precision] };
  if (arrow.DataType.isDecimal(type)) {
    return {
      kind: "decimal",
      bits: type.bitWidth as 32 | 64 | 128 | 256,
      precision: type.precision,
      scale: type.scale,
    };
  }
  if (arrow.DataType.isDate(type))
    return { kind: "date", unit: type.unit === arrow.DateUnit.DAY ? "day" : "millisecond" };
  if (arrow.DataType.isTime(type)) return { kind: "time", unit: units[type.unit]! };
  if (arrow.DataType.isTimestamp(type))
    return { kind: "timestamp", unit: units[type.unit]!, utc: Boolean(type.timezone) };
  if (arrow.DataType.isDuration(type)) return { kind: "duration", unit: units[type.unit]! };
  if (arrow.DataType.isInterval(type))
    return { kind: "interval", unit: (["year_month", "day_time", "month_day_nano"] as const)[type.unit]! };
  if (arrow.DataType.isUtf8(type)) return { kind: "string", text: true, form: "offsets32" };
  if (arrow.DataType.isLargeUtf8(type)) return { kind: "string", text: true, form: "offsets64" };
  if (arrow.DataType.isUtf8View(type)) return { kind: "string", text: true, form: "views" };
  if (arrow.DataType.isBinary(type)) return { kind: "string", text: false, form: "offsets32" };
  if (arrow.DataType.isLargeBinary(type)) return { kind: "string", text: false, form: "offsets64" };
  if (arrow.DataType.isBinaryView(type)) return { kind: "string", text: false, form: "views" };
  if (arrow.DataType.isFixedSizeBinary(type)) return { kind: "fixed", byteWidth: type.byteWidth };
  throw new EngineError(
    "feature_not_supported",
    `column "${name}" has the Arrow type ${arrow.Type[type.typeId]}, which is not supported`,
  );
}

function typeOfWire(wire: WireType, name: string): DataType {
  switch (wire.kind) {
    case "null":
    case "bool":
    case "date":
    case "time":
    case "interval":
      return simpleType(wire.kind);
    case "int":
      return simpleType(`${wire.signed ? "" : "u"}int${wire.bits}`);
    case "float":
      return simpleType(wire.bits === 64 ? "float64" : "float32");
    case "decimal":
      if (wire.precision > maxDecimalPrecision || wire.scale < 0 || wire.scale > wire.precision) {
        throw new EngineError(
          "feature_not_supported",
          `column "${name}" is decimal(${wire.precision},${wire.scale}), which is not supported`,
        );
      }
      return decimalType(wire.precision, wire.scale);
    case "timestamp":
      return simpleType(wire.utc ? "timestamptz" : "timestamp");
    case "duration":
      return simpleType("interval");
    case "string":
      return simpleType(wire.text ? "utf8" : "binary");
    case "fixed":
      return simpleType("binary");
    default:
      return unreachable(wire, "wire type");
  }
}
