import { byteWidthOf } from "../arrow/data-type.ts";
import type { Schema } from "../arrow/schema.ts";
import { must } from "../common/assert.ts";
import { EngineError } from "../common/engine-error.ts";
import type { Batch, Vector } from "../kernel/batch.ts";
import { batchRowCount } from "../kernel/batch.ts";
import { kernelNamed } from "../kernel/load-kernels.ts";
import type { Region } from "../kernel/slot-memory.ts";
import type { PhysicalWindow } from "../physical/physical-node.ts";
import { ColumnBuffer } from "./column-buffer.ts";
import { ContinuedRanks, isContinuedRank } from "./continued-ranks.ts";
import type { Operator, TaskContext } from "./operator.ts";
import { windowFunction } from "./window-function.ts";
import { markChanges, WindowFrames } from "./window-frames.ts";

/** Rows that are worth a pass of all functions; a partition that is larger is taken whole. */
const chunkRows = 4 * batchRowCount;

/**
 * Transform: adds window functions to rows that come sorted. Rows are gathered into chunks of whole partitions; the functions are then
 * computed over a chunk's columns, whatever the number of partitions in it.
 */
export class WindowOperator implements Operator {
  readonly schema: Schema;
  readonly #context: TaskContext;
  readonly #node: PhysicalWindow;
  readonly #input: Operator;
  readonly #results: Region;
  readonly #lists: Region;
  readonly #scratch: Region;
  /** Rows of the chunk, and of the partition behind it as far as it was read. */
  #rows: ColumnBuffer;
  #spare: ColumnBuffer;
  #computed: readonly Vector[] = [];
  /** Rows of `#rows` that make up the chunk, and how many of them were handed on. */
  #ready = 0;
  #emitted = 0;
  #isEnded = false;
  #largest = 0;
  readonly #ranks: ContinuedRanks;
  /** Only ranks are asked for: partitions need not be taken whole. */
  readonly #isStreaming: boolean;

  constructor(context: TaskContext, node: PhysicalWindow, input: Operator) {
    this.schema = node.schema;
    this.#context = context;
    this.#node = node;
    this.#input = input;
    this.#results = context.memory.region();
    this.#lists = context.memory.region();
    this.#scratch = context.memory.region();
    this.#ranks = new ContinuedRanks(context, node.functions);
    this.#isStreaming = node.functions.every(({ name }) => isContinuedRank(name));
    const types = node.input.schema.map(({ type }) => type);
    this.#rows = new ColumnBuffer(context, types);
    this.#spare = new ColumnBuffer(context, types);
  }

  open(): void {
    this.#input.open();
  }

  next(): Batch | null {
    this.#context.checkCancelled();
    if (this.#emitted === this.#ready && !this.#load()) return null;
    const first = this.#emitted;
    const rowCount = Math.min(batchRowCount, this.#ready - first);
    this.#emitted += rowCount;
    const vectors = [...this.#rows.vectors(), ...this.#computed].map((vector) => slice(vector, first));
    return { rowCount, vectors, selection: 0 };
  }

  close(): void {
    this.#isEnded = true;
    this.#ready = this.#emitted = 0;
    this.#computed = [];
    this.#rows.free();
    this.#spare.free();
    this.#results.free();
    this.#lists.free();
    this.#scratch.free();
    this.#input.close();
  }

  counters(): Readonly<Record<string, number>> {
    return { largestChunkRows: this.#largest };
  }

  /** The next chunk; false at the end. */
  #load(): boolean {
    this.#dropChunk();
    try {
      let wanted = this.#affordableRows();
      while (this.#ready === 0) {
        this.#fill(wanted);
        const { rowCount } = this.#rows;
        if (rowCount === 0) return false;
        this.#ready = this.#isEnded ? rowCount : this.#isStreaming ? rowCount - 1 : this.#lastPartition();
        // Doubling keeps the search for boundaries linear in the size of the partition.
        wanted = rowCount * 2;
      }
      this.#largest = Math.max(this.#largest, this.#ready);
      this.#compute();
      return true;
    } catch (error) {
      throw this.#explain(error);
    }
  }

  /** A chunk's rows, fewer where memory is short. */
  #affordableRows(): number {
    const { memory } = this.#context;
    const rowBytes = this.schema.reduce((sum, { type }) => sum + 2 * byteWidthOf(type), 64);
    return Math.max(batchRowCount / 2, Math.min(chunkRows, Math.floor(memory.freeBytes / 4 / rowBytes)));
  }

  #explain(error: unknown): unknown {
    if (!(error instanceof EngineError) || error.code !== "out_of_memory" || this.#rows.rowCount <= chunkRows)
      return error;
    const message = `a window's partition of at least ${this.#rows.rowCount} rows does not fit in memory: ${error.message}`;
    return new EngineError("out_of_memory", message, error.details, error);
  }

  /** Keeps the rows behind the chunk. */
  #dropChunk(): void {
    this.#results.reset();
    this.#computed = [];
    const rest = this.#rows.rowCount - this.#ready;
    const vectors = this.#rows.vectors();
    for (let done = 0; done < rest; done += batchRowCount) {
      const count = Math.min(batchRowCount, rest - done);
      this.#scratch.reset();
      const selection = this.#scratch.allocate(count * 4);
      kernelNamed(this.#context.kernels, "fillSequence")(this.#ready + done, count, selection);
      this.#spare.append(vectors, count, selection);
    }
    this.#scratch.reset();
    this.#rows.clear();
    [this.#rows, this.#spare] = [this.#spare, this.#rows];
    this.#ready = this.#emitted = 0;
  }

  #fill(wanted: number): void {
    while (!this.#isEnded && this.#rows.rowCount < wanted) {
      this.#context.checkCancelled();
      const batch = this.#input.next();
      if (batch === null) this.#isEnded = true;
      else this.#rows.append(batch.vectors, batch.rowCount, batch.selection);
    }
  }

  /** Where the last partition begins, which may go on in the rows to come. */
  #lastPartition(): number {
    const { partitionBy } = this.#node;
    if (partitionBy.length === 0) return 0;
    const { rowCount } = this.#rows;
    const vectors = this.#rows.vectors();
    const keys = partitionBy.map((key) =>
      must(key.kind === "input" ? vectors[key.index] : null, "a window is over columns"),
    );
    const flags = this.#scratch.allocateZeroed(rowCount);
    markChanges(this.#context, keys, rowCount, flags);
    const last = kernelNamed(this.#context.kernels, "lastFlag")(flags, rowCount) >>> 0;
    this.#scratch.reset();
    return last;
  }

  #compute(): void {
    const context = this.#context;
    // A row that the next chunk begins with tells where that one goes on.
    const rowCount = this.#isStreaming ? this.#rows.rowCount : this.#ready;
    const frames = new WindowFrames(context, this.#node, this.#rows.vectors(), rowCount, this.#lists);
    const chunk = { context, frames, rowCount, results: this.#results, scratch: this.#scratch };
    this.#computed = this.#node.functions.map((call) => {
      context.checkCancelled();
      const vector = windowFunction(chunk, call);
      this.#scratch.reset();
      return vector;
    });
    if (this.#isStreaming) this.#ranks.goOn(chunk, this.#computed, this.#ready < rowCount ? this.#ready : null);
    this.#lists.reset();
  }
}

/** The vector from row `first` on, which is a multiple of the batch size. */
function slice({ type, data, validity }: Vector, first: number): Vector {
  return {
    type,
    data: data + first * byteWidthOf(type),
    validity: validity === 0 ? 0 : validity + first / 8,
  };
}
