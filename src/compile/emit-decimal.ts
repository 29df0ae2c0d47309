import type { DecimalType } from "../arrow/data-type.ts";
import { decimalType, maxDecimalPrecision, typeName } from "../arrow/data-type.ts";
import type { CallExpression, Expression } from "../expr/expression.ts";
import { powerOfTen } from "../expr/numeric-values.ts";
import type { Emitter } from "./emitter.ts";
import { classOf, type Operand } from "./operand.ts";

/** Every value of this many digits fits an int64. */
export const digits64Max = 18;

/** Pushes the lower word of a decimal × 10^up as one i64; the caller knows that it fits. */
export function pushScaled64(emitter: Emitter, operand: Operand, up: number): void {
  const { code } = emitter;
  if (operand.low.kind === "constant") return code.i64(BigInt(operand.low.value) * powerOfTen(up));
  emitter.push(operand.low, "i64");
  if (up === 0) return;
  code.i64(powerOfTen(up));
  code.op("i64.mul");
}

/** The decimal at a larger scale as a 128-bit value, with an error when it has more than 38 digits. */
export function scaleUp(emitter: Emitter, expression: Expression, operand: Operand, scale: number): Operand {
  const { code } = emitter;
  const from = operand.type as DecimalType;
  const up = scale - from.scale;
  if (up === 0) return operand;
  const precision = from.precision + up;
  const type = decimalType(Math.min(maxDecimalPrecision, precision), scale, 128);
  if (classOf(from) === "long" && precision <= digits64Max) {
    const low = emitter.store("i64", () => pushScaled64(emitter, operand, up));
    return { type: { ...type, bits: 64 }, low, high: null, isNull: null };
  }
  const out = emitter.scratch();
  if (classOf(from) === "long" && up <= digits64Max) {
    emitter.push(operand.low, "i64");
    code.i64(powerOfTen(up));
    emitter.pushFrame(out);
    emitter.call("kernel", "decimalMultiply64", "lli:");
  } else {
    emitter.pushWide(operand);
    code.i32(up);
    emitter.pushFrame(out);
    emitter.call("kernel", "decimalScaleUp", "llii:i");
    if (precision > maxDecimalPrecision)
      emitter.raiseIf(expression, "numeric_value_out_of_range", `${typeName(type)} out of range`);
    else code.op("drop");
  }
  return emitter.loadResult(type, { kind: "frame", offset: out });
}

/** How to round where digits fall away: the numbers that the kernels take. */
export const roundingModes = { trunc: 0, round: 1, floor: 2, ceil: 3 } as const;

/** The decimal at a smaller scale. */
export function scaleDown(
  emitter: Emitter,
  expression: Expression,
  operand: Operand,
  scale: number,
  mode: number,
): Operand {
  const { code } = emitter;
  const from = operand.type as DecimalType;
  const down = from.scale - scale;
  if (down === 0) return operand;
  const precision = Math.min(maxDecimalPrecision, Math.max(1, from.precision - down + 1));
  if (classOf(from) === "long" && down <= digits64Max) {
    const low = emitter.store("i64", () => {
      emitter.push(operand.low, "i64");
      code.i32(down);
      code.i32(mode);
      emitter.call("kernel", "decimalScaleDown64", "lii:l");
    });
    return { type: decimalType(precision, scale, 64), low, high: null, isNull: null };
  }
  const out = emitter.scratch();
  const type = decimalType(precision, scale, 128);
  emitter.pushWide(operand);
  code.i32(down);
  code.i32(mode);
  emitter.pushFrame(out);
  emitter.call("kernel", "decimalScaleDown", "lliii:i");
  emitter.raiseIf(expression, "numeric_value_out_of_range", `${typeName(type)} out of range`);
  return emitter.loadResult(type, { kind: "frame", offset: out });
}

/** An error, in the name of `type`, unless the decimal has at most `precision` digits. */
export function raiseUnlessFits(
  emitter: Emitter,
  expression: Expression,
  operand: Operand,
  type: DecimalType,
  precision = type.precision,
): void {
  const { code } = emitter;
  if (classOf(operand.type) === "long" && precision <= digits64Max) {
    const bound = powerOfTen(precision);
    // -bound < value < bound as one unsigned comparison.
    emitter.push(operand.low, "i64");
    code.i64(bound - 1n);
    code.op("i64.add");
    code.i64(2n * bound - 2n);
    code.op("i64.gt_u");
  } else if (classOf(operand.type) === "long") {
    return;
  } else {
    emitter.pushWide(operand);
    code.i32(precision);
    emitter.call("kernel", "decimalFits", "lli:i");
    code.op("i32.eqz");
  }
  emitter.raiseIf(expression, "numeric_value_out_of_range", `${typeName(type)} out of range`);
}

/** ceil, floor, round and trunc of a decimal to the scale of the call's type. */
export function emitDecimalRounding(emitter: Emitter, call: CallExpression): Operand {
  const arg = emitter.emit(call.args[0]!);
  if (call.args.length > 1)
    return emitter.fallback(
      call,
      call.args.map((one) => emitter.emit(one)),
    );
  const type = call.type as DecimalType;
  return emitter.strict(type, [arg], false, () => {
    const mode = roundingModes[call.name as keyof typeof roundingModes];
    const rounded = scaleDown(emitter, call, arg, type.scale, mode);
    const needed = (arg.type as DecimalType).precision - (arg.type as DecimalType).scale + type.scale + 1;
    if (needed > type.precision && rounded !== arg) raiseUnlessFits(emitter, call, rounded, type);
    return emitter.inForm(rounded, type);
  });
}
