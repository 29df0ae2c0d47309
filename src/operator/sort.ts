import { byteWidthOf, simpleType } from "../arrow/data-type.ts";
import type { Schema } from "../arrow/schema.ts";
import type { Batch, Vector } from "../kernel/batch.ts";
import { batchRowCount } from "../kernel/batch.ts";
import { kernelNamed } from "../kernel/load-kernels.ts";
import { RowLayout } from "../kernel/row-layout.ts";
import { RowStore } from "../kernel/row-store.ts";
import type { Region } from "../kernel/slot-memory.ts";
import type { PhysicalSort } from "../physical/physical-node.ts";
import type { Operator, TaskContext } from "./operator.ts";
import { SortKeyEncoder, sortEntryByteSize } from "./sort-key-encoder.ts";
import { SortedMerge, type SortedBlock, type SortedSource } from "./sorted-merge.ts";
import { SpillRun } from "./spill-run.ts";

/** Memory that must stay free for the next batch's needs, the input's included; less in a small slot. */
const reserveBytesMax = 8 << 20;
/** Sorting takes the entries and as much again, each in one piece, whose size is rounded up to a power of two. */
const sortBytesPerRow = 4 * sortEntryByteSize;
/** Below this size spilling gives so little back that others must. */
const spillableBytesMin = 1 << 20;
const spillBlockBytes = 256 * 1024;

/**
 * Transform: all rows in the order of the keys, stably. Rows are kept in memory; when it runs out they are sorted and go to disk as
 * a run, and at the end the runs are merged.
 */
export class SortOperator implements Operator {
  readonly schema: Schema;
  readonly #context: TaskContext;
  readonly #input: Operator;
  readonly #encoder: SortKeyEncoder;
  readonly #store: RowStore;
  readonly #allColumns: readonly number[];
  readonly #entries: Region;
  readonly #keys: Region;
  readonly #output: Region;
  /** Entries as they came, per batch. */
  #chunks: { readonly address: number; readonly count: number }[] = [];
  #runs: SpillRun[] = [];
  #merge: SortedMerge | null = null;
  #mergeRegions: Region[] = [];
  #isSorted = false;
  #sorted = { address: 0, count: 0 };
  #position = 0;
  #spilledBytes = 0;

  constructor(context: TaskContext, node: PhysicalSort, input: Operator) {
    const { memory, kernels } = context;
    this.schema = node.schema;
    this.#context = context;
    this.#input = input;
    this.#encoder = new SortKeyEncoder(context, node.keys, input.schema);
    this.#store = new RowStore(memory, kernels, RowLayout.of(node.schema.map(({ type }) => type)));
    this.#allColumns = node.schema.map((_, column) => column);
    this.#entries = memory.region();
    this.#keys = memory.region();
    this.#output = memory.region();
  }

  open(): void {
    this.#input.open();
    this.#encoder.open();
  }

  next(): Batch | null {
    if (!this.#isSorted) this.#consume();
    if (this.#merge !== null) return this.#merge.next();
    this.#context.checkCancelled();
    this.#output.reset();
    const count = Math.min(batchRowCount, this.#sorted.count - this.#position);
    if (count <= 0) return null;
    const vectors = this.#gather(this.#sorted.address + this.#position * sortEntryByteSize, count, this.#output);
    this.#position += count;
    return { rowCount: count, vectors, selection: 0 };
  }

  close(): void {
    this.#merge?.close();
    for (const region of this.#mergeRegions) region.free();
    for (const run of this.#runs) run.remove();
    this.#runs = [];
    this.#clear();
    this.#isSorted = true;
    this.#sorted = { address: 0, count: 0 };
    this.#store.free();
    this.#output.free();
    this.#encoder.close();
    this.#input.close();
  }

  counters(): Readonly<Record<string, number>> {
    return { spilledBytes: this.#spilledBytes, spilledRuns: this.#runs.length };
  }

  #consume(): void {
    for (;;) {
      this.#context.checkCancelled();
      const batch = this.#input.next();
      if (batch === null) break;
      this.#append(batch);
      if (this.#mustSpill()) this.#spill();
    }
    this.#isSorted = true;
    if (this.#runs.length === 0) {
      this.#sorted = this.#sortEntries();
      return;
    }
    if (this.#store.rowCount > 0) this.#spill();
    this.#startMerge();
  }

  #append(batch: Batch): void {
    const { kernels } = this.#context;
    const entries = this.#entries.allocate(batch.rowCount * sortEntryByteSize);
    this.#encoder.encode(batch, this.#keys, entries);
    this.#output.reset();
    const rows = this.#output.allocate(batch.rowCount * 4);
    this.#store.append(batch.vectors, batch.rowCount, rows, batch.selection);
    kernelNamed(kernels, "setEntryRows")(entries, batch.rowCount, rows);
    this.#chunks.push({ address: entries, count: batch.rowCount });
  }

  #mustSpill(): boolean {
    const { memory } = this.#context;
    const held = this.#store.byteSize + this.#keys.byteSize + this.#entries.byteSize;
    if (held < Math.min(spillableBytesMin, memory.byteSize / 32)) return false;
    const reserve = Math.min(reserveBytesMax, memory.byteSize / 8);
    return memory.freeBytes < reserve + this.#store.rowCount * sortBytesPerRow;
  }

  /** All entries in one piece, in order. */
  #sortEntries(): { address: number; count: number } {
    const { memory } = this.#context;
    const count = this.#store.rowCount;
    const address = this.#entries.allocate(count * sortEntryByteSize);
    let target = address;
    for (const chunk of this.#chunks) {
      const byteSize = chunk.count * sortEntryByteSize;
      memory.u8.copyWithin(target, chunk.address, chunk.address + byteSize);
      target += byteSize;
    }
    const scratch = memory.region();
    try {
      this.#encoder.sort(address, count, scratch);
    } finally {
      scratch.free();
    }
    return { address, count };
  }

  #gather(entries: number, count: number, region: Region): Vector[] {
    const rows = region.allocate(count * 4);
    kernelNamed(this.#context.kernels, "entryRows")(entries, count, rows);
    return this.#store.gather(rows, count, this.#allColumns, region);
  }

  #spill(): void {
    const { kernels } = this.#context;
    const keyType = simpleType("binary");
    const run = new SpillRun(this.#context, `sort-${this.#runs.length}`, [
      keyType,
      ...this.schema.map(({ type }) => type),
    ]);
    this.#runs.push(run);
    const { address, count } = this.#sortEntries();
    const rowBytes = this.schema.reduce((sum, { type }) => sum + byteWidthOf(type), 48);
    const blockRows = Math.max(64, Math.min(batchRowCount, Math.floor(spillBlockBytes / rowBytes)));
    for (let done = 0; done < count; done += blockRows) {
      this.#context.checkCancelled();
      this.#output.reset();
      const rowCount = Math.min(blockRows, count - done);
      const entries = address + done * sortEntryByteSize;
      const keys = this.#output.allocate(rowCount * 16);
      kernelNamed(kernels, "entryKeyViews")(entries, rowCount, keys);
      const positions = this.#output.allocate(rowCount * 4);
      kernelNamed(kernels, "fillSequence")(0, rowCount, positions);
      run.write(
        [{ type: keyType, data: keys, validity: 0 }, ...this.#gather(entries, rowCount, this.#output)],
        positions,
        rowCount,
      );
    }
    this.#spilledBytes += run.byteSize;
    this.#clear();
  }

  /** Forgets the rows in memory. */
  #clear(): void {
    this.#store.clear();
    this.#keys.reset();
    this.#entries.reset();
    this.#output.reset();
    this.#chunks = [];
  }

  #startMerge(): void {
    const sources = this.#runs.map((run): SortedSource => {
      const block = this.#context.memory.region();
      const entries = this.#context.memory.region();
      this.#mergeRegions.push(block, entries);
      return new RunSource(this.#context, run, block, entries);
    });
    this.#merge = new SortedMerge(this.#context, this.schema, sources);
  }
}

/** A sorted run on disk: the keys are its first column. */
class RunSource implements SortedSource {
  readonly #context: TaskContext;
  readonly #blocks: Iterator<{ readonly vectors: readonly Vector[]; readonly rowCount: number }>;
  readonly #entries: Region;

  constructor(context: TaskContext, run: SpillRun, block: Region, entries: Region) {
    this.#context = context;
    this.#blocks = run.read(block);
    this.#entries = entries;
  }

  next(): SortedBlock | null {
    const block = this.#blocks.next();
    if (block.done === true) return null;
    const {
      vectors: [keys, ...vectors],
      rowCount,
    } = block.value;
    this.#entries.reset();
    const entries = this.#entries.allocate(rowCount * sortEntryByteSize);
    kernelNamed(this.#context.kernels, "entriesOfKeyViews")(keys!.data, rowCount, entries);
    return { vectors, entries, rowCount };
  }
}
