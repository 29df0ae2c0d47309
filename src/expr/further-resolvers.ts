import type { DataType } from "../arrow/data-type.ts";
import { decimalType, isInteger, isNumeric, simpleType } from "../arrow/data-type.ts";
import { EngineError, type TextSpan } from "../common/engine-error.ts";
import { coerceTo, implicitCost } from "./coerce.ts";
import { typeOf } from "./expression-properties.ts";
import type { Expression } from "./expression.ts";

type Resolver = (args: readonly Expression[], span: TextSpan | undefined) => Expression | null;

const bool = simpleType("bool");
const utf8 = simpleType("utf8");
const int32 = simpleType("int32");
const int64 = simpleType("int64");
const float64 = simpleType("float64");

/** Functions with fixed parameters, `name(types):result`, and the further names that they have. */
export const furtherSignatures: readonly (readonly [signature: string, aliases?: string])[] = [
  ["md5(utf8):utf8"],
  ["md5(binary):utf8"],
  ...[224, 256, 384, 512].map((bits): readonly [string] => [`sha${bits}(binary):binary`]),
  ["encode(binary,utf8):utf8"],
  ["decode(utf8,utf8):binary"],
  ["convert_from(binary,utf8):utf8"],
  ["convert_to(utf8,utf8):binary"],
  ["get_byte(binary,int64):int32"],
  ["bit_length(utf8):int32"],
  ["to_hex(int32):utf8"],
  ["to_hex(int64):utf8"],
  ["quote_ident(utf8):utf8"],
  ["levenshtein(utf8,utf8):int32"],
  ["random():float64"],
  ["sample_of(float64,utf8):float64"],
  ["clock_timestamp():timestamptz"],
  ["localtime():time", "current_time"],
  ["age(timestamp,timestamp):interval"],
  ["age(timestamptz,timestamptz):interval"],
  ["date_bin(interval,timestamp,timestamp):timestamp"],
  ["date_bin(interval,timestamptz,timestamptz):timestamptz"],
  ["justify_hours(interval):interval"],
  ["justify_days(interval):interval"],
  ["justify_interval(interval):interval"],
  ["last_day(date):date"],
  ["make_time(int64,int64,float64):time"],
  ["make_timestamp(int64,int64,int64,int64,int64,float64):timestamp"],
  ["to_char(timestamp,utf8):utf8"],
  ["to_char(timestamptz,utf8):utf8"],
  ["to_timestamp_format(utf8,utf8):timestamptz", "to_timestamp"],
  ["to_timestamp_epoch(float64):timestamptz", "to_timestamp"],
  ["to_date_format(utf8,utf8):date", "to_date"],
  ["width_bucket(float64,float64,float64,int64):int32"],
  ["json_text(utf8):utf8"],
  ["json_typeof(utf8):utf8"],
  ["json_array_length(utf8):int32"],
];

function call(name: string, args: readonly Expression[], type: DataType, span: TextSpan | undefined): Expression {
  return { kind: "call", name, args, type, ...(span === undefined ? {} : { span }) };
}

function literal(value: string | number | bigint, type: DataType): Expression {
  return { kind: "literal", type, value };
}

/** The arguments in these types, with defaults for those left out; null where one does not fit. */
function fitted(
  args: readonly Expression[],
  types: readonly DataType[],
  defaults: readonly (string | number | bigint)[],
): readonly Expression[] | null {
  if (args.length > types.length || args.length < types.length - defaults.length) return null;
  if (args.some((arg, index) => implicitCost(typeOf(arg), types[index]!) === null)) return null;
  return types.map((type, index) => {
    const arg = args[index];
    if (arg !== undefined) return coerceTo(arg, type, "implicit");
    return literal(defaults[index - (types.length - defaults.length)]!, type);
  });
}

/** A function that has no value for some arguments that are not NULL: NULL where `guard` says that it has none. */
function partial(name: string, guard: string, args: readonly Expression[], span: TextSpan | undefined): Expression {
  return {
    kind: "case",
    branches: [{ when: call(guard, args, bool, span), then: call(name, args, utf8, span) }],
    otherwise: { kind: "literal", type: utf8, value: null },
    type: utf8,
  };
}

const resolvers = new Map<string, Resolver>();

for (const [symbol, flags, negated] of [
  ["~", "", false],
  ["~*", "i", false],
  ["!~", "", true],
  ["!~*", "i", true],
] as const) {
  resolvers.set(symbol, (args, span) => {
    const [only] = args;
    if (symbol === "~" && args.length === 1 && isInteger(typeOf(only!))) return bitwise("bitwise_not", args, span);
    const texts = fitted(args, [utf8, utf8], []);
    if (texts === null) return null;
    const found = call("regexp_like", [...texts, literal(flags, utf8)], bool, span);
    return negated ? call("not", [found], bool, span) : found;
  });
}

function bitwise(name: string, args: readonly Expression[], span: TextSpan | undefined): Expression | null {
  if (!args.every((arg) => isInteger(typeOf(arg)) || typeOf(arg).kind === "null")) return null;
  if (!args.some((arg) => isInteger(typeOf(arg)))) return null;
  const type = args.some((arg) => implicitCost(typeOf(arg), int32) === null) ? int64 : int32;
  if (args.some((arg) => implicitCost(typeOf(arg), type) === null)) return null;
  return call(
    name,
    args.map((arg) => coerceTo(arg, type, "implicit")),
    type,
    span,
  );
}

for (const [symbol, name] of [
  ["&", "bitwise_and"],
  ["|", "bitwise_or"],
  ["#", "bitwise_xor"],
  ["gcd", "gcd"],
  ["lcm", "lcm"],
] as const) {
  resolvers.set(symbol, (args, span) => (args.length === 2 ? bitwise(name, args, span) : null));
}

for (const [symbol, name] of [
  ["<<", "shift_left"],
  [">>", "shift_right"],
] as const) {
  resolvers.set(symbol, (args, span) => {
    const [value, count] = args;
    if (value === undefined || count === undefined || !isInteger(typeOf(value))) return null;
    const type = implicitCost(typeOf(value), int32) === null ? int64 : int32;
    if (implicitCost(typeOf(count), int32) === null || implicitCost(typeOf(value), type) === null) return null;
    return call(name, [coerceTo(value, type, "implicit"), coerceTo(count, int32, "implicit")], type, span);
  });
}

resolvers.set("regexp_like", (args, span) => {
  const texts = fitted(args, [utf8, utf8, utf8], [""]);
  return texts === null ? null : call("regexp_like", texts, bool, span);
});

resolvers.set("regexp_replace", (args, span) => {
  const withFlags = args.length === 4 && !isInteger(typeOf(args[3]!));
  if (args.length <= 3 || withFlags) {
    const texts = fitted(args, [utf8, utf8, utf8, utf8], [""]);
    if (texts === null) return null;
    return call("regexp_replace", [...texts.slice(0, 3), literal(1, int32), literal(-1, int32), texts[3]!], utf8, span);
  }
  const parts = fitted(args, [utf8, utf8, utf8, int32, int32, utf8], [-1, ""]);
  return parts === null ? null : call("regexp_replace", parts, utf8, span);
});

resolvers.set("regexp_substr", (args, span) => {
  const parts = fitted(args, [utf8, utf8, int32, int32, utf8, int32], [1, 1, "", 0]);
  return parts === null ? null : partial("regexp_substr", "regexp_has_substr", parts, span);
});

resolvers.set("substring_pattern", (args, span) => {
  const parts = fitted(args, [utf8, utf8], []);
  return parts === null ? null : partial("substring_pattern", "has_substring_pattern", parts, span);
});

resolvers.set("regexp_count", (args, span) => {
  const parts = fitted(args, [utf8, utf8, int32, utf8], [1, ""]);
  return parts === null ? null : call("regexp_count", parts, int32, span);
});

resolvers.set("regexp_instr", (args, span) => {
  const parts = fitted(args, [utf8, utf8, int32, int32, int32, utf8], [1, 1, 0, ""]);
  return parts === null ? null : call("regexp_instr", parts, int32, span);
});

for (const name of ["regexp_match", "regexp_matches", "regexp_split_to_array", "string_to_array"]) {
  resolvers.set(name, (_args, span) => {
    throw new EngineError("feature_not_supported", `function ${name} gives an array, which is not supported`, {
      ...(span === undefined ? {} : { span }),
      hint: name.startsWith("regexp_match") ? "use regexp_substr" : "use split_part",
    });
  });
}

resolvers.set("similar_to_escape", (args, span) => {
  const parts = fitted(args, [utf8, utf8], ["\\"]);
  return parts === null ? null : call("similar_to_escape", parts, utf8, span);
});

resolvers.set("factorial", (args, span) => {
  const parts = fitted(args, [int64], []);
  return parts === null ? null : call("factorial", parts, decimalType(38, 0), span);
});

resolvers.set("to_char", (args, span) => {
  const [value, format] = args;
  if (value === undefined || format === undefined || args.length > 2) return null;
  const type = typeOf(value);
  if (type.kind === "interval")
    throw new EngineError(
      "feature_not_supported",
      "to_char of an interval is not supported",
      span === undefined ? {} : { span },
    );
  if (implicitCost(typeOf(format), utf8) === null) return null;
  const text = coerceTo(format, utf8, "implicit");
  if (isNumeric(type)) return call("to_char_number", [value, text], utf8, span);
  if (type.kind === "timestamptz") return call("to_char", [value, text], utf8, span);
  const timestamp = simpleType("timestamp");
  if (type.kind === "null" || implicitCost(type, timestamp) === null) return null;
  return call("to_char", [coerceTo(value, timestamp, "implicit"), text], utf8, span);
});

resolvers.set("make_interval", (args, span) => {
  const types = [int64, int64, int64, int64, int64, int64, float64];
  const parts = fitted(args, types, [0n, 0n, 0n, 0n, 0n, 0n, 0]);
  return parts === null ? null : call("make_interval", parts, simpleType("interval"), span);
});

for (const name of ["quote_literal", "quote_nullable"]) {
  resolvers.set(name, (args, span) => {
    if (args.length !== 1) return null;
    const quoted = call("quote_literal", [coerceTo(args[0]!, utf8, "explicit")], utf8, span);
    return name === "quote_literal" ? quoted : call("coalesce", [quoted, literal("NULL", utf8)], utf8, span);
  });
}

for (const [symbol, name, guard] of [
  ["->", "json_get", "json_has"],
  ["->>", "json_get_text", "json_has_text"],
] as const) {
  resolvers.set(symbol, (args, span) => {
    const [json, step] = args;
    if (json === undefined || step === undefined || implicitCost(typeOf(json), utf8) === null) return null;
    const isPosition = isInteger(typeOf(step));
    if (!isPosition && implicitCost(typeOf(step), utf8) === null) return null;
    const parts = [coerceTo(json, utf8, "implicit"), coerceTo(step, isPosition ? int64 : utf8, "implicit")];
    return partial(name, guard, parts, span);
  });
}

for (const [name, guard] of [
  ["json_extract", "json_has_path"],
  ["json_extract_string", "json_has_string"],
] as const) {
  resolvers.set(name, (args, span) => {
    const parts = fitted(args, [utf8, utf8], []);
    return parts === null ? null : partial(name, guard, parts, span);
  });
}

// Each step of the path is one more look into the value that the one before found.
for (const [name, last] of [
  ["json_extract_path", "->"],
  ["json_extract_path_text", "->>"],
] as const) {
  resolvers.set(name, (args, span) => {
    const [json, ...steps] = args;
    if (json === undefined || steps.length === 0) return null;
    return steps.reduce<Expression | null>((value, step, index) => {
      const symbol = index === steps.length - 1 ? last : "->";
      return value === null ? null : resolvers.get(symbol)!([value, step], span);
    }, json);
  });
}

export const furtherResolvers: ReadonlyMap<string, Resolver> = resolvers;
