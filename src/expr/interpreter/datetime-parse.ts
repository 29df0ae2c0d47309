import { EngineError } from "../../common/engine-error.ts";
import { daysFromCivil, daysInMonth, microsPerDay } from "../calendar.ts";
import { isNumberPattern, months, romanMonths, tokensOf, weekdays } from "./datetime-format.ts";

type Fields = {
  year?: number;
  month?: number;
  day?: number;
  dayOfYear?: number;
  hour?: number;
  minute?: number;
  second?: number;
  micros?: number;
  isAfternoon?: boolean;
  isHalfDay?: boolean;
  isBeforeChrist?: boolean;
  julian?: number;
  secondsOfDay?: number;
};

/** to_date and to_timestamp: microseconds since the epoch. What the format does not name is the start of its year, month or day. */
export function parseTimestampAs(text: string, format: string): bigint {
  const fields: Fields = {};
  let at = 0;
  const tokens = tokensOf(format);
  tokens.forEach((token, index) => {
    if ("text" in token) {
      // Separators match any separators; other literals stand for as many characters.
      if (/^[^\p{L}\p{N}]*$/u.test(token.text)) at += /^[^\p{L}\p{N}]*/u.exec(text.slice(at))![0].length;
      else at += token.text.length;
      return;
    }
    at += /^\s*/.exec(text.slice(at))![0].length;
    const next = tokens[index + 1];
    const isFollowedByDigits = next !== undefined && "pattern" in next && isNumberPattern(next.pattern);
    const { pattern } = token;
    const read = readers[pattern.toUpperCase()];
    if (read === undefined) {
      const message = `formatting field "${pattern}" is only supported in to_char`;
      throw new EngineError("feature_not_supported", message);
    }
    at += read({ rest: text.slice(at), isFollowedByDigits, fields, pattern });
    if (token.suffix !== "") at += token.suffix.length;
  });
  return microsOf(fields, text);
}

function microsOf(fields: Fields, text: string): bigint {
  const fail = (): EngineError =>
    new EngineError("datetime_field_overflow", `date/time field value out of range: "${text}"`);
  const { month = 1, day = 1, minute = 0, second = 0, micros = 0 } = fields;
  let { year = fields.isBeforeChrist === undefined ? 0 : 1, hour = 0 } = fields;
  if (fields.isBeforeChrist === true) year = 1 - year;
  // Nothing said of the year is 1 BC, as in PostgreSQL.
  if (fields.isHalfDay === true && (hour < 1 || hour > 12))
    throw new EngineError("datetime_field_overflow", `hour "${hour}" is invalid for the 12-hour clock`);
  if (fields.isAfternoon !== undefined) hour = (hour % 12) + (fields.isAfternoon ? 12 : 0);
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month) || hour > 23 || minute > 59 || second > 59)
    throw fail();
  let days = daysFromCivil(year, month, day);
  if (fields.dayOfYear !== undefined && fields.month === undefined)
    days = daysFromCivil(year, 1, 1) + fields.dayOfYear - 1;
  if (fields.julian !== undefined) days = fields.julian - 2_440_588;
  const seconds = fields.secondsOfDay ?? hour * 3600 + minute * 60 + second;
  return BigInt(days) * microsPerDay + BigInt(seconds) * 1_000_000n + BigInt(micros);
}

type Reader = {
  readonly rest: string;
  readonly isFollowedByDigits: boolean;
  readonly fields: Fields;
  readonly pattern: string;
};

/** Reads a number; gives how many characters it took. */
function readNumber(reader: Reader, width: number, use: (value: number, digits: number) => void): number {
  const { rest, isFollowedByDigits, pattern } = reader;
  if (rest === "") return 0;
  const match = new RegExp(`^[+-]?\\d{1,${isFollowedByDigits ? width : Math.max(width, 9)}}`).exec(rest);
  if (match === null)
    throw new EngineError("datetime_field_overflow", `invalid value "${rest.slice(0, width)}" for "${pattern}"`);
  use(Number(match[0]), match[0].length);
  return match[0].length;
}

function readWord({ rest, pattern }: Reader, names: readonly string[], use: (index: number) => void): number {
  const index = names.findIndex((name) => rest.toLowerCase().startsWith(name.toLowerCase()));
  if (index < 0)
    throw new EngineError("datetime_field_overflow", `invalid value "${rest.slice(0, 9)}" for "${pattern}"`);
  use(index);
  return names[index]!.length;
}

type Read = (reader: Reader) => number;

function field(name: Exclude<keyof Fields, `is${string}`>, width: number): Read {
  return (reader) => readNumber(reader, width, (value) => (reader.fields[name] = value));
}

const shortYear: Read = (reader) =>
  readNumber(reader, reader.pattern.length, (value, digits) => {
    reader.fields.year = digits > 2 ? value : value < 70 ? 2000 + value : 1900 + value;
  });
const monthName: Read = (reader) => {
  const isFull = months.some((name) => reader.rest.toLowerCase().startsWith(name.toLowerCase()));
  const names = isFull ? months : months.map((name) => name.slice(0, 3));
  return readWord(reader, names, (index) => (reader.fields.month = index + 1));
};
const fraction: Read = (reader) =>
  readNumber(reader, 6, (value, digits) => (reader.fields.micros = Math.round(value * 10 ** (6 - digits))));
const halfOfDay: Read = (reader) =>
  readWord(reader, ["a.m.", "p.m.", "am", "pm"], (index) => (reader.fields.isAfternoon = index % 2 === 1));
const era: Read = (reader) =>
  readWord(reader, ["a.d.", "b.c.", "ad", "bc"], (index) => (reader.fields.isBeforeChrist = index % 2 === 1));
const halfHour: Read = (reader) => {
  reader.fields.isHalfDay = true;
  return readNumber(reader, 2, (value) => (reader.fields.hour = value));
};
/** Read, but without a say in the result. */
const ignored: Read = (reader) => readNumber(reader, reader.pattern.length, () => undefined);

const readers: Readonly<Record<string, Read>> = {
  YYYY: field("year", 4),
  IYYY: field("year", 4),
  YYY: shortYear,
  YY: shortYear,
  Y: shortYear,
  "Y,YYY": (reader) => {
    const match = /^(\d+),(\d{3})/.exec(reader.rest);
    if (match !== null) reader.fields.year = Number(match[1]! + match[2]!);
    return match?.[0].length ?? 0;
  },
  MM: field("month", 2),
  MONTH: monthName,
  MON: monthName,
  RM: (reader) => readWord(reader, romanMonths.toReversed(), (index) => (reader.fields.month = 12 - index)),
  DD: field("day", 2),
  DDD: field("dayOfYear", 3),
  J: field("julian", 9),
  DAY: (reader) => readWord(reader, weekdays, () => undefined),
  DY: (reader) =>
    readWord(
      reader,
      weekdays.map((name) => name.slice(0, 3)),
      () => undefined,
    ),
  HH24: field("hour", 2),
  HH: halfHour,
  HH12: halfHour,
  MI: field("minute", 2),
  SS: field("second", 2),
  SSSS: field("secondsOfDay", 5),
  SSSSS: field("secondsOfDay", 5),
  MS: fraction,
  US: fraction,
  ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((digits) => [`FF${digits}`, fraction])),
  AM: halfOfDay,
  PM: halfOfDay,
  "A.M.": halfOfDay,
  "P.M.": halfOfDay,
  BC: era,
  AD: era,
  "B.C.": era,
  "A.D.": era,
  ...Object.fromEntries("Q D ID WW W IW CC I IY IYY IDDD".split(" ").map((pattern) => [pattern, ignored])),
};
