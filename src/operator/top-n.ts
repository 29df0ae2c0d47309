import type { Schema } from "../arrow/schema.ts";
import type { Batch } from "../kernel/batch.ts";
import { batchRowCount } from "../kernel/batch.ts";
import { kernelNamed } from "../kernel/load-kernels.ts";
import { RowLayout } from "../kernel/row-layout.ts";
import { RowStore } from "../kernel/row-store.ts";
import type { Region } from "../kernel/slot-memory.ts";
import type { PhysicalTopN } from "../physical/physical-node.ts";
import { LimitOperator } from "./limit.ts";
import type { Operator, TaskContext } from "./operator.ts";
import { SortKeyEncoder, sortEntryByteSize } from "./sort-key-encoder.ts";
import { SortOperator } from "./sort.ts";

/** More rows than this are sorted whole, which can spill. */
const keptRowsMax = 1 << 16;

/** Transform: rows `offset` to `offset + limit - 1` in the order of the keys. */
export class TopNOperator implements Operator {
  readonly schema: Schema;
  readonly #operator: Operator;

  constructor(context: TaskContext, node: PhysicalTopN, input: Operator) {
    this.schema = node.schema;
    if (node.limit + node.offset <= keptRowsMax) {
      this.#operator = new SmallTopN(context, node, input);
    } else {
      const { schema, estimate, keys, limit, offset } = node;
      const sort = new SortOperator(context, { kind: "sort", schema, estimate, keys, input: node.input }, input);
      this.#operator = new LimitOperator(
        context,
        { kind: "limit", schema, estimate, limit, offset, input: node.input },
        sort,
      );
    }
  }

  open(): void {
    this.#operator.open();
  }

  next(): Batch | null {
    return this.#operator.next();
  }

  close(): void {
    this.#operator.close();
  }

  counters(): Readonly<Record<string, number>> {
    return this.#operator.counters?.() ?? {};
  }
}

/** Rows with their keys; two of them take turns when rows are thrown away. */
type Kept = { readonly store: RowStore; readonly keys: Region };

/**
 * Collects rows until there are twice as many as wanted, sorts them and throws the rest away. From then on the last row kept is a
 * bar: what does not sort before it is not collected at all.
 */
class SmallTopN implements Operator {
  readonly schema: Schema;
  readonly #context: TaskContext;
  readonly #input: Operator;
  readonly #encoder: SortKeyEncoder;
  readonly #wanted: number;
  readonly #capacity: number;
  readonly #columns: readonly number[];
  readonly #lists: Region;
  readonly #scratch: Region;
  readonly #output: Region;
  #kept: Kept;
  #spare: Kept;
  #entries = 0;
  #count = 0;
  /** The entry that new rows must come before; its key is among the kept ones. */
  #bar = 0;
  #hasBar = false;
  #position: number;
  #isSorted = false;
  #rejected = 0;

  constructor(context: TaskContext, node: PhysicalTopN, input: Operator) {
    const { memory, kernels } = context;
    this.schema = node.schema;
    this.#context = context;
    this.#input = input;
    this.#encoder = new SortKeyEncoder(context, node.keys, input.schema);
    this.#wanted = node.limit === 0 ? 0 : node.limit + node.offset;
    this.#position = node.offset;
    this.#capacity = Math.max(2 * this.#wanted, this.#wanted + 2 * batchRowCount);
    this.#columns = node.schema.map((_, column) => column);
    this.#lists = memory.region();
    this.#scratch = memory.region();
    this.#output = memory.region();
    const layout = RowLayout.of(node.schema.map(({ type }) => type));
    const makeKept = (): Kept => ({ store: new RowStore(memory, kernels, layout), keys: memory.region() });
    this.#kept = makeKept();
    this.#spare = makeKept();
  }

  open(): void {
    this.#input.open();
    this.#encoder.open();
    this.#entries = this.#lists.allocate((this.#capacity + batchRowCount) * sortEntryByteSize);
    this.#bar = this.#lists.allocate(sortEntryByteSize);
  }

  next(): Batch | null {
    if (this.#wanted === 0) return null;
    if (!this.#isSorted) this.#consume();
    this.#output.reset();
    const count = Math.min(batchRowCount, this.#count - this.#position);
    if (count <= 0) return null;
    const rows = this.#output.allocate(count * 4);
    kernelNamed(this.#context.kernels, "entryRows")(this.#entries + this.#position * sortEntryByteSize, count, rows);
    this.#position += count;
    return {
      rowCount: count,
      vectors: this.#kept.store.gather(rows, count, this.#columns, this.#output),
      selection: 0,
    };
  }

  close(): void {
    for (const { store, keys } of [this.#kept, this.#spare]) {
      store.free();
      keys.free();
    }
    this.#count = 0;
    this.#isSorted = true;
    this.#lists.free();
    this.#scratch.free();
    this.#output.free();
    this.#encoder.close();
    this.#input.close();
  }

  counters(): Readonly<Record<string, number>> {
    return { rejectedRows: this.#rejected };
  }

  #consume(): void {
    for (;;) {
      this.#context.checkCancelled();
      const batch = this.#input.next();
      if (batch === null) break;
      const promising = this.#hasBar ? this.#beforeBar(batch) : batch;
      if (promising === null) continue;
      this.#append(promising);
      if (this.#count >= this.#capacity) this.#cut();
    }
    this.#sort();
    this.#count = Math.min(this.#count, this.#wanted);
    this.#isSorted = true;
  }

  /** The rows of the batch that sort before the bar; null for none. */
  #beforeBar(batch: Batch): Batch | null {
    const { kernels } = this.#context;
    this.#scratch.reset();
    const entries = this.#scratch.allocate(batch.rowCount * sortEntryByteSize);
    this.#encoder.encode(batch, this.#scratch, entries);
    const rowCount = kernelNamed(kernels, "entriesBefore")(entries, batch.rowCount, this.#bar);
    this.#rejected += batch.rowCount - rowCount;
    if (rowCount === batch.rowCount) return batch;
    if (rowCount === 0) return null;
    const positions = this.#scratch.allocate(rowCount * 4);
    kernelNamed(kernels, "entryRows")(entries, rowCount, positions);
    if (batch.selection === 0) return { rowCount, vectors: batch.vectors, selection: positions };
    const selection = this.#scratch.allocate(rowCount * 4);
    kernelNamed(kernels, "gather4")(batch.selection, positions, rowCount, selection);
    return { rowCount, vectors: batch.vectors, selection };
  }

  #append(batch: Batch): void {
    const entries = this.#entries + this.#count * sortEntryByteSize;
    this.#encoder.encode(batch, this.#kept.keys, entries);
    this.#output.reset();
    const rows = this.#output.allocate(batch.rowCount * 4);
    this.#kept.store.append(batch.vectors, batch.rowCount, rows, batch.selection);
    kernelNamed(this.#context.kernels, "setEntryRows")(entries, batch.rowCount, rows);
    this.#count += batch.rowCount;
  }

  #sort(): void {
    this.#scratch.reset();
    this.#encoder.sort(this.#entries, this.#count, this.#scratch);
    this.#scratch.reset();
  }

  /** Keeps the wanted rows only, in memory of their own so that the others' can be given back. */
  #cut(): void {
    const { kernels, memory } = this.#context;
    this.#sort();
    const { store, keys } = this.#spare;
    this.#count = this.#wanted;
    for (let done = 0; done < this.#count; done += batchRowCount) {
      this.#output.reset();
      const count = Math.min(batchRowCount, this.#count - done);
      const entries = this.#entries + done * sortEntryByteSize;
      const rows = this.#output.allocate(count * 4);
      kernelNamed(kernels, "entryRows")(entries, count, rows);
      store.append(this.#kept.store.gather(rows, count, this.#columns, this.#output), count, rows);
      kernelNamed(kernels, "setEntryRows")(entries, count, rows);
    }
    const byteSize = kernelNamed(kernels, "entryKeyBytes")(this.#entries, this.#count) >>> 0;
    kernelNamed(kernels, "moveEntryKeys")(this.#entries, this.#count, keys.allocate(byteSize));
    this.#kept.store.clear();
    this.#kept.keys.reset();
    [this.#kept, this.#spare] = [this.#spare, this.#kept];
    const last = this.#entries + (this.#count - 1) * sortEntryByteSize;
    memory.u8.copyWithin(this.#bar, last, last + sortEntryByteSize);
    this.#hasBar = true;
  }
}
