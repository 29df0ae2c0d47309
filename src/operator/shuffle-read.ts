import type { Schema } from "../arrow/schema.ts";
import type { Batch } from "../kernel/batch.ts";
import { batchRowCount } from "../kernel/batch.ts";
import type { Region } from "../kernel/slot-memory.ts";
import type { PhysicalShuffleRead } from "../physical/physical-node.ts";
import { decodeBatch, sliceBatch } from "../shuffle/decode-batch.ts";
import { encodedByteSize } from "../shuffle/encoded-batch.ts";
import type { ShuffleStream } from "../shuffle/shuffle-fetcher.ts";
import type { Operator, TaskContext } from "./operator.ts";
import { SortKeyEncoder, sortEntryByteSize } from "./sort-key-encoder.ts";
import { SortedMerge, type SortedBlock, type SortedSource } from "./sorted-merge.ts";

/** Source: this task's rows of an earlier stage, one writer after another; or all merged, where each writer's are sorted. */
export class ShuffleReadOperator implements Operator {
  readonly schema: Schema;
  readonly #context: TaskContext;
  readonly #node: PhysicalShuffleRead;
  readonly #encoder: SortKeyEncoder | null;
  #readers: StreamReader[] = [];
  #sources: SortedReader[] = [];
  #merge: SortedMerge | null = null;
  #current = 0;

  constructor(context: TaskContext, node: PhysicalShuffleRead) {
    this.schema = node.schema;
    this.#context = context;
    this.#node = node;
    this.#encoder = node.mergeKeys === null ? null : new SortKeyEncoder(context, node.mergeKeys, node.schema);
  }

  open(): void {
    const streams = this.#context.shuffle.open(this.#node.stageId);
    this.#readers = streams.map((stream) => new StreamReader(this.#context, this.schema, stream));
    const encoder = this.#encoder;
    if (encoder === null) return;
    encoder.open();
    if (this.#readers.length < 2) return;
    this.#sources = this.#readers.map((reader) => new SortedReader(this.#context, reader, encoder));
    this.#merge = new SortedMerge(this.#context, this.schema, this.#sources);
  }

  next(): Batch | null {
    if (this.#merge !== null) return this.#merge.next();
    for (; this.#current < this.#readers.length; this.#current++) {
      const reader = this.#readers[this.#current]!;
      const batch = reader.next();
      if (batch !== null) return batch;
      reader.close();
    }
    return null;
  }

  close(): void {
    this.#merge?.close();
    for (const source of this.#sources) source.close();
    for (const reader of this.#readers) reader.close();
    this.#encoder?.close();
    this.#current = this.#readers.length;
  }

  counters(): Readonly<Record<string, number>> {
    return {
      fetchedBytes: this.#readers.reduce((sum, reader) => sum + reader.byteSize, 0),
      fetchedMessages: this.#readers.reduce((sum, reader) => sum + reader.messageCount, 0),
    };
  }
}

/** One writer's rows, a message at a time in memory, cut to batches. */
class StreamReader {
  byteSize = 0;
  messageCount = 0;
  readonly #context: TaskContext;
  readonly #schema: Schema;
  readonly #stream: ShuffleStream;
  readonly #region: Region;
  #message: Batch | null = null;
  #position = 0;
  #isClosed = false;

  constructor(context: TaskContext, schema: Schema, stream: ShuffleStream) {
    this.#context = context;
    this.#schema = schema;
    this.#stream = stream;
    this.#region = context.memory.region();
  }

  next(): Batch | null {
    this.#context.checkCancelled();
    while (this.#message === null || this.#position >= this.#message.rowCount) {
      if (!this.#readMessage()) return null;
    }
    const rowCount = Math.min(batchRowCount, this.#message.rowCount - this.#position);
    const batch = sliceBatch(this.#message, this.#position, rowCount);
    this.#position += rowCount;
    return batch;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#message = null;
    this.#region.free();
    this.#stream.close();
  }

  #readMessage(): boolean {
    this.#message = null;
    this.#position = 0;
    this.#region.reset();
    const encoded = this.#isClosed ? null : this.#stream.next();
    if (encoded === null) return false;
    this.byteSize += encodedByteSize(encoded);
    this.messageCount++;
    this.#message = decodeBatch(this.#context.memory, this.#context.kernels, this.#schema, encoded, this.#region);
    return true;
  }
}

/** One writer's rows, which are sorted, with their keys. */
class SortedReader implements SortedSource {
  readonly #reader: StreamReader;
  readonly #encoder: SortKeyEncoder;
  readonly #region: Region;

  constructor(context: TaskContext, reader: StreamReader, encoder: SortKeyEncoder) {
    this.#reader = reader;
    this.#encoder = encoder;
    this.#region = context.memory.region();
  }

  next(): SortedBlock | null {
    this.#region.reset();
    const batch = this.#reader.next();
    if (batch === null) return null;
    const entries = this.#region.allocate(batch.rowCount * sortEntryByteSize);
    this.#encoder.encode(batch, this.#region, entries);
    return { vectors: batch.vectors, entries, rowCount: batch.rowCount };
  }

  close(): void {
    this.#region.free();
  }
}
