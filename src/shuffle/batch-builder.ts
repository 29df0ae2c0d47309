import { byteWidthOf, type DataType, isStringLike } from "../arrow/data-type.ts";
import { recordBatchHeaderByteSize, writeRecordBatchHeader } from "../arrow/record-batch-header.ts";
import type { Schema } from "../arrow/schema.ts";
import { assert } from "../common/assert.ts";
import { EngineError } from "../common/engine-error.ts";
import type { Vector } from "../kernel/batch.ts";
import { bitmapByteSize } from "../kernel/gather.ts";
import type { Kernels } from "../kernel/load-kernels.ts";
import type { Region, SlotMemory } from "../kernel/slot-memory.ts";
import { encodedBodyBytesMax, type EncodedBatch } from "./encoded-batch.ts";

/** `shuffle` is for executors (string views, 64-bit decimals), `client` for everybody (see arrow/wire-type.ts). */
export type WireForm = "shuffle" | "client";

type Piece = { readonly address: number; readonly capacity: number; used: number };

type Column = {
  readonly name: string;
  readonly type: DataType;
  readonly width: number;
  data: number;
  validity: number;
  hasNulls: boolean;
  /** Bytes of long strings, in pieces that are laid end to end when the column is encoded. */
  pieces: Piece[];
  heapBytes: number;
};

/** A buffer of the message: parts of linear memory, end to end. */
type Part = { readonly address: number; readonly byteSize: number };

const pieceBytesMin = 1 << 16;
const rowCountMax = 1 << 16;
/** Kernels read and write whole 16-byte values, so a body's buffers start on such an edge in linear memory too. */
const bufferAlignment = 16;

/** Collects rows in linear memory and encodes them as one Arrow message of up to about twice `targetBytes`. */
export class BatchBuilder {
  readonly #memory: SlotMemory;
  readonly #kernels: Kernels;
  readonly #form: WireForm;
  readonly #columns: readonly Column[];
  readonly #data: Region;
  readonly #heap: Region;
  readonly #scratch: Region;
  /** Of an encoded row, long strings apart. */
  readonly #rowBytes: number;
  readonly #capacity: number;
  readonly #heapBytesMax: number;
  #rowCount = 0;
  #heapBytes = 0;

  constructor(memory: SlotMemory, kernels: Kernels, schema: Schema, form: WireForm, targetBytes: number) {
    this.#memory = memory;
    this.#kernels = kernels;
    this.#form = form;
    this.#columns = schema.map(({ name, type }) => ({
      name,
      type,
      width: byteWidthOf(type),
      data: 0,
      validity: 0,
      hasNulls: false,
      pieces: [],
      heapBytes: 0,
    }));
    this.#data = memory.region();
    this.#heap = memory.region();
    this.#scratch = memory.region();
    const encodedWidth = ({ type, width }: Column): number =>
      (form === "client" && type.kind === "decimal" ? 16 : width) + 1 / 8;
    this.#rowBytes = this.#columns.reduce((sum, column) => sum + encodedWidth(column), 0);
    this.#capacity = Math.max(1, Math.min(rowCountMax, Math.floor(targetBytes / Math.max(this.#rowBytes, 1 / 8))));
    this.#heapBytesMax = targetBytes * 0.875;
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  get isFull(): boolean {
    return this.#rowCount === this.#capacity || this.#heapBytes >= this.#heapBytesMax;
  }

  /** How many of the rows fit: all, some, or 0 when the builder must be encoded first. An empty builder takes one at least. */
  fitting(vectors: readonly Vector[], indices: number, count: number): number {
    let fits = Math.min(count, this.#capacity - this.#rowCount);
    while (fits > 0 && this.#longBytes(vectors, indices, fits) > this.#heapBytesMax - this.#heapBytes) {
      if (fits === 1) return this.#rowCount === 0 ? 1 : 0;
      fits >>= 1;
    }
    return fits;
  }

  /** Appends rows `indices` (u32s; 0 = rows 0 to count - 1), of which `fitting` said that there is room. */
  append(vectors: readonly Vector[], indices: number, count: number): void {
    assert(this.#rowCount + count <= this.#capacity, "a batch builder takes no more rows than fit");
    if (count === 0) return;
    if (this.#rowCount === 0 && this.#data.byteSize === 0) this.#allocate();
    for (const [index, column] of this.#columns.entries()) {
      const vector = vectors[index]!;
      this.#appendValidity(column, vector, indices, count);
      if (isStringLike(column.type)) this.#appendViews(column, vector, indices, count);
      else this.#appendFixed(column, vector, indices, count);
    }
    this.#rowCount += count;
  }

  /** The collected rows as a message; the builder is empty then. */
  encode(): EncodedBatch {
    const encoded = this.#encodeColumns(this.#columns, this.#rowCount);
    this.#clear();
    return encoded;
  }

  /**
   * Rows 0 to rowCount - 1 as a message of their own, which saves collecting them; null where that would make a small message or one
   * that is too large, or the builder holds rows that come first.
   */
  encodeWhole(vectors: readonly Vector[], rowCount: number): EncodedBatch | null {
    if (this.#form !== "client" || this.#rowCount > 0 || rowCount * 2 < this.#capacity) return null;
    const bytesMax = rowCount * this.#rowBytes + this.#longBytes(vectors, 0, rowCount);
    if (bytesMax > encodedBodyBytesMax) return null;
    const columns = this.#columns.map((column, index): Column => {
      const { data, validity } = vectors[index]!;
      return { ...column, data, validity, hasNulls: validity !== 0 };
    });
    const encoded = this.#encodeColumns(columns, rowCount);
    this.#scratch.reset();
    return encoded;
  }

  #encodeColumns(columns: readonly Column[], rowCount: number): EncodedBatch {
    const buffers: Part[][] = [];
    const nullCounts: number[] = [];
    const variadicCounts: number[] = [];
    for (const column of columns) {
      const nullCount =
        column.type.kind === "null"
          ? rowCount
          : column.hasNulls
            ? this.#kernels["countNulls"]!(column.validity, rowCount)
            : 0;
      nullCounts.push(nullCount);
      if (column.type.kind === "null") continue;
      const validity = nullCount === 0 ? 0 : column.validity;
      buffers.push(validity === 0 ? [] : [{ address: validity, byteSize: bitmapByteSize(rowCount) }]);
      buffers.push(...this.#valueBuffers(column, validity, rowCount));
      if (this.#form === "shuffle" && isStringLike(column.type)) variadicCounts.push(1);
    }
    return this.#assemble(buffers, nullCounts, variadicCounts, rowCount);
  }

  /** Gives all memory back. Idempotent. */
  free(): void {
    this.#clear();
    this.#data.free();
  }

  #clear(): void {
    this.#rowCount = 0;
    this.#heapBytes = 0;
    for (const column of this.#columns) {
      column.hasNulls = false;
      column.pieces = [];
      column.heapBytes = 0;
    }
    this.#heap.reset();
    this.#scratch.reset();
  }

  #allocate(): void {
    for (const column of this.#columns) {
      column.data = this.#data.allocate(this.#capacity * column.width);
      // Appending bits touches a word past the end.
      column.validity = this.#data.allocate(bitmapByteSize(this.#capacity) + 8);
    }
  }

  #longBytes(vectors: readonly Vector[], indices: number, count: number): number {
    let sum = 0;
    for (const { type, data, validity } of vectors) {
      if (isStringLike(type)) sum += this.#kernels["longStringBytes"]!(data, validity, indices, count) >>> 0;
    }
    return sum;
  }

  #appendValidity(column: Column, vector: Vector, indices: number, count: number): void {
    if (vector.validity === 0) {
      if (column.hasNulls) this.#kernels["appendOnes"]!(column.validity, this.#rowCount, count);
      return;
    }
    if (!column.hasNulls) this.#kernels["appendOnes"]!(column.validity, 0, this.#rowCount);
    column.hasNulls = true;
    let source = vector.validity;
    if (indices !== 0) {
      source = this.#scratch.allocate(bitmapByteSize(count));
      this.#kernels["gatherValidity"]!(vector.validity, indices, count, source);
    }
    this.#kernels["appendBits"]!(column.validity, this.#rowCount, source, count);
    if (indices !== 0) this.#scratch.reset();
  }

  #appendFixed(column: Column, vector: Vector, indices: number, count: number): void {
    const target = column.data + this.#rowCount * column.width;
    if (indices === 0) this.#memory.u8.copyWithin(target, vector.data, vector.data + count * column.width);
    else this.#kernels[`gather${column.width}`]!(vector.data, indices, count, target);
  }

  #appendViews(column: Column, vector: Vector, indices: number, count: number): void {
    const { data, validity } = vector;
    const longBytes = this.#kernels["longStringBytes"]!(data, validity, indices, count) >>> 0;
    let piece = column.pieces.at(-1);
    if (longBytes > 0 && (piece === undefined || piece.used + longBytes > piece.capacity)) {
      const capacity = Math.max(pieceBytesMin, longBytes);
      piece = { address: this.#heap.allocate(capacity), capacity, used: 0 };
      column.pieces.push(piece);
    }
    const heap = piece === undefined ? 0 : piece.address + piece.used;
    // Clients' views are rewritten from addresses; executors' say offsets in the one data buffer.
    const shift = this.#form === "client" ? 0 : column.heapBytes - heap;
    this.#kernels["appendViews"]!(data, validity, indices, count, column.data + this.#rowCount * 16, heap, shift);
    if (piece !== undefined) piece.used += longBytes;
    column.heapBytes += longBytes;
    this.#heapBytes += longBytes;
  }

  #valueBuffers(column: Column, validity: number, rowCount: number): Part[][] {
    const { type, data, width } = column;
    const plain: Part[][] = [[{ address: data, byteSize: rowCount * width }]];
    if (type.kind === "bool")
      return [
        [this.#convert(bitmapByteSize(rowCount), (target) => this.#kernels["packBits"]!(data, rowCount, target))],
      ];
    if (this.#form === "shuffle") {
      if (!isStringLike(type)) return plain;
      return [...plain, column.pieces.map(({ address, used }) => ({ address, byteSize: used }))];
    }
    if (isStringLike(type)) return this.#offsetBuffers(column, validity, rowCount);
    if (type.kind === "decimal" && type.bits === 64) {
      return [[this.#convert(rowCount * 16, (target) => this.#kernels["widen64To128"]!(data, target, rowCount))]];
    }
    if (type.kind !== "interval") return plain;
    return [
      [
        this.#convert(rowCount * 16, (target) => {
          if (this.#kernels["intervalsToNanos"]!(data, validity, rowCount, target) === 0) return;
          throw new EngineError(
            "datetime_field_overflow",
            `an interval in column "${column.name}" is too long for a client's nanoseconds`,
          );
        }),
      ],
    ];
  }

  #offsetBuffers(column: Column, validity: number, rowCount: number): Part[][] {
    const offsets = this.#scratch.allocate((rowCount + 1) * 4);
    const total = this.#kernels["viewOffsets"]!(column.data, validity, rowCount, offsets) >>> 0;
    const bytes = this.#convert(total, (target) => this.#kernels["viewBytes"]!(column.data, rowCount, offsets, target));
    return [[{ address: offsets, byteSize: (rowCount + 1) * 4 }], [bytes]];
  }

  #convert(byteSize: number, write: (target: number) => void): Part {
    const address = this.#scratch.allocate(byteSize + 16);
    write(address);
    return { address, byteSize };
  }

  #assemble(
    buffers: readonly (readonly Part[])[],
    nullCounts: readonly number[],
    variadicCounts: readonly number[],
    rowCount: number,
  ): EncodedBatch {
    const places: { offset: number; byteSize: number }[] = [];
    let bodyByteSize = 0;
    for (const parts of buffers) {
      const byteSize = parts.reduce((sum, part) => sum + part.byteSize, 0);
      places.push({ offset: bodyByteSize, byteSize });
      bodyByteSize += Math.ceil(byteSize / bufferAlignment) * bufferAlignment;
    }
    const message = { rowCount, nullCounts, buffers: places, variadicCounts, bodyByteSize };
    const headerSize = recordBatchHeaderByteSize(message);
    const bodyAt = Math.ceil(headerSize / bufferAlignment) * bufferAlignment;
    const shared = new SharedArrayBuffer(bodyAt + bodyByteSize);
    const header = new Uint8Array(shared, 0, headerSize);
    const body = new Uint8Array(shared, bodyAt, bodyByteSize);
    writeRecordBatchHeader(message, header);
    buffers.forEach((parts, index) => {
      let at = places[index]!.offset;
      for (const { address, byteSize } of parts) {
        body.set(this.#memory.u8.subarray(address, address + byteSize), at);
        at += byteSize;
      }
    });
    return { header, body, rowCount };
  }
}
