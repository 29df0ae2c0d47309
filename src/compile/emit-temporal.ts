import { dateFields } from "../expr/extract-function.ts";
import { isInteger } from "../arrow/data-type.ts";
import { must } from "../common/assert.ts";
import { microsPerDay, timestampDaysMax } from "../expr/calendar.ts";
import { typeOf } from "../expr/expression-properties.ts";
import type { CallExpression } from "../expr/expression.ts";
import { pushLong } from "./emit-arithmetic.ts";
import type { Emitter } from "./emitter.ts";
import { frameLocal } from "./frame.ts";
import { localAtom, type Operand } from "./operand.ts";

/** Microseconds per unit and units per next larger one, of the fields of a clock. */
const clockFields: Readonly<Record<string, readonly [bigint, bigint]>> = {
  hour: [3_600_000_000n, 24n],
  minute: [60_000_000n, 60n],
  second: [1n, 60_000_000n],
  milliseconds: [1n, 60_000_000n],
  microseconds: [1n, 60_000_000n],
};

/** Splits a timestamp into i64 locals: whole days since the epoch, rounded down, and microseconds of the day. */
export function splitTimestamp(emitter: Emitter, arg: Operand): { readonly days: number; readonly ofDay: number } {
  const { code } = emitter;
  const ofDay = code.local("i64");
  emitter.pushLow(arg);
  code.i64(microsPerDay);
  code.op("i64.rem_s");
  code.set(ofDay);
  const days = emitter.storeLocal("i64", () => {
    emitter.pushLow(arg);
    code.i64(microsPerDay);
    code.op("i64.div_s");
    // Minus 1 for a negative remainder.
    code.get(ofDay);
    code.i64(63n);
    code.op("i64.shr_s");
    code.op("i64.add");
  });
  code.get(ofDay);
  code.get(ofDay);
  code.i64(63n);
  code.op("i64.shr_s");
  code.i64(microsPerDay);
  code.op("i64.and");
  code.op("i64.add");
  code.set(ofDay);
  return { days, ofDay };
}

/** Pushes an i64 local modulo a day, never negative. */
export function pushFloorModulo(emitter: Emitter, micros: number): void {
  const { code } = emitter;
  const rest = code.local("i64");
  code.get(micros);
  code.i64(microsPerDay);
  code.op("i64.rem_s");
  code.tee(rest);
  code.get(rest);
  code.i64(63n);
  code.op("i64.shr_s");
  code.i64(microsPerDay);
  code.op("i64.and");
  code.op("i64.add");
}

/** Arithmetic with a date, time, timestamp or interval on its left. */
export function emitTemporalArithmetic(emitter: Emitter, call: CallExpression): Operand {
  const left = emitter.emit(call.args[0]!);
  const right = emitter.emit(call.args[1]!);
  const { type } = call;
  const strict = (compute: () => Operand): Operand => emitter.strict(type, [left, right], false, compute);
  switch (left.type.kind) {
    case "date":
      return strict(() => dateArithmetic(emitter, call, left, right));
    case "timestamp":
    case "timestamptz":
      if (right.type.kind !== "interval") return strict(() => timestampDifference(emitter, call, left, right));
      return strict(() => timestampPlusInterval(emitter, call, left, right));
    case "time":
      return strict(() => timePlusInterval(emitter, call, left, right));
    default:
      return emitter.fallback(call, [left, right]);
  }
}

function dateArithmetic(emitter: Emitter, call: CallExpression, left: Operand, right: Operand): Operand {
  const { code } = emitter;
  const exact = emitter.storeLocal("i64", () => {
    pushLong(emitter, left);
    pushLong(emitter, right);
    code.op(call.name === "add" ? "i64.add" : "i64.sub");
  });
  code.get(exact);
  code.op("i64.extend32_s");
  code.get(exact);
  code.op("i64.ne");
  emitter.raiseIf(call, "datetime_field_overflow", "date out of range");
  const low = emitter.store("i32", () => {
    code.get(exact);
    code.op("i32.wrap_i64");
  });
  return { type: call.type, low, high: null, isNull: null };
}

function timestampPlusInterval(emitter: Emitter, call: CallExpression, left: Operand, right: Operand): Operand {
  const out = emitter.scratch();
  emitter.pushLow(left);
  emitter.pushLow(right);
  emitter.code.i32(call.name === "add" ? 1 : -1);
  emitter.pushFrame(out);
  emitter.call("kernel", "dateAddInterval", "liii:i");
  emitter.raiseIf(call, "datetime_field_overflow", "timestamp out of range");
  return emitter.loadResult(call.type, { kind: "frame", offset: out });
}

function timestampDifference(emitter: Emitter, call: CallExpression, left: Operand, right: Operand): Operand {
  const { code } = emitter;
  const difference = emitter.storeLocal("i64", () => {
    emitter.pushLow(left);
    emitter.pushLow(right);
    code.op("i64.sub");
  });
  emitter.pushLow(left);
  emitter.pushLow(right);
  code.op("i64.xor");
  emitter.pushLow(left);
  code.get(difference);
  code.op("i64.xor");
  code.op("i64.and");
  code.i64(0n);
  code.op("i64.lt_s");
  emitter.raiseIf(call, "datetime_field_overflow", "interval out of range");
  const out = emitter.scratch();
  code.get(frameLocal);
  code.get(difference);
  code.i64(microsPerDay);
  code.op("i64.div_s");
  code.op("i32.wrap_i64");
  code.access("i32.store", out + 4);
  code.get(frameLocal);
  code.get(difference);
  code.i64(microsPerDay);
  code.op("i64.rem_s");
  code.access("i64.store", out + 8);
  return { type: call.type, low: { kind: "frame", offset: out }, high: null, isNull: null };
}

/** Only the microseconds of the interval count, and the clock wraps around. */
function timePlusInterval(emitter: Emitter, call: CallExpression, left: Operand, right: Operand): Operand {
  const { code } = emitter;
  const sum = emitter.storeLocal("i64", () => {
    emitter.pushLow(left);
    emitter.pushLow(right);
    code.access("i64.load", 8);
    code.i64(microsPerDay);
    code.op("i64.rem_s");
    code.op(call.name === "add" ? "i64.add" : "i64.sub");
  });
  return { type: call.type, low: emitter.store("i64", () => pushFloorModulo(emitter, sum)), high: null, isNull: null };
}

/** extract(field FROM source), the field a literal. */
export function emitExtract(emitter: Emitter, call: CallExpression): Operand {
  const field = literalText(call);
  const source = call.args[1]!;
  const arg = emitter.emit(source);
  const kind = typeOf(source).kind;
  if (kind === "interval") return emitter.fallback(call, [emitter.emit(call.args[0]!), arg]);
  return emitter.strict(call.type, [arg], true, () => {
    if (field === "epoch") return { ...arg, type: call.type, isNull: null };
    const low = emitter.store("i64", () => {
      const clock = clockFields[field];
      if (clock !== undefined) pushClockField(emitter, arg, kind === "time", clock);
      else pushDateField(emitter, arg, field);
    });
    return { type: call.type, low, high: null, isNull: null };
  });
}

function pushClockField(
  emitter: Emitter,
  arg: Operand,
  isTime: boolean,
  [unit, count]: readonly [bigint, bigint],
): void {
  const { code } = emitter;
  if (isTime) emitter.pushLow(arg);
  else code.get(splitTimestamp(emitter, arg).ofDay);
  if (unit !== 1n) {
    code.i64(unit);
    code.op("i64.div_s");
  }
  // A time may be 24:00:00: its hour is 24.
  if (count === 24n) return;
  code.i64(count);
  code.op("i64.rem_s");
}

function pushDateField(emitter: Emitter, arg: Operand, field: string): void {
  const { code } = emitter;
  const days = arg.type.kind === "date" ? null : splitTimestamp(emitter, arg).days;
  code.i32(dateFields.indexOf(field));
  if (days === null) pushLong(emitter, arg);
  else code.get(days);
  emitter.call("kernel", "dateField", "il:l");
}

/** date_trunc(unit, timestamp). */
export function emitTruncate(emitter: Emitter, call: CallExpression): Operand {
  const { code } = emitter;
  const unit = literalText(call);
  const arg = emitter.emit(call.args[1]!);
  if (arg.type.kind === "interval") return emitter.fallback(call, [emitter.emit(call.args[0]!), arg]);
  const clockUnits: Readonly<Record<string, bigint>> = {
    microseconds: 1n,
    milliseconds: 1000n,
    second: 1_000_000n,
    minute: 60_000_000n,
    hour: 3_600_000_000n,
  };
  return emitter.strict(call.type, [arg], false, () => {
    const { days, ofDay } = splitTimestamp(emitter, arg);
    const clock = clockUnits[unit];
    const low = code.local("i64");
    if (clock !== undefined) {
      emitter.pushLow(arg);
      code.get(ofDay);
      code.i64(clock);
      code.op("i64.rem_s");
      code.op("i64.sub");
      code.tee(low);
      emitter.pushLow(arg);
      code.op("i64.gt_s");
      emitter.raiseIf(call, "datetime_field_overflow", "timestamp out of range");
      return { type: call.type, low: localAtom(low), high: null, isNull: null };
    }
    code.i32(dateFields.indexOf(unit));
    code.get(days);
    emitter.call("kernel", "dateTruncate", "il:l");
    code.tee(low);
    code.i64(BigInt(-timestampDaysMax));
    code.op("i64.lt_s");
    emitter.raiseIf(call, "datetime_field_overflow", "timestamp out of range");
    code.get(low);
    code.i64(microsPerDay);
    code.op("i64.mul");
    code.set(low);
    return { type: call.type, low: localAtom(low), high: null, isNull: null };
  });
}

function literalText(call: CallExpression): string {
  const [field] = call.args;
  return must(
    field?.kind === "literal" && typeof field.value === "string" ? field.value : null,
    "a field must be a literal",
  );
}

/** Whether an operator's call is arithmetic on dates, times or intervals rather than on numbers. */
export function isTemporalArithmetic(call: CallExpression): boolean {
  return call.args.some(
    (arg) => !isInteger(typeOf(arg)) && !["decimal", "float32", "float64"].includes(typeOf(arg).kind),
  );
}
