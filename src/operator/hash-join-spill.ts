import type { DataType } from "../arrow/data-type.ts";
import { EngineError } from "../common/engine-error.ts";
import type { Batch, Vector } from "../kernel/batch.ts";
import { RowLayout } from "../kernel/row-layout.ts";
import { RowStore } from "../kernel/row-store.ts";
import type { Region } from "../kernel/slot-memory.ts";
import type { JoinTable } from "./join-table.ts";
import type { TaskContext } from "./operator.ts";
import { ProbeFlags } from "./probe-flags.ts";
import { SpillPartitions, spillLevelMax } from "./spill-partitions.ts";
import type { SpillRun } from "./spill-run.ts";

/** Below this share of the memory a table gives so little back that moving it to disk does not help. */
const spillableShareMin = 1 / 16;
const spillableBytesMax = 1 << 20;
/** Probe rows that are collected before they are written, so that blocks on disk are not small. */
const probeBufferBytesMax = 8 << 20;
const probeBufferShare = 1 / 16;
/** A partition that keeps more than this share of what was split has few keys: splitting it again would not help. */
const splitShareMax = 0.8;

/** What a join that spills must know of its two sides. Rows on disk: the table's columns; the probe columns, then those of keys. */
export type SpilledSides = {
  readonly buildTypes: readonly DataType[];
  readonly buildKeys: readonly number[];
  readonly probeTypes: readonly DataType[];
  readonly probeKeys: readonly number[];
  /** How many of the probe side's columns on disk are the input's. */
  readonly probeColumnCount: number;
  /** Whether rows of one key suffice to know a row's matches; else the build side is read in pieces, each against all probe rows. */
  readonly canPartition: boolean;
  readonly putsOutUnmatchedProbe: boolean;
  readonly putsOutUnmatchedBuild: boolean;
  /** Whether what is put out of a probe row depends on all its matches. */
  readonly needsProbeFlags: boolean;
};

type Pair = { readonly level: number | null; readonly build: SpillRun; readonly probe: SpillRun };
type Loaded = {
  readonly pair: Pair;
  readonly buildBlocks: ReturnType<SpillRun["read"]>;
  /** Build rows that have been in the table by now. */
  buildRows: number;
  probeBlocks: ReturnType<SpillRun["read"]>;
  readonly flags: ProbeFlags | null;
};

/**
 * The part of a hash join that does not fit into memory: both sides go to disk in partitions by the hash of the keys, and are joined
 * partition by partition. A build partition that still does not fit is split again, with other bits; one that cannot be split, since it has
 * few keys, is read in pieces, and the probe partition once for each of them.
 */
export class HashJoinSpill {
  readonly #context: TaskContext;
  readonly #table: JoinTable;
  readonly #sides: SpilledSides;
  readonly #reserveBytes: number;
  /** Puts rows of the build side into the table. */
  readonly #append: (vectors: readonly Vector[], rowCount: number) => void;
  readonly #buildRegion: Region;
  readonly #probeRegion: Region;
  #probeBuffer: RowStore | null = null;
  #open: { readonly build: SpillPartitions; readonly probe: SpillPartitions } | null = null;
  #waiting: Pair[] = [];
  #loaded: Loaded | null = null;
  #spilledBytes = 0;

  constructor(
    context: TaskContext,
    table: JoinTable,
    sides: SpilledSides,
    reserve: number,
    append: (vectors: readonly Vector[], rowCount: number) => void,
  ) {
    this.#context = context;
    this.#table = table;
    this.#sides = sides;
    this.#reserveBytes = reserve;
    this.#append = append;
    this.#buildRegion = context.memory.region();
    this.#probeRegion = context.memory.region();
  }

  get spilledBytes(): number {
    return this.#spilledBytes;
  }

  /** Whether rows of the build side are, or were, on disk. */
  get isActive(): boolean {
    return this.#open !== null || this.#loaded !== null || this.#waiting.length > 0 || this.#spilledBytes > 0;
  }

  /** Whether the table holds only a part of the rows that a probe row may match. */
  get isPiecewise(): boolean {
    return this.#loaded !== null && this.#loaded.flags !== null;
  }

  /** Whether the table should go to disk before it takes more rows. */
  isNeeded(): boolean {
    const { memory } = this.#context;
    const { byteSize } = this.#table;
    if (byteSize < Math.min(spillableBytesMax, memory.byteSize * spillableShareMin)) return false;
    return memory.freeBytes < this.#reserveBytes + this.#table.finishByteSize;
  }

  /** Moves the table's rows to disk. */
  moveTable(): void {
    this.#open ??= this.#makePartitions(this.#sides.canPartition ? 0 : null);
    this.#write(this.#open.build, this.#table.store);
    this.#table.clear();
  }

  /** Takes rows of the probe side: `count` rows of the batch, at `positions` (0 = all), and of its keys' dense vectors. */
  addProbeRows(batch: Batch, keys: readonly Vector[], positions: number, count: number): void {
    const { memory, kernels } = this.#context;
    const { probeTypes, probeColumnCount } = this.#sides;
    const store = (this.#probeBuffer ??= new RowStore(memory, kernels, RowLayout.of(probeTypes)));
    const region = memory.region();
    try {
      const rows = region.allocate(count * 4);
      let batchRows = batch.selection === 0 ? positions : batch.selection;
      if (batch.selection !== 0 && positions !== 0) {
        batchRows = region.allocate(count * 4);
        const entries = memory.u32;
        for (let row = 0; row < count; row++)
          entries[batchRows / 4 + row] = entries[batch.selection / 4 + entries[positions / 4 + row]!]!;
      }
      store.reserve(count, rows);
      batch.vectors.forEach((vector, column) => store.write(column, vector, count, rows, batchRows));
      this.#sides.probeKeys.forEach((column, index) => {
        if (column >= probeColumnCount) store.write(column, keys[index]!, count, rows, positions);
      });
    } finally {
      region.free();
    }
    if (store.byteSize >= Math.min(probeBufferBytesMax, memory.byteSize * probeBufferShare)) this.#flushProbe();
  }

  /** Both sides are on disk. */
  finishProbe(): void {
    this.#flushProbe();
    this.#closePartitions(null);
  }

  /** Fills the table with what is to be probed next; false = nothing is left. */
  load(): boolean {
    for (;;) {
      this.#context.checkCancelled();
      this.#table.clear();
      if (this.#loaded === null) {
        const pair = this.#waiting.pop();
        if (pair === undefined) return false;
        if (this.#hasNoResult(pair)) {
          removePair(pair);
          continue;
        }
        this.#begin(pair);
      }
      if (this.#fillTable()) return true;
    }
  }

  /** The next probe rows for the table, in the form in which a join without spilling has them; null = no more. */
  nextProbe(): { readonly batch: Batch; readonly keys: readonly Vector[] } | null {
    const { value, done } = this.#loaded!.probeBlocks.next();
    if (done === true) {
      this.#endPass();
      return null;
    }
    const { vectors, rowCount } = value;
    return {
      batch: { rowCount, vectors: vectors.slice(0, this.#sides.probeColumnCount), selection: 0 },
      keys: this.#sides.probeKeys.map((column) => vectors[column]!),
    };
  }

  /** Sets the flags of the rows that nextProbe gave from earlier passes. */
  restoreFlags(flags: number, rowCount: number): void {
    this.#loaded?.flags?.restore(flags, rowCount);
  }

  /** To be called once for these rows, when their flags say what came of this pass. Gives whether they are final. */
  completeFlags(flags: number, rowCount: number): boolean {
    const loaded = this.#loaded;
    if (loaded === null || loaded.flags === null) return true;
    const isLast = loaded.buildRows === loaded.pair.build.rowCount;
    loaded.flags.complete(flags, rowCount, isLast);
    return isLast;
  }

  /** Removes all files and gives all memory back. Idempotent. */
  close(): void {
    this.#probeBuffer?.free();
    this.#open?.build.remove();
    this.#open?.probe.remove();
    this.#open = null;
    this.#waiting.forEach(removePair);
    this.#waiting = [];
    this.#forgetLoaded();
    this.#buildRegion.free();
    this.#probeRegion.free();
  }

  #begin(pair: Pair): void {
    this.#loaded = {
      pair,
      buildBlocks: pair.build.read(this.#buildRegion),
      buildRows: 0,
      probeBlocks: pair.probe.read(this.#probeRegion),
      flags: null,
    };
  }

  /** Puts the next build rows into the table; false when the partition was split instead. */
  #fillTable(): boolean {
    const loaded = this.#loaded!;
    const { pair } = loaded;
    const canSplit = pair.level !== null && pair.level < spillLevelMax;
    for (let block = loaded.buildBlocks.next(); block.done !== true; block = loaded.buildBlocks.next()) {
      this.#context.checkCancelled();
      this.#append(block.value.vectors, block.value.rowCount);
      loaded.buildRows += block.value.rowCount;
      if (!this.isNeeded()) continue;
      if (!canSplit) break;
      this.#open ??= this.#makePartitions(pair.level + 1);
      this.moveTable();
    }
    this.#buildRegion.reset();
    if (this.#open === null && this.#finishTable(canSplit)) return true;
    this.#split(pair);
    return false;
  }

  /** False when there was no room for the slots, and the rows should be split. */
  #finishTable(canSplit: boolean): boolean {
    const loaded = this.#loaded!;
    const isWhole = loaded.buildRows === loaded.pair.build.rowCount;
    try {
      this.#table.finish();
    } catch (error) {
      if (!canSplit || EngineError.from(error).code !== "out_of_memory") throw error;
      return false;
    }
    if (!isWhole && loaded.flags === null && this.#sides.needsProbeFlags)
      this.#loaded = { ...loaded, flags: new ProbeFlags(this.#context) };
    return true;
  }

  #split(pair: Pair): void {
    const level = pair.level! + 1;
    this.#open ??= this.#makePartitions(level);
    this.moveTable();
    for (const { vectors, rowCount } of pair.probe.read(this.#probeRegion)) {
      this.#context.checkCancelled();
      const keys = this.#sides.probeKeys.map((column) => vectors[column]!);
      this.addProbeRows(
        { rowCount, vectors: vectors.slice(0, this.#sides.probeColumnCount), selection: 0 },
        keys,
        0,
        rowCount,
      );
    }
    this.#probeRegion.reset();
    this.#flushProbe();
    this.#closePartitions(pair.build.rowCount);
    this.#forgetLoaded();
  }

  /** All probe rows have met the table. */
  #endPass(): void {
    const loaded = this.#loaded!;
    this.#probeRegion.reset();
    if (loaded.buildRows === loaded.pair.build.rowCount) {
      this.#forgetLoaded();
      return;
    }
    loaded.flags?.nextPass();
    loaded.probeBlocks = loaded.pair.probe.read(this.#probeRegion);
  }

  #forgetLoaded(): void {
    if (this.#loaded === null) return;
    this.#loaded.flags?.remove();
    removePair(this.#loaded.pair);
    this.#loaded = null;
  }

  #hasNoResult(pair: Pair): boolean {
    if (pair.probe.rowCount === 0) return !this.#sides.putsOutUnmatchedBuild || pair.build.rowCount === 0;
    return pair.build.rowCount === 0 && !this.#sides.putsOutUnmatchedProbe;
  }

  #makePartitions(level: number | null): { readonly build: SpillPartitions; readonly probe: SpillPartitions } {
    const { buildTypes, buildKeys, probeTypes, probeKeys } = this.#sides;
    return {
      build: new SpillPartitions(this.#context, "join-build", buildTypes, buildKeys, level),
      probe: new SpillPartitions(this.#context, "join-probe", probeTypes, probeKeys, level),
    };
  }

  /** `splitRows`: build rows of the partition that these are parts of. */
  #closePartitions(splitRows: number | null): void {
    const { build, probe } = this.#open!;
    this.#open = null;
    build.runs.forEach((run, index) => {
      const fewKeys = splitRows !== null && run.rowCount > splitRows * splitShareMax;
      this.#waiting.push({ level: fewKeys ? null : build.level, build: run, probe: probe.runs[index]! });
    });
  }

  #flushProbe(): void {
    const store = this.#probeBuffer;
    if (store === null || store.rowCount === 0) return;
    this.#write(this.#open!.probe, store);
    store.clear();
  }

  #write(partitions: SpillPartitions, store: RowStore): void {
    const before = partitions.byteSize;
    partitions.write(store);
    this.#spilledBytes += partitions.byteSize - before;
  }
}

function removePair(pair: Pair): void {
  pair.build.remove();
  pair.probe.remove();
}
