// Calendar arithmetic (proleptic Gregorian). Days and microseconds count from 1970-01-01; the era starts on 0000-03-01.
import { compareIntervals } from "./equality";


const microsPerDay: i64 = 86400000000;

let civilYear: i64 = 0;
let civilMonth: i32 = 0;
let civilDay: i32 = 0;

// @ts-ignore: decorator
@inline
function floorDivide(value: i64, divisor: i64): i64 {
  const quotient = value / divisor;
  return value % divisor < 0 ? quotient - 1 : quotient;
}

function splitDays(days: i64): void {
  const shifted = days + 719468;
  const era = floorDivide(shifted, 146097);
  const dayOfEra = <i32>(shifted - era * 146097);
  const yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365;
  const dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
  const monthFromMarch = (5 * dayOfYear + 2) / 153;
  civilDay = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1;
  civilMonth = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  civilYear = <i64>yearOfEra + era * 400 + (civilMonth <= 2 ? 1 : 0);
}

function joinDays(year: i64, month: i32, day: i32): i64 {
  const shifted = month <= 2 ? year - 1 : year;
  const era = floorDivide(shifted, 400);
  const yearOfEra = <i32>(shifted - era * 400);
  const dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146097 + <i64>(yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear) - 719468;
}

function daysInMonth(year: i64, month: i32): i32 {
  if (month == 2) return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/** There is no year 0: 1 BC is -1. */
// @ts-ignore: decorator
@inline
function namedYear(year: i64): i64 {
  return year > 0 ? year : year - 1;
}

// @ts-ignore: decorator
@inline
function dayOfWeek(days: i64): i64 {
  return days + 4 - floorDivide(days + 4, 7) * 7;
}

/** A field of a date, by its number in the compiler's list `dateFields`. */
export function dateField(field: i32, days: i64): i64 {
  switch (field) {
    case 6:
      return dayOfWeek(days);
    case 7: {
      const day = dayOfWeek(days);
      return day == 0 ? 7 : day;
    }
    case 4:
    case 5: {
      // An ISO week belongs to the year of its Thursday.
      const thursday = days - ((dayOfWeek(days) + 6) % 7) + 3;
      splitDays(thursday);
      return field == 5 ? namedYear(civilYear) : (thursday - joinDays(civilYear, 1, 1)) / 7 + 1;
    }
  }
  splitDays(days);
  switch (field) {
    case 0:
      return namedYear(civilYear);
    case 1:
      return civilMonth;
    case 2:
      return civilDay;
    case 3:
      return (civilMonth + 2) / 3;
    case 8:
      return days - joinDays(civilYear, 1, 1) + 1;
    case 9:
      return floorDivide(civilYear, 10);
    case 10:
      return civilYear > 0 ? (civilYear + 99) / 100 : -((100 - civilYear) / 100);
    default:
      return civilYear > 0 ? (civilYear + 999) / 1000 : -((1000 - civilYear) / 1000);
  }
}

/** The first day of the unit (number in `dateFields`: year 0, month 1, quarter 3, week 4, decade 9, century 10, millennium 11). */
export function dateTruncate(unit: i32, days: i64): i64 {
  if (unit == 4) return days - ((dayOfWeek(days) + 6) % 7);
  splitDays(days);
  switch (unit) {
    case 0:
      return joinDays(civilYear, 1, 1);
    case 1:
      return joinDays(civilYear, civilMonth, 1);
    case 3:
      return joinDays(civilYear, civilMonth - ((civilMonth - 1) % 3), 1);
    case 9:
      return joinDays(floorDivide(civilYear, 10) * 10, 1, 1);
    case 10:
      return joinDays(floorDivide(civilYear - 1, 100) * 100 + 1, 1, 1);
    case 11:
      return joinDays(floorDivide(civilYear - 1, 1000) * 1000 + 1, 1, 1);
    default:
      return days;
  }
}

/** Adds (sign 1) or subtracts (-1) an interval; the sum goes to `out`. Gives 0, or 2 when it is out of range. */
export function dateAddInterval(micros: i64, interval: usize, sign: i32, out: usize): i32 {
  let days = floorDivide(micros, microsPerDay);
  const ofDay = micros - days * microsPerDay;
  const months = <i64>load<i32>(interval) * sign;
  if (months != 0) {
    splitDays(days);
    const total = civilYear * 12 + <i64>(civilMonth - 1) + months;
    const year = floorDivide(total, 12);
    const month = <i32>(total - year * 12) + 1;
    const last = daysInMonth(year, month);
    days = joinDays(year, month, civilDay < last ? civilDay : last);
  }
  days += <i64>load<i32>(interval, 4) * sign;
  const added = load<i64>(interval, 8);
  if (sign < 0 && added == i64.MIN_VALUE) return 2;
  const more = added * sign;
  // Days beyond this cannot be brought back into range: the interval's microseconds hold 106,751,992 days at most.
  if (days > 213503984 || days < -213503984) return 2;
  // Both parts are split into days and a rest first, so that no intermediate product overflows.
  const moreDays = floorDivide(more, microsPerDay);
  let rest = ofDay + (more - moreDays * microsPerDay);
  let wholeDays = days + moreDays;
  if (rest >= microsPerDay) {
    rest -= microsPerDay;
    wholeDays += 1;
  }
  if (wholeDays > 106751991 || wholeDays < -106751992) return 2;
  let sum: i64;
  if (wholeDays < 0) {
    // Counted from the end of the first day, since the smallest int64 lies within a day.
    const base = (wholeDays + 1) * microsPerDay;
    const down = rest - microsPerDay;
    if (base < i64.MIN_VALUE - down) return 2;
    sum = base + down;
  } else {
    const base = wholeDays * microsPerDay;
    if (base > i64.MAX_VALUE - rest) return 2;
    sum = base + rest;
  }
  store<i64>(out, sum);
  return 0;
}

/** Order of two intervals: negative, 0 or positive. */
export function dateCompareIntervals(left: usize, right: usize): i32 {
  return compareIntervals(left, right);
}
