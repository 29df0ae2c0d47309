import type { Schema } from "../arrow/schema.ts";
import type { FilterProgram } from "../compile/expression-compiler.ts";
import { inputIndexes } from "../expr/expression-properties.ts";
import type { Expression } from "../expr/expression.ts";
import type { Batch, Vector } from "../kernel/batch.ts";
import { batchRowCount } from "../kernel/batch.ts";
import { gatherVector } from "../kernel/gather.ts";
import { kernelNamed } from "../kernel/load-kernels.ts";
import type { Region } from "../kernel/slot-memory.ts";
import type { JoinTable } from "./join-table.ts";
import type { TaskContext } from "./operator.ts";

/** Lists of u32s for one probe batch; `flags` are bytes, one per probe row. */
type Lists = {
  readonly headPositions: number;
  readonly headRows: number;
  readonly positions: number;
  readonly rows: number;
  readonly misses: number;
  readonly numbers: number;
  readonly flags: number;
};

/**
 * Finds the pairs of probe rows (by position in their batch, selection applied) and build rows whose keys are equal and for which
 * the residual is true, at most `batchRowCount` at a time: they stand in the lists `positions` and `rows`, positions ascending.
 */
export class JoinPairs {
  readonly #context: TaskContext;
  readonly #table: JoinTable;
  /** Layout columns of the keys. */
  readonly #keyColumns: readonly number[];
  readonly #residual: FilterProgram | null;
  /** Per column of the residual's schema: whether it is read; and for build columns, their layout column. */
  readonly #residualReads: readonly boolean[];
  readonly #storedColumns: readonly number[];
  readonly #schema: Schema;
  readonly #listRegion: Region;
  readonly #vectorRegion: Region;
  #lists: Lists | null = null;
  #capacity = 0;
  #batch: Batch | null = null;
  #keys: readonly Vector[] = [];
  #headCount = 0;
  #cursor = 0;

  /** `storedColumns`: the layout column of each build column, -1 = not stored. */
  constructor(
    context: TaskContext,
    table: JoinTable,
    keyColumns: readonly number[],
    residual: Expression | null,
    schema: Schema,
    storedColumns: readonly number[],
  ) {
    this.#context = context;
    this.#table = table;
    this.#keyColumns = keyColumns;
    this.#schema = schema;
    this.#storedColumns = storedColumns;
    this.#residual = residual === null ? null : context.compiler.filter(residual, schema);
    const read = residual === null ? new Set<number>() : inputIndexes(residual);
    this.#residualReads = schema.map((_, index) => read.has(index));
    this.#listRegion = context.memory.region();
    this.#vectorRegion = context.memory.region();
  }

  get positions(): number {
    return this.#lists!.positions;
  }

  get rows(): number {
    return this.#lists!.rows;
  }

  /** One byte per probe row, zero when a batch begins. */
  get flags(): number {
    return this.#lists!.flags;
  }

  open(): void {
    this.#residual?.open();
    this.#reserve(batchRowCount);
  }

  /** Begins a probe batch: its key vectors, their hashes, and the positions with usable keys (0 = all). */
  start(batch: Batch, keys: readonly Vector[], hashes: number, positions: number, count: number): void {
    this.#reserve(batch.rowCount);
    const { headPositions, headRows, flags } = this.#lists!;
    this.#batch = batch;
    this.#keys = keys;
    this.#context.memory.u8.fill(0, flags, flags + batch.rowCount);
    this.#headCount = this.#table.isDirect
      ? this.#table.probeDirect(keys[0]!.data, positions, count, headPositions, headRows)
      : this.#table.probe(hashes, positions, count, headPositions, headRows);
    this.#cursor = 0;
  }

  /** Whether there may be more pairs of this batch. */
  get hasMore(): boolean {
    return this.#cursor < this.#headCount;
  }

  /** The next pairs; 0 does not mean the end. `skipFlagged` leaves out probe rows whose flag is set. */
  expand(skipFlagged: boolean): number {
    const lists = this.#lists!;
    const { memory, kernels } = this.#context;
    const count = kernelNamed(kernels, "joinExpand")(
      lists.headPositions,
      lists.headRows,
      this.#headCount,
      this.#cursor,
      skipFlagged ? lists.flags : 0,
      lists.positions,
      lists.rows,
      batchRowCount,
      lists.numbers,
    );
    this.#cursor = memory.u32[lists.numbers / 4]!;
    return this.#applyResidual(this.#compareKeys(count));
  }

  /** One pair at most for each probe row whose flag is not set, so that a long chain costs nothing after its first match. */
  step(): number {
    const lists = this.#lists!;
    const { memory, kernels } = this.#context;
    this.#headCount = kernelNamed(kernels, "joinStep")(
      lists.headPositions,
      lists.headRows,
      this.#headCount,
      lists.flags,
      lists.positions,
      lists.rows,
      lists.numbers,
    );
    return this.#applyResidual(this.#compareKeys(memory.u32[lists.numbers / 4]!));
  }

  /**
   * Calls `visit` with pairs of each of `count` unflagged probe positions at `positions` and every row of a list, for which the
   * residual is true, whatever the keys are.
   */
  cross(
    positions: number,
    count: number,
    rows: { readonly rows: number; readonly count: number },
    visit: (pairs: number) => void,
  ): void {
    const lists = this.#lists!;
    const { memory, kernels } = this.#context;
    memory.u32[lists.numbers / 4] = memory.u32[lists.numbers / 4 + 1] = 0;
    for (;;) {
      this.#context.checkCancelled();
      const pairs = kernelNamed(kernels, "joinCross")(
        positions,
        count,
        rows.rows,
        rows.count,
        lists.numbers,
        lists.flags,
        lists.positions,
        lists.rows,
        batchRowCount,
      );
      if (pairs === 0) return;
      visit(this.#applyResidual(pairs));
    }
  }

  /** Gives all memory back. Idempotent. */
  close(): void {
    this.#residual?.close();
    this.#listRegion.free();
    this.#vectorRegion.free();
    this.#capacity = 0;
  }

  #compareKeys(count: number): number {
    if (this.#table.isDirect) return count;
    const { positions, rows, misses } = this.#lists!;
    let left = count;
    this.#keyColumns.forEach((column, index) => {
      if (left > 0) left = this.#table.store.match(column, this.#keys[index]!, positions, rows, left, misses);
    });
    return left;
  }

  #applyResidual(count: number): number {
    if (this.#residual === null || count === 0) return count;
    const { kernels } = this.#context;
    const { positions, rows } = this.#lists!;
    const batch = this.#batch!;
    this.#vectorRegion.reset();
    let probeRows = positions;
    if (batch.selection !== 0) {
      probeRows = this.#vectorRegion.allocate(count * 4);
      kernelNamed(kernels, "gather4")(batch.selection, positions, count, probeRows);
    }
    const vectors = this.#schema.map(({ type }, index): Vector => {
      if (!this.#residualReads[index]) return { type, data: 0, validity: 0 };
      const probeVector = batch.vectors[index];
      if (probeVector !== undefined)
        return gatherVector(kernels, probeVector, probeRows, count, this.#vectorRegion, false);
      const column = this.#storedColumns[index - batch.vectors.length]!;
      return this.#table.store.gather(rows, count, [column], this.#vectorRegion)[0]!;
    });
    const kept = this.#residual.select({ rowCount: count, vectors, selection: 0 });
    if (kept === null) return 0;
    if (kept.selection === 0) return kept.rowCount;
    // A selection ascends, so that a list can be compacted in place.
    kernelNamed(kernels, "gather4")(positions, kept.selection, kept.rowCount, positions);
    kernelNamed(kernels, "gather4")(rows, kept.selection, kept.rowCount, rows);
    return kept.rowCount;
  }

  #reserve(rowCount: number): void {
    if (rowCount <= this.#capacity) return;
    this.#listRegion.reset();
    this.#capacity = Math.max(rowCount, batchRowCount);
    const list = (): number => this.#listRegion.allocate(this.#capacity * 4 + 16);
    this.#lists = {
      headPositions: list(),
      headRows: list(),
      positions: list(),
      rows: list(),
      misses: list(),
      numbers: this.#listRegion.allocate(16),
      flags: this.#listRegion.allocate(this.#capacity),
    };
  }
}
