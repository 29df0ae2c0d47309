import { statSync } from "node:fs";
import { byteWidthOf, typeName } from "../arrow/data-type.ts";
import type { Field, Schema } from "../arrow/schema.ts";
import { assert } from "../common/assert.ts";
import { EngineError } from "../common/engine-error.ts";
import { type Batch, batchRowCount } from "../kernel/batch.ts";
import { kernelNamed, type Kernels } from "../kernel/load-kernels.ts";
import type { Region, SlotMemory } from "../kernel/slot-memory.ts";
import type { Operator, ScanRequest } from "../operator/operator.ts";
import { ChunkStream, readPositions } from "./chunk-stream.ts";
import type { ColumnReading } from "./column-reading.ts";
import type { Address, DuckDbLibrary } from "./native-library.ts";
import { scanError } from "./scan-error.ts";

export type ParquetScanContext = {
  readonly library: DuckDbLibrary;
  readonly database: Address;
  readonly memory: SlotMemory;
  readonly kernels: Kernels;
  /** Native address of linear memory's byte 0. */
  readonly memoryBase: Address;
  checkCancelled(): void;
};

/** DuckDB's STANDARD_VECTOR_SIZE. */
const chunkRowCountMax = 2048;
/** A batch of long strings is handed on early rather than filling the slot. */
const stringBytesMax = 8 * 1024 * 1024;
const validityByteSize = batchRowCount / 8 + 16;

type ColumnBuffer = {
  readonly field: Field;
  readonly data: number;
  readonly validity: number;
  /** Position among the columns that DuckDB puts out; -1 = nobody reads this one. */
  readonly source: number;
  hasNulls: boolean;
};

/** Reads splits one after another; several of DuckDB's chunks make one batch. */
export class ParquetScanOperator implements Operator {
  readonly schema: Schema;
  readonly #context: ParquetScanContext;
  readonly #request: ScanRequest;
  readonly #buffers: Region;
  readonly #strings: Region;
  #columns: ColumnBuffer[] = [];
  /** For a chunk's values before conversion, its validity and its string spans. */
  #scratch = { values: 0, validity: 0, spans: 0 };
  #stream: ChunkStream | undefined;
  #splitIndex = 0;
  #rowsLeftUnread = 0;
  #scannedBytes = 0;
  #decodedRows = 0;

  constructor(context: ParquetScanContext, request: ScanRequest) {
    assert(request.columns.length === request.schema.length, "a scan names a file column per schema field");
    this.schema = request.schema;
    this.#context = context;
    this.#request = request;
    this.#buffers = context.memory.region();
    this.#strings = context.memory.region();
  }

  open(): void {
    if (this.schema.length === 0) return;
    const sources = readPositions(this.#request);
    this.#columns = this.schema.map((field, index) => ({
      field,
      source: sources.indexOf(index),
      // What nobody reads is zeros: no vector ever holds an address that leads nowhere.
      data: this.#buffers[sources.includes(index) ? "allocate" : "allocateZeroed"](
        batchRowCount * byteWidthOf(field.type),
      ),
      validity: this.#buffers.allocate(validityByteSize),
      hasNulls: false,
    }));
    this.#scratch = {
      values: this.#buffers.allocate(chunkRowCountMax * 16),
      validity: this.#buffers.allocate(chunkRowCountMax / 8),
      spans: this.#buffers.allocate(chunkRowCountMax * 16),
    };
  }

  next(): Batch | null {
    if (this.schema.length === 0) return this.#nextRowCount();
    this.#strings.reset();
    for (const column of this.#columns) column.hasNulls = false;
    let rowCount = 0;
    while (rowCount + chunkRowCountMax <= batchRowCount && this.#strings.byteSize <= stringBytesMax) {
      this.#context.checkCancelled();
      const chunk = this.#nextChunk();
      if (chunk === 0) break;
      rowCount += this.#appendChunk(chunk, rowCount);
    }
    if (rowCount === 0) return null;
    const vectors = this.#columns.map(({ field, data, validity, hasNulls }) => ({
      type: field.type,
      data,
      validity: hasNulls ? validity : 0,
    }));
    return { rowCount, vectors, selection: 0 };
  }

  close(): void {
    this.#stream?.close();
    this.#stream = undefined;
    this.#splitIndex = this.#request.splits.length;
    this.#rowsLeftUnread = 0;
    this.#strings.free();
    this.#buffers.free();
  }

  counters(): Readonly<Record<string, number>> {
    return { scannedBytes: this.#scannedBytes, decodedRows: this.#decodedRows };
  }

  /** Without columns (count(*)) the splits' row numbers say all; only the file must still be there. */
  #nextRowCount(): Batch | null {
    assert(this.#request.pushed === null, "a pushed predicate needs its columns in the scan's schema");
    this.#context.checkCancelled();
    while (this.#rowsLeftUnread === 0) {
      const split = this.#request.splits[this.#splitIndex++];
      if (split === undefined) return null;
      if (statSync(split.path, { throwIfNoEntry: false }) === undefined) throw scanError(split.path, null);
      this.#rowsLeftUnread = split.lastRow - split.firstRow + 1;
    }
    const rowCount = Math.min(batchRowCount, this.#rowsLeftUnread);
    this.#rowsLeftUnread -= rowCount;
    return { rowCount, vectors: [], selection: 0 };
  }

  #nextChunk(): Address {
    const { splits } = this.#request;
    for (;;) {
      if (this.#stream === undefined) {
        const split = splits[this.#splitIndex];
        if (split === undefined) return 0;
        this.#splitIndex++;
        if (split.lastRow < split.firstRow) continue;
        this.#stream = new ChunkStream(this.#context.library, this.#context.database, this.#request, split);
        this.#scannedBytes += split.byteSize;
      }
      const chunk = this.#stream.next();
      if (chunk !== 0) return chunk;
      this.#stream.close();
      this.#stream = undefined;
    }
  }

  /** Gives the number of rows. */
  #appendChunk(chunk: Address, firstRow: number): number {
    const { library } = this.#context;
    const rowCount = library.chunkSize(chunk);
    assert(rowCount <= chunkRowCountMax, `DuckDB gave a chunk of ${rowCount} rows`);
    const readings = this.#stream!.readings;
    for (const column of this.#columns) {
      if (column.source < 0) continue;
      const vector = library.chunkVector(chunk, column.source);
      const validity = this.#appendValidity(column, vector, firstRow, rowCount);
      this.#appendValues(column, readings[column.source]!, library.vectorData(vector), validity, firstRow, rowCount);
    }
    this.#decodedRows += rowCount;
    return rowCount;
  }

  /** Gives the address of the chunk's own bitmap in linear memory; 0 = no NULL. */
  #appendValidity(column: ColumnBuffer, vector: Address, firstRow: number, rowCount: number): number {
    const { library, kernels } = this.#context;
    const source = library.vectorValidity(vector);
    if (source === 0) {
      if (column.hasNulls) kernels["appendOnes"]!(column.validity, firstRow, rowCount);
      return 0;
    }
    this.#copyIn(this.#scratch.validity, source, Math.ceil(rowCount / 64) * 8);
    if (!column.hasNulls) kernels["appendOnes"]!(column.validity, 0, firstRow);
    column.hasNulls = true;
    kernels["appendBits"]!(column.validity, firstRow, this.#scratch.validity, rowCount);
    return this.#scratch.validity;
  }

  #appendValues(
    column: ColumnBuffer,
    reading: ColumnReading,
    source: Address,
    validity: number,
    firstRow: number,
    rowCount: number,
  ): void {
    const { kernels } = this.#context;
    const target = column.data + firstRow * byteWidthOf(column.field.type);
    assert(reading.kind !== "cast", "a column that needs a cast is cast in the SQL");
    if (reading.kind === "copy") return this.#copyIn(target, source, rowCount * reading.sourceWidth);
    if (reading.kind === "strings") {
      this.#copyIn(target, source, rowCount * 16);
      return this.#copyStrings(target, validity, rowCount);
    }
    this.#copyIn(this.#scratch.values, source, rowCount * reading.sourceWidth);
    if (reading.kind === "widen") {
      kernelNamed(kernels, reading.kernel)(this.#scratch.values, target, rowCount);
      return;
    }
    if (kernels["narrow128To64"]!(this.#scratch.values, target, rowCount, validity) === 0) return;
    const path = this.#request.splits[this.#splitIndex - 1]!.path;
    const message = `a value of column "${column.field.name}", ${typeName(column.field.type)}, is outside the bounds that the footer of ${path} states`;
    throw new EngineError("corrupt_file", message, { file: path });
  }

  /** Brings the long strings of a chunk over: DuckDB keeps them in a few pieces of memory, in the rows' order. */
  #copyStrings(entries: number, validity: number, rowCount: number): void {
    const { kernels, memory } = this.#context;
    const spanCount = kernels["collectStringSpans"]!(entries, validity, rowCount, this.#scratch.spans);
    if (spanCount === 0) return;
    const spans = this.#scratch.spans / 4;
    let byteSize = 0;
    for (let span = 0; span < spanCount; span++) byteSize += wordPair(memory.u32, spans + span * 4 + 2);
    const base = this.#strings.allocate(byteSize);
    let target = base;
    for (let span = 0; span < spanCount; span++) {
      const spanSize = wordPair(memory.u32, spans + span * 4 + 2);
      this.#copyIn(target, wordPair(memory.u32, spans + span * 4), spanSize);
      target += spanSize;
    }
    kernels["relocateStrings"]!(entries, rowCount, base);
  }

  #copyIn(target: number, source: Address, byteSize: number): void {
    this.#context.library.memcpy(this.#context.memoryBase + target, source, byteSize);
  }
}

/** A u64 below 2^53 as a number. */
function wordPair(words: Uint32Array, index: number): number {
  return words[index]! + words[index + 1]! * 2 ** 32;
}
