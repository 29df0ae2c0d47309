import type { Schema } from "../arrow/schema.ts";
import type { Batch } from "../kernel/batch.ts";
import type { EncodedBatchConsumer, PartitionSink } from "../shuffle/partition-sink.ts";
import type { StageFilter } from "../stage/stage.ts";
import { KeySummary } from "./key-summary.ts";
import type { TaskContext } from "./operator.ts";

/** A sink that also sums up key columns of what it writes, for runtime filters. Each summary is a partition of its own. */
export class SummarizingSink implements PartitionSink {
  readonly #sink: PartitionSink;
  readonly #summaries: readonly { readonly partition: number; readonly summary: KeySummary }[];
  readonly #consumer: EncodedBatchConsumer;

  constructor(
    context: TaskContext,
    sink: PartitionSink,
    filters: readonly StageFilter[],
    schema: Schema,
    consumer: EncodedBatchConsumer,
  ) {
    this.#sink = sink;
    this.#consumer = consumer;
    this.#summaries = filters.map((filter) => ({
      partition: filter.partition,
      summary: new KeySummary(context, filter, schema),
    }));
  }

  open(): void {
    this.#sink.open();
    for (const { summary } of this.#summaries) summary.open();
  }

  write(batch: Batch): void {
    for (const { summary } of this.#summaries) summary.add(batch);
    this.#sink.write(batch);
  }

  finish(): void {
    this.#sink.finish();
    for (const { partition, summary } of this.#summaries) summary.encode((batch) => this.#consumer(partition, batch));
  }

  close(): void {
    this.#sink.close();
    for (const { summary } of this.#summaries) summary.close();
  }
}
