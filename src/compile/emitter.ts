import type { DataType, DecimalType } from "../arrow/data-type.ts";
import { byteWidthOf } from "../arrow/data-type.ts";
import type { Value } from "../arrow/value.ts";
import { assert, must } from "../common/assert.ts";
import type { ErrorCode } from "../common/engine-error.ts";
import { childrenOf, typeOf } from "../expr/expression-properties.ts";
import type { Expression, InputExpression } from "../expr/expression.ts";
import { ConstantPool } from "./constant-pool.ts";
import { frameLayout, frameLocal } from "./frame.ts";
import { type Atom, classOf, constantAtom, localAtom, type Operand } from "./operand.ts";
import { type Access, FunctionBuilder, type FunctionImport, type Signature, type WasmType } from "./wasm-encoder.ts";

/** A place of the code that can end the query, or that calls the interpreter (then `argumentOffsets` are in the frame). */
export type Site = {
  readonly expression: Expression;
  readonly error: { readonly code: ErrorCode; readonly message: string } | null;
  readonly fallback: { readonly argumentOffsets: readonly number[]; readonly resultOffset: number } | null;
};

/** Emits an expression that is neither an input nor a literal (emit-expression.ts). */
export type EmitPart = (emitter: Emitter, expression: Expression) => Operand;

/** Signatures in short: i = i32, l = i64, d = f64; the part after the colon is the result (empty = none). */
const wasmTypeOfLetter: Readonly<Record<string, WasmType>> = { i: "i32", l: "i64", d: "f64" };

/**
 * Emits the code of expressions for one row into a function. Which inputs can be NULL is fixed per variant, so that code
 * without NULLs has no trace of them. Values that were computed before on every path are reused.
 */
export class Emitter {
  readonly code = new FunctionBuilder(3);
  readonly sites: Site[] = [];
  readonly constants: ConstantPool;
  readonly imports: FunctionImport[] = [];
  /** Local with the row's number in the input vectors. */
  readonly rowLocal: number;
  readonly #usedInputs: readonly number[];
  readonly #nullableInputs: ReadonlySet<number>;
  readonly #dataLocals = new Map<number, number>();
  readonly #validityLocals = new Map<number, number>();
  /** Known values by expression, innermost conditional scope last. */
  readonly #scopes: Map<number, Operand>[] = [new Map()];
  readonly #expressionIds = new WeakMap<Expression, number>();
  readonly #idOfKey = new Map<string, number>();

  readonly #emitPart: EmitPart;

  /** `usedInputs` are input positions in the order of their pointers in the frame. */
  constructor(
    usedInputs: readonly number[],
    nullableInputs: ReadonlySet<number>,
    outputCount: number,
    emitPart: EmitPart,
  ) {
    this.#emitPart = emitPart;
    this.#usedInputs = usedInputs;
    this.#nullableInputs = nullableInputs;
    this.constants = new ConstantPool(frameLayout(usedInputs.length, outputCount).byteSize);
    this.rowLocal = this.code.local("i32");
  }

  /** Loads the input vectors' pointers into locals; before the loop. */
  loadPointers(): void {
    this.#usedInputs.forEach((input, position) => {
      const load = (offset: number): number => {
        const local = this.code.local("i32");
        this.code.get(frameLocal);
        this.code.access("i32.load", offset);
        this.code.set(local);
        return local;
      };
      const offset = frameLayout(this.#usedInputs.length, 0).inputs + position * 8;
      this.#dataLocals.set(input, load(offset));
      if (this.#nullableInputs.has(input)) this.#validityLocals.set(input, load(offset + 4));
    });
  }

  /** Computes an expression, unless its value is known on every path that leads here. */
  emit(expression: Expression): Operand {
    if (expression.kind === "literal") return this.#literal(expression.type, expression.value);
    const id = this.idOf(expression);
    for (const scope of this.#scopes) {
      const known = scope.get(id);
      if (known !== undefined) return known;
    }
    const made = expression.kind === "input" ? this.#input(expression) : this.#emitPart(this, expression);
    const type = typeOf(expression);
    const operand = type.kind === "decimal" ? this.inForm(made, type) : made;
    this.#scopes.at(-1)!.set(id, operand);
    return operand;
  }

  /** Runs `content`, whose code is only executed on some paths: what it computes is forgotten after it. */
  conditionally(content: () => void): void {
    this.#scopes.push(new Map());
    content();
    this.#scopes.pop();
  }

  /** A number per structure: equal expressions have equal numbers. */
  idOf(expression: Expression): number {
    const known = this.#expressionIds.get(expression);
    if (known !== undefined) return known;
    const key =
      shallowKey(expression) +
      childrenOf(expression)
        .map((child) => this.idOf(child))
        .join(",");
    let id = this.#idOfKey.get(key);
    if (id === undefined) this.#idOfKey.set(key, (id = this.#idOfKey.size));
    this.#expressionIds.set(expression, id);
    return id;
  }

  #input(input: InputExpression): Operand {
    const data = must(this.#dataLocals.get(input.index), "an input is not declared");
    const type = input.type;
    if (type.kind === "null") return this.nothing(type);
    const validity = this.#validityLocals.get(input.index);
    const isNull = validity === undefined ? null : { local: this.#loadNull(validity) };
    const address = (): void => {
      this.code.get(data);
      this.code.get(this.rowLocal);
      const width = byteWidthOf(type);
      if (width > 1) {
        this.code.i32(Math.log2(width));
        this.code.op("i32.shl");
      }
      this.code.op("i32.add");
    };
    if (classOf(type) === "view") return { type, low: this.store("i32", address), high: null, isNull };
    if (classOf(type) === "wide") {
      const base = localAtom(this.storeLocal("i32", address));
      return { ...this.loadResult(type, base), isNull };
    }
    const low = this.store(wasmTypeOf(type), () => {
      address();
      this.load(type);
    });
    return { type, low, high: null, isNull };
  }

  #loadNull(validity: number): number {
    return this.storeLocal("i32", () => {
      this.code.get(validity);
      this.code.get(this.rowLocal);
      this.code.i32(3);
      this.code.op("i32.shr_u");
      this.code.op("i32.add");
      this.code.access("i32.load8_u");
      this.code.get(this.rowLocal);
      this.code.i32(7);
      this.code.op("i32.and");
      this.code.op("i32.shr_u");
      this.code.i32(1);
      this.code.op("i32.and");
      this.code.op("i32.eqz");
    });
  }

  #literal(type: DataType, value: Value): Operand {
    if (value === null) return this.nothing(type);
    switch (classOf(type)) {
      case "view":
        return { type, low: { kind: "frame", offset: this.constants.view(type, value) }, high: null, isNull: null };
      case "wide":
        return {
          type,
          low: constantAtom(BigInt.asIntN(64, value as bigint)),
          high: constantAtom(BigInt.asIntN(64, (value as bigint) >> 64n)),
          isNull: null,
        };
      default:
        return {
          type,
          low: constantAtom(typeof value === "boolean" ? Number(value) : (value as number | bigint)),
          high: null,
          isNull: null,
        };
    }
  }

  /** A value that is always NULL. */
  nothing(type: DataType): Operand {
    const valueClass = classOf(type);
    const zero = constantAtom(valueClass === "long" || valueClass === "wide" ? 0n : 0);
    const low: Atom = valueClass === "view" ? { kind: "frame", offset: this.constants.emptyView() } : zero;
    return { type, low, high: valueClass === "wide" ? zero : null, isNull: "always" };
  }

  /** Pushes an atom as a value of a WebAssembly type. */
  push(atom: Atom, type: WasmType): void {
    switch (atom.kind) {
      case "local":
        return this.code.get(atom.local);
      case "frame":
        this.code.get(frameLocal);
        this.code.i32(atom.offset);
        return this.code.op("i32.add");
      default:
        if (type === "i32") return this.code.i32(Number(atom.value));
        if (type === "i64") return this.code.i64(BigInt(atom.value));
        return this.code.f64(Number(atom.value));
    }
  }

  /** Pushes the low (or only) part of an operand. */
  pushLow(operand: Operand): void {
    this.push(operand.low, wasmTypeOf(operand.type));
  }

  /** Pushes both halves of a decimal as two i64, whatever its class. */
  pushWide(operand: Operand): void {
    this.push(operand.low, "i64");
    this.pushHigh(operand);
  }

  /** Pushes the upper i64 of a decimal. */
  pushHigh(operand: Operand): void {
    if (operand.high !== null) return this.push(operand.high, "i64");
    this.push(operand.low, "i64");
    this.code.i64(63n);
    this.code.op("i64.shr_s");
  }

  /** Pushes 0 or not 0: whether the operand is NULL. */
  pushNull(operand: Operand): void {
    if (operand.isNull === null || operand.isNull === "always") this.code.i32(operand.isNull === null ? 0 : 1);
    else this.code.get(operand.isNull.local);
  }

  /** Pushes 1 where a boolean is true, 0 where it is false or NULL. */
  pushIsTrue(operand: Operand): void {
    if (operand.isNull === "always") return this.code.i32(0);
    this.pushLow(operand);
    if (operand.isNull === null) return;
    this.code.get(operand.isNull.local);
    this.code.op("i32.eqz");
    this.code.op("i32.and");
  }

  /** A new local that takes what `content` pushes. */
  storeLocal(type: WasmType, content: () => void): number {
    const local = this.code.local(type);
    content();
    this.code.set(local);
    return local;
  }

  store(type: WasmType, content: () => void): Atom {
    return localAtom(this.storeLocal(type, content));
  }

  /** Loads a value of a type (no view, not wide) from the address on the stack. */
  load(type: DataType, offset = 0): void {
    switch (type.kind) {
      case "float32":
        this.code.access("f32.load", offset);
        return this.code.op("f64.promote_f32");
      case "float64":
        return this.code.access("f64.load", offset);
      default:
        return this.code.access(loadOf(type), offset);
    }
  }

  /** The operand, never NULL, whose value stands at an address. */
  loadResult(type: DataType, address: Atom): Operand {
    if (classOf(type) === "view") return { type, low: address, high: null, isNull: null };
    const load = (offset: number): Atom =>
      this.store(wasmTypeOf(type), () => {
        const base = address.kind === "frame" ? address.offset : 0;
        if (address.kind === "frame") this.code.get(frameLocal);
        else this.push(address, "i32");
        this.load(type, base + offset);
      });
    return { type, low: load(0), high: classOf(type) === "wide" ? load(8) : null, isNull: null };
  }

  /** Stores an operand at the address `target` pushes (called once per store). */
  storeResult(operand: Operand, target: () => void, offset = 0): void {
    const { type } = operand;
    const valueClass = classOf(type);
    if (valueClass === "view") {
      for (const half of [0, 8]) {
        target();
        this.push(operand.low, "i32");
        this.code.access("i64.load", half);
        this.code.access("i64.store", offset + half);
      }
      return;
    }
    target();
    this.pushLow(operand);
    if (type.kind === "float32") this.code.op("f32.demote_f64");
    this.code.access(storeOf(type), offset);
    if (valueClass !== "wide") return;
    target();
    this.pushHigh(operand);
    this.code.access("i64.store", offset + 8);
  }

  /** Sixteen bytes of the frame that belong to the caller. */
  scratch(byteSize = 16): number {
    return this.constants.reserve(byteSize);
  }

  /** Pushes the address of a place in the frame. */
  pushFrame(offset: number): void {
    this.push({ kind: "frame", offset }, "i32");
  }

  /** Ends the function with an error if the i32 on the stack is not 0. */
  raiseIf(expression: Expression, code: ErrorCode, message: string): void {
    const site = this.sites.push({ expression, error: { code, message }, fallback: null }) - 1;
    this.code.if(() => {
      this.code.i32(-1 - site);
      this.code.op("return");
    });
  }

  /** Calls an imported function: a kernel ("env"), or one of the host ("host"). Arguments are on the stack. */
  call(module: "kernel" | "host", name: string, signature: string): void {
    let index = this.imports.findIndex((one) => one.module === module && one.name === name);
    if (index === -1) index = this.imports.push({ module, name, signature: parseSignature(signature) }) - 1;
    this.code.call(index);
  }

  /**
   * A function that is NULL when an argument is. `compute` makes the value from arguments that are not NULL; unless it
   * is `safe` with any bits (no error, no address followed) it runs only then.
   */
  strict(type: DataType, args: readonly Operand[], safe: boolean, compute: () => Operand): Operand {
    const isNull = this.anyNull(args);
    if (isNull === "always") return this.nothing(type);
    if (isNull === null || safe) return { ...compute(), isNull };
    const result = this.variable(type);
    this.code.get(isNull.local);
    this.code.op("i32.eqz");
    this.code.if(() => this.conditionally(() => this.assign(result, compute())));
    return { ...result, isNull };
  }

  /** NULL if one of the operands is. */
  anyNull(args: readonly Operand[]): Operand["isNull"] {
    if (args.some((arg) => arg.isNull === "always")) return "always";
    const locals = new Set(
      args.flatMap((arg) => (arg.isNull === null || arg.isNull === "always" ? [] : [arg.isNull.local])),
    );
    const [first, ...rest] = locals;
    if (first === undefined) return null;
    if (rest.length === 0) return { local: first };
    return {
      local: this.storeLocal("i32", () => {
        this.code.get(first);
        for (const local of rest) {
          this.code.get(local);
          this.code.op("i32.or");
        }
      }),
    };
  }

  /** An operand, never NULL, in locals of its own that `assign` writes; a view starts as an empty one. */
  variable(type: DataType): Operand & { readonly low: { kind: "local"; local: number } } {
    const low = this.code.local(wasmTypeOf(type));
    if (classOf(type) === "view") {
      this.pushFrame(this.constants.emptyView());
      this.code.set(low);
    }
    const high = classOf(type) === "wide" ? localAtom(this.code.local("i64")) : null;
    return { type, low: { kind: "local", local: low }, high, isNull: null };
  }

  /** Copies the value (not the NULL) of one operand into a variable of the same SQL type; decimals change their form. */
  assign(variable: Operand, value: Operand): void {
    assert(variable.low.kind === "local", "only variables can be assigned");
    if (variable.high !== null) {
      assert(variable.high.kind === "local", "only variables can be assigned");
      this.pushWide(value);
      this.code.set(variable.high.local);
    } else {
      this.push(value.low, wasmTypeOf(variable.type));
    }
    this.code.set(variable.low.local);
  }

  /** A decimal in the form (64 or 128 bits) of another type of its scale; the caller knows that it fits. */
  inForm(operand: Operand, type: DecimalType): Operand {
    if (type.bits === 64)
      return operand.high === null
        ? { ...operand, type }
        : { type, low: operand.low, high: null, isNull: operand.isNull };
    if (operand.high !== null) return { ...operand, type };
    return { type, low: operand.low, high: this.store("i64", () => this.pushHigh(operand)), isNull: operand.isNull };
  }

  /** Computes a rare function or cast in JavaScript, through the interpreter. */
  fallback(expression: Expression & { kind: "call" | "cast" }, args: readonly Operand[]): Operand {
    return this.strict(expression.type, args, false, () => this.fallbackValue(expression, args));
  }

  /** The same for arguments that are not NULL. */
  fallbackValue(expression: Expression & { kind: "call" | "cast" }, args: readonly Operand[]): Operand {
    const argumentOffsets = args.map((arg) => {
      const offset = this.scratch();
      this.storeResult(arg, () => this.code.get(frameLocal), offset);
      return offset;
    });
    const resultOffset = this.scratch();
    const site = this.sites.push({ expression, error: null, fallback: { argumentOffsets, resultOffset } }) - 1;
    this.code.i32(site);
    this.call("host", "fallback", "i:");
    return this.loadResult(expression.type, { kind: "frame", offset: resultOffset });
  }
}

export function wasmTypeOf(type: DataType): WasmType {
  const types = { int: "i32", view: "i32", long: "i64", wide: "i64", float: "f64" } as const;
  return types[classOf(type)];
}

function loadOf(type: DataType): Access {
  switch (type.kind) {
    case "bool":
    case "uint8":
    case "null":
      return "i32.load8_u";
    case "int8":
      return "i32.load8_s";
    case "int16":
      return "i32.load16_s";
    case "uint16":
      return "i32.load16_u";
    default:
      return classOf(type) === "int" ? "i32.load" : "i64.load";
  }
}

function storeOf(type: DataType): Access {
  if (type.kind === "float32") return "f32.store";
  if (type.kind === "float64") return "f64.store";
  const widths = { 1: "i32.store8", 2: "i32.store16", 4: "i32.store", 8: "i64.store", 16: "i64.store" } as const;
  return widths[byteWidthOf(type)];
}

function parseSignature(text: string): Signature {
  const [parameters = "", result = ""] = text.split(":");
  const typeOfLetter = (letter: string): WasmType => must(wasmTypeOfLetter[letter], "unknown letter in a signature");
  return { parameters: [...parameters].map(typeOfLetter), result: result === "" ? null : typeOfLetter(result) };
}

/** What distinguishes an expression from others with the same parts. */
export function shallowKey(expression: Expression): string {
  const type = typeOf(expression);
  const typeKey = type.kind === "decimal" ? `d${type.precision}.${type.scale}.${type.bits}` : type.kind;
  switch (expression.kind) {
    case "literal":
      return `literal ${typeKey} ${valueKey(expression.value)}`;
    case "input":
      return `input ${expression.index} ${typeKey}`;
    case "call":
      return `call ${expression.name} ${typeKey} `;
    case "in_list":
      return `in ${expression.values.map(valueKey).join("|")} `;
    default:
      return `${expression.kind} ${typeKey} `;
  }
}

function valueKey(value: Value): string {
  if (value === null) return "null";
  if (value instanceof Uint8Array) return `x${Buffer.from(value).toString("hex")}`;
  if (typeof value === "object") return `${value.months}m${value.days}d${value.micros}`;
  return Object.is(value, -0) ? "-0" : typeof value === "string" ? JSON.stringify(value) : String(value);
}
