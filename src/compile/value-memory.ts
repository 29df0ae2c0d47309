import type { DataType } from "../arrow/data-type.ts";
import type { Interval, Value } from "../arrow/value.ts";
import type { SlotMemory } from "../kernel/slot-memory.ts";

const encoder = new TextEncoder();

/** Stores a non-NULL value; `allocate` gives room for the bytes of strings longer than 12 bytes. */
export function writeValue(
  memory: SlotMemory,
  type: DataType,
  address: number,
  value: Value,
  allocate: (byteSize: number) => number,
): void {
  switch (type.kind) {
    case "null":
      return;
    case "bool":
      memory.u8[address] = value === true ? 1 : 0;
      return;
    case "int8":
    case "uint8":
      memory.u8[address] = value as number;
      return;
    case "int16":
    case "uint16":
      memory.u16[address >>> 1] = value as number;
      return;
    case "int32":
    case "date":
    case "uint32":
      memory.i32[address >>> 2] = value as number;
      return;
    case "float32":
      memory.f32[address >>> 2] = value as number;
      return;
    case "float64":
      memory.f64[address >>> 3] = value as number;
      return;
    case "utf8":
      writeView(memory, address, encoder.encode(value as string), allocate);
      return;
    case "binary":
      writeView(memory, address, value as Uint8Array, allocate);
      return;
    case "interval": {
      const { months, days, micros } = value as Interval;
      memory.i32[address >>> 2] = months;
      memory.i32[(address >>> 2) + 1] = days;
      memory.i64[(address >>> 3) + 1] = micros;
      return;
    }
    case "decimal":
      memory.i64[address >>> 3] = BigInt.asIntN(64, value as bigint);
      if (type.bits === 128) memory.i64[(address >>> 3) + 1] = BigInt.asIntN(64, (value as bigint) >> 64n);
      return;
    default:
      memory.i64[address >>> 3] = BigInt.asIntN(64, value as bigint);
  }
}

/** Makes the view of these bytes, copied into the view itself or into allocated room. */
export function writeView(
  memory: SlotMemory,
  view: number,
  bytes: Uint8Array,
  allocate: (byteSize: number) => number,
): void {
  memory.u8.fill(0, view, view + 16);
  memory.u32[view >>> 2] = bytes.length;
  if (bytes.length <= 12) {
    memory.u8.set(bytes, view + 4);
    return;
  }
  const target = allocate(bytes.length);
  memory.u8.set(bytes, target);
  memory.u8.set(bytes.subarray(0, 4), view + 4);
  memory.u32[(view >>> 2) + 3] = target;
}
