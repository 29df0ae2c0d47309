import assert from "node:assert/strict";
import type { DataType, SimpleKind } from "../../src/arrow/data-type.ts";
import { decimalType, simpleType } from "../../src/arrow/data-type.ts";
import type { Schema } from "../../src/arrow/schema.ts";
import type { Value } from "../../src/arrow/value.ts";
import { EngineError } from "../../src/common/engine-error.ts";
import { ExpressionCompiler } from "../../src/compile/expression-compiler.ts";
import { coerceTo } from "../../src/expr/coerce.ts";
import { typeOf } from "../../src/expr/expression-properties.ts";
import type { Expression } from "../../src/expr/expression.ts";
import { formatValue } from "../../src/expr/format-value.ts";
import { resolveFunction } from "../../src/expr/function-registry.ts";
import { evaluate } from "../../src/expr/interpreter/evaluate.ts";
import { parseValue } from "../../src/expr/parse-value.ts";
import { loadKernels } from "../../src/kernel/load-kernels.ts";
import { SlotMemory } from "../../src/kernel/slot-memory.ts";
import { batchOfValues, valuesOfVector } from "./batch-of-values.ts";

const memory = new SlotMemory(32 << 20, { poison: true });
const compiler = new ExpressionCompiler(memory, loadKernels(memory));

/** `text::type`, the type by its kind or as `decimal(p,s)`; `NULL::type` is a NULL. Without `::` a text constant. */
function typed(text: string): { readonly type: DataType; readonly value: Value } {
  const match = /^([^]*)::(\w+)(?:\((\d+),(\d+)\))?$/.exec(text);
  if (match === null) return { type: simpleType("utf8"), value: text };
  const type =
    match[2] === "decimal" ? decimalType(Number(match[3]), Number(match[4])) : simpleType(match[2] as SimpleKind);
  return { type, value: match[1] === "NULL" ? null : parseValue(type, match[1]!) };
}

function show(type: DataType, value: Value): string {
  return value === null ? "NULL" : formatValue(type, value);
}

/** Interprets and compiles an expression over a row of constants; both must agree. */
function run(
  build: (args: readonly Expression[]) => Expression,
  args: readonly string[],
  literals: readonly number[] = [],
): string {
  const parts = args.map(typed);
  const schema: Schema = parts.map(({ type }, index) => ({ name: `a${index}`, type, nullable: true }));
  const expressions = parts.map(({ type, value }, index): Expression =>
    literals.includes(index) ? { kind: "literal", type, value } : { kind: "input", index, type, nullable: true },
  );
  const expression = build(expressions);
  const row = parts.map(({ value }) => value);
  const region = memory.region();
  const projector = compiler.projector([expression], schema);
  try {
    projector.open();
    const attempt = (compute: () => Value): string => {
      try {
        return show(typeOf(expression), compute());
      } catch (thrown) {
        if (!(thrown instanceof EngineError)) throw thrown;
        return `${thrown.code}`;
      }
    };
    const interpreted = attempt(() => evaluate(expression, (position) => row[position]!));
    const batch = batchOfValues(memory, region, schema, [row], null);
    const compiled = attempt(() => valuesOfVector(memory, projector.evaluate(batch)[0]!, 1)[0]!);
    assert.equal(compiled, interpreted, "compiled and interpreted results differ");
    return compiled;
  } finally {
    projector.close();
    region.free();
  }
}

function call(name: string, ...args: readonly string[]): string {
  const literals = ["extract", "date_trunc", "date_part"].includes(name)
    ? [0]
    : ["round", "trunc"].includes(name)
      ? [1]
      : [];
  return run((parts) => resolveFunction(name, parts), args, literals);
}

function cast(text: string, type: DataType): string {
  return run(([arg]) => coerceTo(arg!, type, "explicit"), [text]);
}

type Case = readonly [expected: string, name: string, ...args: readonly string[]];

function check(title: string, cases: readonly Case[]): void {
  it(title, () => {
    for (const [expected, name, ...args] of cases) {
      assert.equal(call(name, ...args), expected, `${name}(${args.join(", ")})`);
    }
  });
}

describe("known results of PostgreSQL", () => {
  check("integers", [
    ["3", "/", "7::int32", "2::int32"],
    ["-3", "/", "-7::int32", "2::int32"],
    ["-1", "%", "-7::int32", "2::int32"],
    ["division_by_zero", "/", "1::int32", "0::int32"],
    ["division_by_zero", "%", "1::int64", "0::int64"],
    ["NULL", "/", "NULL::int32", "0::int32"],
    ["numeric_value_out_of_range", "+", "2147483647::int32", "1::int32"],
    ["2147483648", "+", "2147483647::int32", "1::int64"],
    ["numeric_value_out_of_range", "*", "4611686018427387904::int64", "2::int64"],
    ["-9223372036854775808", "*", "-4611686018427387904::int64", "2::int64"],
    ["numeric_value_out_of_range", "/", "-9223372036854775808::int64", "-1::int64"],
    ["0", "%", "-9223372036854775808::int64", "-1::int64"],
    ["numeric_value_out_of_range", "-", "-9223372036854775808::int64"],
    ["numeric_value_out_of_range", "abs", "-2147483648::int32"],
    ["numeric_value_out_of_range", "-", "1::uint32", "2::uint32"],
    ["18446744073709551615", "+", "18446744073709551614::uint64", "1::uint64"],
  ]);
  check("decimals", [
    ["0.75", "*", "1.5::decimal(3,1)", "0.5::decimal(3,1)"],
    ["3.3333333333333333", "/", "10::decimal(4,0)", "3::decimal(4,0)"],
    ["0.6666666666666667", "/", "2::decimal(4,0)", "3::decimal(4,0)"],
    ["-0.6666666666666667", "/", "-2::decimal(4,0)", "3::decimal(4,0)"],
    ["1.5", "%", "7.5::decimal(3,1)", "2::int32"],
    ["division_by_zero", "/", "1.0::decimal(3,1)", "0.0::decimal(3,1)"],
    ["3.00", "+", "1.75::decimal(5,2)", "1.25::decimal(5,2)"],
    ["numeric_value_out_of_range", "+", "99999999999999999999999999999999999999::decimal(38,0)", "1::decimal(38,0)"],
    [
      "99999999999999999999999999999999999998",
      "-",
      "99999999999999999999999999999999999999::decimal(38,0)",
      "1::decimal(38,0)",
    ],
    ["numeric_value_out_of_range", "*", "99999999999999999999::decimal(38,0)", "9999999999999999999::decimal(38,0)"],
    ["3", "round", "2.5::decimal(3,1)"],
    ["-3", "round", "-2.5::decimal(3,1)"],
    ["2.35", "round", "2.345::decimal(6,3)", "2::int32"],
    ["1200", "round", "1234.5::decimal(6,1)", "-2::int32"],
    ["1.50", "round", "1.5::decimal(3,1)", "2::int32"],
    ["-3", "floor", "-2.1::decimal(3,1)"],
    ["-2", "ceil", "-2.1::decimal(3,1)"],
    ["-2.1", "trunc", "-2.19::decimal(4,2)", "1::int32"],
    ["-1", "sign", "-0.1::decimal(3,1)"],
    ["100", "round", "99.9::decimal(3,1)"],
  ]);
  check("floats", [
    ["0.30000000000000004", "+", "0.1::float64", "0.2::float64"],
    ["division_by_zero", "/", "1::float64", "0::float64"],
    ["2", "round", "2.5::float64"],
    ["4", "round", "3.5::float64"],
    ["-0", "round", "-0.3::float64"],
    ["2.35", "round", "2.346::float64", "2::int32"],
    ["invalid_parameter_value", "sqrt", "-1::float64"],
    ["1.4142135623730951", "sqrt", "2::int32"],
    ["invalid_parameter_value", "ln", "0::float64"],
    ["8", "power", "2::int32", "3::int32"],
    ["invalid_parameter_value", "power", "-8::float64", "0.5::float64"],
    ["2", "log", "100::float64"],
    ["true", ">", "NaN::float64", "Infinity::float64"],
    ["true", "=", "NaN::float64", "NaN::float64"],
    ["3", "cbrt", "27::float64"],
  ]);
  check("texts", [
    ["4", "length", "jose"],
    ["4", "char_length", "äöü😀"],
    ["10", "octet_length", "äöü😀"],
    ["om", "substring", "Thomas", "3::int32", "2::int32"],
    ["ab", "substring", "abcdef", "-1::int32", "4::int32"],
    ["", "substring", "abc", "10::int32"],
    ["invalid_parameter_value", "substring", "abc", "1::int32", "-1::int32"],
    ["本語", "substring", "日本語テキスト", "2::int32", "2::int32"],
    ["ab", "left", "abcde", "2::int32"],
    ["abc", "left", "abcde", "-2::int32"],
    ["de", "right", "abcde", "2::int32"],
    ["cde", "right", "abcde", "-2::int32"],
    ["4", "strpos", "äöühigh", "h"],
    ["0", "position", "abc", "z"],
    ["1", "strpos", "abc", ""],
    ["trim", "btrim", "xyxtrimyyx", "xyz"],
    ["test", "ltrim", "zzzytest", "xyz"],
    ["test", "rtrim", "testxxzx", "xyz"],
    ["trim me", "btrim", "  trim me "],
    ["xyxhi", "lpad", "hi", "5::int32", "xy"],
    ["h", "lpad", "hi", "1::int32", "xy"],
    ["hixyx", "rpad", "hi", "5::int32", "xy"],
    ["abXXefabXXef", "replace", "abcdefabcdef", "cd", "XX"],
    ["edcba", "reverse", "abcde"],
    ["PgPgPgPg", "repeat", "Pg", "4::int32"],
    ["true", "starts_with", "alphabet", "alph"],
    ["def", "split_part", "abc~@~def~@~ghi", "~@~", "2::int32"],
    ["ghi", "split_part", "abc,def,ghi", ",", "-1::int32"],
    ["invalid_parameter_value", "split_part", "abc", ",", "0::int32"],
    ["a2x5", "translate", "12345", "143", "ax"],
    ["abcde,2,22", "concat_ws", ",", "abcde", "2::int32", "NULL::int32", "22::int32"],
    ["", "concat_ws", ", ", "NULL::utf8"],
    ["NULL", "concat_ws", "NULL::utf8", "a"],
    ["120", "ascii", "x"],
    ["8364", "ascii", "€uro"],
    ["A", "chr", "65::int32"],
    ["Hi Thomas", "initcap", "hi THOMAS"],
    ["ÄÖ", "upper", "äö"],
    ["grün", "lower", "GRÜN"],
    ["NULL", "||", "a", "NULL::utf8"],
    ["a", "concat", "a", "NULL::utf8"],
    ["abcde222", "concat", "abcde", "2::int32", "NULL::int32", "22::int32"],
    ["one and a longer text", "||", "one and ", "a longer text"],
  ]);
  check("LIKE", [
    ["true", "like", "abc", "a%"],
    ["true", "like", "abc", "_b_"],
    ["false", "like", "abc", "c"],
    ["true", "like", "", "%"],
    ["true", "like", "äbc", "_bc"],
    ["true", "like", "100%", "100\\%"],
    ["true", "like", "100%", "100#%", "#"],
    ["false", "like", "1000", "100\\%"],
    ["true", "like", "the special packages for requests.", "%special%requests%"],
    ["false", "like", "requests before special", "%special%requests%"],
    ["invalid_parameter_value", "like", "abc", "abc\\"],
    ["true", "ilike", "ABC", "a%c"],
    ["NULL", "like", "NULL::utf8", "%"],
    ["false", "like", "aab", "a_"],
    ["true", "like", "aXbXc", "a%X_"],
  ]);
  check("dates and times", [
    ["2001", "extract", "year", "2001-02-16::date"],
    ["7", "extract", "week", "2001-02-16::date"],
    ["2005", "extract", "isoyear", "2006-01-01::date"],
    ["5", "extract", "dow", "2001-02-16::date"],
    ["7", "extract", "isodow", "2001-02-18::date"],
    ["47", "extract", "doy", "2001-02-16::date"],
    ["20", "extract", "century", "2000-12-16::date"],
    ["21", "extract", "century", "2001-02-16::date"],
    ["200", "extract", "decade", "2001-02-16::date"],
    ["3", "extract", "millennium", "2001-02-16::date"],
    ["28.500000", "extract", "second", "17:12:28.5::time"],
    ["28500.000", "extract", "milliseconds", "17:12:28.5::time"],
    ["28500000", "extract", "microseconds", "17:12:28.5::time"],
    ["982384720.120000", "extract", "epoch", "2001-02-17 04:38:40.12::timestamp"],
    ["442800.000000", "extract", "epoch", "5 days 3 hours::interval"],
    ["20", "date_part", "hour", "2001-02-16 20:38:40::timestamp"],
    ["2001-02-16 20:00:00", "date_trunc", "hour", "2001-02-16 20:38:40::timestamp"],
    ["2001-01-01 00:00:00", "date_trunc", "year", "2001-02-16 20:38:40::timestamp"],
    ["2001-02-12 00:00:00", "date_trunc", "week", "2001-02-16 20:38:40::timestamp"],
    ["2001-01-01 00:00:00", "date_trunc", "century", "2001-02-16 20:38:40::timestamp"],
    ["2001-10-05", "+", "2001-09-28::date", "7::int32"],
    ["3", "-", "2001-10-01::date", "2001-09-28::date"],
    ["2001-02-28 00:00:00", "-", "2001-03-31::date", "1 month::interval"],
    ["1998-09-02 00:00:00", "-", "1998-12-01::date", "90 days::interval"],
    ["2024-02-29 01:00:00", "+", "2023-12-31 01:00:00::timestamp", "2 months::interval"],
    ["1 day 15:00:00", "-", "2001-09-29 03:00:00::timestamp", "2001-09-27 12:00:00::timestamp"],
    ["04:00:00", "+", "01:00:00::time", "3 hours::interval"],
    ["1 mon 1 day 04:00:00", "+", "1 day::interval", "1 mon 4:00::interval"],
    ["21 days", "*", "21::int32", "1 day::interval"],
    ["03:30:00", "*", "1 hour::interval", "3.5::float64"],
    ["00:40:00", "/", "1 hour::interval", "1.5::float64"],
    ["2013-07-15", "make_date", "2013::int32", "7::int32", "15::int32"],
    ["datetime_field_overflow", "make_date", "2013::int32", "2::int32", "29::int32"],
    ["true", "=", "30 days::interval", "1 month::interval"],
    ["true", "<", "2001-02-16::date", "2001-02-16 00:00:01::timestamp"],
  ]);
  check("NULLs and choices", [
    ["2", "coalesce", "NULL::int32", "2::int32", "3::int32"],
    ["NULL", "nullif", "1::int32", "1::int32"],
    ["3", "greatest", "NULL::int32", "3::int32", "1::int32"],
    ["NULL", "least", "NULL::int32", "NULL::int32"],
    ["a", "least", "b", "a"],
    ["true", "is_distinct_from", "NULL::int32", "1::int32"],
    ["false", "is_distinct_from", "NULL::int32", "NULL::int32"],
    ["NULL", "=", "NULL::int32", "NULL::int32"],
    ["NULL", "not", "NULL::bool"],
    ["true", "is_not_true", "NULL::bool"],
  ]);
  it("casts", () => {
    const int32 = simpleType("int32");
    const utf8 = simpleType("utf8");
    const cases: readonly (readonly [string, string, DataType])[] = [
      ["2", "1.5::decimal(3,1)", int32],
      ["-2", "-1.5::decimal(3,1)", int32],
      ["2", "2.5::float64", int32],
      ["numeric_value_out_of_range", "1e10::float64", int32],
      ["numeric_value_out_of_range", "NaN::float64", int32],
      ["numeric_value_out_of_range", "300::int32", simpleType("uint8")],
      ["1.23", "1.2345::decimal(10,4)", decimalType(5, 2)],
      ["numeric_value_out_of_range", "12345.6::decimal(10,1)", decimalType(5, 2)],
      ["0.1", "0.1::float64", decimalType(3, 1)],
      ["12", " 12 ", int32],
      ["invalid_text_representation", "12a", int32],
      ["invalid_text_representation", "", simpleType("float64")],
      ["true", "yes", simpleType("bool")],
      ["2020-02-29", "2020-02-29", simpleType("date")],
      ["datetime_field_overflow", "2021-02-29", simpleType("date")],
      ["1.5e+30", "1.5e30::float64", utf8],
      ["123456.789", "123456.789::float64", utf8],
      ["1e-05", "0.00001::float64", utf8],
      ["1e+15", "1e15::float64", utf8],
      ["0.0001", "0.0001::float64", utf8],
      ["0.1", "0.1::float32", utf8],
      ["1.6777216e+07", "16777216::float32", utf8],
      ["-0.05", "-0.05::decimal(4,2)", utf8],
      ["true", "true::bool", utf8],
      ["1 year 2 mons 3 days 04:05:06.7", "1 year 2 months 3 days 4:5:6.7::interval", utf8],
      ["-1 years -2 mons +3 days", "-1 year -2 mons 3 days::interval", utf8],
      ["1999-01-08 04:05:06.789", "1999-01-08 04:05:06.789::timestamp", utf8],
      ["1999-01-08 12:05:06+00", "1999-01-08 04:05:06-8", simpleType("timestamptz")],
      ["0044-03-15 BC", "0044-03-15 BC::date", utf8],
      ["1999-01-08", "1999-01-08 23:59:59::timestamp", simpleType("date")],
      ["1969-12-31", "1969-12-31 23:59:59::timestamp", simpleType("date")],
    ];
    for (const [expected, text, type] of cases) assert.equal(cast(text, type), expected, `${text} as ${type.kind}`);
  });
});
