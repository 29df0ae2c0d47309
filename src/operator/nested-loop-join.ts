import { byteWidthOf, simpleType } from "../arrow/data-type.ts";
import type { Schema } from "../arrow/schema.ts";
import { EngineError } from "../common/engine-error.ts";
import type { FilterProgram } from "../compile/expression-compiler.ts";
import { inputIndexes } from "../expr/expression-properties.ts";
import type { Expression } from "../expr/expression.ts";
import type { Batch, Vector } from "../kernel/batch.ts";
import { batchRowCount } from "../kernel/batch.ts";
import { bitmapByteSize, densify, gatherVector } from "../kernel/gather.ts";
import { kernelNamed } from "../kernel/load-kernels.ts";
import { RowLayout } from "../kernel/row-layout.ts";
import { RowStore } from "../kernel/row-store.ts";
import type { Region } from "../kernel/slot-memory.ts";
import type { PhysicalJoinType, PhysicalNestedLoopJoin } from "../physical/physical-node.ts";
import { reserveBytes } from "./memory-reserve.ts";
import type { Operator, TaskContext } from "./operator.ts";
import { ProbeFlags } from "./probe-flags.ts";
import { SpillPartitions } from "./spill-partitions.ts";
import { SpillRun } from "./spill-run.ts";

/** A build side below this size gives so little back that moving it to disk does not help. */
const spillableBytesMax = 1 << 20;
const spillableShareMin = 1 / 16;
/** An address and a flag. */
const listBytesPerRow = 8;
const flagTrue = 1;
const flagNull = 2;

/** What a join type needs to know of the pairs that match, and what it puts out of each side. */
type JoinForm = {
  readonly pairs: boolean;
  readonly probeFlags: boolean;
  readonly buildFlags: boolean;
  /** Which rows come out alone at the end: matched (1) or not (0). */
  readonly probeRest: 0 | 1 | null;
  readonly buildRest: 0 | 1 | null;
};

const forms: Readonly<Record<PhysicalJoinType, JoinForm>> = {
  inner: { pairs: true, probeFlags: false, buildFlags: false, probeRest: null, buildRest: null },
  left: { pairs: true, probeFlags: true, buildFlags: false, probeRest: 0, buildRest: null },
  left_single: { pairs: true, probeFlags: true, buildFlags: false, probeRest: 0, buildRest: null },
  right: { pairs: true, probeFlags: false, buildFlags: true, probeRest: null, buildRest: 0 },
  full: { pairs: true, probeFlags: true, buildFlags: true, probeRest: 0, buildRest: 0 },
  left_semi: { pairs: false, probeFlags: true, buildFlags: false, probeRest: 1, buildRest: null },
  left_anti: { pairs: false, probeFlags: true, buildFlags: false, probeRest: 0, buildRest: null },
  left_mark: { pairs: false, probeFlags: true, buildFlags: false, probeRest: null, buildRest: null },
  right_semi: { pairs: false, probeFlags: false, buildFlags: true, probeRest: null, buildRest: 1 },
  right_anti: { pairs: false, probeFlags: false, buildFlags: true, probeRest: null, buildRest: 0 },
};

/** Addresses of the lists (u32 per pair) that a probe batch works with. */
type Lists = {
  readonly pairProbe: number;
  readonly pairBuild: number;
  readonly pairRows: number;
  readonly heldProbe: number;
  readonly heldRows: number;
  readonly taken: number;
};

/**
 * Joins on any condition: every pair of a probe and a build row is put to the condition, in blocks of 8,192 pairs. The build side is kept
 * in memory; one that does not fit goes to disk and is read in pieces, and the probe side from disk for each of them.
 */
export class NestedLoopJoinOperator implements Operator {
  readonly schema: Schema;
  readonly #context: TaskContext;
  readonly #node: PhysicalNestedLoopJoin;
  readonly #probe: Operator;
  readonly #build: Operator;
  readonly #form: JoinForm;
  readonly #store: RowStore;
  readonly #buildColumns: readonly number[];
  readonly #conditionInputs: ReadonlySet<number>;
  readonly #filter: FilterProgram | null;
  /** Finds the pairs whose condition is NULL, where that makes a difference beside those that are true. */
  readonly #nullFilter: FilterProgram | null;
  readonly #lasting: Region;
  /** Addresses and flags of the build rows in memory. */
  readonly #buildList: Region;
  readonly #perProbe: Region;
  readonly #perBlock: Region;
  readonly #output: Region;
  /** Addresses of all build rows. */
  #buildRows = 0;
  #buildCount = 0;
  #buildFlags = 0;
  #lists: Lists = { pairProbe: 0, pairBuild: 0, pairRows: 0, heldProbe: 0, heldRows: 0, taken: 0 };
  #batches: Iterator<Batch, void> | null = null;
  #comparedPairs = 0;
  readonly #reserveBytes: number;
  /** The build side, when it does not fit. */
  #buildRun: SpillPartitions | null = null;
  #probeRun: SpillRun | null = null;
  #flagsOfPasses: ProbeFlags | null = null;
  readonly #buildBlock: Region;
  readonly #probeBlock: Region;
  /** Build rows in the table, now or before. */
  #loadedRows = 0;

  constructor(context: TaskContext, node: PhysicalNestedLoopJoin, probe: Operator, build: Operator) {
    const { memory, kernels, compiler } = context;
    this.schema = node.schema;
    this.#context = context;
    this.#node = node;
    this.#probe = probe;
    this.#build = build;
    this.#form = forms[node.joinType];
    this.#store = new RowStore(memory, kernels, RowLayout.of(build.schema.map(({ type }) => type)));
    this.#buildColumns = build.schema.map((_, column) => column);
    const both: Schema = [...probe.schema, ...build.schema];
    const { condition, nullAware, joinType } = node;
    this.#conditionInputs = condition === null ? new Set() : inputIndexes(condition);
    const asks = (name: string, argument: Expression): Expression => ({
      kind: "call",
      name,
      args: [argument],
      type: simpleType("bool"),
    });
    // NOT IN keeps a row only where every pair is false: NULL is as good as true.
    const matches =
      condition !== null && nullAware && joinType === "left_anti" ? asks("is_not_false", condition) : condition;
    this.#filter = matches === null ? null : compiler.filter(matches, both);
    this.#nullFilter =
      condition !== null && nullAware && joinType === "left_mark"
        ? compiler.filter(asks("is_null", condition), both)
        : null;
    this.#reserveBytes = reserveBytes(memory, node.probe);
    this.#buildBlock = memory.region();
    this.#probeBlock = memory.region();
    this.#lasting = memory.region();
    this.#buildList = memory.region();
    this.#perProbe = memory.region();
    this.#perBlock = memory.region();
    this.#output = memory.region();
  }

  open(): void {
    this.#build.open();
    this.#probe.open();
    this.#filter?.open();
    this.#nullFilter?.open();
    const list = (): number => this.#lasting.allocate(batchRowCount * 4);
    this.#lists = {
      pairProbe: list(),
      pairBuild: list(),
      pairRows: list(),
      heldProbe: list(),
      heldRows: list(),
      taken: list(),
    };
  }

  next(): Batch | null {
    this.#batches ??= this.#run();
    const { value, done } = this.#batches.next();
    return done === true ? null : value!;
  }

  close(): void {
    this.#batches = [][Symbol.iterator]();
    this.#filter?.close();
    this.#nullFilter?.close();
    for (const region of [this.#lasting, this.#perProbe, this.#perBlock, this.#output]) region.free();
    for (const region of [this.#buildList, this.#buildBlock, this.#probeBlock]) region.free();
    this.#store.free();
    this.#buildRun?.remove();
    this.#probeRun?.remove();
    this.#flagsOfPasses?.remove();
    try {
      this.#probe.close();
    } finally {
      this.#build.close();
    }
  }

  counters(): Readonly<Record<string, number>> {
    const spilledBytes = (this.#buildRun?.byteSize ?? 0) + (this.#probeRun?.byteSize ?? 0);
    return {
      buildRows: this.#loadedRows,
      comparedPairs: this.#comparedPairs,
      ...(spilledBytes > 0 && { spilledBytes }),
    };
  }

  *#run(): Generator<Batch, void> {
    this.#readBuild();
    if (this.#buildRun !== null) {
      yield* this.#runInPieces(this.#buildRun.runs[0]!);
      return;
    }
    // Without build rows only rows that have no match can come out.
    const canEnd = this.#buildCount === 0 && this.#form.probeRest !== 0 && this.#node.joinType !== "left_mark";
    while (!canEnd) {
      this.#context.checkCancelled();
      const input = this.#probe.next();
      if (input === null) break;
      this.#perProbe.reset();
      const probe = densify(this.#context.kernels, input, this.#perProbe);
      yield* this.#joinBatch(probe);
    }
    if (this.#form.buildRest !== null) yield* this.#restOfBuild(this.#form.buildRest);
  }

  /** Joins each piece of the build side with all probe rows. */
  *#runInPieces(build: SpillRun): Generator<Batch, void> {
    const types = this.#probe.schema.map(({ type }) => type);
    const probeRun = (this.#probeRun = new SpillRun(this.#context, "join-probe", types));
    if (this.#form.probeFlags) this.#flagsOfPasses = new ProbeFlags(this.#context);
    const blocks = build.read(this.#buildBlock);
    this.#loadedRows = 0;
    for (let pass = 0; this.#loadedRows < build.rowCount; pass++) {
      this.#store.clear();
      for (let block = blocks.next(); block.done !== true; block = blocks.next()) {
        this.#perProbe.reset();
        const { vectors, rowCount } = block.value;
        this.#store.append(vectors, rowCount, this.#perProbe.allocate(rowCount * 4));
        if (this.#isFull()) break;
      }
      this.#buildBlock.reset();
      this.#indexBuild();
      for (const probe of pass === 0 ? this.#firstPass(probeRun) : this.#laterPass(probeRun)) {
        this.#context.checkCancelled();
        yield* this.#joinBatch(probe, this.#loadedRows === build.rowCount);
      }
      this.#flagsOfPasses?.nextPass();
      if (this.#form.buildRest !== null) yield* this.#restOfBuild(this.#form.buildRest);
    }
  }

  /** The probe side, which is written to disk on the way. */
  *#firstPass(run: SpillRun): Generator<Batch, void> {
    const { kernels } = this.#context;
    for (let input = this.#probe.next(); input !== null; input = this.#probe.next()) {
      this.#perProbe.reset();
      const probe = densify(kernels, input, this.#perProbe);
      const positions = this.#perProbe.allocate(probe.rowCount * 4);
      kernelNamed(kernels, "rowSequence")(0, 1, probe.rowCount, positions);
      run.write(probe.vectors, positions, probe.rowCount);
      yield probe;
    }
  }

  *#laterPass(run: SpillRun): Generator<Batch, void> {
    for (const { vectors, rowCount } of run.read(this.#probeBlock)) {
      this.#perProbe.reset();
      yield { vectors, rowCount, selection: 0 };
    }
  }

  #readBuild(): void {
    const types = this.#build.schema.map(({ type }) => type);
    for (;;) {
      this.#context.checkCancelled();
      const batch = this.#build.next();
      if (batch === null) break;
      this.#perProbe.reset();
      this.#store.append(batch.vectors, batch.rowCount, this.#perProbe.allocate(batch.rowCount * 4), batch.selection);
      if (this.#isFull()) {
        this.#buildRun ??= new SpillPartitions(this.#context, "join-build", types, [], null);
        this.#moveBuild(this.#buildRun);
      }
    }
    if (this.#buildRun === null) this.#indexBuild();
    else this.#moveBuild(this.#buildRun);
  }

  #moveBuild(run: SpillPartitions): void {
    run.write(this.#store);
    this.#store.clear();
  }

  /** Whether the next batch, and the lists of all rows, might find no memory. */
  #isFull(): boolean {
    const { memory } = this.#context;
    const { byteSize, rowCount } = this.#store;
    if (byteSize < Math.min(spillableBytesMax, memory.byteSize * spillableShareMin)) return false;
    return memory.freeBytes < this.#reserveBytes + rowCount * listBytesPerRow;
  }

  /** Lists the rows that the store holds. */
  #indexBuild(): void {
    this.#buildCount = this.#store.rowCount;
    this.#loadedRows += this.#buildCount;
    this.#buildList.reset();
    this.#buildRows = this.#buildList.allocate(this.#buildCount * 4);
    if (this.#buildCount > 0) this.#store.addresses(0, this.#buildCount, this.#buildRows);
    if (this.#form.buildFlags) this.#buildFlags = this.#buildList.allocateZeroed(this.#buildCount);
  }

  /** `isLast`: no later piece of the build side can match these rows. */
  *#joinBatch(probe: Batch, isLast = true): Generator<Batch, void> {
    const flags = this.#perProbe.allocateZeroed(probe.rowCount);
    this.#flagsOfPasses?.restore(flags, probe.rowCount);
    const pairCount = probe.rowCount * this.#buildCount;
    let held = 0;
    for (let first = 0; first < pairCount; first += batchRowCount) {
      this.#context.checkCancelled();
      const count = Math.min(batchRowCount, pairCount - first);
      const matched = this.#compare(probe, first, count, flags);
      if (!this.#form.pairs || matched.count === 0) continue;
      if (held + matched.count > batchRowCount) {
        yield this.#pairBatch(probe, held);
        held = 0;
      }
      this.#hold(matched, held);
      held += matched.count;
    }
    if (held > 0) yield this.#pairBatch(probe, held);
    this.#flagsOfPasses?.complete(flags, probe.rowCount, isLast);
    if (!isLast) return;
    if (this.#node.joinType === "left_mark") yield this.#markBatch(probe, flags);
    else if (this.#form.probeRest !== null) yield* this.#restOfProbe(probe, flags, this.#form.probeRest);
  }

  /** Puts pairs to the condition and sets flags; gives those that match: probe rows, build rows' numbers and addresses. */
  #compare(
    probe: Batch,
    first: number,
    count: number,
    flags: number,
  ): { readonly probe: number; readonly rows: number; readonly count: number } {
    const { kernels } = this.#context;
    const { pairProbe, pairBuild, pairRows } = this.#lists;
    this.#comparedPairs += count;
    kernelNamed(kernels, "crossPairs")(
      Math.floor(first / this.#buildCount),
      first % this.#buildCount,
      count,
      this.#buildCount,
      pairProbe,
      pairBuild,
    );
    kernelNamed(kernels, "gather4")(this.#buildRows, pairBuild, count, pairRows);
    this.#perBlock.reset();
    const pairs = this.#filter === null ? null : this.#pairs(probe, count);
    if (pairs !== null && this.#nullFilter !== null) {
      const unknown = this.#nullFilter.select(pairs);
      if (unknown !== null)
        kernelNamed(kernels, "setFlags")(flags, this.#pick(pairProbe, unknown), unknown.rowCount, flagNull);
    }
    const kept = pairs === null ? null : this.#filter!.select(pairs);
    if (pairs !== null && kept === null) return { probe: 0, rows: 0, count: 0 };
    const matched = {
      probe: kept === null ? pairProbe : this.#pick(pairProbe, kept),
      rows: kept === null ? pairRows : this.#pick(pairRows, kept),
      count: kept?.rowCount ?? count,
    };
    if (this.#form.probeFlags) this.#flagProbe(flags, matched);
    if (this.#form.buildFlags) {
      const build = kept === null ? pairBuild : this.#pick(pairBuild, kept);
      kernelNamed(kernels, "setFlags")(this.#buildFlags, build, matched.count, flagTrue);
    }
    return matched;
  }

  #flagProbe(flags: number, matched: { readonly probe: number; readonly count: number }): void {
    const again = kernelNamed(this.#context.kernels, "setFlags")(flags, matched.probe, matched.count, flagTrue);
    if (again > 0 && this.#node.joinType === "left_single") {
      throw new EngineError("cardinality_violation", "more than one row returned by a subquery used as an expression");
    }
  }

  /** The pairs as a batch for the condition: only the columns that it names are there. */
  #pairs(probe: Batch, count: number): Batch {
    const { kernels } = this.#context;
    const probeWidth = this.#probe.schema.length;
    const vectors = [...this.#probe.schema, ...this.#build.schema].map(({ type }, index): Vector => {
      if (!this.#conditionInputs.has(index)) return { type, data: 0, validity: 0 };
      if (index < probeWidth)
        return gatherVector(kernels, probe.vectors[index]!, this.#lists.pairProbe, count, this.#perBlock, false);
      return this.#store.gather(this.#lists.pairRows, count, [index - probeWidth], this.#perBlock)[0]!;
    });
    return { rowCount: count, vectors, selection: 0 };
  }

  /** The entries of a list that a filter kept. */
  #pick(list: number, kept: Batch): number {
    if (kept.selection === 0) return list;
    const picked = this.#perBlock.allocate(kept.rowCount * 4);
    kernelNamed(this.#context.kernels, "gather4")(list, kept.selection, kept.rowCount, picked);
    return picked;
  }

  #hold(matched: { readonly probe: number; readonly rows: number; readonly count: number }, held: number): void {
    const { memory } = this.#context;
    memory.u8.copyWithin(this.#lists.heldProbe + held * 4, matched.probe, matched.probe + matched.count * 4);
    memory.u8.copyWithin(this.#lists.heldRows + held * 4, matched.rows, matched.rows + matched.count * 4);
  }

  #pairBatch(probe: Batch, count: number): Batch {
    this.#output.reset();
    const { heldProbe, heldRows } = this.#lists;
    const left = probe.vectors.map((vector) =>
      gatherVector(this.#context.kernels, vector, heldProbe, count, this.#output, false),
    );
    return {
      rowCount: count,
      vectors: [...left, ...this.#store.gather(heldRows, count, this.#buildColumns, this.#output)],
      selection: 0,
    };
  }

  #markBatch(probe: Batch, flags: number): Batch {
    this.#output.reset();
    const data = this.#output.allocate(probe.rowCount);
    const validity = this.#output.allocate(bitmapByteSize(probe.rowCount));
    const nullCount = kernelNamed(this.#context.kernels, "flagsToMark")(flags, probe.rowCount, data, validity);
    const mark: Vector = { type: simpleType("bool"), data, validity: nullCount === 0 ? 0 : validity };
    return { rowCount: probe.rowCount, vectors: [...probe.vectors, mark], selection: 0 };
  }

  *#restOfProbe(probe: Batch, flags: number, wanted: 0 | 1): Generator<Batch, void> {
    this.#output.reset();
    const { taken } = this.#lists;
    const rowCount = kernelNamed(this.#context.kernels, "selectFlags")(flags, wanted, probe.rowCount, taken);
    if (rowCount === 0) return;
    if (!this.#form.pairs) {
      yield { rowCount, vectors: probe.vectors, selection: taken };
      return;
    }
    const left = probe.vectors.map((vector) =>
      gatherVector(this.#context.kernels, vector, taken, rowCount, this.#output, false),
    );
    yield { rowCount, vectors: [...left, ...this.#nulls(this.#build.schema, rowCount)], selection: 0 };
  }

  *#restOfBuild(wanted: 0 | 1): Generator<Batch, void> {
    const { kernels } = this.#context;
    const { taken, pairRows } = this.#lists;
    for (let first = 0; first < this.#buildCount; first += batchRowCount) {
      this.#context.checkCancelled();
      const count = Math.min(batchRowCount, this.#buildCount - first);
      const rowCount = kernelNamed(kernels, "selectFlags")(this.#buildFlags + first, wanted, count, taken);
      if (rowCount === 0) continue;
      this.#output.reset();
      kernelNamed(kernels, "gather4")(this.#buildRows + first * 4, taken, rowCount, pairRows);
      const left = this.#form.pairs ? this.#nulls(this.#probe.schema, rowCount) : [];
      yield {
        rowCount,
        vectors: [...left, ...this.#store.gather(pairRows, rowCount, this.#buildColumns, this.#output)],
        selection: 0,
      };
    }
  }

  #nulls(schema: Schema, rowCount: number): Vector[] {
    return schema.map(({ type }) => ({
      type,
      data: this.#output.allocateZeroed(rowCount * byteWidthOf(type)),
      validity: this.#output.allocateZeroed(bitmapByteSize(rowCount)),
    }));
  }
}
