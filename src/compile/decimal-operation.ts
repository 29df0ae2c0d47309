import type { DecimalType } from "../arrow/data-type.ts";
import { maxDecimalPrecision } from "../arrow/data-type.ts";
import type { CallExpression } from "../expr/expression.ts";
import { divisionByZero, outOfRange } from "./arithmetic-errors.ts";
import { digits64Max, pushScaled64, raiseUnlessFits, scaleUp } from "./emit-decimal.ts";
import type { Emitter } from "./emitter.ts";
import { classOf, localAtom, type Operand } from "./operand.ts";

/** Arithmetic of two decimals, in 64 bits where the result's form says that all values fit, else in 128. */
export class DecimalOperation {
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
    return (
      this.#type.bits === 64 &&
      this.#call.name !== "divide" &&
      this.#call.name !== "modulo" &&
      this.#productDown() === 0
    );
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
    const whole = Math.max(
      this.#left.type.precision - this.#left.type.scale,
      this.#right.type.precision - this.#right.type.scale,
    );
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
    if (
      this.#right.low.kind === "constant" &&
      (BigInt(this.#right.low.value) !== 0n || (this.#right.high?.kind === "constant" && this.#right.high.value !== 0n))
    )
      return;
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
    const whole = Math.max(
      this.#left.type.precision - this.#left.type.scale,
      this.#right.type.precision - this.#right.type.scale,
    );
    if (whole + this.#scaleMax > maxDecimalPrecision)
      return emitter.fallbackValue(this.#call, [this.#left, this.#right]);
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
