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
import type { Operator, TaskContext } from "./operator.ts";

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
 * in memory.
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
    this.#lasting = memory.region();
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
    this.#store.free();
    try {
      this.#probe.close();
    } finally {
      this.#build.close();
    }
  }

  counters(): Readonly<Record<string, number>> {
    return { buildRows: this.#buildCount, comparedPairs: this.#comparedPairs };
  }

  *#run(): Generator<Batch, void> {
    this.#readBuild();
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

  #readBuild(): void {
    const { memory } = this.#context;
    for (;;) {
      this.#context.checkCancelled();
      const batch = this.#build.next();
      if (batch === null) break;
      this.#perProbe.reset();
      this.#store.append(batch.vectors, batch.rowCount, this.#perProbe.allocate(batch.rowCount * 4), batch.selection);
    }
    this.#buildCount = this.#store.rowCount;
    this.#buildRows = this.#lasting.allocate(this.#buildCount * 4);
    if (this.#buildCount > 0) this.#store.addresses(0, this.#buildCount, this.#buildRows);
    if (this.#form.buildFlags) {
      this.#buildFlags = this.#lasting.allocate(this.#buildCount);
      memory.u8.fill(0, this.#buildFlags, this.#buildFlags + this.#buildCount);
    }
  }

  *#joinBatch(probe: Batch): Generator<Batch, void> {
    const flags = this.#perProbe.allocateZeroed(probe.rowCount);
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
