import type { DataType } from "../arrow/data-type.ts";
import type { Vector } from "../kernel/batch.ts";
import { batchRowCount } from "../kernel/batch.ts";
import { kernelNamed } from "../kernel/load-kernels.ts";
import { RowLayout } from "../kernel/row-layout.ts";
import { RowStore } from "../kernel/row-store.ts";
import type { Region } from "../kernel/slot-memory.ts";
import type { TaskContext } from "./operator.ts";

/**
 * Share of the slots in use at most. A search that leaves its first slot costs a wrongly predicted branch: an inner join of 6 M
 * rows with 1.5 M takes 59 ns a probe row with 0.75, 51 ns with 0.5.
 */
const loadMax = 0.5;
const slotCountMin = 1 << 10;
/** Bits of the filter for each slot: 16 to 64 for each row, so that at most one row in 16 passes for nothing. */
const filterBitsPerSlot = 8;
/** A filter that lets more than this share of the rows through costs more than it saves. */
const filterPassMax = 0.7;
/** Rows that show what the filter does; and how often, in batches, it is tried again after it was left out. */
const filterSampleRows = 1 << 16;
const filterRetryBatches = 64;
const flagMatched = 1;
/** A NULL in the key: the row is kept, but no probe row finds it. */
const flagUnhashed = 2;

/**
 * The build side of a hash join: rows in a row store, and slots that lead to chains of rows of one hash (assembly/join.ts).
 * Rows are added first, then `finish` makes the slots in their final size.
 */
export class JoinTable {
  readonly store: RowStore;
  readonly #context: TaskContext;
  readonly #slots: Region;
  readonly #lists: Region;
  /** Offset of the flags in a row; 0 = rows have none. */
  readonly #flagOffset: number;
  #table = 0;
  #mask = 0;
  #shift = 0;
  #hashedCount = 0;
  #filter = 0;
  #filterShift = 0;
  #filterSeen = 0;
  #filterPassed = 0;
  #filterPause = 0;

  /** `keepsAll`: rows with a NULL key are kept too, and rows can be marked as matched. */
  constructor(context: TaskContext, types: readonly DataType[], keepsAll: boolean) {
    this.#context = context;
    this.#flagOffset = keepsAll ? 8 : 0;
    this.store = new RowStore(context.memory, context.kernels, RowLayout.of(types, keepsAll ? 9 : 8));
    this.#slots = context.memory.region();
    this.#lists = context.memory.region();
  }

  /** Rows that a probe can find. */
  get hashedCount(): number {
    return this.#hashedCount;
  }

  get byteSize(): number {
    return this.store.byteSize + this.#slots.byteSize;
  }

  /** Adds rows; those that are NULL in `keyValidity` (0 = none is) have no usable key. */
  append(vectors: readonly Vector[], hashes: number, rowCount: number, keyValidity: number): void {
    const { kernels } = this.#context;
    this.#lists.reset();
    const rows = this.#lists.allocate(rowCount * 4);
    let positions = 0;
    let count = rowCount;
    if (keyValidity !== 0 && this.#flagOffset === 0) {
      positions = this.#lists.allocate(rowCount * 4 + 4);
      count = kernelNamed(kernels, "selectValid")(keyValidity, 1, rowCount, positions);
    }
    if (count === 0) return;
    this.store.append(vectors, count, rows, positions);
    kernelNamed(kernels, "joinStoreHashes")(hashes, positions, rows, count);
    if (keyValidity !== 0 && this.#flagOffset !== 0) {
      kernelNamed(kernels, "joinFlagRows")(rows, count, keyValidity, this.#flagOffset, flagUnhashed);
      count = kernelNamed(kernels, "selectValid")(keyValidity, 1, rowCount, this.#lists.allocate(rowCount * 4 + 4));
    }
    this.#hashedCount += count;
  }

  /** Bytes that `finish` will take, when another batch has been added. */
  get finishByteSize(): number {
    return slotCountFor(this.#hashedCount + batchRowCount) * (8 + filterBitsPerSlot / 8) + (1 << 17);
  }

  /** Makes the slots. Nothing can be added after, before `clear`. */
  finish(): void {
    const slotCount = slotCountFor(this.#hashedCount);
    this.#table = this.#slots.allocateZeroed(slotCount * 8);
    this.#mask = slotCount - 1;
    this.#shift = Math.clz32(slotCount) + 1;
    this.#filter = this.#slots.allocateZeroed((slotCount * filterBitsPerSlot) / 8);
    this.#filterShift = Math.max(0, this.#shift - Math.log2(filterBitsPerSlot));
    this.#lists.reset();
    const addresses = this.#lists.allocate(batchRowCount * 4);
    const insert = kernelNamed(this.#context.kernels, "joinInsert");
    const fillFilter = kernelNamed(this.#context.kernels, "joinFillFilter");
    const skip = this.#flagOffset === 0 ? 0 : flagUnhashed;
    for (const { rows, count } of this.store.scan(batchRowCount, addresses)) {
      this.#context.checkCancelled();
      insert(this.#table, this.#mask, this.#shift, rows, count, this.#flagOffset, skip);
      fillFilter(this.#filter, this.#filterShift, rows, count, this.#flagOffset, skip);
    }
    this.#lists.reset();
  }

  /** The chains of probe rows; gives how many rows have one. */
  probe(hashes: number, positions: number, count: number, outPositions: number, outRows: number): number {
    const { kernels } = this.#context;
    let candidates = positions;
    let left = count;
    if (this.#filterPause > 0) {
      this.#filterPause--;
    } else {
      candidates = outPositions;
      left = kernelNamed(kernels, "joinFilter")(
        this.#filter,
        this.#filterShift,
        hashes,
        positions,
        count,
        outPositions,
      );
      this.#judgeFilter(count, left);
    }
    return kernelNamed(kernels, "joinProbe")(
      this.#table,
      this.#mask,
      this.#shift,
      hashes,
      candidates,
      left,
      outPositions,
      outRows,
    );
  }

  #judgeFilter(seen: number, passed: number): void {
    this.#filterSeen += seen;
    this.#filterPassed += passed;
    if (this.#filterSeen < filterSampleRows) return;
    if (this.#filterPassed > this.#filterSeen * filterPassMax) this.#filterPause = filterRetryBatches;
    this.#filterSeen = this.#filterPassed = 0;
  }

  markMatched(rows: number, count: number): void {
    kernelNamed(this.#context.kernels, "joinFlagRows")(rows, count, 0, this.#flagOffset, flagMatched);
  }

  /** Of the `count` rows at `rows` keeps those that were (`matched`) or were not matched, in place; gives how many. */
  selectMatched(rows: number, count: number, matched: boolean): number {
    return kernelNamed(this.#context.kernels, "joinSelectRows")(
      rows,
      count,
      this.#flagOffset,
      flagMatched,
      matched ? 1 : 0,
      rows,
    );
  }

  /** Addresses of all rows, or of those with a NULL key, in `region`. */
  listRows(onlyUnhashed: boolean, region: Region): { readonly rows: number; readonly count: number } {
    const { rowCount } = this.store;
    const rows = region.allocate(rowCount * 4 + 4);
    this.store.addresses(0, rowCount, rows);
    if (!onlyUnhashed) return { rows, count: rowCount };
    const select = kernelNamed(this.#context.kernels, "joinSelectRows");
    return { rows, count: select(rows, rowCount, this.#flagOffset, flagUnhashed, 1, rows) };
  }

  /** Forgets all rows and gives their memory back; rows can be added again. */
  clear(): void {
    this.store.clear();
    this.#slots.reset();
    this.#lists.reset();
    this.#hashedCount = 0;
    this.#filterSeen = this.#filterPassed = this.#filterPause = 0;
  }

  /** Gives all memory back. Idempotent. */
  free(): void {
    this.store.free();
    this.#slots.free();
    this.#lists.free();
  }
}

function slotCountFor(rowCount: number): number {
  let slotCount = slotCountMin;
  while (rowCount > slotCount * loadMax) slotCount *= 2;
  return slotCount;
}
