import { simpleType } from "../arrow/data-type.ts";
import { assert } from "../common/assert.ts";
import type { CallExpression } from "../expr/expression.ts";
import type { Emitter } from "./emitter.ts";
import { classOf, isUnsigned, localAtom, type Operand } from "./operand.ts";
import type { Opcode } from "./wasm-encoder.ts";

const bool = simpleType("bool");

export const comparisonNames: ReadonlySet<string> = new Set(["eq", "ne", "lt", "le", "gt", "ge"]);

export function emitComparison(emitter: Emitter, call: CallExpression): Operand {
  const left = emitter.emit(call.args[0]!);
  const right = emitter.emit(call.args[1]!);
  const isSafe = classOf(left.type) !== "view" || shortConstant(emitter, call.name, right) !== null;
  return emitter.strict(bool, [left, right], isSafe, () => ({
    type: bool,
    low: emitter.store("i32", () => pushComparison(emitter, call.name, left, right)),
    high: null,
    isNull: null,
  }));
}

/** IS [NOT] DISTINCT FROM: two-valued, NULL equals NULL. */
export function emitDistinct(emitter: Emitter, call: CallExpression): Operand {
  const { code } = emitter;
  const left = emitter.emit(call.args[0]!);
  const right = emitter.emit(call.args[1]!);
  const result = code.local("i32");
  emitter.pushNull(left);
  emitter.pushNull(right);
  code.op("i32.or");
  code.if(
    () => {
      emitter.pushNull(left);
      emitter.pushNull(right);
      code.op("i32.xor");
      code.set(result);
    },
    () => {
      pushComparison(emitter, "ne", left, right);
      code.set(result);
    },
  );
  if (call.name === "is_distinct_from") return { type: bool, low: localAtom(result), high: null, isNull: null };
  code.get(result);
  code.op("i32.eqz");
  code.set(result);
  return { type: bool, low: localAtom(result), high: null, isNull: null };
}

/** Pushes 1 or 0 for two operands that are not NULL, of one SQL type. */
export function pushComparison(emitter: Emitter, name: string, left: Operand, right: Operand): void {
  const { code } = emitter;
  const valueClass = classOf(left.type);
  if (left.type.kind === "decimal" && right.type.kind === "decimal") {
    assert(left.type.scale === right.type.scale, "decimals are compared at one scale");
    if (valueClass === "wide" || classOf(right.type) === "wide") return pushWideComparison(emitter, name, left, right);
  }
  switch (valueClass) {
    case "int":
    case "long": {
      const prefix = valueClass === "int" ? "i32" : "i64";
      emitter.pushLow(left);
      emitter.pushLow(right);
      const isSigned = !isUnsigned(left.type);
      const suffix = name === "eq" || name === "ne" ? "" : isSigned ? "_s" : "_u";
      return code.op(`${prefix}.${name}${suffix}` as Opcode);
    }
    case "float":
      return pushFloatComparison(emitter, name, left, right);
    default:
      if (left.type.kind === "interval") return pushByKernel(emitter, name, left, right, "dateCompareIntervals");
      return pushTextComparison(emitter, name, left, right);
  }
}

function pushWideComparison(emitter: Emitter, name: string, left: Operand, right: Operand): void {
  const { code } = emitter;
  const low = (operator: Opcode): void => {
    emitter.push(left.low, "i64");
    emitter.push(right.low, "i64");
    code.op(operator);
  };
  const high = (operator: Opcode): void => {
    emitter.pushHigh(left);
    emitter.pushHigh(right);
    code.op(operator);
  };
  if (name === "eq" || name === "ne") {
    low(`i64.${name}`);
    high(`i64.${name}`);
    return code.op(name === "eq" ? "i32.and" : "i32.or");
  }
  const strict = name === "lt" || name === "le" ? "i64.lt_s" : "i64.gt_s";
  high(strict);
  high("i64.eq");
  low(`i64.${name}_u` as Opcode);
  code.op("i32.and");
  code.op("i32.or");
}

/** PostgreSQL's order: NaN equals NaN and is above all numbers. */
function pushFloatComparison(emitter: Emitter, name: string, left: Operand, right: Operand): void {
  const { code } = emitter;
  if (name === "gt" || name === "ge") return pushFloatComparison(emitter, name === "gt" ? "lt" : "le", right, left);
  const compare = (first: Operand, second: Operand, operator: Opcode): void => {
    emitter.pushLow(first);
    emitter.pushLow(second);
    code.op(operator);
  };
  const isNumber = (operand: Operand): boolean => operand.low.kind === "constant" && !Number.isNaN(operand.low.value);
  const noNaN = isNumber(left) || isNumber(right);
  switch (name) {
    case "eq":
    case "ne":
      compare(left, right, `f64.${name}`);
      if (noNaN) return;
      // Also equal when neither equals itself.
      compare(left, left, name === "eq" ? "f64.ne" : "f64.eq");
      compare(right, right, name === "eq" ? "f64.ne" : "f64.eq");
      code.op(name === "eq" ? "i32.and" : "i32.or");
      return code.op(name === "eq" ? "i32.or" : "i32.and");
    case "le":
      compare(left, right, "f64.le");
      if (isNumber(right)) return;
      compare(right, right, "f64.ne");
      return code.op("i32.or");
    default:
      compare(left, right, "f64.lt");
      if (isNumber(right)) return;
      compare(right, right, "f64.ne");
      compare(left, left, "f64.eq");
      code.op("i32.and");
      return code.op("i32.or");
  }
}

function pushByKernel(emitter: Emitter, name: string, left: Operand, right: Operand, kernel: string): void {
  emitter.pushLow(left);
  emitter.pushLow(right);
  emitter.call("kernel", kernel, "ii:i");
  emitter.code.i32(0);
  emitter.code.op((name === "eq" || name === "ne" ? `i32.${name}` : `i32.${name}_s`) as Opcode);
}

/** The two words of a constant of at most 12 bytes that is tested for equality. */
function shortConstant(emitter: Emitter, name: string, operand: Operand): readonly [bigint, bigint] | null {
  if ((name !== "eq" && name !== "ne") || operand.low.kind !== "frame" || operand.isNull !== null) return null;
  return emitter.constants.shortWords(operand.low.offset);
}

function pushTextComparison(emitter: Emitter, name: string, left: Operand, right: Operand): void {
  const { code } = emitter;
  if (name !== "eq" && name !== "ne") return pushByKernel(emitter, name, left, right, "textCompare");
  const words = shortConstant(emitter, name, right);
  const result = code.local("i32");
  emitter.pushLow(left);
  code.access("i64.load");
  if (words !== null) {
    code.i64(words[0]);
    code.op("i64.eq");
    emitter.pushLow(left);
    code.access("i64.load", 8);
    code.i64(words[1]);
    code.op("i64.eq");
    code.op("i32.and");
    code.set(result);
  } else {
    // The first words hold the length and four bytes: most unequal texts differ here.
    emitter.pushLow(right);
    code.access("i64.load");
    code.op("i64.eq");
    code.tee(result);
    code.if(() => {
      emitter.pushLow(left);
      emitter.pushLow(right);
      emitter.call("kernel", "textEqual", "ii:i");
      code.set(result);
    });
  }
  code.get(result);
  if (name === "ne") code.op("i32.eqz");
}
