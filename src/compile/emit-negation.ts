import { isFloat } from "../arrow/data-type.ts";
import type { CallExpression } from "../expr/expression.ts";
import { boundsOfInteger } from "../expr/numeric-values.ts";
import { outOfRange } from "./arithmetic-errors.ts";
import { narrowChecked, pushLong } from "./emit-arithmetic.ts";
import type { Emitter } from "./emitter.ts";
import { classOf, isUnsigned, localAtom, type Operand } from "./operand.ts";
import type { Opcode } from "./wasm-encoder.ts";

/** negate and abs of a number. */
export function emitNegation(emitter: Emitter, call: CallExpression): Operand {
  const arg = emitter.emit(call.args[0]!);
  const { type } = call;
  const { code } = emitter;
  if (type.kind === "interval") return emitter.fallback(call, [arg]);
  const isAbsolute = call.name === "abs";
  if (isFloat(type)) {
    return emitter.strict(type, [arg], true, () => {
      const low = emitter.store("f64", () => {
        emitter.pushLow(arg);
        code.op(isAbsolute ? "f64.abs" : "f64.neg");
      });
      return { type, low, high: null, isNull: null };
    });
  }
  if (isUnsigned(type)) return arg;
  return emitter.strict(type, [arg], type.kind === "decimal", () =>
    type.kind === "decimal" ? negateDecimal(emitter, arg, isAbsolute) : negateInteger(emitter, call, arg, isAbsolute),
  );
}

function negateInteger(emitter: Emitter, call: CallExpression, arg: Operand, isAbsolute: boolean): Operand {
  const { code } = emitter;
  const exact = code.local("i64");
  const negate = (): void => {
    code.i64(0n);
    pushLong(emitter, arg);
    code.op("i64.sub");
    code.set(exact);
  };
  if (isAbsolute) {
    pushLong(emitter, arg);
    code.tee(exact);
    code.i64(0n);
    code.op("i64.lt_s");
    code.if(negate);
  } else {
    negate();
  }
  if (classOf(call.type) === "int") return narrowChecked(emitter, call, exact, call.type);
  // Only the smallest int64 has no negative.
  pushLong(emitter, arg);
  code.i64(boundsOfInteger(call.type)[0]);
  code.op("i64.eq");
  emitter.raiseIf(call, "numeric_value_out_of_range", outOfRange(call.type));
  return { type: call.type, low: localAtom(exact), high: null, isNull: null };
}

function negateDecimal(emitter: Emitter, arg: Operand, isAbsolute: boolean): Operand {
  const { code } = emitter;
  const result = emitter.variable(arg.type);
  emitter.assign(result, arg);
  const negate = (): void => {
    if (result.high?.kind === "local") {
      code.i64(0n);
      code.get(result.high.local);
      code.op("i64.sub");
      code.get(result.low.local);
      code.op("i64.eqz");
      code.op("i32.eqz");
      code.op("i64.extend_i32_u");
      code.op("i64.sub");
      code.set(result.high.local);
    }
    code.i64(0n);
    code.get(result.low.local);
    code.op("i64.sub");
    code.set(result.low.local);
  };
  if (!isAbsolute) {
    negate();
    return result;
  }
  emitter.push(result.high ?? result.low, "i64");
  code.i64(0n);
  code.op("i64.lt_s");
  code.if(negate);
  return result;
}

/** sign of a decimal or a float. */
export function emitSign(emitter: Emitter, call: CallExpression): Operand {
  const arg = emitter.emit(call.args[0]!);
  const { code } = emitter;
  return emitter.strict(call.type, [arg], true, () => {
    if (call.type.kind === "decimal") {
      // (is not 0) with the sign bits of the upper half: -1 | 1 = -1.
      const low = emitter.store("i64", () => {
        emitter.push(arg.low, "i64");
        if (arg.high !== null) {
          emitter.push(arg.high, "i64");
          code.op("i64.or");
        }
        code.i64(0n);
        code.op("i64.ne");
        code.op("i64.extend_i32_u");
        emitter.pushHigh(arg);
        code.i64(63n);
        code.op("i64.shr_s");
        code.op("i64.or");
      });
      return { type: call.type, low, high: null, isNull: null };
    }
    const low = emitter.store("f64", () => {
      const compare = (operator: Opcode): void => {
        emitter.pushLow(arg);
        code.f64(0);
        code.op(operator);
      };
      code.f64(1);
      code.f64(-1);
      emitter.pushLow(arg);
      compare("f64.lt");
      code.op("select");
      compare("f64.gt");
      code.op("select");
    });
    return { type: call.type, low, high: null, isNull: null };
  });
}
