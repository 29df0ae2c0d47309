import { decimalType, maxDecimalPrecision, simpleType } from "../arrow/data-type.ts";
import type { DataType } from "../arrow/data-type.ts";

/** What a Parquet schema says about one leaf: its physical type with the logical annotation, if any. */
export type ParquetElement = {
  readonly type?: string | undefined;
  readonly type_length?: number | undefined;
  readonly converted_type?: string | undefined;
  readonly scale?: number | undefined;
  readonly precision?: number | undefined;
  readonly logical_type?: ParquetLogicalType | undefined;
};

type ParquetLogicalType = {
  readonly type: string;
  readonly precision?: number;
  readonly scale?: number;
  readonly bitWidth?: number;
  readonly isSigned?: boolean;
  readonly isAdjustedToUTC?: boolean;
  readonly unit?: string;
};

/** Our type of a Parquet leaf, or null where we have none (DECIMAL beyond 38 digits, geometry, …). */
export function parquetType(element: ParquetElement): DataType | null {
  const decimal = parquetDecimal(element);
  if (decimal !== null) return decimal === "unsupported" ? null : decimal;
  switch (element.type) {
    case "BOOLEAN":
      return simpleType("bool");
    case "INT32":
    case "INT64":
      return integerType(element);
    case "INT96":
      return simpleType("timestamp");
    case "FLOAT":
      return simpleType("float32");
    case "DOUBLE":
      return simpleType("float64");
    case "BYTE_ARRAY":
    case "FIXED_LEN_BYTE_ARRAY":
      return bytesType(element);
    default:
      return null;
  }
}

function parquetDecimal(element: ParquetElement): DataType | "unsupported" | null {
  const logical = element.logical_type;
  if (logical?.type !== "DECIMAL" && element.converted_type !== "DECIMAL") return null;
  const precision = (logical?.type === "DECIMAL" ? logical.precision : undefined) ?? element.precision ?? 0;
  const scale = (logical?.type === "DECIMAL" ? logical.scale : undefined) ?? element.scale ?? 0;
  const isValid = precision >= 1 && precision <= maxDecimalPrecision && scale >= 0 && scale <= precision;
  return isValid ? decimalType(precision, scale) : "unsupported";
}

function integerType(element: ParquetElement): DataType | null {
  const logical = element.logical_type;
  switch (logical?.type) {
    case "INTEGER":
      return sizedInteger(logical.bitWidth ?? 32, logical.isSigned ?? true);
    case "DATE":
      return simpleType("date");
    case "TIME":
      return simpleType("time");
    case "TIMESTAMP":
      return simpleType(logical.isAdjustedToUTC === true ? "timestamptz" : "timestamp");
    case undefined:
      return convertedInteger(element);
    default:
      return null;
  }
}

/** Files of writers before logical types have converted types only; their times are in UTC by definition. */
function convertedInteger({ type, converted_type: converted }: ParquetElement): DataType | null {
  const sized = /^(U?)INT_(8|16|32|64)$/.exec(converted ?? "");
  if (sized !== null) return sizedInteger(Number(sized[2]), sized[1] === "");
  if (converted === undefined) return simpleType(type === "INT32" ? "int32" : "int64");
  if (converted === "DATE") return simpleType("date");
  if (converted.startsWith("TIMESTAMP_")) return simpleType("timestamptz");
  if (converted.startsWith("TIME_")) return simpleType("time");
  return null;
}

function sizedInteger(bits: number, signed: boolean): DataType | null {
  if (bits === 8) return simpleType(signed ? "int8" : "uint8");
  if (bits === 16) return simpleType(signed ? "int16" : "uint16");
  if (bits === 32) return simpleType(signed ? "int32" : "uint32");
  if (bits === 64) return simpleType(signed ? "int64" : "uint64");
  return null;
}

function bytesType({ type, logical_type: logical, converted_type: converted }: ParquetElement): DataType | null {
  if (type === "FIXED_LEN_BYTE_ARRAY") {
    if (converted === "INTERVAL") return simpleType("interval");
    // As text, which is how SQL shows and compares it.
    if (logical?.type === "UUID") return simpleType("utf8");
    if (logical?.type === "FLOAT16") return simpleType("float32");
    return logical === undefined && converted === undefined ? simpleType("binary") : null;
  }
  const annotation = logical?.type ?? converted;
  if (annotation === undefined || annotation === "BSON") return simpleType("binary");
  return ["STRING", "UTF8", "ENUM", "JSON"].includes(annotation) ? simpleType("utf8") : null;
}

/** Micros of one unit step of a time or timestamp leaf, as a fraction: value × numerator / denominator. */
export function microsPerUnit(element: ParquetElement): { readonly numerator: bigint; readonly denominator: bigint } {
  const unit =
    element.logical_type?.unit ?? (element.converted_type?.endsWith("_MILLIS") === true ? "MILLIS" : "MICROS");
  if (unit === "MILLIS") return { numerator: 1000n, denominator: 1n };
  return { numerator: 1n, denominator: unit === "NANOS" ? 1000n : 1n };
}
