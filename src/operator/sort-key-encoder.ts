import { byteWidthOf, type DataType, isStringLike } from "../arrow/data-type.ts";
import type { Schema } from "../arrow/schema.ts";
import type { Projector } from "../compile/expression-compiler.ts";
import { typeOf } from "../expr/expression-properties.ts";
import type { Batch, Vector } from "../kernel/batch.ts";
import { kernelNamed } from "../kernel/load-kernels.ts";
import type { Region } from "../kernel/slot-memory.ts";
import type { PhysicalSortKey } from "../physical/physical-node.ts";
import type { TaskContext } from "./operator.ts";

/** Bytes of an entry (assembly/sort.ts): the key's prefix, the key's address, the row. */
export const sortEntryByteSize = 16;

/** Scratch that sortEntries needs beside the second array of entries. */
export const sortHistogramByteSize = 8 * 1024;

type KeyForm = { readonly kernel: string; readonly fixedBytes: number; readonly flip: number };

/** Turns the sort keys of batches into normalised keys: bytes whose order is the order of the rows. */
export class SortKeyEncoder {
  readonly #context: TaskContext;
  readonly #keys: readonly PhysicalSortKey[];
  readonly #projector: Projector;
  readonly #scratch: Region;
  /** Whether an entry's prefix may not be all of a key. */
  readonly #isWide: boolean;

  constructor(context: TaskContext, keys: readonly PhysicalSortKey[], input: Schema) {
    this.#context = context;
    this.#keys = keys;
    this.#projector = context.compiler.projector(
      keys.map(({ expression }) => expression),
      input,
    );
    this.#scratch = context.memory.region();
    const types = keys.map(({ expression }) => typeOf(expression));
    this.#isWide = types.some(isStringLike) || types.reduce((sum, type) => sum + 1 + keyForm(type).fixedBytes, 0) > 8;
  }

  open(): void {
    this.#projector.open();
  }

  /** Writes the entries of a batch's rows, numbered from 0, to `entries`; the keys' bytes go to `heap`. */
  encode(batch: Batch, heap: Region, entries: number): void {
    const { kernels } = this.#context;
    const { rowCount } = batch;
    const vectors = this.#projector.evaluate(batch);
    this.#scratch.reset();
    const lengths = this.#scratch.allocateZeroed(rowCount * 4);
    for (const vector of vectors) this.#addLength(vector, rowCount, lengths);
    const byteSize = kernelNamed(kernels, "sortKeyBytes")(lengths, rowCount) >>> 0;
    const keys = this.#scratch.allocate(rowCount * 4);
    const cursors = this.#scratch.allocate(rowCount * 4);
    kernelNamed(kernels, "placeSortKeys")(lengths, rowCount, heap.allocate(byteSize), keys, cursors);
    vectors.forEach((vector, index) => this.#write(vector, this.#keys[index]!, rowCount, cursors));
    kernelNamed(kernels, "makeSortEntries")(keys, rowCount, 0, entries);
  }

  /** Sorts entries in place, stably; takes as much again from `scratch`. */
  sort(entries: number, count: number, scratch: Region): void {
    const temporary = scratch.allocate(count * sortEntryByteSize);
    const histograms = scratch.allocate(sortHistogramByteSize);
    kernelNamed(this.#context.kernels, "sortEntries")(entries, count, this.#isWide ? 1 : 0, temporary, histograms);
  }

  /** Gives all memory back. Idempotent. */
  close(): void {
    this.#projector.close();
    this.#scratch.free();
  }

  #addLength({ type, data, validity }: Vector, rowCount: number, lengths: number): void {
    const { kernels } = this.#context;
    if (isStringLike(type)) kernelNamed(kernels, "sortKeyAddString")(data, validity, rowCount, lengths);
    else kernelNamed(kernels, "sortKeyAddLength")(lengths, rowCount, 1 + keyForm(type).fixedBytes);
  }

  #write(
    { type, data, validity }: Vector,
    { descending, nullsFirst }: PhysicalSortKey,
    rowCount: number,
    cursors: number,
  ): void {
    const { kernel, flip } = keyForm(type);
    // The flag of a NULL in the low byte, that of a value in the next.
    const flags = nullsFirst ? 0x0100 : 0x0001;
    kernelNamed(this.#context.kernels, kernel)(data, validity, rowCount, cursors, flags, flip, descending ? 1 : 0);
  }
}

function keyForm(type: DataType): KeyForm {
  const width = byteWidthOf(type);
  switch (type.kind) {
    case "utf8":
    case "binary":
      return { kernel: "sortKeyString", fixedBytes: 0, flip: 0 };
    case "float32":
    case "float64":
      return { kernel: `sortKeyFloat${width}`, fixedBytes: width, flip: 0 };
    case "interval":
      return { kernel: "sortKeyInterval", fixedBytes: width, flip: 0 };
    case "null":
    case "bool":
    case "uint8":
    case "uint16":
    case "uint32":
    case "uint64":
      return { kernel: `sortKey${width}`, fixedBytes: width, flip: 0 };
    default:
      return { kernel: `sortKey${width}`, fixedBytes: width, flip: 1 };
  }
}
