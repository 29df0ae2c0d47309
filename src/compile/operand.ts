import type { DataType } from "../arrow/data-type.ts";

/**
 * How a value stands in compiled code: `int` i32; `long` i64; `float` f64 (also for real); `wide` two i64 (128-bit
 * decimal); `view` the address of its 16 bytes (strings, binaries, intervals).
 */
export type ValueClass = "int" | "long" | "float" | "wide" | "view";

/** One WebAssembly value: a local, a constant, or an address at a fixed place of the frame. */
export type Atom =
  | { readonly kind: "local"; readonly local: number }
  | { readonly kind: "constant"; readonly value: number | bigint }
  | { readonly kind: "frame"; readonly offset: number };

/**
 * A computed value. `isNull`: null = never NULL in this variant of the code; "always"; or the local that is not 0 when it is
 * NULL (the value then means nothing, but a view's address is readable).
 */
export type Operand = {
  readonly type: DataType;
  readonly low: Atom;
  /** Of class `wide` only. */
  readonly high: Atom | null;
  readonly isNull: null | "always" | { readonly local: number };
};

export function classOf(type: DataType): ValueClass {
  switch (type.kind) {
    case "null":
    case "bool":
    case "int8":
    case "int16":
    case "int32":
    case "uint8":
    case "uint16":
    case "uint32":
    case "date":
      return "int";
    case "float32":
    case "float64":
      return "float";
    case "utf8":
    case "binary":
    case "interval":
      return "view";
    case "decimal":
      return type.bits === 64 ? "long" : "wide";
    default:
      return "long";
  }
}

export function isUnsigned(type: DataType): boolean {
  return type.kind.startsWith("uint");
}

export function constantAtom(value: number | bigint): Atom {
  return { kind: "constant", value };
}

export function localAtom(local: number): Atom {
  return { kind: "local", local };
}
