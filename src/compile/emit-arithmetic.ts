import type { DataType, DecimalType } from "../arrow/data-type.ts";
import { isFloat, isInteger, maxDecimalPrecision, typeName } from "../arrow/data-type.ts";
import { assert } from "../common/assert.ts";
import type { CallExpression, Expression } from "../expr/expression.ts";
import { boundsOfInteger } from "../expr/numeric-values.ts";
import { digits64Max, pushScaled64, raiseUnlessFits, scaleUp } from "./emit-decimal.ts";
import type { Emitter } from "./emitter.ts";
import { classOf, isUnsigned, localAtom, type Operand } from "./operand.ts";
import type { Opcode } from "./wasm-encoder.ts";

export const divisionByZero = ["division_by_zero", "division by zero"] as const;

/** add, subtract, multiply, divide and modulo of two numbers. */
export function emitNumericArithmetic(emitter: Emitter, call: CallExpression): Operand {
  const left = emitter.emit(call.args[0]!);
  const right = emitter.emit(call.args[1]!);
  const { type } = call;
  const args = [left, right] as const;
  if (isFloat(type)) return emitter.strict(type, args, call.name !== "divide", () => floatArithmetic(emitter, call, left, right));
  if (isInteger(type)) return emitter.strict(type, args, false, () => integerArithmetic(emitter, call, left, right));
  assert(type.kind === "decimal" && left.type.kind === "decimal" && right.type.kind === "decimal", "arithmetic is on numbers");
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
  const operators: Readonly<Record<string, Opcode>> = { add: "f64.add", subtract: "f64.sub", multiply: "f64.mul", divide: "f64.div" };
  const low = emitter.store("f64", () => {
    emitter.pushLow(left);
    emitter.pushLow(right);
    code.op(operators[call.name]!);
  });
  return { type: call.type, low, high: null, isNull: null };
}

const longOperators: Readonly<Record<string, Opcode>> = { add: "i64.add", subtract: "i64.sub", multiply: "i64.mul" };

export function integerArithmetic(emitter: Emitter, call: CallExpression, left: Operand, right: Operand): Operand {
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
  if (classOf(operand.type) === "int") emitter.code.op(isUnsigned(operand.type) ? "i64.extend_i32_u" : "i64.extend_i32_s");
}

function outOfRange(type: DataType): string {
  return `${typeName(type)} out of range`;
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

function pushAddOverflow(emitter: Emitter, name: string, type: DataType, left: Operand, right: Operand, result: number): void {
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
  const mayOverflow = !unsigned && classOf(type) === "long" && call.name === "divide" && (constant === null || constant === -1n);
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

/** Arithmetic of two decimals, in 64 bits where the result's form says that all values fit, else in 128. */
class DecimalOperation {
  readonly #emitter: Emitter;
  readonly #call: CallExpression;
  readonly #type: DecimalType;
  readonly #left: Operand & { type: DecimalType };
  readonly #right: Operand & { type: DecimalType };

  constructor(emitter: Emitter, call: CallExpression, type: DecimalType, left: Operand, right: Operand) {
    this.#emitter = emitter;
    this.#call = call;
    this.#type = type;
    this.#left = left as Operand & { type: DecimalType };
    this.#right = right as Operand & { type: DecimalType };
  }

  get #scaleMax(): number {
    return Math.max(this.#left.type.scale, this.#right.type.scale);
  }

  /** Whether it computes on any bits without an error. */
  isSafe(): boolean {
    return this.#type.bits === 64 && this.#call.name !== "divide" && this.#call.name !== "modulo" && this.#productDown() === 0;
  }

  emit(): Operand {
    switch (this.#call.name) {
      case "multiply":
        return this.#multiply();
      case "divide":
        return this.#divide();
      case "modulo":
        return this.#modulo();
      default:
        return this.#type.bits === 64 ? this.#add64() : this.#add128();
    }
  }

  #add64(): Operand {
    const { code } = this.#emitter;
    const low = this.#emitter.store("i64", () => {
      pushScaled64(this.#emitter, this.#left, this.#type.scale - this.#left.type.scale);
      pushScaled64(this.#emitter, this.#right, this.#type.scale - this.#right.type.scale);
      code.op(this.#call.name === "add" ? "i64.add" : "i64.sub");
    });
    return { type: this.#type, low, high: null, isNull: null };
  }

  #add128(): Operand {
    const emitter = this.#emitter;
    const { code } = emitter;
    const left = scaleUp(emitter, this.#call, this.#left, this.#type.scale);
    const right = scaleUp(emitter, this.#call, this.#right, this.#type.scale);
    const isAdd = this.#call.name === "add";
    const low = code.local("i64");
    emitter.push(left.low, "i64");
    emitter.push(right.low, "i64");
    code.op(isAdd ? "i64.add" : "i64.sub");
    code.set(low);
    const high = code.local("i64");
    emitter.pushHigh(left);
    emitter.pushHigh(right);
    code.op(isAdd ? "i64.add" : "i64.sub");
    // The carry of the lower half.
    if (isAdd) code.get(low);
    else emitter.push(left.low, "i64");
    emitter.push(isAdd ? left.low : right.low, "i64");
    code.op("i64.lt_u");
    code.op("i64.extend_i32_u");
    code.op(isAdd ? "i64.add" : "i64.sub");
    code.set(high);
    const result: Operand = { type: this.#type, low: localAtom(low), high: localAtom(high), isNull: null };
    const whole = Math.max(this.#left.type.precision - this.#left.type.scale, this.#right.type.precision - this.#right.type.scale);
    if (whole + this.#scaleMax + 1 > maxDecimalPrecision) raiseUnlessFits(emitter, this.#call, result, this.#type);
    return result;
  }

  /** Digits that the result's scale lacks of the full product's. */
  #productDown(): number {
    return this.#call.name === "multiply" ? this.#left.type.scale + this.#right.type.scale - this.#type.scale : 0;
  }

  #multiply(): Operand {
    const emitter = this.#emitter;
    const { code } = emitter;
    const down = this.#productDown();
    if (this.#type.bits === 64 && down === 0) {
      const low = emitter.store("i64", () => {
        emitter.push(this.#left.low, "i64");
        emitter.push(this.#right.low, "i64");
        code.op("i64.mul");
      });
      return { type: this.#type, low, high: null, isNull: null };
    }
    const out = emitter.scratch();
    if (down === 0 && classOf(this.#left.type) === "long" && classOf(this.#right.type) === "long") {
      emitter.push(this.#left.low, "i64");
      emitter.push(this.#right.low, "i64");
      emitter.pushFrame(out);
      emitter.call("kernel", "decimalMultiply64", "lli:");
    } else {
      emitter.pushWide(this.#left);
      emitter.pushWide(this.#right);
      code.i32(down);
      emitter.pushFrame(out);
      emitter.call("kernel", "decimalMultiply", "llllii:i");
      if (this.#left.type.precision + this.#right.type.precision > maxDecimalPrecision) this.#raise();
      else code.op("drop");
    }
    return this.#loaded(out);
  }

  #raise(): void {
    this.#emitter.raiseIf(this.#call, "numeric_value_out_of_range", outOfRange(this.#type));
  }

  #loaded(out: number): Operand {
    return this.#emitter.loadResult(this.#type, { kind: "frame", offset: out });
  }

  #raiseIfZero(): void {
    const { code } = this.#emitter;
    if (this.#right.low.kind === "constant" && (BigInt(this.#right.low.value) !== 0n || (this.#right.high?.kind === "constant" && this.#right.high.value !== 0n))) return;
    this.#emitter.push(this.#right.low, "i64");
    if (this.#right.high !== null) {
      this.#emitter.push(this.#right.high, "i64");
      code.op("i64.or");
    }
    code.op("i64.eqz");
    this.#emitter.raiseIf(this.#call, ...divisionByZero);
  }

  #divide(): Operand {
    const emitter = this.#emitter;
    const up = this.#type.scale + this.#right.type.scale - this.#left.type.scale;
    // More than 256 bits: no kernel for such scales.
    if (up > maxDecimalPrecision) return emitter.fallbackValue(this.#call, [this.#left, this.#right]);
    this.#raiseIfZero();
    const out = emitter.scratch();
    emitter.pushWide(this.#left);
    emitter.pushWide(this.#right);
    emitter.code.i32(up);
    emitter.pushFrame(out);
    emitter.call("kernel", "decimalDivide", "llllii:i");
    this.#raise();
    return this.#loaded(out);
  }

  #modulo(): Operand {
    const emitter = this.#emitter;
    const { code } = emitter;
    const whole = Math.max(this.#left.type.precision - this.#left.type.scale, this.#right.type.precision - this.#right.type.scale);
    if (whole + this.#scaleMax > maxDecimalPrecision) return emitter.fallbackValue(this.#call, [this.#left, this.#right]);
    this.#raiseIfZero();
    if (whole + this.#scaleMax <= digits64Max && this.#type.bits === 64) {
      const low = emitter.store("i64", () => {
        pushScaled64(emitter, this.#left, this.#scaleMax - this.#left.type.scale);
        pushScaled64(emitter, this.#right, this.#scaleMax - this.#right.type.scale);
        code.op("i64.rem_s");
      });
      return { type: this.#type, low, high: null, isNull: null };
    }
    const left = scaleUp(emitter, this.#call, this.#left, this.#scaleMax);
    const right = scaleUp(emitter, this.#call, this.#right, this.#scaleMax);
    const out = emitter.scratch();
    emitter.pushWide(left);
    emitter.pushWide(right);
    emitter.pushFrame(out);
    emitter.call("kernel", "decimalModulo", "lllli:");
    return this.#loaded(out);
  }
}

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
  return emitter.strict(type, [arg], type.kind === "decimal", () => (type.kind === "decimal" ? negateDecimal(emitter, arg, isAbsolute) : negateInteger(emitter, call, arg, isAbsolute)));
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
