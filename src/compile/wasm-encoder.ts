import { assert } from "../common/assert.ts";

/** Value types of WebAssembly by their encoding. */
export const wasmTypes = { i32: 0x7f, i64: 0x7e, f64: 0x7c } as const;
export type WasmType = keyof typeof wasmTypes;

/** Instructions without immediates, by their text names. */
const opcodes = {
  unreachable: 0x00,
  return: 0x0f,
  drop: 0x1a,
  select: 0x1b,
  "i32.eqz": 0x45,
  "i32.eq": 0x46,
  "i32.ne": 0x47,
  "i32.lt_s": 0x48,
  "i32.lt_u": 0x49,
  "i32.gt_s": 0x4a,
  "i32.gt_u": 0x4b,
  "i32.le_s": 0x4c,
  "i32.le_u": 0x4d,
  "i32.ge_s": 0x4e,
  "i32.ge_u": 0x4f,
  "i64.eqz": 0x50,
  "i64.eq": 0x51,
  "i64.ne": 0x52,
  "i64.lt_s": 0x53,
  "i64.lt_u": 0x54,
  "i64.gt_s": 0x55,
  "i64.gt_u": 0x56,
  "i64.le_s": 0x57,
  "i64.le_u": 0x58,
  "i64.ge_s": 0x59,
  "i64.ge_u": 0x5a,
  "f64.eq": 0x61,
  "f64.ne": 0x62,
  "f64.lt": 0x63,
  "f64.gt": 0x64,
  "f64.le": 0x65,
  "f64.ge": 0x66,
  "i32.add": 0x6a,
  "i32.sub": 0x6b,
  "i32.mul": 0x6c,
  "i32.and": 0x71,
  "i32.or": 0x72,
  "i32.xor": 0x73,
  "i32.shl": 0x74,
  "i32.shr_s": 0x75,
  "i32.shr_u": 0x76,
  "i64.add": 0x7c,
  "i64.sub": 0x7d,
  "i64.mul": 0x7e,
  "i64.div_s": 0x7f,
  "i64.div_u": 0x80,
  "i64.rem_s": 0x81,
  "i64.rem_u": 0x82,
  "i64.and": 0x83,
  "i64.or": 0x84,
  "i64.xor": 0x85,
  "i64.shl": 0x86,
  "i64.shr_s": 0x87,
  "i64.shr_u": 0x88,
  "f64.abs": 0x99,
  "f64.neg": 0x9a,
  "f64.ceil": 0x9b,
  "f64.floor": 0x9c,
  "f64.trunc": 0x9d,
  "f64.nearest": 0x9e,
  "f64.sqrt": 0x9f,
  "f64.add": 0xa0,
  "f64.sub": 0xa1,
  "f64.mul": 0xa2,
  "f64.div": 0xa3,
  "f64.copysign": 0xa6,
  "i32.wrap_i64": 0xa7,
  "i64.extend_i32_s": 0xac,
  "i64.extend_i32_u": 0xad,
  "f32.demote_f64": 0xb6,
  "f64.convert_i32_s": 0xb7,
  "f64.convert_i32_u": 0xb8,
  "f64.convert_i64_s": 0xb9,
  "f64.convert_i64_u": 0xba,
  "f64.promote_f32": 0xbb,
  "i64.extend8_s": 0xc2,
  "i64.extend16_s": 0xc3,
  "i64.extend32_s": 0xc4,
} as const;
export type Opcode = keyof typeof opcodes;

/** Loads and stores: opcode and the log2 of the natural alignment. */
const accesses = {
  "i32.load": [0x28, 2],
  "i64.load": [0x29, 3],
  "f32.load": [0x2a, 2],
  "f64.load": [0x2b, 3],
  "i32.load8_s": [0x2c, 0],
  "i32.load8_u": [0x2d, 0],
  "i32.load16_s": [0x2e, 1],
  "i32.load16_u": [0x2f, 1],
  "i32.store": [0x36, 2],
  "i64.store": [0x37, 3],
  "f32.store": [0x38, 2],
  "f64.store": [0x39, 3],
  "i32.store8": [0x3a, 0],
  "i32.store16": [0x3b, 1],
} as const;
export type Access = keyof typeof accesses;

/** Bytes under construction. */
class ByteWriter {
  bytes = new Uint8Array(1024);
  length = 0;

  #grow(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count));
    larger.set(this.bytes);
    this.bytes = larger;
  }

  byte(value: number): void {
    this.#grow(1);
    this.bytes[this.length++] = value;
  }

  append(bytes: Uint8Array): void {
    this.#grow(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  unsigned(value: number): void {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  signed(value: bigint): void {
    let rest = value;
    for (;;) {
      const low = Number(rest & 0x7fn);
      rest >>= 7n;
      const isLast = (rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0);
      this.byte(isLast ? low : low | 0x80);
      if (isLast) return;
    }
  }

  text(value: string): void {
    const bytes = new TextEncoder().encode(value);
    this.unsigned(bytes.length);
    this.append(bytes);
  }

  /** A length-prefixed part. */
  sized(part: ByteWriter): void {
    this.unsigned(part.length);
    this.append(part.result());
  }

  result(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.length);
  }
}

/** Where a branch goes: the end of a block, or the start of a loop. */
export type Label = { readonly depth: number };

/** The body of one function. Instructions are appended in order; blocks are given as functions that append their content. */
export class FunctionBuilder {
  readonly #code = new ByteWriter();
  readonly #locals: WasmType[] = [];
  readonly #parameterCount: number;
  #depth = 0;

  constructor(parameterCount: number) {
    this.#parameterCount = parameterCount;
  }

  /** A new local variable, 0 at first. */
  local(type: WasmType): number {
    this.#locals.push(type);
    return this.#parameterCount + this.#locals.length - 1;
  }

  op(name: Opcode): void {
    this.#code.byte(opcodes[name]);
  }

  get(local: number): void {
    this.#code.byte(0x20);
    this.#code.unsigned(local);
  }

  set(local: number): void {
    this.#code.byte(0x21);
    this.#code.unsigned(local);
  }

  tee(local: number): void {
    this.#code.byte(0x22);
    this.#code.unsigned(local);
  }

  i32(value: number): void {
    this.#code.byte(0x41);
    this.#code.signed(BigInt(value | 0));
  }

  i64(value: bigint): void {
    this.#code.byte(0x42);
    this.#code.signed(BigInt.asIntN(64, value));
  }

  f64(value: number): void {
    this.#code.byte(0x44);
    this.#code.append(new Uint8Array(new Float64Array([value]).buffer));
  }

  /** f64 → i64, clamped instead of trapping; 0 for NaN. */
  truncateSaturated(signed: boolean): void {
    this.#code.byte(0xfc);
    this.#code.byte(signed ? 6 : 7);
  }

  /** A load or store at the address on the stack plus `offset`. Alignment is only a hint: any address works. */
  access(name: Access, offset = 0): void {
    const [opcode, alignment] = accesses[name];
    this.#code.byte(opcode);
    this.#code.unsigned(alignment);
    this.#code.unsigned(offset);
  }

  call(functionIndex: number): void {
    this.#code.byte(0x10);
    this.#code.unsigned(functionIndex);
  }

  block(content: (end: Label) => void): void {
    this.#nested(0x02, content);
  }

  loop(content: (start: Label) => void): void {
    this.#nested(0x03, content);
  }

  /** Takes the condition from the stack. */
  if(then: (end: Label) => void, otherwise?: () => void): void {
    this.#nested(0x04, (end) => {
      then(end);
      if (otherwise === undefined) return;
      this.#code.byte(0x05);
      otherwise();
    });
  }

  #nested(opcode: number, content: (label: Label) => void): void {
    this.#code.byte(opcode);
    this.#code.byte(0x40);
    this.#depth += 1;
    content({ depth: this.#depth });
    this.#depth -= 1;
    this.#code.byte(0x0b);
  }

  br(label: Label): void {
    this.#code.byte(0x0c);
    this.#code.unsigned(this.#depth - label.depth);
  }

  brIf(label: Label): void {
    this.#code.byte(0x0d);
    this.#code.unsigned(this.#depth - label.depth);
  }

  /** The function's entry in the code section. */
  body(): Uint8Array {
    assert(this.#depth === 0, "a block is still open");
    const body = new ByteWriter();
    const runs: [WasmType, number][] = [];
    for (const type of this.#locals) {
      const last = runs.at(-1);
      if (last !== undefined && last[0] === type) last[1] += 1;
      else runs.push([type, 1]);
    }
    body.unsigned(runs.length);
    for (const [type, count] of runs) {
      body.unsigned(count);
      body.byte(wasmTypes[type]);
    }
    body.append(this.#code.result());
    body.byte(0x0b);
    return body.result();
  }
}

export type Signature = { readonly parameters: readonly WasmType[]; readonly result: WasmType | null };
export type FunctionImport = { readonly module: string; readonly name: string; readonly signature: Signature };

/** A module of one exported function `run` that imports the memory `env.memory` and functions. */
export function encodeModule(
  imports: readonly FunctionImport[],
  signature: Signature,
  run: FunctionBuilder,
): Uint8Array<ArrayBuffer> {
  const module = new ByteWriter();
  module.append(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  const section = (id: number, write: (content: ByteWriter) => void): void => {
    const content = new ByteWriter();
    write(content);
    module.byte(id);
    module.sized(content);
  };
  section(1, (content) => {
    content.unsigned(imports.length + 1);
    for (const { parameters, result } of [...imports.map((one) => one.signature), signature]) {
      content.byte(0x60);
      content.unsigned(parameters.length);
      for (const type of parameters) content.byte(wasmTypes[type]);
      content.unsigned(result === null ? 0 : 1);
      if (result !== null) content.byte(wasmTypes[result]);
    }
  });
  section(2, (content) => {
    content.unsigned(imports.length + 1);
    imports.forEach(({ module: from, name }, index) => {
      content.text(from);
      content.text(name);
      content.byte(0x00);
      content.unsigned(index);
    });
    content.text("env");
    content.text("memory");
    content.byte(0x02);
    // Both limits: any memory of a slot fits.
    content.byte(0x01);
    content.unsigned(1);
    content.unsigned(65536);
  });
  section(3, (content) => {
    content.unsigned(1);
    content.unsigned(imports.length);
  });
  section(7, (content) => {
    content.unsigned(1);
    content.text("run");
    content.byte(0x00);
    content.unsigned(imports.length);
  });
  section(10, (content) => {
    const body = run.body();
    content.unsigned(1);
    content.unsigned(body.length);
    content.append(body);
  });
  return module.result();
}
