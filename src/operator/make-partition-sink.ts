import type { Schema } from "../arrow/schema.ts";
import type { Projector } from "../compile/expression-compiler.ts";
import type { Expression } from "../expr/expression.ts";
import type { Batch, Vector } from "../kernel/batch.ts";
import { hashColumns } from "../kernel/hash.ts";
import type { Region } from "../kernel/slot-memory.ts";
import { BatchBuilder, type WireForm } from "../shuffle/batch-builder.ts";
import type { EncodedBatchConsumer, PartitionSink } from "../shuffle/partition-sink.ts";
import type { StageSink } from "../stage/stage.ts";
import type { TaskContext } from "./operator.ts";

/** The end of a task's pipeline for a stage with this sink; `schema` is that of the rows written. */
export function makePartitionSink(
  context: TaskContext,
  sink: StageSink,
  schema: Schema,
  consumer: EncodedBatchConsumer,
): PartitionSink {
  if (sink.kind === "hash" && sink.partitionCount > 1)
    return new HashSink(context, sink.keys, sink.partitionCount, schema, consumer);
  return new WholeSink(context, schema, sink.kind === "result" ? "client" : "shuffle", consumer);
}

/** Half of what a message may have: strings may double it (BatchBuilder). */
const targetBytesMax = 1024 * 1024;
const targetBytesMin = 16 * 1024;

/** Builders share an eighth of the memory that is free when the task starts. */
function targetBytes(context: TaskContext, builderCount: number): number {
  return Math.max(targetBytesMin, Math.min(targetBytesMax, Math.floor(context.memory.freeBytes / 8 / builderCount)));
}

/** Free memory below which builders give theirs back, whatever they hold: operators need it more. */
const tightBytesMax = 4 * 1024 * 1024;

function isMemoryTight({ memory }: TaskContext): boolean {
  return memory.freeBytes < Math.min(tightBytesMax, memory.byteSize / 16);
}

/** Appends rows `indices` (0 = rows 0 to count - 1) to a builder and hands on what gets full. */
function appendRows(
  context: TaskContext,
  builder: BatchBuilder,
  vectors: readonly Vector[],
  indices: number,
  count: number,
  scratch: Region,
  flush: () => void,
): void {
  let rows = indices;
  let done = 0;
  while (done < count) {
    const fits = builder.fitting(vectors, rows === 0 ? 0 : rows + done * 4, count - done);
    if (fits < count - done && rows === 0) {
      rows = scratch.allocate(count * 4);
      context.kernels["fillSequence"]!(0, count, rows);
    }
    if (fits > 0) builder.append(vectors, rows === 0 ? 0 : rows + done * 4, fits);
    done += fits;
    if (fits === 0 || builder.isFull) flush();
  }
}

/** One partition: single, broadcast and result. */
class WholeSink implements PartitionSink {
  readonly #context: TaskContext;
  readonly #schema: Schema;
  readonly #form: WireForm;
  readonly #consumer: EncodedBatchConsumer;
  readonly #scratch: Region;
  #builder: BatchBuilder | undefined;
  #flushedAtMs = 0;

  constructor(context: TaskContext, schema: Schema, form: WireForm, consumer: EncodedBatchConsumer) {
    this.#context = context;
    this.#schema = schema;
    this.#form = form;
    this.#consumer = consumer;
    this.#scratch = context.memory.region();
  }

  open(): void {
    const { memory, kernels } = this.#context;
    this.#builder = new BatchBuilder(memory, kernels, this.#schema, this.#form, targetBytes(this.#context, 1));
  }

  write(batch: Batch): void {
    this.#scratch.reset();
    const whole = batch.selection === 0 ? this.#builder!.encodeWhole(batch.vectors, batch.rowCount) : null;
    if (whole !== null) {
      this.#consumer(0, whole);
      this.#flushedAtMs = performance.now();
      return;
    }
    appendRows(this.#context, this.#builder!, batch.vectors, batch.selection, batch.rowCount, this.#scratch, () =>
      this.#flush(),
    );
    if (isMemoryTight(this.#context)) {
      this.#flush();
      this.#builder!.free();
    }
    // A client sees the first rows at once, and later ones soon however slowly they come.
    if (this.#form === "client" && performance.now() - this.#flushedAtMs > resultDelayMsMax) this.#flush();
  }

  finish(): void {
    this.#flush();
  }

  close(): void {
    this.#builder?.free();
    this.#scratch.free();
  }

  #flush(): void {
    if (this.#builder!.rowCount === 0) return;
    this.#consumer(0, this.#builder!.encode());
    this.#flushedAtMs = performance.now();
  }
}

const resultDelayMsMax = 50;

/** Spreads rows over partitions by the hash of keys. */
class HashSink implements PartitionSink {
  readonly #context: TaskContext;
  readonly #schema: Schema;
  readonly #partitionCount: number;
  readonly #consumer: EncodedBatchConsumer;
  readonly #projector: Projector;
  readonly #scratch: Region;
  #builders: BatchBuilder[] = [];

  constructor(
    context: TaskContext,
    keys: readonly Expression[],
    partitionCount: number,
    schema: Schema,
    consumer: EncodedBatchConsumer,
  ) {
    this.#context = context;
    this.#schema = schema;
    this.#partitionCount = partitionCount;
    this.#consumer = consumer;
    this.#projector = context.compiler.projector(keys, schema);
    this.#scratch = context.memory.region();
  }

  open(): void {
    const { memory, kernels } = this.#context;
    const bytes = targetBytes(this.#context, this.#partitionCount);
    this.#builders = Array.from(
      { length: this.#partitionCount },
      () => new BatchBuilder(memory, kernels, this.#schema, "shuffle", bytes),
    );
    this.#projector.open();
  }

  write(batch: Batch): void {
    const { kernels, memory } = this.#context;
    this.#scratch.reset();
    const hashes = this.#scratch.allocate(batch.rowCount * 8);
    const rows = this.#scratch.allocate(batch.rowCount * 4);
    const starts = this.#scratch.allocate((this.#partitionCount + 2) * 4);
    hashColumns(kernels, this.#projector.evaluate(batch), batch.rowCount, hashes);
    kernels["partitionRows"]!(hashes, batch.selection, batch.rowCount, this.#partitionCount, starts, rows);
    for (const [partition, builder] of this.#builders.entries()) {
      const first = memory.u32[starts / 4 + partition]!;
      const count = memory.u32[starts / 4 + partition + 1]! - first;
      if (count === 0) continue;
      appendRows(this.#context, builder, batch.vectors, rows + first * 4, count, this.#scratch, () =>
        this.#flush(partition),
      );
    }
    if (!isMemoryTight(this.#context)) return;
    this.finish();
    for (const builder of this.#builders) builder.free();
  }

  finish(): void {
    for (const partition of this.#builders.keys()) this.#flush(partition);
  }

  close(): void {
    this.#projector.close();
    for (const builder of this.#builders) builder.free();
    this.#scratch.free();
  }

  #flush(partition: number): void {
    const builder = this.#builders[partition]!;
    if (builder.rowCount > 0) this.#consumer(partition, builder.encode());
  }
}
