import type { DataType } from "../arrow/data-type.ts";
import { typeName } from "../arrow/data-type.ts";
import type { Value } from "../arrow/value.ts";
import { EngineError } from "../common/engine-error.ts";
import { invalidText } from "./invalid-text.ts";
import { parseInterval } from "./parse-interval.ts";
import { parseDate, parseTime, parseTimestamp } from "./parse-temporal.ts";
import { checkedDecimal, checkedInteger, powerOfTen, roundedDivide } from "./numeric-values.ts";

/**
 * Text as a value of a type, by PostgreSQL's input rules (surrounding blanks do not count, except for text itself).
 * Throws invalid_text_representation, numeric_value_out_of_range or datetime_field_overflow.
 */
export function parseValue(type: DataType, text: string): Value {
  switch (type.kind) {
    case "null":
    case "utf8":
      return text;
    case "bool":
      return parseBool(type, text);
    case "decimal": {
      const { unscaled, scale } = parseNumeric(type, text);
      return checkedDecimal(rescaled(unscaled, scale, type.scale), type, () => text);
    }
    case "float32":
    case "float64":
      return parseFloating(type, text);
    case "date":
      return parseDate(text);
    case "time":
      return parseTime(text);
    case "timestamp":
      return parseTimestamp(text, false);
    case "timestamptz":
      return parseTimestamp(text, true);
    case "interval":
      return parseInterval(text);
    case "binary":
      return parseBinary(type, text);
    default: {
      if (!/^\s*[+-]?\d+\s*$/.test(text)) throw invalidText(type, text);
      return checkedInteger(BigInt(text.trim().replace(/^\+/, "")), type);
    }
  }
}

function parseBool(type: DataType, text: string): boolean {
  const word = text.trim().toLowerCase();
  if (word === "on" || word === "1") return true;
  if (word === "off" || word === "of" || word === "0") return false;
  if (word !== "" && ("true".startsWith(word) || "yes".startsWith(word))) return true;
  if (word !== "" && ("false".startsWith(word) || "no".startsWith(word))) return false;
  throw invalidText(type, text);
}

function parseFloating(type: DataType, text: string): number {
  const word = text.trim();
  if (/^[+-]?(inf|infinity)$/i.test(word)) return word.startsWith("-") ? -Infinity : Infinity;
  if (/^[+-]?nan$/i.test(word)) return NaN;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(word)) throw invalidText(type, text);
  const value = type.kind === "float32" ? Math.fround(Number(word)) : Number(word);
  if (!Number.isFinite(value) || (value === 0 && /[1-9]/.test(word.replace(/e.*$/i, "")))) {
    throw new EngineError("numeric_value_out_of_range", `"${word}" is out of range for type ${typeName(type)}`);
  }
  return value;
}

/** Digits and scale of a number's text; the scale may be negative after e-notation. */
export function parseNumeric(type: DataType, text: string): { readonly unscaled: bigint; readonly scale: number } {
  const match = /^\s*([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,4}))?\s*$/i.exec(text);
  const whole = match?.[2] ?? "";
  const fraction = match?.[3] ?? "";
  if (match === null || whole + fraction === "") throw invalidText(type, text);
  const magnitude = BigInt(whole + fraction);
  return { unscaled: match[1] === "-" ? -magnitude : magnitude, scale: fraction.length - Number(match[4] ?? 0) };
}

/** `unscaled` at another scale, rounded half away from zero. */
export function rescaled(unscaled: bigint, from: number, to: number): bigint {
  if (to >= from)
    return to - from > 400 && unscaled !== 0n ? unscaled * powerOfTen(400) : unscaled * powerOfTen(to - from);
  return from - to > 4000 ? 0n : roundedDivide(unscaled, powerOfTen(from - to));
}

function parseBinary(type: DataType, text: string): Uint8Array {
  if (text.startsWith("\\x")) {
    const hex = text.slice(2).replace(/\s/g, "");
    if (hex.length % 2 === 1 || !/^[0-9a-f]*$/i.test(hex)) throw invalidText(type, text);
    return new Uint8Array(Buffer.from(hex, "hex"));
  }
  const bytes: number[] = [];
  const source = Buffer.from(text, "utf8");
  for (let at = 0; at < source.length; at++) {
    if (source[at] !== 0x5c) {
      bytes.push(source[at]!);
    } else if (source[at + 1] === 0x5c) {
      bytes.push(0x5c);
      at += 1;
    } else {
      const octal = source.subarray(at + 1, at + 4).toString("latin1");
      if (!/^[0-3][0-7]{2}$/.test(octal)) throw invalidText(type, text);
      bytes.push(Number.parseInt(octal, 8));
      at += 3;
    }
  }
  return Uint8Array.from(bytes);
}
