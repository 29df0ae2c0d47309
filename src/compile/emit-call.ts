import { isFloat } from "../arrow/data-type.ts";
import { typeOf } from "../expr/expression-properties.ts";
import type { CallExpression } from "../expr/expression.ts";
import { floatFunctions } from "../expr/interpreter/numeric-functions.ts";
import { emitNumericArithmetic } from "./emit-arithmetic.ts";
import { comparisonNames, emitComparison, emitDistinct } from "./emit-comparison.ts";
import { emitDecimalRounding } from "./emit-decimal.ts";
import { emitBooleanTest, emitCoalesce, emitExtreme } from "./emit-logic.ts";
import { emitNegation, emitSign } from "./emit-negation.ts";
import { emitExtract, emitTemporalArithmetic, emitTruncate, isTemporalArithmetic } from "./emit-temporal.ts";
import { textEmitters } from "./emit-text.ts";
import type { Emitter } from "./emitter.ts";
import type { Operand } from "./operand.ts";

/**
 * A scalar function or operator. What has no code of its own is computed per row by the interpreter: all of
 * further-functions.ts (regular expressions, formats, JSON, bits), lpad, rpad, repeat,
 * reverse, initcap, split_part, translate, chr, like_escape, make_date, lower and upper of texts with letters beyond ASCII, rounding
 * to digits of floats and to negative digits, and everything that gives or takes apart an interval except
 * timestamp ± interval and the difference of timestamps.
 */
export function emitCall(emitter: Emitter, call: CallExpression): Operand {
  const { name } = call;
  if (comparisonNames.has(name)) return emitComparison(emitter, call);
  const text = textEmitters.get(name);
  if (text !== undefined) {
    if (name === "ilike") return text(emitter, call, []);
    return text(
      emitter,
      call,
      call.args.map((arg) => emitter.emit(arg)),
    );
  }
  if (floatFunctions.has(name)) return emitFloatFunction(emitter, call);
  switch (name) {
    case "add":
    case "subtract":
    case "multiply":
    case "divide":
    case "modulo":
      return isTemporalArithmetic(call) ? emitTemporalArithmetic(emitter, call) : emitNumericArithmetic(emitter, call);
    case "negate":
    case "abs":
      return emitNegation(emitter, call);
    case "sign":
      return emitSign(emitter, call);
    case "ceil":
    case "floor":
    case "round":
    case "trunc":
      return isFloat(typeOf(call.args[0]!)) ? emitFloatRounding(emitter, call) : emitDecimalRounding(emitter, call);
    case "coalesce":
      return emitCoalesce(emitter, call);
    case "greatest":
    case "least":
      return emitExtreme(emitter, call);
    case "is_distinct_from":
    case "is_not_distinct_from":
      return emitDistinct(emitter, call);
    case "extract":
      return emitExtract(emitter, call);
    case "date_trunc":
      return emitTruncate(emitter, call);
    case "not":
    case "is_null":
    case "is_not_null":
    case "is_true":
    case "is_not_true":
    case "is_false":
    case "is_not_false":
      return emitBooleanTest(emitter, call);
    default:
      return emitter.fallback(
        call,
        call.args.map((arg) => emitter.emit(arg)),
      );
  }
}

function emitFloatRounding(emitter: Emitter, call: CallExpression): Operand {
  const args = call.args.map((arg) => emitter.emit(arg));
  if (args.length > 1) return emitter.fallback(call, args);
  const operators = { ceil: "f64.ceil", floor: "f64.floor", trunc: "f64.trunc", round: "f64.nearest" } as const;
  return emitter.strict(call.type, args, true, () => {
    const low = emitter.store("f64", () => {
      emitter.pushLow(args[0]!);
      emitter.code.op(operators[call.name as keyof typeof operators]);
    });
    return { type: call.type, low, high: null, isNull: null };
  });
}

/** Functions of floats are the host's own, which throw the errors themselves. */
function emitFloatFunction(emitter: Emitter, call: CallExpression): Operand {
  const { code } = emitter;
  const args = call.args.map((arg) => emitter.emit(arg));
  return emitter.strict(call.type, args, false, () => {
    const low = emitter.store("f64", () => {
      for (const arg of args) emitter.pushLow(arg);
      if (call.name !== "sqrt") return emitter.call("host", call.name, `${"d".repeat(args.length)}:d`);
      code.f64(0);
      code.op("f64.lt");
      emitter.raiseIf(call, "invalid_parameter_value", "cannot take square root of a negative number");
      emitter.pushLow(args[0]!);
      return code.op("f64.sqrt");
    });
    return { type: call.type, low, high: null, isNull: null };
  });
}
