import type { Interval } from "../../arrow/value.ts";
import { EngineError } from "../../common/engine-error.ts";
import { addMonths, civilFromDays, daysInMonth, microsPerDay, splitMicros } from "../calendar.ts";

/** The difference in years, months, days and time, as a person would count it: what `age` gives. */
export function ageBetween(end: bigint, start: bigint): Interval {
  if (end < start) {
    const { months, days, micros } = ageBetween(start, end);
    return { months: months === 0 ? 0 : -months, days: days === 0 ? 0 : -days, micros: -micros };
  }
  const [later, earlier] = [splitMicros(end), splitMicros(start)];
  const [to, from] = [civilFromDays(later.days), civilFromDays(earlier.days)];
  let micros = later.micros - earlier.micros;
  let days = to.day - from.day;
  let months = (to.year - from.year) * 12 + to.month - from.month;
  if (micros < 0n) {
    micros += microsPerDay;
    days -= 1;
  }
  if (days < 0) {
    // Counted on from the earlier date, whose month decides how many days were left in it.
    days += daysInMonth(from.year, from.month);
    months -= 1;
  }
  return { months, days, micros };
}

/** The start of the bin of width `stride`, counted from `origin`, that a timestamp is in. */
export function dateBin(stride: Interval, value: bigint, origin: bigint): bigint {
  if (stride.months !== 0) {
    const message = "timestamps cannot be binned into intervals containing months or years";
    throw new EngineError("feature_not_supported", message);
  }
  const width = BigInt(stride.days) * microsPerDay + stride.micros;
  if (width <= 0n) throw new EngineError("datetime_field_overflow", "stride must be greater than zero");
  const rest = (value - origin) % width;
  return value - (rest < 0n ? rest + width : rest);
}

export function justifyHours({ months, days, micros }: Interval): Interval {
  let [allDays, rest] = [BigInt(days) + micros / microsPerDay, micros % microsPerDay];
  if (allDays > 0n && rest < 0n) [allDays, rest] = [allDays - 1n, rest + microsPerDay];
  else if (allDays < 0n && rest > 0n) [allDays, rest] = [allDays + 1n, rest - microsPerDay];
  return { months, days: Number(allDays), micros: rest };
}

export function justifyDays({ months, days, micros }: Interval): Interval {
  let [allMonths, rest] = [months + Math.trunc(days / 30), days % 30];
  if (allMonths > 0 && rest < 0) [allMonths, rest] = [allMonths - 1, rest + 30];
  else if (allMonths < 0 && rest > 0) [allMonths, rest] = [allMonths + 1, rest - 30];
  return { months: allMonths || 0, days: rest || 0, micros };
}

export function justifyInterval(interval: Interval): Interval {
  let { months, days, micros } = justifyDays(justifyHours(interval));
  if (months > 0 && (days < 0 || (days === 0 && micros < 0n))) [months, days] = [months - 1, days + 30];
  else if (months < 0 && (days > 0 || (days === 0 && micros > 0n))) [months, days] = [months + 1, days - 30];
  if (days > 0 && micros < 0n) [days, micros] = [days - 1, micros + microsPerDay];
  else if (days < 0 && micros > 0n) [days, micros] = [days + 1, micros - microsPerDay];
  return { months, days, micros };
}

export function makeInterval(
  years: bigint,
  months: bigint,
  weeks: bigint,
  days: bigint,
  hours: bigint,
  minutes: bigint,
  seconds: number,
): Interval {
  const allMonths = Number(years * 12n + months);
  const allDays = Number(weeks * 7n + days);
  if (Math.abs(allMonths) >= 2 ** 31 || Math.abs(allDays) >= 2 ** 31 || !Number.isFinite(seconds))
    throw new EngineError("datetime_field_overflow", "interval out of range");
  const micros = (hours * 3600n + minutes * 60n) * 1_000_000n + BigInt(Math.round(seconds * 1e6));
  if (BigInt.asIntN(64, micros) !== micros) throw new EngineError("datetime_field_overflow", "interval out of range");
  return { months: allMonths, days: allDays, micros };
}

/** Microseconds since midnight. */
export function makeTime(hour: bigint, minute: bigint, second: number): bigint {
  const micros = (hour * 3600n + minute * 60n) * 1_000_000n + BigInt(Math.round(second * 1e6));
  const isValid = hour >= 0n && hour <= 24n && minute >= 0n && minute < 60n && second >= 0 && second <= 60;
  if (isValid && micros <= microsPerDay) return micros;
  throw new EngineError("datetime_field_overflow", `time field value out of range: ${hour}:${minute}:${second}`);
}

/** The last day of a date's month. */
export function lastDay(days: number): number {
  const { day } = civilFromDays(days);
  return addMonths(days - day + 1, 1) - 1;
}
