import { assert } from "../common/assert.ts";
import { type RecordBatchHeader, recordBatchHeaderByteSize, writeRecordBatchHeader } from "./record-batch-header.ts";
import type { DataType } from "./data-type.ts";
import type { Schema } from "./schema.ts";
import type { Interval, Value } from "./value.ts";

/** Rows of values as a record batch message in the client form: for metadata results, parameters and tests. */
export function encodeRows(
  schema: Schema,
  rows: readonly (readonly Value[])[],
): { readonly header: Uint8Array; readonly body: Uint8Array; readonly rowCount: number } {
  const buffers: Uint8Array[] = [];
  const nullCounts: number[] = [];
  schema.forEach(({ type }, index) => {
    const values = rows.map((row) => {
      const value = row[index];
      assert(value !== undefined, "a row has a value for each field");
      return value;
    });
    const nullCount = values.filter((value) => value === null).length;
    nullCounts.push(nullCount);
    if (type.kind === "null") return;
    buffers.push(nullCount === 0 ? new Uint8Array(0) : bitmap(values.map((value) => value !== null)));
    buffers.push(...dataBuffers(type, values));
  });
  const places: { offset: number; byteSize: number }[] = [];
  let bodyByteSize = 0;
  for (const { byteLength } of buffers) {
    places.push({ offset: bodyByteSize, byteSize: byteLength });
    bodyByteSize += Math.ceil(byteLength / 8) * 8;
  }
  const body = new Uint8Array(bodyByteSize);
  buffers.forEach((buffer, index) => body.set(buffer, places[index]!.offset));
  const message: RecordBatchHeader = {
    rowCount: rows.length,
    nullCounts,
    buffers: places,
    variadicCounts: [],
    bodyByteSize,
  };
  const header = new Uint8Array(recordBatchHeaderByteSize(message));
  writeRecordBatchHeader(message, header);
  return { header, body, rowCount: rows.length };
}

function bitmap(bits: readonly boolean[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((bit, index) => {
    if (bit) bytes[index >> 3]! |= 1 << (index & 7);
  });
  return bytes;
}

function dataBuffers(type: DataType, values: readonly Value[]): readonly Uint8Array[] {
  if (type.kind === "bool") return [bitmap(values.map((value) => value === true))];
  if (type.kind === "utf8" || type.kind === "binary") return stringBuffers(values);
  const width = clientByteWidth(type);
  const bytes = new Uint8Array(values.length * width);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => {
    if (value !== null) writeValue(view, index * width, type, value);
  });
  return [bytes];
}

function stringBuffers(values: readonly Value[]): readonly Uint8Array[] {
  const encoder = new TextEncoder();
  const parts = values.map((value) =>
    value === null ? new Uint8Array(0) : value instanceof Uint8Array ? value : encoder.encode(value as string),
  );
  const offsets = new Int32Array(values.length + 1);
  parts.forEach((part, index) => (offsets[index + 1] = offsets[index]! + part.byteLength));
  const data = new Uint8Array(offsets[values.length]!);
  parts.forEach((part, index) => data.set(part, offsets[index]));
  return [new Uint8Array(offsets.buffer), data];
}

/** Bytes of a fixed-width value in the client form. */
export function clientByteWidth(type: DataType): 1 | 2 | 4 | 8 | 16 {
  switch (type.kind) {
    case "int8":
    case "uint8":
    case "bool":
    case "null":
      return 1;
    case "int16":
    case "uint16":
      return 2;
    case "int32":
    case "uint32":
    case "float32":
    case "date":
      return 4;
    case "decimal":
    case "interval":
    case "utf8":
    case "binary":
      return 16;
    default:
      return 8;
  }
}

function writeValue(view: DataView, at: number, type: DataType, value: Exclude<Value, null>): void {
  switch (type.kind) {
    case "int8":
    case "uint8":
      return view.setUint8(at, value as number);
    case "int16":
    case "uint16":
      return view.setUint16(at, value as number, true);
    case "int32":
    case "uint32":
    case "date":
      return view.setUint32(at, value as number, true);
    case "float32":
      return view.setFloat32(at, value as number, true);
    case "float64":
      return view.setFloat64(at, value as number, true);
    case "decimal":
      view.setBigInt64(at, BigInt.asIntN(64, value as bigint), true);
      return view.setBigInt64(at + 8, (value as bigint) >> 64n, true);
    case "interval": {
      const { months, days, micros } = value as Interval;
      view.setInt32(at, months, true);
      view.setInt32(at + 4, days, true);
      return view.setBigInt64(at + 8, micros * 1000n, true);
    }
    default:
      return view.setBigInt64(at, BigInt.asIntN(64, value as bigint), true);
  }
}
