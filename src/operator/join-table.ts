import type { DataType } from "../arrow/data-type.ts";
import type { Vector } from "../kernel/batch.ts";
import { must } from "../common/assert.ts";
import { batchRowCount } from "../kernel/batch.ts";
import { kernelNamed } from "../kernel/load-kernels.ts";
import { RowLayout } from "../kernel/row-layout.ts";
import { RowStore } from "../kernel/row-store.ts";
import type { Region } from "../kernel/slot-memory.ts";
import type { PhysicalHashJoin } from "../physical/physical-node.ts";
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
/** Keys in a direct table's array for each slot that it replaces: as many bytes as the slot and its part of the filter. */
const directKeysPerSlot = 2;
const flagMatched = 1;
/** A NULL in the key: the row is kept, but no probe row finds it. */
const flagUnhashed = 2;

/**
 * The build side of a hash join: rows in a row store, and slots that lead to chains of rows of one hash (assembly/join.ts).
 * Rows are added first, then `finish` makes the slots in their final size; or an array by key (assembly/join-direct.ts), which takes half the
 * time to probe: 4 M rows with 150,000 dense keys 18 ns a row instead of 34 where all match, 5 instead of 17 where a fifth does.
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
  #direct: Direct | null = null;

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

  /** Whether chains are found by the key itself: hashes are not needed then, and keys of a chain are equal. */
  get isDirect(): boolean {
    return this.#direct !== null;
  }

  /**
   * Makes the slots. Nothing can be added after, before `clear`. `directKey`: the layout column of the one key, where rows may be found by
   * its value (no row without NULL flag has a NULL in it); null = by hash.
   */
  finish(directKey: number | null = null): void {
    if (directKey !== null && this.#finishDirect(directKey)) return;
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

  /** An array by key in place of slots, where it is no larger than they would be. */
  #finishDirect(directKey: number): boolean {
    const { memory, kernels } = this.#context;
    const { type, offset } = this.store.layout.columns[directKey]!;
    const width = directWidthOf(type);
    if (width === 0 || this.#hashedCount === 0) return false;
    const skip = this.#flagOffset === 0 ? 0 : flagUnhashed;
    this.#lists.reset();
    const addresses = this.#lists.allocate(batchRowCount * 4);
    const range = this.#lists.allocate(16);
    memory.i64[range / 8] = 2n ** 63n - 1n;
    memory.i64[range / 8 + 1] = -(2n ** 63n);
    const widen = kernelNamed(kernels, `joinKeyRange${width}`);
    for (const { rows, count } of this.store.scan(batchRowCount, addresses)) {
      this.#context.checkCancelled();
      widen(rows, count, offset, this.#flagOffset, skip, range);
    }
    const least = memory.i64[range / 8]!;
    const span = Number(memory.i64[range / 8 + 1]! - least) + 1;
    if (span > slotCountFor(this.#hashedCount) * directKeysPerSlot) {
      this.#lists.reset();
      return false;
    }
    const array = this.#slots.allocateZeroed((span + 1) * 4);
    const insert = kernelNamed(kernels, `joinInsertDirect${width}`);
    for (const { rows, count } of this.store.scan(batchRowCount, addresses)) {
      this.#context.checkCancelled();
      insert(array, least, rows, count, offset, this.#flagOffset, skip);
    }
    this.#lists.reset();
    this.#direct = { array, least, span, probe: kernelNamed(kernels, `joinProbeDirect${width}`) };
    return true;
  }

  /** As `probe`, of a direct table, by the key's values. */
  probeDirect(keys: number, positions: number, count: number, outPositions: number, outRows: number): number {
    const { array, least, span, probe } = must(this.#direct, "only a direct table is probed by key");
    return probe(array, least, span, keys, positions, count, outPositions, outRows);
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
    this.#direct = null;
    this.#filterSeen = this.#filterPassed = this.#filterPause = 0;
  }

  /** Gives all memory back. Idempotent. */
  free(): void {
    this.store.free();
    this.#slots.free();
    this.#lists.free();
  }
}

/**
 * The column that `finish` may find rows by: a NULL that equals another, or that makes an answer unknown, has no place in an array by
 * key, nor have two keys. `keyColumns`: layout columns of the join's keys.
 */
export function directKeyOf({ keys, nullAware }: PhysicalHashJoin, keyColumns: readonly number[]): number | null {
  return keys.length === 1 && !keys[0]!.nullEqual && !nullAware ? keyColumns[0]! : null;
}

/** An array of row addresses by key, and the kernel that looks into it. */
type Direct = {
  readonly array: number;
  readonly least: bigint;
  readonly span: number;
  readonly probe: (...args: (number | bigint)[]) => number;
};

/** Bytes of a key whose values are signed whole numbers, and equal where these are; 0 = another type. */
function directWidthOf(type: DataType): number {
  switch (type.kind) {
    case "int32":
    case "date":
      return 4;
    case "int64":
      return 8;
    default:
      return 0;
  }
}

function slotCountFor(rowCount: number): number {
  let slotCount = slotCountMin;
  while (rowCount > slotCount * loadMax) slotCount *= 2;
  return slotCount;
}
