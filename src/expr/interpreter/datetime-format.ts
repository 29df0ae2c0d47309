import { civilFromDays, dayOfWeek, daysFromCivil, isoWeek, splitMicros } from "../calendar.ts";

export const months = "January February March April May June July August September October November December".split(
  " ",
);
export const weekdays = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");
export const romanMonths = "I II III IV V VI VII VIII IX X XI XII".split(" ");

/** Longest first, so that a pattern is not taken for a shorter one. */
const patterns = (
  "HH24 HH12 A.M. P.M. a.m. p.m. B.C. A.D. b.c. a.d. Y,YYY MONTH Month month SSSSS IYYY YYYY IDDD SSSS YYY IYY Mon MON mon DAY Day day " +
  "DDD FF1 FF2 FF3 FF4 FF5 FF6 TZH TZM HH MI MM SS MS US AM PM am pm YY IY Dy DY dy DD ID WW IW CC RM rm BC AD bc ad TZ tz OF Y I D W J Q"
).split(" ");

export type Token =
  | { readonly pattern: string; readonly fill: boolean; readonly suffix: string }
  | { readonly text: string };

/** A format's patterns, and the texts between them. */
export function tokensOf(format: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const literal = (text: string): void => {
    tokens.push({ text });
  };
  while (at < format.length) {
    if (format[at] === '"') {
      const end = format.indexOf('"', at + 1);
      literal(format.slice(at + 1, end === -1 ? undefined : end));
      at = end === -1 ? format.length : end + 1;
      continue;
    }
    if (format[at] === "\\" && format[at + 1] === '"') {
      literal('"');
      at += 2;
      continue;
    }
    const fill = !format.startsWith("FM", at);
    const start = fill ? at : at + 2;
    const rest = format.slice(start);
    // Patterns of digits may be written in any case; those of words say by their case how the word is written.
    const pattern =
      patterns.find((candidate) => rest.startsWith(candidate)) ??
      patterns.find((candidate) => isNumberPattern(candidate) && rest.toUpperCase().startsWith(candidate));
    if (pattern === undefined) {
      literal(fill ? format[at]! : "");
      at = fill ? at + 1 : start;
      continue;
    }
    const suffix = /^(?:TH|th)/.exec(rest.slice(pattern.length))?.[0] ?? "";
    tokens.push({ pattern, fill, suffix });
    at = start + pattern.length + suffix.length;
  }
  return tokens;
}

export function isNumberPattern(pattern: string): boolean {
  return !/^(?:A\.?M|P\.?M|B\.?C|A\.?D|MON|DAY|DY|RM|TZ)/i.test(pattern) || pattern === "TZH" || pattern === "TZM";
}

type Parts = {
  readonly days: number;
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly micros: bigint;
  readonly hour: number;
};

/** to_char of a timestamp, in microseconds since the epoch; `zone` is the session's, UTC. */
export function formatTimestampAs(value: bigint, format: string, zone: string): string {
  const { days, micros } = splitMicros(value);
  const { year, month, day } = civilFromDays(days);
  const parts = { days, year, month, day, micros, hour: Number(micros / 3_600_000_000n) };
  return tokensOf(format)
    .map((token) => ("text" in token ? token.text : formatToken(token, parts, zone)))
    .join("");
}

function formatToken({ pattern, fill, suffix }: Exclude<Token, { text: string }>, parts: Parts, zone: string): string {
  const known = numberPatterns[pattern];
  if (known === undefined) return wordOf(pattern, fill, parts, zone);
  const value = known.of(parts);
  const digits = String(Math.abs(value)).padStart(fill ? known.width : 0, "0");
  const text = pattern === "Y,YYY" ? digits.replace(/(\d{3})$/, ",$1") : digits;
  const ordinal = suffix === "" ? "" : ordinalSuffix(Math.abs(value));
  return (value < 0 ? "-" : "") + text + (suffix === "TH" ? ordinal.toUpperCase() : ordinal);
}

function ordinalSuffix(value: number): string {
  const isTeen = Math.floor(value / 10) % 10 === 1;
  return isTeen ? "th" : (["th", "st", "nd", "rd"][value % 10] ?? "th");
}

type NumberPattern = { readonly width: number; readonly of: (parts: Parts) => number };

const shownYear = ({ year }: Parts): number => (year > 0 ? year : 1 - year);
const secondOfDay = ({ micros }: Parts): number => Number(micros / 1_000_000n);
const microsecond = ({ micros }: Parts): number => Number(micros % 1_000_000n);
const dayOfYear = ({ days, year }: Parts): number => days - daysFromCivil(year, 1, 1) + 1;
const isoDay = ({ days }: Parts): number => ((dayOfWeek(days) + 6) % 7) + 1;
const hourOfHalf = ({ hour }: Parts): number => (hour % 12 === 0 ? 12 : hour % 12);
const number = (width: number, of: (parts: Parts) => number): NumberPattern => ({ width, of });

const numberPatterns: Readonly<Record<string, NumberPattern>> = {
  HH24: number(2, ({ hour }) => hour),
  HH: number(2, hourOfHalf),
  HH12: number(2, hourOfHalf),
  MI: number(2, (parts) => Math.floor(secondOfDay(parts) / 60) % 60),
  SS: number(2, (parts) => secondOfDay(parts) % 60),
  SSSS: number(0, secondOfDay),
  SSSSS: number(0, secondOfDay),
  MS: number(3, (parts) => Math.floor(microsecond(parts) / 1000)),
  US: number(6, microsecond),
  ...Object.fromEntries(
    [1, 2, 3, 4, 5, 6].map((digits) => [
      `FF${digits}`,
      number(digits, (parts) => Math.floor(microsecond(parts) / 10 ** (6 - digits))),
    ]),
  ),
  YYYY: number(4, shownYear),
  "Y,YYY": number(4, shownYear),
  YYY: number(3, (parts) => shownYear(parts) % 1000),
  YY: number(2, (parts) => shownYear(parts) % 100),
  Y: number(1, (parts) => shownYear(parts) % 10),
  IYYY: number(4, ({ days }) => isoWeek(days).year),
  IYY: number(3, ({ days }) => isoWeek(days).year % 1000),
  IY: number(2, ({ days }) => isoWeek(days).year % 100),
  I: number(1, ({ days }) => isoWeek(days).year % 10),
  MM: number(2, ({ month }) => month),
  DD: number(2, ({ day }) => day),
  DDD: number(3, dayOfYear),
  IDDD: number(3, (parts) => (isoWeek(parts.days).week - 1) * 7 + isoDay(parts)),
  D: number(1, ({ days }) => dayOfWeek(days) + 1),
  ID: number(1, isoDay),
  WW: number(2, (parts) => Math.floor((dayOfYear(parts) - 1) / 7) + 1),
  W: number(1, ({ day }) => Math.floor((day - 1) / 7) + 1),
  IW: number(2, ({ days }) => isoWeek(days).week),
  CC: number(2, (parts) => Math.floor((shownYear(parts) + 99) / 100)),
  J: number(0, ({ days }) => days + 2_440_588),
  Q: number(1, ({ month }) => Math.floor((month + 2) / 3)),
};

function wordOf(pattern: string, fill: boolean, { days, year, month, hour }: Parts, zone: string): string {
  const padded = (word: string): string => cased(word, pattern).padEnd(fill ? 9 : 0);
  switch (pattern.toUpperCase()) {
    case "MONTH":
      return padded(months[month - 1]!);
    case "MON":
      return cased(months[month - 1]!.slice(0, 3), pattern);
    case "DAY":
      return padded(weekdays[dayOfWeek(days)]!);
    case "DY":
      return cased(weekdays[dayOfWeek(days)]!.slice(0, 3), pattern);
    case "RM":
      return cased(romanMonths[month - 1]!, pattern).padEnd(fill ? 4 : 0);
    case "AM":
    case "PM":
      return cased(hour < 12 ? "AM" : "PM", pattern);
    case "A.M.":
    case "P.M.":
      return cased(hour < 12 ? "A.M." : "P.M.", pattern);
    case "BC":
    case "AD":
      return cased(year > 0 ? "AD" : "BC", pattern);
    case "B.C.":
    case "A.D.":
      return cased(year > 0 ? "A.D." : "B.C.", pattern);
    case "TZ":
      return cased(zone, pattern);
    case "TZH":
    case "OF":
      return "+00";
    default:
      return "00";
  }
}

function cased(word: string, pattern: string): string {
  if (pattern === pattern.toUpperCase()) return word.toUpperCase();
  return pattern === pattern.toLowerCase() ? word.toLowerCase() : word;
}
