import { simpleType } from "../arrow/data-type.ts";
import { EngineError } from "../common/engine-error.ts";
import { daysFromCivil, daysInMonth, microsPerDay } from "./calendar.ts";
import { invalidText } from "./invalid-text.ts";

const monthNames = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** Days since the epoch. Takes ISO dates, `20200131`, `January 31, 2020` and `31-Jan-2020`, with an optional BC. */
export function parseDate(text: string): number {
  const match = /^\s*(.*?)(?:[T\s]+(\d{1,2}:\d{2}.*?))?(\s+bc)?\s*$/i.exec(text);
  const days = match === null ? null : datePart(match[1]!, match[3] !== undefined, text);
  if (days === null) throw invalidText(simpleType("date"), text);
  if (match?.[2] !== undefined) timePart(match[2], text, "date");
  return days;
}

/** Microseconds since the epoch. A zone in the text moves a timestamptz to UTC and is ignored for a timestamp. */
export function parseTimestamp(text: string, withZone: boolean): bigint {
  const kind = withZone ? "timestamptz" : "timestamp";
  const match = /^\s*(.*?)(?:[T\s]+(\d{1,2}:\d{2}.*?))?(\s+bc)?\s*$/i.exec(text);
  if (/^\s*epoch\s*$/i.test(text)) return 0n;
  const days = match === null ? null : datePart(match[1]!, match[3] !== undefined, text);
  if (days === null) throw invalidText(simpleType(kind), text);
  const start = BigInt(days) * microsPerDay;
  if (match?.[2] === undefined) return start;
  const { micros, zoneMicros } = timePart(match[2], text, kind);
  return start + micros - (withZone ? zoneMicros : 0n);
}

/** Microseconds since midnight; 24:00:00 is allowed. */
export function parseTime(text: string): bigint {
  return timePart(text.trim(), text, "time").micros;
}

function datePart(part: string, isBeforeChrist: boolean, text: string): number | null {
  let year: number;
  let month: number;
  let day: number;
  const iso = /^([+-]?\d{4,7})[-/](\d{1,2})[-/](\d{1,2})$/.exec(part) ?? /^(\d{4})(\d{2})(\d{2})$/.exec(part);
  const us = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(part);
  const monthFirst = /^([a-z]{3,9})\.?\s+(\d{1,2}),?\s+(\d{4})$/i.exec(part);
  const dayFirst = /^(\d{1,2})[-\s]([a-z]{3,9})[-\s](\d{4})$/i.exec(part);
  if (iso !== null) {
    [year, month, day] = [Number(iso[1]), Number(iso[2]), Number(iso[3])];
  } else if (us !== null) {
    [year, month, day] = [Number(us[3]), Number(us[1]), Number(us[2])];
  } else if (monthFirst !== null) {
    [year, month, day] = [Number(monthFirst[3]), monthNumber(monthFirst[1]!), Number(monthFirst[2])];
  } else if (dayFirst !== null) {
    [year, month, day] = [Number(dayFirst[3]), monthNumber(dayFirst[2]!), Number(dayFirst[1])];
  } else {
    return null;
  }
  if (month === -1) return null;
  if (isBeforeChrist) year = 1 - year;
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) {
    throw new EngineError("datetime_field_overflow", `date/time field value out of range: "${text}"`);
  }
  return daysFromCivil(year, month, day);
}

function monthNumber(name: string): number {
  const lower = name.toLowerCase();
  const full = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
  ];
  const index = full.findIndex((candidate, at) => candidate === lower || monthNames[at] === lower);
  return index === -1 ? -1 : index + 1;
}

type TimeKind = "date" | "time" | "timestamp" | "timestamptz";

function timePart(part: string, text: string, kind: TimeKind): { micros: bigint; zoneMicros: bigint } {
  const pattern =
    /^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d*))?)?\s*(am|pm)?\s*(z|utc|gmt|[+-]\d{1,2}(?::?\d{2})?(?::\d{2})?)?$/i;
  const match = pattern.exec(part);
  if (match === null) throw invalidText(simpleType(kind), text);
  let hour = Number(match[1]);
  const minute = Number(match[2]);
  const second = Number(match[3] ?? 0);
  // A seventh digit and later ones round, as PostgreSQL does.
  const fraction = Math.round(Number(`0.${match[4] || "0"}`) * 1e6);
  const half = match[5]?.toLowerCase();
  if (half !== undefined && (hour < 1 || hour > 12)) hour = 99;
  if (half === "pm" && hour < 12) hour += 12;
  if (half === "am" && hour === 12) hour = 0;
  const micros = BigInt(hour * 3600 + minute * 60 + second) * 1_000_000n + BigInt(fraction);
  if (hour > 24 || minute > 59 || second > 60 || micros > microsPerDay) {
    throw new EngineError("datetime_field_overflow", `date/time field value out of range: "${text}"`);
  }
  return { micros, zoneMicros: zoneOffset(match[6]) };
}

function zoneOffset(zone: string | undefined): bigint {
  const match = /^([+-])(\d{1,2}):?(\d{2})?(?::(\d{2}))?$/.exec(zone ?? "");
  if (match === null) return 0n;
  const seconds = Number(match[2]) * 3600 + Number(match[3] ?? 0) * 60 + Number(match[4] ?? 0);
  return BigInt(match[1] === "-" ? -seconds : seconds) * 1_000_000n;
}
