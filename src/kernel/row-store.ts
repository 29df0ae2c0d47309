import { isStringLike } from "../arrow/data-type.ts";
import { assert, must } from "../common/assert.ts";
import type { Vector } from "./batch.ts";
import { bitmapByteSize } from "./gather.ts";
import type { Kernels } from "./load-kernels.ts";
import { kernelNamed } from "./load-kernels.ts";
import type { RowLayout } from "./row-layout.ts";
import { equalityKindOf } from "./row-layout.ts";
import type { Region, SlotMemory } from "./slot-memory.ts";

type Page = { readonly address: number; readonly capacity: number; rowCount: number };

/** Pages grow up to this: a page is zeroed when it is made, and should then still be in the cache when it is filled. */
const pageBytesMax = 1 << 18;
const pageBytesMin = 1 << 16;

/**
 * Rows in a slot's memory, appended and never moved: a row's address (a u32) names it until `clear` or `free`. New rows are
 * all zeros. Long strings are copied into memory of the store.
 */
export class RowStore {
  readonly layout: RowLayout;
  readonly #memory: SlotMemory;
  readonly #kernels: Kernels;
  readonly #region: Region;
  #pages: Page[] = [];
  #rowCount = 0;
  /** Whether a column may hold a NULL. */
  #mayBeNull: boolean[];

  constructor(memory: SlotMemory, kernels: Kernels, layout: RowLayout) {
    this.#memory = memory;
    this.#kernels = kernels;
    this.layout = layout;
    this.#region = memory.region();
    this.#mayBeNull = layout.columns.map(() => false);
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  /** Bytes of the slot's memory that the store holds. */
  get byteSize(): number {
    return this.#region.byteSize;
  }

  /** Where the store's owner may put bytes that its rows point at. */
  get heap(): Region {
    return this.#region;
  }

  /** New rows from `rowCount` rows of the vectors, one per column; their addresses go to `out` (rowCount u32s). */
  append(vectors: readonly Vector[], rowCount: number, out: number, selection = 0): void {
    this.reserve(rowCount, out);
    vectors.forEach((vector, column) => this.write(column, vector, rowCount, out, selection));
  }

  /** `rowCount` new rows of zeros; their addresses go to `out`. */
  reserve(rowCount: number, out: number): void {
    for (let done = 0; done < rowCount;) {
      const { address, rowCount: room } = this.room();
      const count = Math.min(room, rowCount - done);
      kernelNamed(this.#kernels, "rowSequence")(address, this.layout.width, count, out + done * 4);
      this.take(count);
      done += count;
    }
  }

  /** Zeroed rows side by side that are not in use yet, at least one: `take` says how many of them become rows. */
  room(): { readonly address: number; readonly rowCount: number } {
    let page = this.#pages.at(-1);
    if (page === undefined || page.rowCount === page.capacity) page = this.#addPage();
    return { address: page.address + page.rowCount * this.layout.width, rowCount: page.capacity - page.rowCount };
  }

  take(rowCount: number): void {
    if (rowCount === 0) return;
    const page = must(this.#pages.at(-1), "take needs room");
    assert(page.rowCount + rowCount <= page.capacity, "more rows than there was room");
    page.rowCount += rowCount;
    this.#rowCount += rowCount;
  }

  /** Sets a column of `rowCount` rows whose column is still zero. */
  write(column: number, vector: Vector, rowCount: number, rows: number, selection = 0): void {
    const { width, offset, nullOffset, nullMask } = must(this.layout.columns[column], "no such column");
    const { data, validity, type } = vector;
    if (validity !== 0) this.#mayBeNull[column] = true;
    if (isStringLike(type)) {
      const longBytes = kernelNamed(this.#kernels, "longStringBytes")(data, validity, selection, rowCount) >>> 0;
      if (longBytes > 0) {
        const heap = this.#region.allocate(longBytes);
        kernelNamed(this.#kernels, "scatterRowsString")(
          data,
          validity,
          selection,
          rowCount,
          rows,
          offset,
          nullOffset,
          nullMask,
          heap,
        );
        return;
      }
    }
    kernelNamed(this.#kernels, `scatterRows${width}`)(
      data,
      validity,
      selection,
      rowCount,
      rows,
      offset,
      nullOffset,
      nullMask,
    );
  }

  /** Whoever sets NULL flags of a column through a kernel of its own says so here, once. */
  declareNulls(column: number): void {
    this.#mayBeNull[column] = true;
  }

  /**
   * Columns of the rows at `rows` (`count` u32s) as new vectors in `region`; long strings' bytes stay in the store. `mayMiss`: an address
   * may be 0, which gives NULLs.
   */
  gather(rows: number, count: number, columns: readonly number[], region: Region, mayMiss = false): Vector[] {
    return columns.map((column) => {
      const { type, width, offset, nullOffset, nullMask } = must(this.layout.columns[column], "no such column");
      const data = region.allocate(count * width);
      kernelNamed(this.#kernels, `gatherRows${width}`)(rows, count, offset, data);
      if (!mayMiss && !this.#mayBeNull[column]) return { type, data, validity: 0 };
      const validity = region.allocate(bitmapByteSize(count));
      const nulls = kernelNamed(this.#kernels, "gatherRowsValidity")(rows, count, nullOffset, nullMask, validity);
      return { type, data, validity: nulls === 0 ? 0 : validity };
    });
  }

  /**
   * Compares a column of `count` pairs (`positions` in the vector, `rows` in the store). The equal pairs, NULLs being equal, are moved
   * to the front of both lists, in order; the positions of the others go to `misses` (room for `count`). Gives how many are equal.
   */
  match(column: number, vector: Vector, positions: number, rows: number, count: number, misses: number): number {
    const { type, offset, nullOffset, nullMask } = must(this.layout.columns[column], "no such column");
    const mayBeNull = vector.validity !== 0 || this.#mayBeNull[column] ? 1 : 0;
    return kernelNamed(this.#kernels, `matchRows${equalityKindOf(type)}`)(
      vector.data,
      vector.validity,
      mayBeNull,
      positions,
      rows,
      count,
      offset,
      nullOffset,
      nullMask,
      misses,
    );
  }

  /** Calls with runs of addresses of all rows in the order they were made, at most `countMax` at a time, at `scratch`. */
  *scan(countMax: number, scratch: number): Generator<{ readonly rows: number; readonly count: number }> {
    for (const page of this.#pages) {
      for (let done = 0; done < page.rowCount; done += countMax) {
        const count = Math.min(countMax, page.rowCount - done);
        kernelNamed(this.#kernels, "rowSequence")(
          page.address + done * this.layout.width,
          this.layout.width,
          count,
          scratch,
        );
        yield { rows: scratch, count };
      }
    }
  }

  /** Writes the addresses of rows `first` to `first + count - 1`, counted in the order they were made. */
  addresses(first: number, count: number, out: number): void {
    let pageFirst = 0;
    let done = 0;
    for (const page of this.#pages) {
      const from = first + done - pageFirst;
      if (from < page.rowCount && done < count) {
        const here = Math.min(count - done, page.rowCount - from);
        kernelNamed(this.#kernels, "rowSequence")(
          page.address + from * this.layout.width,
          this.layout.width,
          here,
          out + done * 4,
        );
        done += here;
      }
      pageFirst += page.rowCount;
    }
    assert(done === count, "there are fewer rows");
  }

  /** Forgets all rows and gives their memory back; the store can be used again. */
  clear(): void {
    this.#region.reset();
    this.#pages = [];
    this.#rowCount = 0;
    this.#mayBeNull = this.layout.columns.map(() => false);
  }

  /** Gives all memory back. Idempotent. */
  free(): void {
    this.clear();
  }

  #addPage(): Page {
    const wanted = Math.min(pageBytesMax, pageBytesMin << Math.min(4, this.#pages.length >> 1));
    const byteSize = Math.max(wanted, this.layout.width);
    const address = this.#region.allocate(byteSize);
    this.#memory.u8.fill(0, address, address + byteSize);
    const page = { address, capacity: Math.floor(byteSize / this.layout.width), rowCount: 0 };
    this.#pages.push(page);
    return page;
  }
}
