import { byteWidthOf } from "../arrow/data-type.ts";
import type { Schema } from "../arrow/schema.ts";
import type { Batch, Vector } from "../kernel/batch.ts";
import { batchRowCount } from "../kernel/batch.ts";
import { bitmapByteSize } from "../kernel/gather.ts";
import { kernelNamed } from "../kernel/load-kernels.ts";
import type { Region } from "../kernel/slot-memory.ts";
import type { TaskContext } from "./operator.ts";
import { sortEntryByteSize } from "./sort-key-encoder.ts";

/** Sorted rows: `entries` (assembly/sort.ts) in order, each with its row's number in the vectors. */
export type SortedBlock = { readonly vectors: readonly Vector[]; readonly entries: number; readonly rowCount: number };

export interface SortedSource {
  /** The next block, which has rows and is valid until the next call; null at the end. */
  next(): SortedBlock | null;
}

/** Merges sorted sources into batches; equal rows come in the order of their sources. */
export class SortedMerge {
  readonly #context: TaskContext;
  readonly #schema: Schema;
  readonly #sources: readonly SortedSource[];
  readonly #blocks: (SortedBlock | null)[];
  readonly #lists: Region;
  readonly #output: Region;
  /** Addresses for the kernels of assembly/sort-merge.ts. */
  #places = { sources: 0, heap: 0, table: 0, pickSources: 0, pickRows: 0 };
  #heapSize = -1;
  /** The source at the heap's top has no entry left. */
  #topIsEmpty = false;

  constructor(context: TaskContext, schema: Schema, sources: readonly SortedSource[]) {
    this.#context = context;
    this.#schema = schema;
    this.#sources = sources;
    this.#blocks = sources.map(() => null);
    this.#lists = context.memory.region();
    this.#output = context.memory.region();
  }

  next(): Batch | null {
    const { kernels, memory } = this.#context;
    this.#output.reset();
    if (this.#heapSize < 0) this.#start();
    if (this.#topIsEmpty) this.#refillTop();
    if (this.#heapSize === 0) return null;
    const { sources, heap, pickSources, pickRows } = this.#places;
    const rowCount = kernelNamed(kernels, "mergePick")(
      sources,
      heap,
      this.#heapSize,
      batchRowCount,
      pickSources,
      pickRows,
    );
    const top = sources / 4 + memory.u32[heap / 4]! * 4;
    this.#topIsEmpty = memory.u32[top] === memory.u32[top + 1];
    return { rowCount, vectors: this.#schema.map((_, column) => this.#gather(column, rowCount)), selection: 0 };
  }

  /** Gives all memory back. Idempotent; the sources are the caller's. */
  close(): void {
    this.#lists.free();
    this.#output.free();
    this.#blocks.fill(null);
    this.#heapSize = 0;
    this.#topIsEmpty = false;
  }

  #start(): void {
    const { memory } = this.#context;
    const count = this.#sources.length;
    this.#places = {
      sources: this.#lists.allocate(count * 16),
      heap: this.#lists.allocate(count * 4),
      table: this.#lists.allocate(count * 4),
      pickSources: this.#lists.allocate(batchRowCount * 4),
      pickRows: this.#lists.allocate(batchRowCount * 4),
    };
    this.#heapSize = 0;
    for (let source = 0; source < count; source++) {
      if (this.#fill(source)) memory.u32[this.#places.heap / 4 + this.#heapSize++] = source;
    }
    this.#buildHeap();
  }

  #refillTop(): void {
    const { memory } = this.#context;
    const heap = this.#places.heap / 4;
    if (!this.#fill(memory.u32[heap]!)) memory.u32[heap] = memory.u32[heap + --this.#heapSize]!;
    this.#topIsEmpty = false;
    this.#buildHeap();
  }

  #buildHeap(): void {
    kernelNamed(this.#context.kernels, "mergeBuild")(this.#places.sources, this.#places.heap, this.#heapSize);
  }

  #fill(source: number): boolean {
    const { memory } = this.#context;
    this.#context.checkCancelled();
    const block = this.#sources[source]!.next();
    this.#blocks[source] = block;
    if (block === null) return false;
    const at = this.#places.sources / 4 + source * 4;
    memory.u32[at] = block.entries;
    memory.u32[at + 1] = block.entries + block.rowCount * sortEntryByteSize;
    return true;
  }

  #gather(column: number, rowCount: number): Vector {
    const { kernels, memory } = this.#context;
    const { pickSources, pickRows, table } = this.#places;
    const { type } = this.#schema[column]!;
    const width = byteWidthOf(type);
    const data = this.#output.allocate(rowCount * width);
    this.#blocks.forEach((block, source) => (memory.u32[table / 4 + source] = block?.vectors[column]!.data ?? 0));
    kernelNamed(kernels, `mergeGather${width}`)(pickSources, pickRows, rowCount, table, data);
    if (this.#blocks.every((block) => block === null || block.vectors[column]!.validity === 0))
      return { type, data, validity: 0 };
    const validity = this.#output.allocate(bitmapByteSize(rowCount));
    this.#blocks.forEach((block, source) => (memory.u32[table / 4 + source] = block?.vectors[column]!.validity ?? 0));
    kernelNamed(kernels, "mergeGatherValidity")(pickSources, pickRows, rowCount, table, validity);
    return { type, data, validity };
  }
}
