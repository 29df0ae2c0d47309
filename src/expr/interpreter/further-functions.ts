import type { Interval, Value } from "../../arrow/value.ts";
import { EngineError } from "../../common/engine-error.ts";
import { microsPerDay } from "../calendar.ts";
import { typeOf } from "../expression-properties.ts";
import type { CallExpression } from "../expression.ts";
import { formatValue } from "../format-value.ts";
import { byteAt, bytesOfText, decodeText, encodeBytes, md5, sha, textOfBytes } from "./binary-functions.ts";
import { formatTimestampAs } from "./datetime-format.ts";
import { parseTimestampAs } from "./datetime-parse.ts";
import {
  checkedInteger,
  factorial,
  gcd,
  lcm,
  levenshtein,
  toHex,
  widthBucket,
  wrappedInteger,
} from "./integer-functions.ts";
import {
  ageBetween,
  dateBin,
  justifyDays,
  justifyHours,
  justifyInterval,
  lastDay,
  makeInterval,
  makeTime,
} from "./interval-functions.ts";
import { jsonArrayLength, jsonGet, jsonGetText, jsonPath, jsonText, jsonTypeof } from "./json-functions.ts";
import { formatNumberAs } from "./number-format.ts";
import { quoteIdent, quoteLiteral } from "./quoting-functions.ts";
import {
  regexpCount,
  regexpInstr,
  regexpLike,
  regexpReplace,
  regexpSubstr,
  similarToEscape,
  substringByPattern,
} from "./regular-expressions.ts";
import { makeDate } from "./temporal-functions.ts";

type Implementation = (values: readonly Value[], call: CallExpression) => Value;

const text = (value: Value | undefined): string => value as string;
const integer = (value: Value | undefined): bigint => BigInt(value as number | bigint);

function overIntegers(
  combine: (left: bigint, right: bigint) => bigint,
  finish: (value: bigint, type: CallExpression["type"]) => Value,
): Implementation {
  return ([left, right], call) => finish(combine(integer(left), integer(right)), call.type);
}

/** Shifts go round at the type's width. */
function shift(direction: "left" | "right"): Implementation {
  return ([value, count], call) => {
    const width = call.type.kind === "int64" ? 63n : 31n;
    const by = integer(count) & width;
    return wrappedInteger(direction === "left" ? integer(value) << by : integer(value) >> by, call.type);
  };
}

function jsonStep(step: Value | undefined): readonly (string | number)[] {
  return [typeof step === "string" ? step : Number(step)];
}

/** Strict functions that compiled code leaves to JavaScript, by the names that plans hold. */
export const furtherFunctions: ReadonlyMap<string, Implementation> = new Map<string, Implementation>([
  ["regexp_like", ([value, pattern, flags]) => regexpLike(text(value), text(pattern), text(flags))],
  [
    "regexp_replace",
    ([value, pattern, replacement, start, nth, flags]) =>
      regexpReplace(
        text(value),
        text(pattern),
        text(replacement),
        Number(start),
        nth === -1 ? null : Number(nth),
        text(flags),
      ),
  ],
  [
    "regexp_substr",
    ([value, pattern, start, nth, flags, group]) =>
      regexpSubstr(text(value), text(pattern), Number(start), Number(nth), text(flags), Number(group)),
  ],
  [
    "regexp_has_substr",
    ([value, pattern, start, nth, flags, group]) =>
      regexpSubstr(text(value), text(pattern), Number(start), Number(nth), text(flags), Number(group)) !== null,
  ],
  ["substring_pattern", ([value, pattern]) => substringByPattern(text(value), text(pattern))],
  ["has_substring_pattern", ([value, pattern]) => substringByPattern(text(value), text(pattern)) !== null],
  [
    "regexp_count",
    ([value, pattern, start, flags]) => regexpCount(text(value), text(pattern), Number(start), text(flags)),
  ],
  [
    "regexp_instr",
    ([value, pattern, start, nth, atEnd, flags]) =>
      regexpInstr(text(value), text(pattern), Number(start), Number(nth), Number(atEnd), text(flags)),
  ],
  ["similar_to_escape", ([pattern, escape]) => similarToEscape(text(pattern), text(escape))],
  ["md5", ([value]) => md5(value as string | Uint8Array)],
  ...[224, 256, 384, 512].map((bits): [string, Implementation] => [
    `sha${bits}`,
    ([bytes]) => sha(bits, bytes as Uint8Array),
  ]),
  ["encode", ([bytes, format]) => encodeBytes(bytes as Uint8Array, text(format))],
  ["decode", ([value, format]) => decodeText(text(value), text(format))],
  ["convert_from", ([bytes, encoding]) => textOfBytes(bytes as Uint8Array, text(encoding))],
  ["convert_to", ([value, encoding]) => bytesOfText(text(value), text(encoding))],
  ["get_byte", ([bytes, index]) => byteAt(bytes as Uint8Array, Number(index))],
  ["bit_length", ([value]) => Buffer.byteLength(text(value)) * 8],
  ["to_hex", ([value], call) => toHex(integer(value), typeOf(call.args[0]!))],
  ["quote_literal", ([value]) => quoteLiteral(text(value))],
  ["quote_ident", ([value]) => quoteIdent(text(value))],
  ["levenshtein", ([left, right]) => levenshtein(text(left), text(right))],
  ["bitwise_and", overIntegers((left, right) => left & right, wrappedInteger)],
  ["bitwise_or", overIntegers((left, right) => left | right, wrappedInteger)],
  ["bitwise_xor", overIntegers((left, right) => left ^ right, wrappedInteger)],
  ["bitwise_not", ([value], call) => wrappedInteger(~integer(value), call.type)],
  ["shift_left", shift("left")],
  ["shift_right", shift("right")],
  ["gcd", overIntegers(gcd, checkedInteger)],
  ["lcm", overIntegers(lcm, checkedInteger)],
  ["factorial", ([value]) => factorial(integer(value))],
  [
    "width_bucket",
    ([value, low, high, count]) => widthBucket(value as number, low as number, high as number, Number(count)),
  ],
  ["sample_of", ([seed, row]) => sampleOf(seed as number, text(row))],
  ["random", () => Math.random()],
  ["clock_timestamp", () => BigInt(Date.now()) * 1000n],
  ["age", ([end, start]) => ageBetween(end as bigint, start as bigint)],
  ["date_bin", ([stride, value, origin]) => dateBin(stride as Interval, value as bigint, origin as bigint)],
  ["justify_hours", ([value]) => justifyHours(value as Interval)],
  ["justify_days", ([value]) => justifyDays(value as Interval)],
  ["justify_interval", ([value]) => justifyInterval(value as Interval)],
  ["last_day", ([value]) => lastDay(value as number)],
  [
    "make_interval",
    ([years, months, weeks, days, hours, minutes, seconds]) =>
      makeInterval(
        integer(years),
        integer(months),
        integer(weeks),
        integer(days),
        integer(hours),
        integer(minutes),
        seconds as number,
      ),
  ],
  ["make_time", ([hour, minute, second]) => makeTime(integer(hour), integer(minute), second as number)],
  [
    "make_timestamp",
    ([year, month, day, hour, minute, second]) =>
      BigInt(makeDate(integer(year), integer(month), integer(day))) * microsPerDay +
      makeTime(integer(hour), integer(minute), second as number),
  ],
  [
    "to_char",
    ([value, format], call) => {
      const { kind } = typeOf(call.args[0]!);
      return formatTimestampAs(value as bigint, text(format), kind === "timestamptz" ? "UTC" : "");
    },
  ],
  ["to_char_number", ([value, format], call) => formatNumber(value!, text(format), call)],
  ["to_timestamp_format", ([value, format]) => parseTimestampAs(text(value), text(format))],
  ["to_date_format", ([value, format]) => dayOf(parseTimestampAs(text(value), text(format)))],
  ["to_timestamp_epoch", ([seconds]) => microsOfEpoch(seconds as number)],
  ["json_get", ([json, step]) => jsonGet(text(json), jsonStep(step))],
  ["json_has", ([json, step]) => jsonGet(text(json), jsonStep(step)) !== null],
  ["json_get_text", ([json, step]) => jsonGetText(text(json), jsonStep(step))],
  ["json_has_text", ([json, step]) => jsonGetText(text(json), jsonStep(step)) !== null],
  ["json_extract", ([json, path]) => jsonGet(text(json), jsonPath(text(path)))],
  ["json_has_path", ([json, path]) => jsonGet(text(json), jsonPath(text(path))) !== null],
  ["json_extract_string", ([json, path]) => jsonGetText(text(json), jsonPath(text(path)))],
  ["json_has_string", ([json, path]) => jsonGetText(text(json), jsonPath(text(path))) !== null],
  ["json_text", ([json]) => jsonText(text(json))],
  ["json_typeof", ([json]) => jsonTypeof(text(json))],
  ["json_array_length", ([json]) => jsonArrayLength(text(json))],
]);

/** A number from 0 to 1 that depends on nothing but the arguments. */
function sampleOf(seed: number, row: string): number {
  return parseInt(md5(`${seed}/${row}`).slice(0, 13), 16) / 2 ** 52;
}

function dayOf(micros: bigint): number {
  return Number((micros - (((micros % microsPerDay) + microsPerDay) % microsPerDay)) / microsPerDay);
}

function microsOfEpoch(seconds: number): bigint {
  const micros = seconds * 1e6;
  if (!Number.isFinite(micros) || Math.abs(micros) > 9e18)
    throw new EngineError("datetime_field_overflow", `timestamp out of range: "${seconds}"`);
  return BigInt(Math.round(micros));
}

function formatNumber(value: Exclude<Value, null>, format: string, call: CallExpression): string {
  const type = typeOf(call.args[0]!);
  if (type.kind !== "float64" && type.kind !== "float32") return formatNumberAs(formatValue(type, value), format);
  const number = value as number;
  if (!Number.isFinite(number))
    throw new EngineError("feature_not_supported", "to_char of NaN and infinity is not supported");
  return formatNumberAs(number.toFixed(15), format);
}
