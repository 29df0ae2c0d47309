import type { DataType } from "../arrow/data-type.ts";
import { isFloat, isInteger } from "../arrow/data-type.ts";
import { assert } from "../common/assert.ts";
import type { CallExpression, Expression } from "../expr/expression.ts";
import { boundsOfInteger } from "../expr/numeric-values.ts";
import { divisionByZero, outOfRange } from "./arithmetic-errors.ts";
import { DecimalOperation } from "./decimal-operation.ts";
import type { Emitter } from "./emitter.ts";
import { classOf, isUnsigned, localAtom, type Operand } from "./operand.ts";
import type { Opcode } from "./wasm-encoder.ts";

/** add, subtract, multiply, divide and modulo of two numbers. */
export function emitNumericArithmetic(emitter: Emitter, call: CallExpression): Operand {
  const left = emitter.emit(call.args[0]!);
  const right = emitter.emit(call.args[1]!);
  const { type } = call;
  const args = [left, right] as const;
  if (isFloat(type))
    return emitter.strict(type, args, call.name !== "divide", () => floatArithmetic(emitter, call, left, right));
  if (isInteger(type)) return emitter.strict(type, args, false, () => integerArithmetic(emitter, call, left, right));
  assert(
    type.kind === "decimal" && left.type.kind === "decimal" && right.type.kind === "decimal",
    "arithmetic is on numbers",
  );
  const operation = new DecimalOperation(emitter, call, type, left, right);
  return emitter.strict(type, args, operation.isSafe(), () => operation.emit());
}

function floatArithmetic(emitter: Emitter, call: CallExpression, left: Operand, right: Operand): Operand {
  const { code } = emitter;
  if (call.name === "divide") {
    emitter.pushLow(right);
    code.f64(0);
    code.op("f64.eq");
    emitter.raiseIf(call, ...divisionByZero);
  }
  const operators: Readonly<Record<string, Opcode>> = {
    add: "f64.add",
    subtract: "f64.sub",
    multiply: "f64.mul",
    divide: "f64.div",
  };
  const low = emitter.store("f64", () => {
    emitter.pushLow(left);
    emitter.pushLow(right);
    code.op(operators[call.name]!);
  });
  return { type: call.type, low, high: null, isNull: null };
}

const longOperators: Readonly<Record<string, Opcode>> = { add: "i64.add", subtract: "i64.sub", multiply: "i64.mul" };

function integerArithmetic(emitter: Emitter, call: CallExpression, left: Operand, right: Operand): Operand {
  if (call.name === "divide" || call.name === "modulo") return integerDivision(emitter, call, left, right);
  const { code } = emitter;
  const { type } = call;
  const operator = longOperators[call.name]!;
  if (classOf(type) === "int") {
    const exact = code.local("i64");
    pushLong(emitter, left);
    pushLong(emitter, right);
    code.op(operator);
    code.set(exact);
    return narrowChecked(emitter, call, exact, type);
  }
  const result = emitter.storeLocal("i64", () => {
    emitter.pushLow(left);
    emitter.pushLow(right);
    code.op(operator);
  });
  if (call.name === "multiply") pushMultiplyOverflow(emitter, type, left, right);
  else pushAddOverflow(emitter, call.name, type, left, right, result);
  emitter.raiseIf(call, "numeric_value_out_of_range", outOfRange(type));
  return { type, low: localAtom(result), high: null, isNull: null };
}

/** Pushes an integer as i64. */
export function pushLong(emitter: Emitter, operand: Operand): void {
  if (operand.low.kind === "constant") return emitter.code.i64(BigInt(operand.low.value));
  emitter.pushLow(operand);
  if (classOf(operand.type) === "int")
    emitter.code.op(isUnsigned(operand.type) ? "i64.extend_i32_u" : "i64.extend_i32_s");
}

/** The i64 in a local as an integer type of at most 32 bits, with an error when it does not fit. */
export function narrowChecked(emitter: Emitter, expression: Expression, exact: number, type: DataType): Operand {
  const { code } = emitter;
  const bits = Number(type.kind.replace(/\D/g, ""));
  code.get(exact);
  if (isUnsigned(type)) {
    code.i64(BigInt(bits));
    code.op("i64.shr_u");
    code.i64(0n);
  } else {
    code.op(`i64.extend${bits as 8 | 16 | 32}_s`);
    code.get(exact);
  }
  code.op("i64.ne");
  emitter.raiseIf(expression, "numeric_value_out_of_range", outOfRange(type));
  const low = emitter.store("i32", () => {
    code.get(exact);
    code.op("i32.wrap_i64");
  });
  return { type, low, high: null, isNull: null };
}

function pushAddOverflow(
  emitter: Emitter,
  name: string,
  type: DataType,
  left: Operand,
  right: Operand,
  result: number,
): void {
  const { code } = emitter;
  if (isUnsigned(type)) {
    if (name === "add") code.get(result);
    else emitter.pushLow(left);
    emitter.pushLow(name === "add" ? left : right);
    return code.op("i64.lt_u");
  }
  // The result's sign differs from what both operands (for a difference: the negated right one) have.
  emitter.pushLow(left);
  if (name === "add") code.get(result);
  else emitter.pushLow(right);
  code.op("i64.xor");
  if (name === "add") emitter.pushLow(right);
  else emitter.pushLow(left);
  code.get(result);
  code.op("i64.xor");
  code.op("i64.and");
  code.i64(0n);
  code.op("i64.lt_s");
}

function pushMultiplyOverflow(emitter: Emitter, type: DataType, left: Operand, right: Operand): void {
  const { code } = emitter;
  if (isUnsigned(type)) {
    emitter.pushLow(left);
    emitter.pushLow(right);
    return emitter.call("kernel", "numberMultiplyOverflowsUnsigned", "ll:i");
  }
  const overflows = code.local("i32");
  code.i32(0);
  code.set(overflows);
  // Two int32 never overflow an int64: the exact test runs only for larger ones.
  for (const operand of [left, right]) {
    emitter.pushLow(operand);
    code.i64(2n ** 31n);
    code.op("i64.add");
  }
  code.op("i64.or");
  code.i64(32n);
  code.op("i64.shr_u");
  code.i64(0n);
  code.op("i64.ne");
  code.if(() => {
    emitter.pushLow(left);
    emitter.pushLow(right);
    emitter.call("kernel", "numberMultiplyOverflows", "ll:i");
    code.set(overflows);
  });
  code.get(overflows);
}

function integerDivision(emitter: Emitter, call: CallExpression, left: Operand, right: Operand): Operand {
  const { code } = emitter;
  const { type } = call;
  const unsigned = isUnsigned(type);
  const constant = right.low.kind === "constant" ? BigInt(right.low.value) : null;
  if (constant === null || constant === 0n) {
    emitter.pushLow(right);
    code.op(classOf(type) === "int" ? "i32.eqz" : "i64.eqz");
    emitter.raiseIf(call, ...divisionByZero);
  }
  const mayOverflow =
    !unsigned && classOf(type) === "long" && call.name === "divide" && (constant === null || constant === -1n);
  if (mayOverflow) {
    emitter.pushLow(left);
    code.i64(boundsOfInteger(type)[0]);
    code.op("i64.eq");
    emitter.pushLow(right);
    code.i64(-1n);
    code.op("i64.eq");
    code.op("i32.and");
    emitter.raiseIf(call, "numeric_value_out_of_range", outOfRange(type));
  }
  const exact = emitter.storeLocal("i64", () => {
    pushLong(emitter, left);
    pushLong(emitter, right);
    const operator = call.name === "divide" ? "div" : "rem";
    code.op(`i64.${operator}_${unsigned ? "u" : "s"}`);
  });
  if (classOf(type) === "int") return narrowChecked(emitter, call, exact, type);
  return { type, low: localAtom(exact), high: null, isNull: null };
}
