import type { DataType, SimpleKind } from "../arrow/data-type.ts";
import { isStringLike, simpleType, typeName } from "../arrow/data-type.ts";
import { EngineError, type TextSpan } from "../common/engine-error.ts";
import { aggregateNames } from "./aggregate-registry.ts";
import { resolveArithmetic } from "./arithmetic-types.ts";
import { coerceTo, commonType, implicitCost, unifyComparison } from "./coerce.ts";
import { isNullable, typeOf } from "./expression-properties.ts";
import type { Expression } from "./expression.ts";
import { resolveExtract, resolveTruncate } from "./extract-function.ts";
import { furtherResolvers, furtherSignatures } from "./further-resolvers.ts";
import { resolveRounding, resolveSign, resolveNumericUnary } from "./rounding-types.ts";
import { undefinedFunction } from "./undefined-function.ts";

/** A custom resolver gives null when no such function takes these arguments. */
type Resolver = (args: readonly Expression[], span: TextSpan | undefined) => Expression | null;

type Overload = {
  readonly name: string;
  readonly parameters: readonly DataType[];
  readonly result: DataType;
  readonly defaults: readonly Expression[];
};

const bool = simpleType("bool");
const utf8 = simpleType("utf8");
const float64 = simpleType("float64");

/** Operators as they stand in SQL, and the names that plans hold for them. */
const operatorNames: Readonly<Record<string, string>> = {
  "+": "add",
  "-": "subtract",
  "*": "multiply",
  "/": "divide",
  "%": "modulo",
  "^": "power",
  "=": "eq",
  "<>": "ne",
  "!=": "ne",
  "<": "lt",
  "<=": "le",
  ">": "gt",
  ">=": "ge",
  "~~": "like",
  "~~*": "ilike",
};

/**
 * The call of a function or operator on these arguments, coerced. `name` is a SQL function name in any case, an
 * operator's symbol (`||`, `~~`, `!~~`, unary `-` with one argument) or a name that plans hold (`add`, `is_null`).
 * `||` is NULL when an argument is; the function `concat` skips NULLs: plans hold both as the strict `concat`.
 * Throws undefined_function.
 */
export function resolveFunction(name: string, args: readonly Expression[], span?: TextSpan): Expression {
  const lower = name.toLowerCase();
  if (lower === "!~~" || lower === "!~~*") {
    return { kind: "call", name: "not", args: [resolveFunction(lower.slice(1), args, span)], type: bool };
  }
  const key = args.length === 1 && lower === "-" ? "negate" : (operatorNames[lower] ?? lower);
  if (key === "+" && args.length === 1) return args[0]!;
  const custom = customResolvers.get(key);
  const resolved = custom === undefined ? chooseOverload(key, args, span) : custom(args, span);
  if (resolved !== null) return resolved;
  const operator = operatorNames[lower] ?? (lower === "||" ? lower : undefined);
  if (operator === undefined) throw undefinedFunction(name, args, [...functionNames(), ...aggregateNames()], span);
  const types = args.map((arg) => typeName(typeOf(arg))).join(` ${name} `);
  throw new EngineError("undefined_function", `operator does not exist: ${types}`, {
    ...(span === undefined ? {} : { span }),
    hint: "no operator of that name takes these argument types; you might need explicit casts",
  });
}

/** Names of all scalar functions and operators, lower case. */
export function functionNames(): readonly string[] {
  return [...overloads.keys(), ...customResolvers.keys()];
}

function call(name: string, args: readonly Expression[], type: DataType, span?: TextSpan): Expression {
  return { kind: "call", name, args, type, ...(span === undefined ? {} : { span }) };
}

function literal(value: string | number | bigint, type: DataType): Expression {
  return { kind: "literal", type, value };
}

const overloads = new Map<string, Overload[]>();

/** Declares `signature`, for instance `left(utf8,int64):utf8`, under further names too. */
function define(signature: string, aliases = "", defaults: readonly Expression[] = []): void {
  const match = /^(\w+)\(([\w,]*)\):(\w+)$/.exec(signature)!;
  const parameters = match[2] === "" ? [] : match[2]!.split(",").map((kind) => simpleType(kind as SimpleKind));
  const overload: Overload = { name: match[1]!, parameters, result: simpleType(match[3] as SimpleKind), defaults };
  for (const name of [match[1]!, ...aliases.split(" ").filter((alias) => alias !== "")]) {
    overloads.set(name, [...(overloads.get(name) ?? []), overload]);
  }
}

for (const name of "sqrt cbrt exp ln log10 log2 sin cos tan cot asin acos atan sinh cosh tanh degrees radians".split(
  " ",
)) {
  define(`${name}(float64):float64`, name === "log10" ? "log" : "");
}
define("atan2(float64,float64):float64");
define("power(float64,float64):float64", "pow");
define("log_base(float64,float64):float64", "log");
define("length(utf8):int32", "char_length character_length");
define("octet_length(binary):int32", "length");
define("octet_length(utf8):int32");
define("lower(utf8):utf8");
define("upper(utf8):utf8");
define("initcap(utf8):utf8");
define("reverse(utf8):utf8");
define("substring(utf8,int64):utf8", "substr");
define("substring(utf8,int64,int64):utf8", "substr");
define("left(utf8,int64):utf8");
define("right(utf8,int64):utf8");
define("strpos(utf8,utf8):int32", "position");
for (const [name, alias] of [
  ["btrim", "trim"],
  ["ltrim", ""],
  ["rtrim", ""],
] as const) {
  define(`${name}(utf8):utf8`, alias, [literal(" ", utf8)]);
  define(`${name}(utf8,utf8):utf8`, alias);
}
for (const name of ["lpad", "rpad"]) {
  define(`${name}(utf8,int64):utf8`, "", [literal(" ", utf8)]);
  define(`${name}(utf8,int64,utf8):utf8`);
}
define("replace(utf8,utf8,utf8):utf8");
define("repeat(utf8,int64):utf8");
define("translate(utf8,utf8,utf8):utf8");
define("starts_with(utf8,utf8):bool", "prefix");
define("ends_with(utf8,utf8):bool", "suffix");
define("contains(utf8,utf8):bool");
define("split_part(utf8,utf8,int64):utf8");
define("ascii(utf8):int32");
define("chr(int64):utf8");
define("like_escape(utf8,utf8):utf8");
define("make_date(int64,int64,int64):date");
define("now():timestamptz", "current_timestamp transaction_timestamp statement_timestamp");
define("current_date():date", "today");
define("localtimestamp():timestamp");
for (const [signature, aliases] of furtherSignatures) define(signature, aliases);

/** The overload that needs the fewest and shortest implicit casts. */
function chooseOverload(name: string, args: readonly Expression[], span: TextSpan | undefined): Expression | null {
  let best: Overload | null = null;
  let bestCost = Infinity;
  for (const overload of overloads.get(name) ?? []) {
    if (overload.parameters.length !== args.length) continue;
    let cost = 0;
    overload.parameters.forEach((parameter, index) => {
      cost += implicitCost(typeOf(args[index]!), parameter) ?? Infinity;
    });
    if (cost < bestCost) [best, bestCost] = [overload, cost];
  }
  if (best === null) return null;
  const coerced = args.map((arg, index) => coerceTo(arg, best.parameters[index]!, "implicit"));
  return call(best.name, [...coerced, ...best.defaults], best.result, span);
}

const customResolvers = new Map<string, Resolver>();

for (const name of ["add", "subtract", "multiply", "divide", "modulo"]) {
  customResolvers.set(name, (args, span) =>
    args.length === 2 ? resolveArithmetic(name, args[0]!, args[1]!, span) : null,
  );
}
customResolvers.set("mod", customResolvers.get("modulo")!);

for (const name of ["eq", "ne", "lt", "le", "gt", "ge", "is_distinct_from", "is_not_distinct_from"]) {
  customResolvers.set(name, (args, span) => {
    if (args.length !== 2) return null;
    return call(name, unifyComparison(args[0]!, args[1]!, span), bool, span);
  });
}

for (const name of ["is_null", "is_not_null"]) {
  customResolvers.set(name, (args, span) => {
    if (args.length !== 1) return null;
    const arg = typeOf(args[0]!).kind === "null" ? coerceTo(args[0]!, utf8, "implicit") : args[0]!;
    return call(name, [arg], bool, span);
  });
}

for (const name of ["not", "is_true", "is_not_true", "is_false", "is_not_false", "is_unknown", "is_not_unknown"]) {
  customResolvers.set(name, (args, span) => {
    if (args.length !== 1) return null;
    const plain = name === "is_unknown" ? "is_null" : name === "is_not_unknown" ? "is_not_null" : name;
    return call(plain, [coerceTo(args[0]!, bool, "implicit", span)], bool, span);
  });
}

for (const name of ["coalesce", "greatest", "least"]) {
  customResolvers.set(name, (args, span) => {
    const type = args.length === 0 ? null : commonType(args.map(typeOf));
    if (type === null) return null;
    const coerced = args.map((arg) => coerceTo(arg, type, "implicit"));
    return coerced.length === 1 ? coerced[0]! : call(name, coerced, type, span);
  });
}

for (const [name, resolver] of furtherResolvers) customResolvers.set(name, resolver);
customResolvers.set("ifnull", (args, span) => (args.length === 2 ? resolveFunction("coalesce", args, span) : null));
customResolvers.set("nvl", customResolvers.get("ifnull")!);

customResolvers.set("nullif", (args, span) => {
  const [left, right] = args;
  if (left === undefined || right === undefined || args.length > 2) return null;
  const value = typeOf(left).kind === "null" ? coerceTo(left, utf8, "implicit") : left;
  const [first, second] = unifyComparison(value, right, span);
  const when = call("eq", [first, second], bool, span);
  const nothing: Expression = { kind: "literal", type: typeOf(value), value: null };
  return { kind: "case", branches: [{ when, then: nothing }], otherwise: value, type: typeOf(value) };
});

for (const name of ["like", "ilike"]) {
  customResolvers.set(name, (args, span) => {
    if (args.length < 2 || args.length > 3) return null;
    const texts = args.map((arg) =>
      implicitCost(typeOf(arg), utf8) === null ? null : coerceTo(arg, utf8, "implicit"),
    );
    if (texts.includes(null)) return null;
    const [value, pattern, escape] = texts as Expression[];
    const escaped = escape === undefined ? pattern! : call("like_escape", [pattern!, escape], utf8, span);
    return call(name, [value!, escaped], bool, span);
  });
}

customResolvers.set("||", (args, span) => {
  if (args.length < 2 || args.some((arg) => typeOf(arg).kind === "binary")) return null;
  if (!args.some((arg) => isStringLike(typeOf(arg)) || typeOf(arg).kind === "null")) return null;
  return joinTexts(args, span);
});

customResolvers.set("concat", (args, span) => {
  const texts = args.map((arg) => {
    const text = coerceTo(arg, utf8, "explicit");
    return isNullable(text) ? call("coalesce", [text, literal("", utf8)], utf8, span) : text;
  });
  return texts.length === 0 ? literal("", utf8) : joinTexts(texts, span);
});

// Each text that is not NULL with the separator before it; the first separator is then cut off.
customResolvers.set("concat_ws", (args, span) => {
  const [first, ...rest] = args;
  if (first === undefined || rest.length === 0) return null;
  const separator = coerceTo(first, utf8, "explicit");
  const parts = rest.map((arg) => call("coalesce", [joinTexts([separator, arg], span), literal("", utf8)], utf8, span));
  const skipped = resolveFunction("+", [resolveFunction("length", [separator]), literal(1, simpleType("int32"))]);
  return resolveFunction("substring", [joinTexts(parts, span), skipped], span);
});

/** Nested concatenations become one call. */
function joinTexts(args: readonly Expression[], span: TextSpan | undefined): Expression {
  const texts = args.map((arg) => coerceTo(arg, utf8, "explicit"));
  const flat = texts.flatMap((text) => (text.kind === "call" && text.name === "concat" ? text.args : [text]));
  return flat.length === 1 ? flat[0]! : call("concat", flat, utf8, span);
}

customResolvers.set("pi", (args) => (args.length === 0 ? literal(Math.PI, float64) : null));
for (const name of ["negate", "abs"]) customResolvers.set(name, (args, span) => resolveNumericUnary(name, args, span));
customResolvers.set("sign", resolveSign);
for (const name of ["ceil", "floor", "round", "trunc"]) {
  customResolvers.set(name, (args, span) => resolveRounding(name, args, span));
}
customResolvers.set("ceiling", customResolvers.get("ceil")!);
customResolvers.set("extract", (args, span) => resolveExtract(args, span));
customResolvers.set("date_part", (args, span) => {
  const extracted = resolveExtract(args, span);
  return extracted === null ? null : coerceTo(extracted, float64, "implicit");
});
customResolvers.set("date_trunc", (args, span) => resolveTruncate(args, span));
for (const field of ["year", "month", "day", "hour", "minute", "second", "quarter", "week"]) {
  customResolvers.set(field, (args, span) => resolveExtract([literal(field, utf8), ...args], span));
}
