import { EngineError } from "../common/engine-error.ts";
import { clientWireFields, decodeSchema, schemaOfWireFields } from "./arrow-schema.ts";
import { readRecordBatchHeader } from "./record-batch-header.ts";
import type { Schema } from "./schema.ts";
import type { Value } from "./value.ts";
import type { TimeUnit, WireField } from "./wire-type.ts";

// For shells, tests, parameters and metadata: values one by one. Tables never pass here.

/** Rows of a record batch in the client form of `schema`. */
export function decodeClientBatch(schema: Schema, header: Uint8Array, body: Uint8Array): Value[][] {
  return decodeBatch(clientWireFields(schema), header, body);
}

/** Rows of a record batch, its fields as decodeSchema gave them. Throws invalid_argument for a malformed batch. */
export function decodeBatch(fields: readonly WireField[], header: Uint8Array, body: Uint8Array): Value[][] {
  const message = readRecordBatchHeader(header);
  const buffers = message.buffers.map(({ offset, byteSize }) => {
    if (offset < 0 || byteSize < 0 || offset + byteSize > body.byteLength) throw malformed();
    return body.subarray(offset, offset + byteSize);
  });
  let nextBuffer = 0;
  let nextVariadic = 0;
  const take = (): Uint8Array => {
    const buffer = buffers[nextBuffer++];
    if (buffer === undefined) throw malformed();
    return buffer;
  };
  const rows: Value[][] = Array.from({ length: message.rowCount }, () => []);
  for (const field of fields) {
    if (field.wire.kind === "null") {
      for (const row of rows) row.push(null);
      continue;
    }
    const validity = take();
    const first = take();
    const isString = field.wire.kind === "string";
    const extra =
      isString && field.wire.form !== "views" ? 1 : isString ? (message.variadicCounts[nextVariadic++] ?? 0) : 0;
    const column = new ColumnReader(field, first, Array.from({ length: extra }, take));
    try {
      rows.forEach((row, index) => row.push(isValid(validity, index) ? column.value(index) : null));
    } catch (thrown) {
      throw thrown instanceof RangeError ? malformed() : thrown;
    }
  }
  return rows;
}

/** A whole Arrow IPC stream: its schema and rows. */
export function decodeIpcStream(stream: Uint8Array): { readonly schema: Schema; readonly rows: Value[][] } {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  let fields: readonly WireField[] | undefined;
  const rows: Value[][] = [];
  for (let at = 0; at + 8 <= stream.byteLength;) {
    const headerAt = view.getUint32(at, true) === 0xffffffff ? at + 8 : at + 4;
    const headerSize = view.getUint32(headerAt - 4, true);
    if (headerSize === 0) break;
    const bodyAt = headerAt + headerSize;
    if (bodyAt > stream.byteLength) throw malformed();
    const header = stream.subarray(headerAt, bodyAt);
    at = bodyAt;
    if (fields === undefined) {
      fields = decodeSchema(header);
      continue;
    }
    const { bodyByteSize } = readRecordBatchHeader(header);
    rows.push(...decodeBatch(fields, header, stream.subarray(bodyAt, bodyAt + bodyByteSize)));
    at += Math.ceil(bodyByteSize / 8) * 8;
  }
  return { schema: schemaOfWireFields(fields ?? []), rows };
}

function malformed(): EngineError {
  return new EngineError("invalid_argument", "the Arrow record batch is malformed");
}

function isValid(validity: Uint8Array, index: number): boolean {
  return validity.byteLength === 0 || ((validity[index >> 3]! >> (index & 7)) & 1) === 1;
}

/** Values of one column; the types of ours are those of `typeOfWire` in arrow-schema.ts. */
class ColumnReader {
  readonly #field: WireField;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #data: readonly Uint8Array[];

  constructor(field: WireField, first: Uint8Array, data: readonly Uint8Array[]) {
    this.#field = field;
    this.#bytes = first;
    this.#view = new DataView(first.buffer, first.byteOffset, first.byteLength);
    this.#data = data;
  }

  value(index: number): Value {
    const { wire } = this.#field;
    const view = this.#view;
    switch (wire.kind) {
      case "null":
        return null;
      case "bool":
        return ((view.getUint8(index >> 3) >> (index & 7)) & 1) === 1;
      case "int":
        return this.#integer(index, wire.bits, wire.signed);
      case "float":
        if (wire.bits === 16) return view.getFloat16(index * 2, true);
        return wire.bits === 32 ? view.getFloat32(index * 4, true) : view.getFloat64(index * 8, true);
      case "decimal":
        return this.#wide(index, wire.bits);
      case "date":
        return wire.unit === "day"
          ? view.getInt32(index * 4, true)
          : Number(view.getBigInt64(index * 8, true) / 86_400_000n);
      case "time":
        if (wire.unit === "second" || wire.unit === "millisecond")
          return micros(BigInt(view.getInt32(index * 4, true)), wire.unit);
        return micros(view.getBigInt64(index * 8, true), wire.unit);
      case "timestamp":
        return micros(view.getBigInt64(index * 8, true), wire.unit);
      case "duration":
        return { months: 0, days: 0, micros: micros(view.getBigInt64(index * 8, true), wire.unit) };
      case "interval":
        return this.#interval(index, wire.unit);
      case "string": {
        const bytes = this.#stringBytes(index, wire.form);
        // A shared buffer cannot be decoded in place, and bytes are the caller's to keep.
        return wire.text ? decodeText(bytes) : bytes.slice();
      }
      case "fixed":
        return this.#bytes.slice(index * wire.byteWidth, (index + 1) * wire.byteWidth);
    }
  }

  #integer(index: number, bits: 8 | 16 | 32 | 64, signed: boolean): Value {
    const view = this.#view;
    if (bits === 64) return signed ? view.getBigInt64(index * 8, true) : view.getBigUint64(index * 8, true);
    if (bits === 32) return signed ? view.getInt32(index * 4, true) : view.getUint32(index * 4, true);
    if (bits === 16) return signed ? view.getInt16(index * 2, true) : view.getUint16(index * 2, true);
    return signed ? view.getInt8(index) : view.getUint8(index);
  }

  #wide(index: number, bits: number): bigint {
    if (bits === 32) return BigInt(this.#view.getInt32(index * 4, true));
    const words = bits / 64;
    let value = this.#view.getBigInt64((index * words + words - 1) * 8, true);
    for (let word = words - 2; word >= 0; word--)
      value = (value << 64n) | this.#view.getBigUint64((index * words + word) * 8, true);
    return value;
  }

  #interval(index: number, unit: "year_month" | "day_time" | "month_day_nano"): Value {
    const view = this.#view;
    if (unit === "year_month") return { months: view.getInt32(index * 4, true), days: 0, micros: 0n };
    if (unit === "day_time")
      return {
        months: 0,
        days: view.getInt32(index * 8, true),
        micros: BigInt(view.getInt32(index * 8 + 4, true)) * 1000n,
      };
    return {
      months: view.getInt32(index * 16, true),
      days: view.getInt32(index * 16 + 4, true),
      micros: view.getBigInt64(index * 16 + 8, true) / 1000n,
    };
  }

  #stringBytes(index: number, form: "offsets32" | "offsets64" | "views"): Uint8Array {
    const view = this.#view;
    if (form === "offsets32")
      return slice(this.#data[0], view.getInt32(index * 4, true), view.getInt32(index * 4 + 4, true));
    if (form === "offsets64")
      return slice(
        this.#data[0],
        Number(view.getBigInt64(index * 8, true)),
        Number(view.getBigInt64(index * 8 + 8, true)),
      );
    const length = view.getInt32(index * 16, true);
    if (length <= 12) return slice(this.#bytes, index * 16 + 4, index * 16 + 4 + length);
    const offset = view.getInt32(index * 16 + 12, true);
    return slice(this.#data[view.getInt32(index * 16 + 8, true)], offset, offset + length);
  }
}

const textDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

function decodeText(bytes: Uint8Array): string {
  return textDecoder.decode(bytes.buffer instanceof ArrayBuffer ? bytes : bytes.slice());
}

function slice(bytes: Uint8Array | undefined, start: number, end: number): Uint8Array {
  if (bytes === undefined || start < 0 || end < start || end > bytes.byteLength)
    throw new RangeError("string outside its buffer");
  return bytes.subarray(start, end);
}

const microsPerUnit: Readonly<Record<"second" | "millisecond", bigint>> = { second: 1_000_000n, millisecond: 1000n };

/** Nanoseconds are cut toward the past, so that order is kept. */
function micros(value: bigint, unit: TimeUnit): bigint {
  if (unit === "microsecond") return value;
  if (unit === "nanosecond") return (value - (((value % 1000n) + 1000n) % 1000n)) / 1000n;
  return value * microsPerUnit[unit];
}
