import assert from "node:assert/strict";
import type { SimpleKind } from "../../src/arrow/data-type.ts";
import { type DataType, decimalType, simpleType, typeName } from "../../src/arrow/data-type.ts";
import type { Value } from "../../src/arrow/value.ts";
import { EngineError } from "../../src/common/engine-error.ts";
import { resolveAggregate, stateTypes } from "../../src/expr/aggregate-registry.ts";
import { coerceTo, commonType } from "../../src/expr/coerce.ts";
import { formatExpression, isNullable, typeOf } from "../../src/expr/expression-properties.ts";
import type { Expression } from "../../src/expr/expression.ts";
import { foldConstants } from "../../src/expr/fold-constants.ts";
import { resolveFunction } from "../../src/expr/function-registry.ts";

const kind = (name: SimpleKind): DataType => simpleType(name);
const column = (name: string, type: DataType, nullable = true): Expression => ({
  kind: "column",
  id: name.charCodeAt(0),
  name,
  type,
  nullable,
});
const literal = (value: Value, type: DataType): Expression => ({ kind: "literal", type, value });
const unknown = (text: string | null): Expression => literal(text, kind("null"));
const price = column("price", decimalType(15, 2));
const discount = column("discount", decimalType(15, 2));
const shipped = column("shipped", kind("date"));

function typeText(expression: Expression): string {
  return typeName(typeOf(expression));
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof EngineError) return thrown.code;
    throw thrown;
  }
  return "no error";
}

describe("types of expressions", () => {
  it("grow decimals as arithmetic needs", () => {
    const one = literal(1, kind("int32"));
    const net = resolveFunction("*", [price, resolveFunction("-", [one, discount])]);
    assert.equal(typeText(net), "decimal(31,4)");
    assert.equal(typeText(resolveFunction("*", [net, resolveFunction("+", [one, discount])])), "decimal(38,6)");
    assert.equal(typeText(resolveFunction("/", [price, discount])), "decimal(38,16)");
    assert.equal(typeText(resolveFunction("+", [price, column("n", kind("int64"))])), "decimal(22,2)");
    assert.equal(typeText(resolveFunction("*", [price, column("x", kind("float32"))])), "double precision");
  });

  it("are common to several ones", () => {
    const cases: readonly (readonly [string, readonly DataType[]])[] = [
      ["bigint", [kind("int32"), kind("int64")]],
      ["bigint", [kind("uint32"), kind("int32")]],
      ["decimal(20,0)", [kind("uint64"), kind("int64")]],
      ["decimal(12,2)", [decimalType(4, 2), kind("int32")]],
      ["double precision", [decimalType(4, 2), kind("float32")]],
      ["timestamp", [kind("date"), kind("timestamp")]],
      ["varchar", [kind("null"), kind("null")]],
      ["date", [kind("null"), kind("date")]],
    ];
    for (const [expected, types] of cases) assert.equal(typeName(commonType(types)!), expected);
    assert.equal(commonType([kind("date"), kind("int32")]), null);
    assert.equal(commonType([kind("utf8"), kind("int32")]), null);
  });

  it("of aggregates hold every sum", () => {
    const options = { distinct: false, filter: null };
    const sum = (type: DataType): string => typeName(resolveAggregate("sum", [column("x", type)], options).type);
    assert.equal(sum(kind("int32")), "bigint");
    assert.equal(sum(kind("int64")), "decimal(38,0)");
    assert.equal(sum(decimalType(15, 2)), "decimal(38,2)");
    const average = resolveAggregate("AVG", [price], options);
    assert.equal(typeName(average.type), "decimal(38,16)");
    assert.deepEqual(stateTypes(average).map(typeName), ["decimal(38,2)", "bigint"]);
    assert.deepEqual(stateTypes(resolveAggregate("count", [], options)).map(typeName), ["bigint"]);
    assert.equal(resolveAggregate("min", [price], { distinct: true, filter: null }).distinct, false);
    assert.equal(
      codeOf(() => resolveAggregate("sum", [shipped], options)),
      "undefined_function",
    );
  });
});

describe("coercion", () => {
  it("parses unknown literals into the wanted type", () => {
    const date = coerceTo(unknown("1998-12-01"), kind("date"), "implicit");
    assert.equal(formatExpression(date), "date '1998-12-01'");
    assert.equal(
      codeOf(() => coerceTo(unknown("tomorrowish"), kind("date"), "implicit")),
      "invalid_text_representation",
    );
    assert.equal(
      codeOf(() => coerceTo(unknown("2021-02-30"), kind("date"), "implicit")),
      "datetime_field_overflow",
    );
    assert.deepEqual(coerceTo(unknown(null), kind("int32"), "implicit"), literal(null, kind("int32")));
  });

  it("allows in each context what PostgreSQL allows", () => {
    const number = column("n", kind("int64"));
    assert.equal(
      codeOf(() => coerceTo(number, kind("int32"), "implicit")),
      "datatype_mismatch",
    );
    assert.equal(typeText(coerceTo(number, kind("int32"), "assignment")), "integer");
    assert.equal(
      codeOf(() => coerceTo(column("t", kind("utf8")), kind("int32"), "assignment")),
      "datatype_mismatch",
    );
    assert.equal(typeText(coerceTo(column("t", kind("utf8")), kind("int32"), "explicit")), "integer");
    assert.equal(
      codeOf(() => coerceTo(shipped, kind("int32"), "explicit")),
      "datatype_mismatch",
    );
  });
});

describe("function resolution", () => {
  it("names the nearest function", () => {
    try {
      resolveFunction("substrng", [column("t", kind("utf8")), literal(1, kind("int32"))]);
      assert.fail("resolved");
    } catch (thrown) {
      assert.ok(thrown instanceof EngineError);
      assert.equal(thrown.code, "undefined_function");
      assert.match(thrown.details.hint ?? "", /substring/);
    }
    assert.equal(
      codeOf(() => resolveFunction("=", [shipped, column("n", kind("int32"))])),
      "undefined_function",
    );
    assert.equal(
      codeOf(() => resolveFunction("+", [shipped, shipped])),
      "undefined_function",
    );
  });

  it("keeps columns free of casts in comparisons with constants", () => {
    const quantity = column("quantity", kind("int16"));
    assert.equal(formatExpression(resolveFunction("=", [quantity, literal(5, kind("int32"))])), "quantity = 5");
    assert.equal(formatExpression(resolveFunction("<", [price, literal(24, kind("int32"))])), "price < 24.00");
    assert.equal(formatExpression(resolveFunction("<", [price, unknown("7.5")])), "price < 7.50");
    assert.equal(
      formatExpression(foldConstants(resolveFunction("<", [price, unknown("7.555")]))),
      "CAST(price AS decimal(16,3)) < 7.555",
    );
    assert.equal(typeText(resolveFunction("*", [price, unknown("0.055")])), "decimal(18,5)");
    const real = column("real", kind("float32"));
    assert.match(
      formatExpression(resolveFunction("=", [real, literal(1n, decimalType(1, 1))])),
      /CAST\(real AS double precision\) = 0.1/,
    );
    assert.match(
      formatExpression(resolveFunction("=", [quantity, literal(100000, kind("int32"))])),
      /CAST\(quantity AS integer\)/,
    );
  });

  it("knows what is never NULL", () => {
    const text = column("t", kind("utf8"));
    assert.equal(isNullable(resolveFunction("concat", [text, text])), false);
    assert.equal(isNullable(resolveFunction("||", [text, text])), true);
    assert.equal(isNullable(resolveFunction("coalesce", [text, literal("", kind("utf8"))])), false);
  });
});

describe("constant folding", () => {
  const fold = (expression: Expression, now?: bigint): string => formatExpression(foldConstants(expression, now));

  it("makes date comparisons of date arithmetic", () => {
    const bound = resolveFunction("-", [
      literal(10561, kind("date")),
      literal({ months: 0, days: 90, micros: 0n }, kind("interval")),
    ]);
    assert.equal(fold(resolveFunction("<=", [shipped, bound])), "shipped <= date '1998-09-02'");
    const afternoon = literal(1n, kind("timestamp"));
    assert.match(fold(resolveFunction("<=", [shipped, afternoon])), /CAST\(shipped AS timestamp\)/);
  });

  it("takes casts off columns in lists", () => {
    const quantity = column("quantity", kind("int16"));
    const list: Expression = {
      kind: "in_list",
      arg: coerceTo(quantity, kind("int32"), "implicit"),
      values: [1, 100000, null],
    };
    assert.equal(fold(list), "quantity IN (1, NULL)");
  });

  it("leaves failing constants to run time", () => {
    const failing = resolveFunction("/", [literal(1, kind("int32")), literal(0, kind("int32"))]);
    assert.equal(fold(failing), "1 / 0");
  });

  it("simplifies logic", () => {
    const yes = literal(true, kind("bool"));
    const test = resolveFunction("=", [price, discount]);
    assert.equal(fold({ kind: "and", args: [yes, test] }), "price = discount");
    assert.equal(fold({ kind: "or", args: [test, yes] }), "true");
    assert.equal(fold(resolveFunction("not", [resolveFunction("<", [price, discount])])), "price >= discount");
    assert.equal(fold(resolveFunction("+", [price, literal(null, decimalType(3, 0))])), "NULL");
    const unreached: Expression = {
      kind: "case",
      branches: [{ when: literal(false, kind("bool")), then: price }],
      otherwise: discount,
      type: typeOf(price),
    };
    assert.equal(fold(unreached), "discount");
  });

  it("takes the statement's time from the caller", () => {
    assert.equal(fold(resolveFunction("current_date", []), 86_400_000_000n), "date '1970-01-02'");
    assert.equal(fold(resolveFunction("now", [])), "now()");
  });
});
