import type { DataType } from "../arrow/data-type.ts";
import { byteWidthOf } from "../arrow/data-type.ts";
import type { Interval, Value } from "../arrow/value.ts";
import type { Vector } from "./batch.ts";
import { bitmapByteSize } from "./gather.ts";
import type { Region, SlotMemory } from "./slot-memory.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

// For VALUES lists, single results and tests: tables never pass through JavaScript values.

/** A vector in `region` that holds these values; each is of the type's form (arrow/value.ts), or null. */
export function writeVector(memory: SlotMemory, region: Region, type: DataType, values: readonly Value[]): Vector {
  const width = byteWidthOf(type);
  const data = region.allocateZeroed(values.length * width);
  const hasNull = values.includes(null);
  const validity = hasNull ? region.allocateZeroed(bitmapByteSize(values.length)) : 0;
  values.forEach((value, index) => {
    if (value === null) return;
    if (hasNull) memory.u8[validity + (index >> 3)]! |= 1 << (index & 7);
    writeValue(memory, region, type, data + index * width, value);
  });
  return { type, data, validity };
}

function writeValue(memory: SlotMemory, region: Region, type: DataType, address: number, value: Value): void {
  switch (type.kind) {
    case "null":
      return;
    case "bool":
    case "int8":
    case "uint8":
      memory.u8[address] = Number(value);
      return;
    case "int16":
    case "uint16":
      memory.u16[address / 2] = Number(value);
      return;
    case "int32":
    case "uint32":
    case "date":
      memory.u32[address / 4] = Number(value);
      return;
    case "float32":
      memory.f32[address / 4] = Number(value);
      return;
    case "float64":
      memory.f64[address / 8] = Number(value);
      return;
    case "decimal":
      memory.i64[address / 8] = BigInt.asIntN(64, value as bigint);
      if (type.bits === 128) memory.i64[address / 8 + 1] = (value as bigint) >> 64n;
      return;
    case "interval": {
      const { months, days, micros } = value as Interval;
      memory.i32[address / 4] = months;
      memory.i32[address / 4 + 1] = days;
      memory.i64[address / 8 + 1] = micros;
      return;
    }
    case "utf8":
      writeView(memory, region, address, new TextEncoder().encode(value as string));
      return;
    case "binary":
      writeView(memory, region, address, value as Uint8Array);
      return;
    default:
      memory.i64[address / 8] = BigInt.asIntN(64, value as bigint);
  }
}

function writeView(memory: SlotMemory, region: Region, address: number, bytes: Uint8Array): void {
  memory.u32[address / 4] = bytes.length;
  if (bytes.length <= 12) {
    memory.u8.set(bytes, address + 4);
    return;
  }
  const heap = region.allocate(bytes.length);
  memory.u8.set(bytes, heap);
  memory.u8.set(bytes.subarray(0, 4), address + 4);
  memory.u32[address / 4 + 2] = 0;
  memory.u32[address / 4 + 3] = heap;
}

/** The value in row `index` of a vector (for a batch with a selection, that is the number in the selection). */
export function readValue(memory: SlotMemory, vector: Vector, index: number): Value {
  const { type, data, validity } = vector;
  if (validity !== 0 && ((memory.u8[validity + (index >> 3)]! >> (index & 7)) & 1) === 0) return null;
  return readValueAt(memory, type, data + index * byteWidthOf(type));
}

/** The value of a type at an address of linear memory, in the form that vectors have. */
export function readValueAt(memory: SlotMemory, type: DataType, address: number): Value {
  switch (type.kind) {
    case "null":
      return null;
    case "bool":
      return memory.u8[address] !== 0;
    case "int8":
      return (memory.u8[address]! << 24) >> 24;
    case "uint8":
      return memory.u8[address]!;
    case "int16":
      return (memory.u16[address / 2]! << 16) >> 16;
    case "uint16":
      return memory.u16[address / 2]!;
    case "int32":
    case "date":
      return memory.i32[address / 4]!;
    case "uint32":
      return memory.u32[address / 4]!;
    case "float32":
      return memory.f32[address / 4]!;
    case "float64":
      return memory.f64[address / 8]!;
    case "uint64":
      return memory.u64[address / 8]!;
    case "decimal":
      if (type.bits === 64) return memory.i64[address / 8]!;
      return (memory.i64[address / 8 + 1]! << 64n) | memory.u64[address / 8]!;
    case "interval":
      return {
        months: memory.i32[address / 4]!,
        days: memory.i32[address / 4 + 1]!,
        micros: memory.i64[address / 8 + 1]!,
      };
    case "utf8":
      return decoder.decode(viewBytes(memory, address));
    case "binary":
      return viewBytes(memory, address).slice();
    default:
      return memory.i64[address / 8]!;
  }
}

/** The bytes that a 16-byte view stands for; no copy. */
export function viewBytes(memory: SlotMemory, view: number): Uint8Array {
  const length = memory.u32[view / 4]!;
  const start = length <= 12 ? view + 4 : memory.u32[view / 4 + 3]!;
  return memory.u8.subarray(start, start + length);
}
