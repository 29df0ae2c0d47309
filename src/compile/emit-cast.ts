import type { DecimalType } from "../arrow/data-type.ts";
import { decimalType, isFloat, isInteger, sameType, typeName } from "../arrow/data-type.ts";
import { microsPerDay, timestampDaysMax } from "../expr/calendar.ts";
import { asDecimalType } from "../expr/coerce.ts";
import type { CastExpression } from "../expr/expression.ts";
import { boundsOfInteger, powerOfTen } from "../expr/numeric-values.ts";
import { narrowChecked, pushLong } from "./emit-arithmetic.ts";
import { pushScaled64, raiseUnlessFits, roundingModes, scaleDown, scaleUp } from "./emit-decimal.ts";
import { pushFloorModulo, splitTimestamp } from "./emit-temporal.ts";
import { heapKernel } from "./emit-text.ts";
import type { Emitter } from "./emitter.ts";
import { frameLocal } from "./frame.ts";
import { classOf, constantAtom, isUnsigned, localAtom, type Operand } from "./operand.ts";

/**
 * An explicit cast. Those from text, from floats to decimals, and to text of other things than numbers of 64 bits go
 * through the interpreter.
 */
export function emitCast(emitter: Emitter, cast: CastExpression): Operand {
  const arg = emitter.emit(cast.arg);
  const from = arg.type;
  const to = cast.type;
  if (arg.isNull === "always") return emitter.nothing(to);
  if (sameType(from, to)) return to.kind === "decimal" ? emitter.inForm(arg, to) : arg;
  const isPlainNumber = isInteger(from) || (from.kind === "decimal" && from.bits === 64);
  if (to.kind === "utf8" && isPlainNumber)
    return emitter.strict(to, [arg], false, () => numberToText(emitter, cast, arg));
  if (from.kind === "utf8" || to.kind === "utf8") return emitter.fallback(cast, [arg]);
  const one = (low: Operand["low"]): Operand => ({ type: to, low, high: null, isNull: null });
  if (to.kind === "bool")
    return emitter.strict(to, [arg], true, () => one(emitter.store("i32", () => pushIsNotZero(emitter, arg))));
  if (from.kind === "bool") {
    return emitter.strict(to, [arg], true, () =>
      classOf(to) === "int" ? one(arg.low) : one(emitter.store("i64", () => pushUnsignedLong(emitter, arg))),
    );
  }
  if (isInteger(to)) return emitter.strict(to, [arg], false, () => toInteger(emitter, cast, arg));
  if (to.kind === "decimal") {
    if (isFloat(from)) return emitter.fallback(cast, [arg]);
    return emitter.strict(to, [arg], false, () => toDecimal(emitter, cast, arg, to));
  }
  if (isFloat(to)) return emitter.strict(to, [arg], to.kind === "float64", () => toFloat(emitter, cast, arg));
  return emitter.strict(to, [arg], false, () => toTemporal(emitter, cast, arg));
}

function numberToText(emitter: Emitter, cast: CastExpression, arg: Operand): Operand {
  const { code } = emitter;
  const { out } = heapKernel(emitter, cast, "textOfNumber", "liiii:i", () => {
    pushLong(emitter, arg);
    code.i32(arg.type.kind === "uint64" ? 1 : 0);
    code.i32(arg.type.kind === "decimal" ? arg.type.scale : 0);
  });
  return { type: cast.type, low: { kind: "frame", offset: out }, high: null, isNull: null };
}

function pushIsNotZero(emitter: Emitter, arg: Operand): void {
  const isInt = classOf(arg.type) === "int";
  emitter.pushLow(arg);
  emitter.code.op(isInt ? "i32.eqz" : "i64.eqz");
  emitter.code.op("i32.eqz");
}

function pushUnsignedLong(emitter: Emitter, arg: Operand): void {
  if (arg.low.kind === "constant") return emitter.code.i64(BigInt(arg.low.value));
  emitter.pushLow(arg);
  emitter.code.op("i64.extend_i32_u");
}

function raiseOutOfRange(emitter: Emitter, cast: CastExpression): void {
  emitter.raiseIf(cast, "numeric_value_out_of_range", `${typeName(cast.type)} out of range`);
}

function toInteger(emitter: Emitter, cast: CastExpression, arg: Operand): Operand {
  const { code } = emitter;
  const to = cast.type;
  const [smallest, largest] = boundsOfInteger(to);
  let source = arg;
  if (isFloat(arg.type)) return floatToInteger(emitter, cast, arg);
  if (arg.type.kind === "decimal") {
    source = scaleDown(emitter, cast, arg, 0, roundingModes.round);
    if (source.high !== null) {
      // The upper half must be the sign of the lower one (for uint64: zero).
      emitter.push(source.high, "i64");
      if (to.kind === "uint64") {
        code.i64(0n);
      } else {
        emitter.push(source.low, "i64");
        code.i64(63n);
        code.op("i64.shr_s");
      }
      code.op("i64.ne");
      raiseOutOfRange(emitter, cast);
    }
  }
  const wasWide = source.high !== null;
  const exact = emitter.storeLocal("i64", () =>
    source.type.kind === "decimal" ? emitter.push(source.low, "i64") : pushLong(emitter, source),
  );
  const fromUnsigned64 = source.type.kind === "uint64";
  if (classOf(to) === "long") {
    // The one change that matters: a set top bit means negative on one side and large on the other.
    if (
      fromUnsigned64 !== (to.kind === "uint64") &&
      !(wasWide && to.kind === "uint64") &&
      !(isUnsigned(arg.type) && !fromUnsigned64)
    ) {
      code.get(exact);
      code.i64(0n);
      code.op("i64.lt_s");
      raiseOutOfRange(emitter, cast);
    }
    return { type: to, low: localAtom(exact), high: null, isNull: null };
  }
  if (fromUnsigned64) {
    code.get(exact);
    code.i64(largest);
    code.op("i64.gt_u");
    raiseOutOfRange(emitter, cast);
  }
  const [fromSmallest, fromLargest] =
    source.type.kind === "decimal" ? boundsOfInteger({ kind: "int64" }) : boundsOfInteger(source.type);
  if (fromSmallest >= smallest && fromLargest <= largest) {
    return { type: to, low: emitter.store("i32", () => wrap(emitter, exact)), high: null, isNull: null };
  }
  return narrowChecked(emitter, cast, exact, to);
}

function wrap(emitter: Emitter, exact: number): void {
  emitter.code.get(exact);
  emitter.code.op("i32.wrap_i64");
}

function floatToInteger(emitter: Emitter, cast: CastExpression, arg: Operand): Operand {
  const { code } = emitter;
  const to = cast.type;
  const [smallest, largest] = boundsOfInteger(to);
  const rounded = emitter.storeLocal("f64", () => {
    emitter.pushLow(arg);
    code.op("f64.nearest");
  });
  // NaN fails both tests.
  code.get(rounded);
  code.f64(Number(smallest));
  code.op("f64.ge");
  code.get(rounded);
  code.f64(Number(largest + 1n));
  code.op("f64.lt");
  code.op("i32.and");
  code.op("i32.eqz");
  raiseOutOfRange(emitter, cast);
  const exact = emitter.storeLocal("i64", () => {
    code.get(rounded);
    code.truncateSaturated(to.kind !== "uint64");
  });
  if (classOf(to) === "long") return { type: to, low: localAtom(exact), high: null, isNull: null };
  return { type: to, low: emitter.store("i32", () => wrap(emitter, exact)), high: null, isNull: null };
}

function toDecimal(emitter: Emitter, cast: CastExpression, arg: Operand, to: DecimalType): Operand {
  const source = arg.type.kind === "decimal" ? arg : integerAsDecimal(emitter, arg);
  const from = source.type as DecimalType;
  const up = to.scale - from.scale;
  if (up >= 0) {
    // Checked before scaling, when it still fits.
    if (from.precision + up > to.precision) {
      raiseUnlessFits(emitter, cast, source, to, Math.max(0, to.precision - up));
    }
    if (to.bits === 64 && classOf(from) === "long") {
      return { type: to, low: emitter.store("i64", () => pushScaled64(emitter, source, up)), high: null, isNull: null };
    }
    return emitter.inForm(scaleUp(emitter, cast, source, to.scale), to);
  }
  const rounded = scaleDown(emitter, cast, source, to.scale, roundingModes.round);
  if (from.precision + up + 1 > to.precision) raiseUnlessFits(emitter, cast, rounded, to);
  return emitter.inForm(rounded, to);
}

function integerAsDecimal(emitter: Emitter, arg: Operand): Operand {
  const { precision } = asDecimalType(arg.type);
  if (arg.type.kind === "uint64")
    return { type: decimalType(precision, 0, 128), low: arg.low, high: constantAtom(0n), isNull: null };
  const low = emitter.store("i64", () => pushLong(emitter, arg));
  return { type: decimalType(precision, 0, 64), low, high: null, isNull: null };
}

function toFloat(emitter: Emitter, cast: CastExpression, arg: Operand): Operand {
  const { code } = emitter;
  const from = arg.type;
  const exact = emitter.storeLocal("f64", () => {
    if (from.kind === "decimal" && arg.high !== null) {
      emitter.pushWide(arg);
      emitter.call("kernel", "decimalToFloat", "ll:d");
    } else {
      emitter.pushLow(arg);
      if (classOf(from) === "int") code.op(isUnsigned(from) ? "f64.convert_i32_u" : "f64.convert_i32_s");
      else if (classOf(from) === "long") code.op(isUnsigned(from) ? "f64.convert_i64_u" : "f64.convert_i64_s");
    }
    if (from.kind !== "decimal" || from.scale === 0) return;
    code.f64(Number(powerOfTen(from.scale)));
    code.op("f64.div");
  });
  if (cast.type.kind === "float64") return { type: cast.type, low: localAtom(exact), high: null, isNull: null };
  const single = emitter.storeLocal("f64", () => {
    code.get(exact);
    code.op("f32.demote_f64");
    code.op("f64.promote_f32");
  });
  // Infinite though the argument was not.
  code.get(single);
  code.op("f64.abs");
  code.f64(Infinity);
  code.op("f64.eq");
  code.get(exact);
  code.op("f64.abs");
  code.f64(Infinity);
  code.op("f64.ne");
  code.op("i32.and");
  emitter.raiseIf(cast, "numeric_value_out_of_range", "value out of range: overflow");
  return { type: cast.type, low: localAtom(single), high: null, isNull: null };
}

function toTemporal(emitter: Emitter, cast: CastExpression, arg: Operand): Operand {
  const { code } = emitter;
  const to = cast.type;
  const one = (low: Operand["low"]): Operand => ({ type: to, low, high: null, isNull: null });
  switch (arg.type.kind) {
    case "date":
      // As one unsigned comparison: |days| > max.
      emitter.pushLow(arg);
      code.i32(timestampDaysMax);
      code.op("i32.add");
      code.i32(2 * timestampDaysMax);
      code.op("i32.gt_u");
      emitter.raiseIf(cast, "datetime_field_overflow", "date out of range for timestamp");
      return one(
        emitter.store("i64", () => {
          pushLong(emitter, arg);
          code.i64(microsPerDay);
          code.op("i64.mul");
        }),
      );
    case "time": {
      const out = emitter.scratch();
      code.get(frameLocal);
      pushLong(emitter, arg);
      code.access("i64.store", out + 8);
      return one({ kind: "frame", offset: out });
    }
    case "interval": {
      const micros = emitter.storeLocal("i64", () => {
        emitter.pushLow(arg);
        code.access("i64.load", 8);
      });
      return one(emitter.store("i64", () => pushFloorModulo(emitter, micros)));
    }
    default: {
      if (to.kind !== "date" && to.kind !== "time") return one(arg.low);
      const { days, ofDay } = splitTimestamp(emitter, arg);
      if (to.kind === "time") return one(localAtom(ofDay));
      return one(emitter.store("i32", () => wrap(emitter, days)));
    }
  }
}
