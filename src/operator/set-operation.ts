import type { DataType } from "../arrow/data-type.ts";
import { simpleType } from "../arrow/data-type.ts";
import type { Schema } from "../arrow/schema.ts";
import type { Batch, Vector } from "../kernel/batch.ts";
import { densify } from "../kernel/gather.ts";
import { hashColumns } from "../kernel/hash.ts";
import { kernelNamed } from "../kernel/load-kernels.ts";
import { RowLayout } from "../kernel/row-layout.ts";
import { RowStore } from "../kernel/row-store.ts";
import type { Region } from "../kernel/slot-memory.ts";
import type { PhysicalSetOperation } from "../physical/physical-node.ts";
import { GroupTable } from "./group-table.ts";
import { reserveBytes } from "./memory-reserve.ts";
import type { Operator, TaskContext } from "./operator.ts";
import { SpillPartitions, spillLevelMax } from "./spill-partitions.ts";

/** Below this size a table gives so little back that moving it to disk does not help. */
const spillableBytesMin = 1 << 18;
const leftBufferBytesMax = 4 << 20;
const leftBufferShare = 1 / 16;

type Rows = { readonly rowCount: number; readonly vectors: readonly Vector[]; readonly selection: number };
type Partitions = { readonly right: SpillPartitions; readonly left: SpillPartitions; readonly buffer: RowStore };

/**
 * INTERSECT and EXCEPT, with or without ALL; NULLs are equal. The right input is counted in a table of distinct rows, then each row
 * of the left one is looked up: its counter says whether it comes out.
 *
 * Memory: the table with its counters stands for the right rows that are left over, at any time. When it grows too large it goes to disk in
 * partitions by the rows' hash, what follows of the left input as well, and the partitions are worked off like inputs.
 */
export class SetOperationOperator implements Operator {
  readonly schema: Schema;
  readonly #context: TaskContext;
  readonly #left: Operator;
  readonly #right: Operator;
  readonly #types: readonly DataType[];
  readonly #table: GroupTable;
  readonly #counterOffset: number;
  readonly #isIntersect: boolean;
  /** The number that selectSetRows knows it by. */
  readonly #operation: number;
  readonly #batch: Region;
  readonly #reserveBytes: number;
  /** Partitions on disk that are not done with. */
  readonly #open = new Set<Partitions>();
  readonly #readRegions = new Set<Region>();
  #batches: Iterator<Batch, void> | null = null;
  #hashRows = 0;
  #spilledBytes = 0;

  constructor(context: TaskContext, node: PhysicalSetOperation, left: Operator, right: Operator) {
    this.schema = node.schema;
    this.#context = context;
    this.#left = left;
    this.#right = right;
    this.#types = node.schema.map(({ type }) => type);
    this.#table = new GroupTable(context.memory, context.kernels, this.#types, [simpleType("int64")]);
    this.#counterOffset = this.#table.store.layout.columns.at(-1)!.offset;
    this.#isIntersect = node.operation === "intersect";
    this.#operation = (this.#isIntersect ? 0 : 2) + (node.all ? 0 : 1);
    this.#batch = context.memory.region();
    this.#reserveBytes = reserveBytes(context.memory, node.left);
  }

  open(): void {
    this.#left.open();
    this.#right.open();
  }

  next(): Batch | null {
    this.#batches ??= this.#run(batchesOf(this.#right), batchesOf(this.#left), 0);
    const { value, done } = this.#batches.next();
    if (done !== true) return value;
    this.#free();
    return null;
  }

  close(): void {
    this.#batches = [][Symbol.iterator]();
    this.#free();
    try {
      this.#left.close();
    } finally {
      this.#right.close();
    }
  }

  counters(): Readonly<Record<string, number>> {
    return { hashRows: this.#hashRows, ...(this.#spilledBytes > 0 && { spilledBytes: this.#spilledBytes }) };
  }

  /** Rows of `right` from disk have their counts as a last column. Partitions get the bits of `level`. */
  *#run(right: Iterable<Rows>, left: Iterable<Rows>, level: number): Generator<Batch, void> {
    const { kernels } = this.#context;
    let partitions: Partitions | null = null;
    this.#table.clear();
    for (const input of right) {
      this.#context.checkCancelled();
      const { dense, rows } = this.#lookUp(input);
      const counts = dense.vectors[this.#types.length];
      if (counts === undefined) kernelNamed(kernels, "countSetRows")(rows, dense.rowCount, this.#counterOffset);
      else kernelNamed(kernels, "addSetCounts")(rows, dense.rowCount, this.#counterOffset, counts.data);
      if (this.#shouldSpill(level)) partitions = this.#moveTable(partitions, level);
    }
    if (partitions !== null) this.#moveTable(partitions, level);
    // Nothing is in both when one is empty.
    else if (this.#isIntersect && this.#table.store.rowCount === 0) return;
    for (const input of left) {
      this.#context.checkCancelled();
      if (partitions !== null) {
        this.#addLeft(partitions, input);
        continue;
      }
      const output = this.#select(input);
      if (output !== null) yield output;
      if (this.#shouldSpill(level)) partitions = this.#moveTable(null, level);
    }
    this.#hashRows += this.#table.store.rowCount;
    if (partitions !== null) yield* this.#runPartitions(partitions, level + 1);
  }

  *#runPartitions(partitions: Partitions, level: number): Generator<Batch, void> {
    this.#flushLeft(partitions);
    const [rightRegion, leftRegion] = [this.#context.memory.region(), this.#context.memory.region()];
    this.#readRegions.add(rightRegion).add(leftRegion);
    for (const [index, run] of partitions.right.runs.entries()) {
      const left = partitions.left.runs[index]!;
      if (left.rowCount > 0)
        yield* this.#run(withoutSelection(run.read(rightRegion)), withoutSelection(left.read(leftRegion)), level);
      run.remove();
      left.remove();
      rightRegion.reset();
      leftRegion.reset();
    }
    this.#open.delete(partitions);
  }

  #select(input: Rows): Batch | null {
    const { dense, rows } = this.#lookUp(input);
    const selection = this.#batch.allocate(dense.rowCount * 4);
    const rowCount = kernelNamed(this.#context.kernels, "selectSetRows")(
      this.#operation,
      rows,
      dense.rowCount,
      this.#counterOffset,
      selection,
    );
    return rowCount === 0 ? null : { rowCount, vectors: dense.vectors, selection };
  }

  /** The batch without a selection, and the table's row of each of its rows. */
  #lookUp(batch: Rows): { readonly dense: Batch; readonly rows: number } {
    const { kernels } = this.#context;
    this.#batch.reset();
    const dense = densify(kernels, batch, this.#batch);
    const keys = dense.vectors.slice(0, this.#types.length);
    const hashes = this.#batch.allocate(dense.rowCount * 8);
    const rows = this.#batch.allocate(dense.rowCount * 4);
    hashColumns(kernels, keys, dense.rowCount, hashes);
    this.#table.findOrCreate(keys, hashes, dense.rowCount, rows);
    return { dense, rows };
  }

  /** Whether the table might not find the memory it needs for the next batch. */
  #shouldSpill(level: number): boolean {
    const { byteSize } = this.#table;
    if (level > spillLevelMax || byteSize < spillableBytesMin) return false;
    return this.#context.memory.freeBytes < this.#reserveBytes + byteSize / 2;
  }

  #moveTable(known: Partitions | null, level: number): Partitions {
    const partitions = known ?? this.#makePartitions(level);
    const before = partitions.right.byteSize;
    partitions.right.write(this.#table.store);
    this.#spilledBytes += partitions.right.byteSize - before;
    this.#hashRows += this.#table.store.rowCount;
    this.#table.clear();
    return partitions;
  }

  #makePartitions(level: number): Partitions {
    const keys = this.#types.map((_, column) => column);
    const partitions = {
      right: new SpillPartitions(this.#context, "set-right", [...this.#types, simpleType("int64")], keys, level),
      left: new SpillPartitions(this.#context, "set-left", this.#types, keys, level),
      buffer: new RowStore(this.#context.memory, this.#context.kernels, RowLayout.of(this.#types)),
    };
    this.#open.add(partitions);
    return partitions;
  }

  #addLeft(partitions: Partitions, { vectors, rowCount, selection }: Rows): void {
    const { memory } = this.#context;
    this.#batch.reset();
    partitions.buffer.append(vectors, rowCount, this.#batch.allocate(rowCount * 4), selection);
    const bytesMax = Math.min(leftBufferBytesMax, memory.byteSize * leftBufferShare);
    if (partitions.buffer.byteSize >= bytesMax) this.#flushLeft(partitions);
  }

  #flushLeft({ left, buffer }: Partitions): void {
    if (buffer.rowCount === 0) return;
    const before = left.byteSize;
    left.write(buffer);
    this.#spilledBytes += left.byteSize - before;
    buffer.clear();
  }

  #free(): void {
    this.#table.free();
    this.#batch.free();
    for (const region of this.#readRegions) region.free();
    for (const { right, left, buffer } of this.#open) {
      buffer.free();
      right.remove();
      left.remove();
    }
    this.#open.clear();
  }
}

function* batchesOf(input: Operator): Generator<Rows, void> {
  for (let batch = input.next(); batch !== null; batch = input.next()) yield batch;
}

function* withoutSelection(
  blocks: Iterable<{ readonly vectors: readonly Vector[]; readonly rowCount: number }>,
): Generator<Rows, void> {
  for (const { vectors, rowCount } of blocks) yield { vectors, rowCount, selection: 0 };
}
