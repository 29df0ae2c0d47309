import type { TypeKind } from "../../arrow/data-type.ts";
import type { Interval, Value } from "../../arrow/value.ts";
import { assert } from "../../common/assert.ts";
import { fitsInt64 } from "../../common/bigints.ts";
import { EngineError } from "../../common/engine-error.ts";
import {
  addMonths,
  civilFromDays,
  dayOfWeek,
  daysFromCivil,
  daysInMonth,
  isoWeek,
  microsPerDay,
  splitMicros,
} from "../calendar.ts";
import { roundHalfEven } from "../numeric-values.ts";
import { divisionByZero } from "./numeric-functions.ts";

function outOfRange(what: string): EngineError {
  return new EngineError("datetime_field_overflow", `${what} out of range`);
}

export function checkedDate(days: number): number {
  if (days < -(2 ** 31) || days >= 2 ** 31) throw outOfRange("date");
  return days;
}

function checkedMicros(micros: bigint, what: string): bigint {
  if (!fitsInt64(micros)) throw outOfRange(what);
  return micros;
}

function checkedInterval(months: number, days: number, micros: bigint): Interval {
  const fits = Math.abs(months) < 2 ** 31 && Math.abs(days) < 2 ** 31 && fitsInt64(micros);
  if (!fits) throw outOfRange("interval");
  return { months: months || 0, days: days || 0, micros };
}

export function negateInterval({ months, days, micros }: Interval): Interval {
  return checkedInterval(-months, -days, -micros);
}

/** Months first (a day past the month's end becomes its last), then days, then microseconds. */
export function addToTimestamp(micros: bigint, interval: Interval): bigint {
  const { days, micros: ofDay } = splitMicros(micros);
  const moved = addMonths(days, interval.months) + interval.days;
  return checkedMicros(BigInt(moved) * microsPerDay + ofDay + interval.micros, "timestamp");
}

/** add or subtract where one side is a date, time, timestamp or interval, as the registry allows it. */
export function temporalArithmetic(
  name: string,
  left: Value,
  right: Value,
  leftKind: TypeKind,
  rightKind: TypeKind,
): Value {
  const isAdd = name === "add";
  if (name === "multiply" || name === "divide") return scaleInterval(name, left as Interval, right as number);
  switch (leftKind) {
    case "date": {
      const difference = (left as number) - (right as number);
      if (rightKind === "date") return checkedDate(difference);
      return checkedDate(isAdd ? (left as number) + (right as number) : difference);
    }
    case "timestamp":
    case "timestamptz": {
      if (rightKind !== "interval") return timestampDifference(left as bigint, right as bigint);
      const interval = right as Interval;
      return addToTimestamp(left as bigint, isAdd ? interval : negateInterval(interval));
    }
    case "time": {
      const { micros } = right as Interval;
      const sum = (left as bigint) + (isAdd ? micros : -micros);
      return ((sum % microsPerDay) + microsPerDay) % microsPerDay;
    }
    default: {
      assert(leftKind === "interval", "temporal arithmetic has a date, time or interval on its left");
      const first = left as Interval;
      const second = isAdd ? (right as Interval) : negateInterval(right as Interval);
      return checkedInterval(first.months + second.months, first.days + second.days, first.micros + second.micros);
    }
  }
}

/** Whole days and the rest, both with the difference's sign. */
function timestampDifference(left: bigint, right: bigint): Interval {
  const micros = checkedMicros(left - right, "interval");
  return checkedInterval(0, Number(micros / microsPerDay), micros % microsPerDay);
}

function scaleInterval(name: string, { months, days, micros }: Interval, factor: number): Interval {
  if (name === "divide" && factor === 0) throw divisionByZero();
  const scaled = (amount: number): number => (name === "multiply" ? amount * factor : amount / factor);
  const allMonths = scaled(months);
  const wholeMonths = Math.trunc(allMonths);
  const allDays = scaled(days) + roundMicro((allMonths - wholeMonths) * 30);
  const wholeDays = Math.trunc(allDays);
  const rest = roundHalfEven(scaled(Number(micros)) + roundMicro((allDays - wholeDays) * 86400) * 1e6);
  if (!Number.isFinite(allMonths + allDays + rest)) throw outOfRange("interval");
  return checkedInterval(wholeMonths, wholeDays, BigInt(rest));
}

/** Removes the float noise below a microsecond, as PostgreSQL does between the units. */
function roundMicro(value: number): number {
  return roundHalfEven(value * 1e6) / 1e6;
}

export function makeDate(year: bigint, month: bigint, day: bigint): number {
  const astronomical = Number(year < 0n ? year + 1n : year);
  const monthOk = month >= 1n && month <= 12n && year !== 0n && Math.abs(astronomical) < 5_874_898;
  if (!monthOk || day < 1n || day > BigInt(daysInMonth(astronomical, Number(month)))) {
    throw new EngineError("datetime_field_overflow", `date field value out of range: ${year}-${month}-${day}`);
  }
  return checkedDate(daysFromCivil(astronomical, Number(month), Number(day)));
}

/** A field of a date, time, timestamp or interval: unscaled for the fields with a fraction. */
export function extractField(field: string, value: Value, kind: TypeKind): bigint {
  if (kind === "interval") return extractFromInterval(field, value as Interval);
  const { days, micros } = kind === "date" ? { days: value as number, micros: 0n } : splitMicros(value as bigint);
  const clock = clockField(field, micros);
  if (clock !== null) return clock;
  if (field === "epoch") return BigInt(days) * microsPerDay + micros;
  return BigInt(dateField(field, days));
}

function clockField(field: string, ofDay: bigint): bigint | null {
  switch (field) {
    case "hour":
      return ofDay / 3_600_000_000n;
    case "minute":
      return (ofDay / 60_000_000n) % 60n;
    case "second":
    case "milliseconds":
    case "microseconds":
      // second has 6 and milliseconds 3 digits after the point: the same unscaled number.
      return ofDay % 60_000_000n;
    default:
      return null;
  }
}

function dateField(field: string, days: number): number {
  const { year, month, day } = civilFromDays(days);
  // There is no year 0: 1 BC is -1.
  const named = (astronomical: number): number => (astronomical > 0 ? astronomical : astronomical - 1);
  switch (field) {
    case "year":
      return named(year);
    case "month":
      return month;
    case "day":
      return day;
    case "quarter":
      return Math.ceil(month / 3);
    case "week":
      return isoWeek(days).week;
    case "isoyear":
      return named(isoWeek(days).year);
    case "dow":
      return dayOfWeek(days);
    case "isodow":
      return dayOfWeek(days) || 7;
    case "doy":
      return days - daysFromCivil(year, 1, 1) + 1;
    case "decade":
      return Math.floor(year / 10);
    case "century":
      return year > 0 ? Math.ceil(year / 100) : -Math.floor((100 - year) / 100);
    default:
      assert(field === "millennium", () => `no date field ${field}`);
      return year > 0 ? Math.ceil(year / 1000) : -Math.floor((1000 - year) / 1000);
  }
}

function extractFromInterval(field: string, { months, days, micros }: Interval): bigint {
  switch (field) {
    case "hour":
      return micros / 3_600_000_000n;
    case "minute":
      return (micros / 60_000_000n) % 60n;
    case "second":
    case "milliseconds":
    case "microseconds":
      return micros % 60_000_000n;
    case "epoch":
      // A year has 365.25 days and a month 30, as in PostgreSQL.
      return (
        BigInt(Math.trunc(months / 12)) * 31_557_600_000_000n +
        (BigInt(months % 12) * 30n + BigInt(days)) * microsPerDay +
        micros
      );
    case "day":
      return BigInt(days);
    case "month":
      return BigInt(months % 12);
    case "quarter":
      return BigInt(Math.trunc((months % 12) / 3) + 1);
    default: {
      const years: Readonly<Record<string, number>> = { year: 1, decade: 10, century: 100, millennium: 1000 };
      return BigInt(Math.trunc(months / 12 / years[field]!));
    }
  }
}

const microsOfUnit: Readonly<Record<string, bigint>> = {
  microseconds: 1n,
  milliseconds: 1000n,
  second: 1_000_000n,
  minute: 60_000_000n,
  hour: 3_600_000_000n,
};

export function truncateTimestamp(unit: string, micros: bigint): bigint {
  const { days, micros: ofDay } = splitMicros(micros);
  const clock = microsOfUnit[unit];
  if (clock !== undefined) return checkedMicros(micros - (ofDay % clock), "timestamp");
  return checkedMicros(BigInt(truncateDays(unit, days)) * microsPerDay, "timestamp");
}

function truncateDays(unit: string, days: number): number {
  const { year, month } = civilFromDays(days);
  switch (unit) {
    case "day":
      return days;
    case "week":
      return days - ((dayOfWeek(days) + 6) % 7);
    case "month":
      return daysFromCivil(year, month, 1);
    case "quarter":
      return daysFromCivil(year, month - ((month - 1) % 3), 1);
    case "year":
      return daysFromCivil(year, 1, 1);
    case "decade":
      return daysFromCivil(Math.floor(year / 10) * 10, 1, 1);
    case "century":
      return daysFromCivil(Math.floor((year - 1) / 100) * 100 + 1, 1, 1);
    default:
      return daysFromCivil(Math.floor((year - 1) / 1000) * 1000 + 1, 1, 1);
  }
}

export function truncateInterval(unit: string, { months, days, micros }: Interval): Interval {
  const clock = microsOfUnit[unit];
  if (clock !== undefined) return { months, days, micros: micros - (micros % clock) };
  if (unit === "day") return { months, days, micros: 0n };
  const monthsOfUnit: Readonly<Record<string, number>> = {
    month: 1,
    quarter: 3,
    year: 12,
    decade: 120,
    century: 1200,
    millennium: 12000,
  };
  return { months: months - (months % monthsOfUnit[unit]!), days: 0, micros: 0n };
}
