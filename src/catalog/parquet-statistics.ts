import type { DataType } from "../arrow/data-type.ts";
import type { Value } from "../arrow/value.ts";
import { microsPerUnit } from "./parquet-type.ts";
import type { ParquetElement } from "./parquet-type.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The bounds of one column chunk as stored: `…Value` fields and the deprecated pair without a defined order. */
export type RawBounds = {
  readonly minValue?: Uint8Array | undefined;
  readonly maxValue?: Uint8Array | undefined;
  readonly oldMin?: Uint8Array | undefined;
  readonly oldMax?: Uint8Array | undefined;
};

/**
 * Bounds of a chunk in our value forms; empty where the footer is silent or cannot be trusted. The deprecated pair
 * was compared as signed numbers whatever the type, so it counts for signed integers and dates only. String bounds
 * may be cut short by the writer: still bounds, not values of the column.
 */
export function readBounds(
  type: DataType,
  element: ParquetElement,
  raw: RawBounds,
): { readonly min?: Value; readonly max?: Value } {
  // The bytes are not those of the text.
  if (element.logical_type?.type === "UUID") return {};
  const useOld = raw.minValue === undefined && raw.maxValue === undefined && hasSignedOrder(type, element);
  const minBytes = useOld ? raw.oldMin : raw.minValue;
  const maxBytes = useOld ? raw.oldMax : raw.maxValue;
  if (minBytes === undefined || maxBytes === undefined) return {};
  const min = readValue(type, element, minBytes, "down");
  const max = readValue(type, element, maxBytes, "up");
  if (min === null || max === null) return {};
  return { min, max };
}

function hasSignedOrder(type: DataType, element: ParquetElement): boolean {
  const isSigned = !type.kind.startsWith("uint");
  return isSigned && (element.type === "INT32" || element.type === "INT64");
}

/** A PLAIN-encoded value, or null when its form is not what the type asks for. */
function readValue(type: DataType, element: ParquetElement, bytes: Uint8Array, rounding: "down" | "up"): Value {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (element.type) {
    case "BOOLEAN":
      return bytes.byteLength === 1 ? bytes[0] === 1 : null;
    case "INT32":
      return bytes.byteLength === 4 ? integerValue(type, element, BigInt(view.getInt32(0, true)), rounding) : null;
    case "INT64":
      return bytes.byteLength === 8 ? integerValue(type, element, view.getBigInt64(0, true), rounding) : null;
    case "FLOAT":
      return bytes.byteLength === 4 ? numberValue(view.getFloat32(0, true)) : null;
    case "DOUBLE":
      return bytes.byteLength === 8 ? numberValue(view.getFloat64(0, true)) : null;
    case "BYTE_ARRAY":
    case "FIXED_LEN_BYTE_ARRAY":
      return bytesValue(type, bytes);
    default:
      return null;
  }
}

/** NaN as a bound says that the writer did not leave NaNs out: then there are no bounds. */
function numberValue(value: number): Value {
  return Number.isNaN(value) ? null : value;
}

function integerValue(type: DataType, element: ParquetElement, value: bigint, rounding: "down" | "up"): Value {
  switch (type.kind) {
    case "uint8":
    case "uint16":
    case "uint32":
      return Number(BigInt.asUintN(32, value));
    case "uint64":
      return BigInt.asUintN(64, value);
    case "int64":
    case "decimal":
      return value;
    case "time":
    case "timestamp":
    case "timestamptz": {
      const { numerator, denominator } = microsPerUnit(element);
      return divide(value * numerator, denominator, rounding);
    }
    default:
      return Number(value);
  }
}

/** Rounded outward, so that a bound stays one whatever way the reader rounds nanoseconds. */
function divide(value: bigint, divisor: bigint, rounding: "down" | "up"): bigint {
  const quotient = value / divisor;
  if (quotient * divisor === value) return quotient;
  if (rounding === "down") return value < 0n ? quotient - 1n : quotient;
  return value < 0n ? quotient : quotient + 1n;
}

function bytesValue(type: DataType, bytes: Uint8Array): Value {
  if (type.kind === "decimal") return bytes.byteLength === 0 ? null : bigEndianValue(bytes);
  if (type.kind === "binary") return bytes.slice();
  if (type.kind !== "utf8") return null;
  try {
    return utf8.decode(bytes);
  } catch {
    // A bound that was cut inside a character, or data that is no UTF-8 at all.
    return null;
  }
}

function bigEndianValue(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return BigInt.asIntN(bytes.byteLength * 8, value);
}
