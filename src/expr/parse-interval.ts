import { simpleType } from "../arrow/data-type.ts";
import type { Interval } from "../arrow/value.ts";
import { EngineError } from "../common/engine-error.ts";
import { invalidText } from "./invalid-text.ts";

export type IntervalUnit =
  | "year"
  | "month"
  | "week"
  | "day"
  | "hour"
  | "minute"
  | "second"
  | "millisecond"
  | "microsecond";

const unitNames: ReadonlyMap<string, IntervalUnit | "decade" | "century" | "millennium"> = new Map([
  ...names("year", "y yr yrs year years"),
  ...names("month", "mon mons month months"),
  ...names("week", "w week weeks"),
  ...names("day", "d day days"),
  ...names("hour", "h hr hrs hour hours"),
  ...names("minute", "m min mins minute minutes"),
  ...names("second", "s sec secs second seconds"),
  ...names("millisecond", "ms msec msecs millisecond milliseconds"),
  ...names("microsecond", "us usec usecs microsecond microseconds"),
  ...names("decade", "decade decades dec decs"),
  ...names("century", "century centuries c cent"),
  ...names("millennium", "millennium millennia mil mils"),
]);

function names<T extends string>(unit: T, list: string): [string, T][] {
  return list.split(" ").map((name) => [name, unit]);
}

const microsOfUnit: Readonly<Record<string, number>> = {
  hour: 3.6e9,
  minute: 6e7,
  second: 1e6,
  millisecond: 1e3,
  microsecond: 1,
};

/**
 * PostgreSQL's verbose form (`1 year 2 mons 3 days 04:05:06`, `90 days ago`), a bare number of `defaultUnit`
 * (what the field of `interval '90' day` says), or ISO 8601 (`P1Y2M3DT4H5M6S`). Fractions of larger units spill into
 * smaller ones (a month has 30 days, a day 24 hours).
 */
export function parseInterval(text: string, defaultUnit: IntervalUnit = "second"): Interval {
  const total = new IntervalSum();
  const trimmed = text.trim();
  if (/^p/i.test(trimmed)) {
    parseIso(trimmed, text, total);
    return total.value();
  }
  const ago = /\s+ago$/i.exec(trimmed);
  let rest = (ago === null ? trimmed : trimmed.slice(0, ago.index)).replace(/^@\s*/, "");
  let count = 0;
  while (rest !== "") {
    const clock = /^([+-]?)(\d+):(\d{1,2})(?::(\d{1,2}(?:\.\d*)?))?(?=\s|$)\s*/.exec(rest);
    const part = /^([+-]?(?:\d+\.?\d*|\.\d+))\s*([a-z]+)?\s*/i.exec(rest);
    if (clock !== null) {
      const sign = clock[1] === "-" ? -1 : 1;
      total.add(sign * Number(clock[2]), "hour");
      total.add(sign * Number(clock[3]), "minute");
      total.add(sign * Number(clock[4] ?? 0), "second");
      rest = rest.slice(clock[0].length);
    } else if (part !== null) {
      const unit = part[2] === undefined ? defaultUnit : unitNames.get(part[2].toLowerCase());
      if (unit === undefined) throw invalidText(simpleType("interval"), text);
      total.add(Number(part[1]), unit);
      rest = rest.slice(part[0].length);
    } else {
      throw invalidText(simpleType("interval"), text);
    }
    count += 1;
  }
  if (count === 0) throw invalidText(simpleType("interval"), text);
  return total.value(ago === null ? 1 : -1);
}

function parseIso(trimmed: string, text: string, total: IntervalSum): void {
  const number = "([+-]?\\d+(?:\\.\\d*)?)";
  const date = `(?:${number}Y)?(?:${number}M)?(?:${number}W)?(?:${number}D)?`;
  const time = `(?:T(?:${number}H)?(?:${number}M)?(?:${number}S)?)?`;
  const match = new RegExp(`^P${date}${time}$`, "i").exec(trimmed);
  if (match === null || trimmed.length < 3) throw invalidText(simpleType("interval"), text);
  const units = ["year", "month", "week", "day", "hour", "minute", "second"] as const;
  units.forEach((unit, index) => {
    if (match[index + 1] !== undefined) total.add(Number(match[index + 1]), unit);
  });
}

class IntervalSum {
  #months = 0;
  #days = 0;
  #micros = 0;

  add(amount: number, unit: IntervalUnit | "decade" | "century" | "millennium"): void {
    switch (unit) {
      case "millennium":
        return this.#addMonths(amount * 12000);
      case "century":
        return this.#addMonths(amount * 1200);
      case "decade":
        return this.#addMonths(amount * 120);
      case "year":
        return this.#addMonths(amount * 12);
      case "month": {
        const whole = Math.trunc(amount);
        this.#months += whole;
        return this.#addDays((amount - whole) * 30);
      }
      case "week":
        return this.#addDays(amount * 7);
      case "day":
        return this.#addDays(amount);
      default:
        this.#micros += Math.round(amount * microsOfUnit[unit]!);
    }
  }

  /** PostgreSQL rounds a fraction of a year to whole months. */
  #addMonths(amount: number): void {
    this.#months += Math.round(amount);
  }

  #addDays(amount: number): void {
    const whole = Math.trunc(amount);
    this.#days += whole;
    this.#micros += Math.round((amount - whole) * 86_400e6);
  }

  value(sign = 1): Interval {
    const limit = 2 ** 31;
    if (Math.abs(this.#months) >= limit || Math.abs(this.#days) >= limit || Math.abs(this.#micros) >= 2 ** 63) {
      throw new EngineError("datetime_field_overflow", "interval out of range");
    }
    return { months: sign * this.#months || 0, days: sign * this.#days || 0, micros: BigInt(sign * this.#micros) };
  }
}
