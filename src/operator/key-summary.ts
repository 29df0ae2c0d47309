import { simpleType, type DataType } from "../arrow/data-type.ts";
import type { Schema } from "../arrow/schema.ts";
import type { Projector } from "../compile/projector.ts";
import type { Batch, Vector } from "../kernel/batch.ts";
import { batchRowCount } from "../kernel/batch.ts";
import { hashColumns } from "../kernel/hash.ts";
import type { Region } from "../kernel/slot-memory.ts";
import { BatchBuilder } from "../shuffle/batch-builder.ts";
import type { EncodedBatch } from "../shuffle/encoded-batch.ts";
import type { StageFilter } from "../stage/stage.ts";
import type { TaskContext } from "./operator.ts";

/** A summary travels as one column of words: four of its own, the distinct values, the Bloom filter's. */
export const summarySchema: Schema = [{ name: "word", type: simpleType("int64"), nullable: false }];
export const summaryWords = 4;

/** Distinct values that are listed; more count as many. A longer list costs DuckDB more to parse than it saves. */
const valuesMax = 2048;
const slotCount = 4 * valuesMax;
const messageBytes = 1024 * 1024;

/** Which kernel reads the type's values as signed integers that order and compare like them; null: none does. */
export function summaryKernel(type: DataType): "summarize4" | "summarize8" | null {
  if (type.kind === "int32" || type.kind === "date") return "summarize4";
  return type.kind === "int64" || (type.kind === "decimal" && type.bits === 64) ? "summarize8" : null;
}

/** Collects what one task's rows say of a column: its bounds, its values while they are few, a Bloom filter if asked for. */
export class KeySummary {
  readonly #context: TaskContext;
  readonly #filter: StageFilter;
  readonly #type: DataType;
  readonly #projector: Projector;
  readonly #region: Region;
  #summary = 0;
  #slots = 0;
  #bloom = 0;
  #hashes = 0;

  constructor(context: TaskContext, filter: StageFilter, schema: Schema) {
    const { type, nullable } = schema[filter.column]!;
    this.#context = context;
    this.#filter = filter;
    this.#type = type;
    this.#projector = context.compiler.projector([{ kind: "input", index: filter.column, type, nullable }], schema);
    this.#region = context.memory.region();
  }

  open(): void {
    const { memory } = this.#context;
    this.#summary = this.#region.allocate((summaryWords + valuesMax) * 8);
    const words = new BigInt64Array(memory.u8.buffer, this.#summary, summaryWords);
    words.set([0n, 2n ** 63n - 1n, -(2n ** 63n), summaryKernel(this.#type) === null ? -1n : 0n]);
    this.#slots = this.#region.allocateZeroed(slotCount * 2);
    if (this.#filter.bloomWords > 0) this.#bloom = this.#region.allocateZeroed(this.#filter.bloomWords * 8);
    this.#hashes = this.#region.allocate(batchRowCount * 8);
    this.#projector.open();
  }

  add(batch: Batch): void {
    const { kernels } = this.#context;
    const [vector] = this.#projector.evaluate(batch) as [Vector];
    const { data, validity } = vector;
    const kernel = summaryKernel(this.#type);
    if (kernel === null) kernels["summarizeRows"]!(validity, batch.rowCount, this.#summary);
    else kernels[kernel]!(data, validity, batch.rowCount, this.#summary, this.#slots, slotCount - 1, valuesMax);
    if (this.#bloom === 0) return;
    hashColumns(kernels, [vector], batch.rowCount, this.#hashes);
    kernels["bloomInsert"]!(this.#bloom, this.#filter.bloomWords - 1, this.#hashes, validity, batch.rowCount);
  }

  /** The summary as shuffle messages. */
  encode(consume: (batch: EncodedBatch) => void): void {
    const { memory, kernels } = this.#context;
    const builder = new BatchBuilder(memory, kernels, summarySchema, "shuffle", messageBytes);
    const append = (address: number, count: number): void => {
      for (let done = 0; done < count;) {
        const vectors: Vector[] = [{ type: summarySchema[0]!.type, data: address + done * 8, validity: 0 }];
        const fits = builder.fitting(vectors, 0, count - done);
        builder.append(vectors, 0, fits);
        done += fits;
        if (done < count || builder.isFull) consume(builder.encode());
      }
    };
    try {
      const distinct = Number(new BigInt64Array(memory.u8.buffer, this.#summary, summaryWords)[3]);
      append(this.#summary, summaryWords + Math.max(0, distinct));
      if (this.#bloom !== 0) append(this.#bloom, this.#filter.bloomWords);
      if (builder.rowCount > 0) consume(builder.encode());
    } finally {
      builder.free();
    }
  }

  close(): void {
    this.#projector.close();
    this.#region.free();
  }
}
