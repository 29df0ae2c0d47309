import type { DataType } from "./data-type.ts";

export type TimeUnit = "second" | "millisecond" | "microsecond" | "nanosecond";

/** How an Arrow type lays out its buffers in a record batch; several may carry one type of ours. */
export type WireType =
  | { readonly kind: "null" }
  | { readonly kind: "bool" }
  | { readonly kind: "int"; readonly bits: 8 | 16 | 32 | 64; readonly signed: boolean }
  | { readonly kind: "float"; readonly bits: 16 | 32 | 64 }
  | { readonly kind: "decimal"; readonly bits: 32 | 64 | 128 | 256; readonly precision: number; readonly scale: number }
  | { readonly kind: "date"; readonly unit: "day" | "millisecond" }
  | { readonly kind: "time"; readonly unit: TimeUnit }
  | { readonly kind: "timestamp"; readonly unit: TimeUnit; readonly utc: boolean }
  | { readonly kind: "duration"; readonly unit: TimeUnit }
  | { readonly kind: "interval"; readonly unit: "year_month" | "day_time" | "month_day_nano" }
  /** `text`: UTF-8, else any bytes. */
  | { readonly kind: "string"; readonly text: boolean; readonly form: "offsets32" | "offsets64" | "views" }
  | { readonly kind: "fixed"; readonly byteWidth: number };

/** A field of a schema as it travels. */
export type WireField = {
  readonly name: string;
  readonly nullable: boolean;
  readonly type: DataType;
  readonly wire: WireType;
};

/** What clients get: the types that every client reads. */
export function clientWireType(type: DataType): WireType {
  switch (type.kind) {
    case "decimal":
      return { kind: "decimal", bits: 128, precision: type.precision, scale: type.scale };
    case "utf8":
    case "binary":
      return { kind: "string", text: type.kind === "utf8", form: "offsets32" };
    case "interval":
      return { kind: "interval", unit: "month_day_nano" };
    default:
      return commonWireType(type);
  }
}

/** What executors pass to each other: as close to linear memory as valid Arrow comes. */
export function shuffleWireType(type: DataType): WireType {
  switch (type.kind) {
    case "decimal":
      // A decimal that was narrowed by its statistics may state more digits than Arrow lets a Decimal64 have.
      return {
        kind: "decimal",
        bits: type.bits,
        precision: type.bits === 64 ? Math.min(type.precision, 18) : type.precision,
        scale: type.scale,
      };
    case "utf8":
    case "binary":
      return { kind: "string", text: type.kind === "utf8", form: "views" };
    case "interval":
      // Arrow's nanoseconds would not hold all our microseconds.
      return { kind: "fixed", byteWidth: 16 };
    default:
      return commonWireType(type);
  }
}

function commonWireType(type: Exclude<DataType, { kind: "decimal" }>): WireType {
  switch (type.kind) {
    case "null":
      return { kind: "null" };
    case "bool":
      return { kind: "bool" };
    case "float32":
      return { kind: "float", bits: 32 };
    case "float64":
      return { kind: "float", bits: 64 };
    case "date":
      return { kind: "date", unit: "day" };
    case "time":
      return { kind: "time", unit: "microsecond" };
    case "timestamp":
      return { kind: "timestamp", unit: "microsecond", utc: false };
    case "timestamptz":
      return { kind: "timestamp", unit: "microsecond", utc: true };
    case "utf8":
    case "binary":
      return { kind: "string", text: type.kind === "utf8", form: "offsets32" };
    case "interval":
      return { kind: "interval", unit: "month_day_nano" };
    case "int8":
      return { kind: "int", bits: 8, signed: true };
    case "int16":
      return { kind: "int", bits: 16, signed: true };
    case "int32":
      return { kind: "int", bits: 32, signed: true };
    case "int64":
      return { kind: "int", bits: 64, signed: true };
    case "uint8":
      return { kind: "int", bits: 8, signed: false };
    case "uint16":
      return { kind: "int", bits: 16, signed: false };
    case "uint32":
      return { kind: "int", bits: 32, signed: false };
    case "uint64":
      return { kind: "int", bits: 64, signed: false };
  }
}
