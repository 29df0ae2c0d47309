import { EngineError } from "../common/engine-error.ts";

/**
 * The flatbuffer Message of a record batch, by hand: one is made per message of every shuffle, and its shape never varies.
 * Field numbers: Message {0 version, 1 header type, 2 header, 3 body length}, RecordBatch {0 length, 1 nodes, 2 buffers,
 * 3 compression, 4 variadic buffer counts}; header type 3 is RecordBatch, version 4 is V5.
 */
export type RecordBatchHeader = {
  readonly rowCount: number;
  /** One per field. */
  readonly nullCounts: readonly number[];
  readonly buffers: readonly { readonly offset: number; readonly byteSize: number }[];
  /** Data buffers of each view column; empty without view columns. */
  readonly variadicCounts: readonly number[];
  readonly bodyByteSize: number;
};

// Fixed positions: vtables come before their tables, vectors after, 64-bit fields on 8-byte edges.
const messageVtable = 4;
const messageTable = 16;
const batchVtable = 36;
const batchTable = 52;
const nodesAt = 76;

export function recordBatchHeaderByteSize(
  header: Pick<RecordBatchHeader, "nullCounts" | "buffers" | "variadicCounts">,
): number {
  const variadic = header.variadicCounts.length === 0 ? 0 : 8 + header.variadicCounts.length * 8;
  return nodesAt + 4 + header.nullCounts.length * 16 + 8 + header.buffers.length * 16 + variadic;
}

/** Writes `recordBatchHeaderByteSize(header)` bytes, a multiple of 8, at the start of `target`, which is zeroed memory. */
export function writeRecordBatchHeader(header: RecordBatchHeader, target: Uint8Array): void {
  const view = new DataView(target.buffer, target.byteOffset, target.byteLength);
  const u16 = (at: number, values: readonly number[]): void =>
    values.forEach((value, index) => view.setUint16(at + index * 2, value, true));
  const i64 = (at: number, value: number): void => {
    view.setUint32(at, value % 2 ** 32, true);
    view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
  };
  const hasVariadic = header.variadicCounts.length > 0;
  view.setUint32(0, messageTable, true);
  u16(messageVtable, [12, 20, 16, 18, 4, 8]);
  view.setInt32(messageTable, messageTable - messageVtable, true);
  view.setUint32(messageTable + 4, batchTable - (messageTable + 4), true);
  i64(messageTable + 8, header.bodyByteSize);
  view.setInt16(messageTable + 16, 4, true);
  view.setUint8(messageTable + 18, 3);
  u16(batchVtable, [14, 24, 4, 12, 16, 0, hasVariadic ? 20 : 0]);
  view.setInt32(batchTable, batchTable - batchVtable, true);
  i64(batchTable + 4, header.rowCount);
  view.setUint32(batchTable + 12, nodesAt - (batchTable + 12), true);
  view.setUint32(nodesAt, header.nullCounts.length, true);
  let at = nodesAt + 4;
  for (const nullCount of header.nullCounts) {
    i64(at, header.rowCount);
    i64(at + 8, nullCount);
    at += 16;
  }
  // A vector's elements start on an 8-byte edge, so its length stands in the second half of a word.
  at += 4;
  view.setUint32(batchTable + 16, at - (batchTable + 16), true);
  view.setUint32(at, header.buffers.length, true);
  at += 4;
  for (const { offset, byteSize } of header.buffers) {
    i64(at, offset);
    i64(at + 8, byteSize);
    at += 16;
  }
  if (!hasVariadic) return;
  at += 4;
  view.setUint32(batchTable + 20, at - (batchTable + 20), true);
  view.setUint32(at, header.variadicCounts.length, true);
  at += 4;
  for (const count of header.variadicCounts) {
    i64(at, count);
    at += 8;
  }
}

/** Reads a record batch message, anybody's. Throws invalid_argument when it is malformed or compressed. */
export function readRecordBatchHeader(bytes: Uint8Array): RecordBatchHeader {
  try {
    return new HeaderReader(bytes).read();
  } catch (thrown) {
    if (thrown instanceof RangeError)
      throw new EngineError("invalid_argument", "the Arrow record batch is malformed", {}, thrown);
    throw thrown;
  }
}

class HeaderReader {
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  read(): RecordBatchHeader {
    const view = this.#view;
    const message = view.getUint32(0, true);
    const headerType = this.#field(message, 1);
    if (headerType === 0 || view.getUint8(headerType) !== 3) throw new RangeError("not a record batch");
    const bodyLength = this.#field(message, 3);
    const batch = this.#target(message, 2);
    if (this.#field(batch, 3) !== 0)
      throw new EngineError("invalid_argument", "compressed Arrow record batches are not supported");
    const length = this.#field(batch, 0);
    return {
      rowCount: length === 0 ? 0 : this.#number(length),
      bodyByteSize: bodyLength === 0 ? 0 : this.#number(bodyLength),
      nullCounts: this.#vector(batch, 1, 16, (at) => this.#number(at + 8)),
      buffers: this.#vector(batch, 2, 16, (at) => ({ offset: this.#number(at), byteSize: this.#number(at + 8) })),
      variadicCounts: this.#vector(batch, 4, 8, (at) => this.#number(at)),
    };
  }

  /** Position of a table's field; 0 when it is left at its default. */
  #field(table: number, field: number): number {
    const vtable = table - this.#view.getInt32(table, true);
    const entry = 4 + field * 2;
    const offset = entry < this.#view.getUint16(vtable, true) ? this.#view.getUint16(vtable + entry, true) : 0;
    return offset === 0 ? 0 : table + offset;
  }

  #target(table: number, field: number): number {
    const at = this.#field(table, field);
    if (at === 0) throw new RangeError("field missing");
    return at + this.#view.getUint32(at, true);
  }

  #vector<T>(table: number, field: number, elementSize: number, read: (at: number) => T): T[] {
    if (this.#field(table, field) === 0) return [];
    const at = this.#target(table, field);
    const count = this.#view.getUint32(at, true);
    if (at + 4 + count * elementSize > this.#view.byteLength) throw new RangeError("vector too long");
    return Array.from({ length: count }, (_, index) => read(at + 4 + index * elementSize));
  }

  #number(at: number): number {
    return this.#view.getUint32(at, true) + this.#view.getInt32(at + 4, true) * 2 ** 32;
  }
}
