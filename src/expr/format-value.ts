import type { DataType } from "../arrow/data-type.ts";
import type { Interval, Value } from "../arrow/value.ts";
import { civilFromDays, splitMicros } from "./calendar.ts";

/** A non-NULL value as PostgreSQL prints it (what a cast to text gives). Values of type "null" print as they are. */
export function formatValue(type: DataType, value: Exclude<Value, null>): string {
  switch (type.kind) {
    case "bool":
      return value === true ? "true" : "false";
    case "decimal":
      return formatDecimal(value as bigint, type.scale);
    case "float32":
      return formatFloat(value as number, true);
    case "float64":
      return formatFloat(value as number, false);
    case "date":
      return formatDate(value as number);
    case "time":
      return formatTime(value as bigint);
    case "timestamp":
      return formatTimestamp(value as bigint);
    case "timestamptz":
      return formatTimestamp(value as bigint, "+00");
    case "interval":
      return formatInterval(value as Interval);
    case "binary":
      return `\\x${Buffer.from(value as Uint8Array).toString("hex")}`;
    default:
      return String(value as boolean | number | bigint | string);
  }
}

export function formatDecimal(unscaled: bigint, scale: number): string {
  if (scale <= 0) return unscaled.toString();
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, "0");
  return `${unscaled < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** The shortest decimal text that reads back as the same float; PostgreSQL's choice between plain and e-notation. */
export function formatFloat(value: number, single: boolean): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const text = single ? shortestSingle(value) : value.toExponential();
  const [mantissa = "", exponentText = "0"] = text.split("e");
  const exponent = Number(exponentText);
  const negative = mantissa.startsWith("-");
  const digits = mantissa.replace("-", "").replace(".", "");
  const sign = negative ? "-" : "";
  if (exponent < -4 || exponent >= (single ? 6 : 15)) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
    const magnitude = String(Math.abs(exponent)).padStart(2, "0");
    return `${sign}${digits[0]}${fraction}e${exponent < 0 ? "-" : "+"}${magnitude}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  if (digits.length <= exponent + 1) return `${sign}${digits.padEnd(exponent + 1, "0")}`;
  return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}

function shortestSingle(value: number): string {
  for (let digits = 0; digits < 9; digits++) {
    const text = value.toExponential(digits);
    if (Math.fround(Number(text)) === value) return text;
  }
  return value.toExponential();
}

export function formatDate(days: number): string {
  const { year, month, day } = civilFromDays(days);
  const text = `${pad(year > 0 ? year : 1 - year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
  return year > 0 ? text : `${text} BC`;
}

export function formatTime(micros: bigint): string {
  const seconds = Number(micros / 1_000_000n);
  const fraction = Number(micros % 1_000_000n);
  const text = `${pad(Math.floor(seconds / 3600), 2)}:${pad(Math.floor(seconds / 60) % 60, 2)}:${pad(seconds % 60, 2)}`;
  return fraction === 0 ? text : `${text}.${pad(fraction, 6).replace(/0+$/, "")}`;
}

export function formatTimestamp(micros: bigint, zone = ""): string {
  const { days, micros: ofDay } = splitMicros(micros);
  const date = formatDate(days);
  const isBeforeChrist = date.endsWith(" BC");
  return `${isBeforeChrist ? date.slice(0, -3) : date} ${formatTime(ofDay)}${zone}${isBeforeChrist ? " BC" : ""}`;
}

export function formatInterval({ months, days, micros }: Interval): string {
  const years = Math.trunc(months / 12);
  const parts: string[] = [];
  const restMonths = months % 12;
  // PostgreSQL marks a positive part after a negative one with a plus sign.
  let negativeBefore = false;
  const add = (count: number, unit: string): void => {
    if (count === 0) return;
    parts.push(`${negativeBefore && count > 0 ? "+" : ""}${count} ${unit}${count === 1 ? "" : "s"}`);
    negativeBefore = count < 0;
  };
  add(years, "year");
  add(restMonths, "mon");
  add(days, "day");
  if (micros !== 0n || parts.length === 0) {
    const magnitude = micros < 0n ? -micros : micros;
    const sign = micros < 0n ? "-" : negativeBefore ? "+" : "";
    parts.push(sign + formatTime(magnitude));
  }
  return parts.join(" ");
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, "0");
}
