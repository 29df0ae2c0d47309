import type { DataType } from "../arrow/data-type.ts";
import { byteWidthOf, simpleType } from "../arrow/data-type.ts";
import type { Schema } from "../arrow/schema.ts";
import { assert } from "../common/assert.ts";
import { EngineError } from "../common/engine-error.ts";
import type { Projector } from "../compile/expression-compiler.ts";
import { isNullable, typeOf } from "../expr/expression-properties.ts";
import type { Expression } from "../expr/expression.ts";
import type { Batch, Vector } from "../kernel/batch.ts";
import { batchRowCount } from "../kernel/batch.ts";
import { bitmapByteSize, gatherVector } from "../kernel/gather.ts";
import { hashColumns } from "../kernel/hash.ts";
import { kernelNamed } from "../kernel/load-kernels.ts";
import type { Region } from "../kernel/slot-memory.ts";
import type { PhysicalHashJoin } from "../physical/physical-node.ts";
import { HashJoinSpill } from "./hash-join-spill.ts";
import { putsOutUnmatchedProbe, spilledSides, storedBuildColumns, tracksBuildRows } from "./hash-join-sides.ts";
import { JoinPairs } from "./join-pairs.ts";
import { directKeyOf, JoinTable } from "./join-table.ts";
import { reserveBytes } from "./memory-reserve.ts";
import type { Operator, TaskContext } from "./operator.ts";

/** A probe batch's key vectors, their hashes, and the positions with usable keys (0 = all). */
type ProbeKeys = {
  readonly keys: readonly Vector[];
  readonly hashes: number;
  readonly positions: number;
  readonly count: number;
};

type Phase = "build" | "probe" | "pairs" | "unmatched" | "build_rows" | "spilled" | "end";

/**
 * Transform of two inputs: reads the build side whole, into a table, before the first probe batch.
 *
 * A probe batch goes through the table in passes over the whole batch (hashes and chains first, then keys, then the residual), and gives
 * batches of at most `batchRowCount` rows however many matches a row has. Joins that put out probe rows only (semi,
 * anti, mark) pass the probe's vectors on under a selection.
 *
 * Memory: a build side that does not fit goes to disk, and the probe side with it, in partitions (hash-join-spill.ts); each then
 * runs through the same phases.
 */
export class HashJoinOperator implements Operator {
  readonly schema: Schema;
  readonly #context: TaskContext;
  readonly #node: PhysicalHashJoin;
  readonly #probe: Operator;
  readonly #build: Operator;
  readonly #probeKeys: Projector;
  readonly #buildRows: Projector;
  readonly #keyColumns: readonly number[];
  /** Layout column of each build column, -1 = not stored. */
  readonly #storedColumns: readonly number[];
  readonly #table: JoinTable;
  readonly #pairs: JoinPairs;
  readonly #spill: HashJoinSpill;
  /** Of a null-aware join whose residual may be NULL: finds the pairs for which it is not false. */
  readonly #possiblePairs: JoinPairs | null;
  readonly #output: Region;
  readonly #batchRegion: Region;
  readonly #listRegion: Region;
  #phase: Phase = "build";
  #batch: Batch | null = null;
  /** Usable keys of the current probe batch; 0 = all. */
  #keyValidity = 0;
  #buildRowCount = 0;
  #buildHasNullKey = false;
  #unhashedRows: { readonly rows: number; readonly count: number } | null = null;
  #allRows: { readonly rows: number; readonly count: number } | null = null;
  /** Numbers of the probe rows without a match that still have to be put out. */
  #open = { positions: 0, count: 0 };
  #buildRowsDone = 0;
  #tableBytes = 0;

  constructor(context: TaskContext, node: PhysicalHashJoin, probe: Operator, build: Operator) {
    this.schema = node.schema;
    this.#context = context;
    this.#node = node;
    this.#probe = probe;
    this.#build = build;
    const stored = storedBuildColumns(node, probe.schema.length, build.schema.length);
    const expressions: Expression[] = stored.map((index) => {
      const { type, nullable } = build.schema[index]!;
      return { kind: "input", index, type, nullable };
    });
    // A key that is a stored column is not stored twice.
    this.#keyColumns = node.keys.map(({ build: key }) => {
      const known = key.kind === "input" ? stored.indexOf(key.index) : -1;
      return known >= 0 ? known : expressions.push(key) - 1;
    });
    this.#storedColumns = build.schema.map((_, index) => stored.indexOf(index));
    this.#probeKeys = context.compiler.projector(
      node.keys.map((key) => key.probe),
      probe.schema,
    );
    this.#buildRows = context.compiler.projector(expressions, build.schema);
    const types = expressions.map(typeOf);
    this.#table = new JoinTable(context, types, tracksBuildRows(node) || (node.nullAware && node.residual !== null));
    const { residual, nullAware } = node;
    const schema = [...probe.schema, ...build.schema];
    const pairsBy = (condition: Expression | null): JoinPairs =>
      new JoinPairs(context, this.#table, this.#keyColumns, condition, schema, this.#storedColumns);
    this.#pairs = pairsBy(residual);
    this.#possiblePairs =
      nullAware && residual !== null && isNullable(residual)
        ? pairsBy({ kind: "call", name: "is_not_false", args: [residual], type: simpleType("bool") })
        : null;
    this.#spill = this.#makeSpill(types);
    this.#output = context.memory.region();
    this.#batchRegion = context.memory.region();
    this.#listRegion = context.memory.region();
  }

  open(): void {
    this.#build.open();
    this.#probe.open();
    this.#probeKeys.open();
    this.#buildRows.open();
    this.#pairs.open();
    this.#possiblePairs?.open();
  }

  next(): Batch | null {
    this.#output.reset();
    for (;;) {
      this.#context.checkCancelled();
      const batch = this.#advance();
      if (batch !== null) return batch;
      if (this.#phase === "end") {
        this.#end();
        return null;
      }
    }
  }

  close(): void {
    this.#end();
    this.#probeKeys.close();
    this.#buildRows.close();
    try {
      this.#probe.close();
    } finally {
      this.#build.close();
    }
  }

  counters(): Readonly<Record<string, number>> {
    const { spilledBytes } = this.#spill;
    return { buildRows: this.#buildRowCount, tableBytes: this.#tableBytes, ...(spilledBytes > 0 && { spilledBytes }) };
  }

  /** Gives all memory back: operators above may need it. Idempotent. */
  #end(): void {
    this.#phase = "end";
    this.#spill.close();
    this.#pairs.close();
    this.#possiblePairs?.close();
    this.#table.free();
    this.#output.free();
    this.#batchRegion.free();
    this.#listRegion.free();
  }

  #makeSpill(buildTypes: readonly DataType[]): HashJoinSpill {
    const sides = spilledSides(this.#node, this.#probe.schema, buildTypes, this.#keyColumns);
    const reserve = reserveBytes(this.#context.memory, this.#node.probe);
    return new HashJoinSpill(this.#context, this.#table, sides, reserve, (vectors, rowCount) =>
      this.#addBuildRows(vectors, rowCount),
    );
  }

  /** One step; null = go on, unless the phase is "end". */
  #advance(): Batch | null {
    switch (this.#phase) {
      case "build":
        this.#readBuildSide();
        if (this.#spill.isActive) this.#readSpilledProbeSide();
        else this.#phase = this.#phaseAfterBuild();
        return null;
      case "spilled":
        this.#loadSpilled();
        return null;
      case "probe":
        return this.#nextProbeBatch();
      case "pairs":
        return this.#nextPairs();
      case "unmatched":
        return this.#nextUnmatched();
      case "build_rows":
        return this.#nextBuildRows();
      case "end":
        return null;
    }
  }

  #readBuildSide(): void {
    const spill = this.#spill;
    for (let batch = this.#build.next(); batch !== null; batch = this.#build.next()) {
      this.#context.checkCancelled();
      this.#buildRowCount += batch.rowCount;
      this.#addBuildRows(this.#buildRows.evaluate(batch), batch.rowCount);
      if (spill.isNeeded()) spill.moveTable();
    }
    this.#batchRegion.reset();
    if (!spill.isActive && this.#tryFinishTable()) this.#listRows();
    else spill.moveTable();
  }

  #addBuildRows(vectors: readonly Vector[], rowCount: number): void {
    this.#batchRegion.reset();
    const keys = this.#keyColumns.map((column) => vectors[column]!);
    const hashes = this.#batchRegion.allocate(rowCount * 8);
    hashColumns(this.#context.kernels, keys, rowCount, hashes);
    const validity = this.#usableKeys(keys, rowCount);
    if (validity !== 0) this.#buildHasNullKey = true;
    this.#table.append(vectors, hashes, rowCount, validity);
    this.#tableBytes = Math.max(this.#tableBytes, this.#table.byteSize);
  }

  /** False when there is no room for the slots. */
  #tryFinishTable(): boolean {
    try {
      this.#table.finish(directKeyOf(this.#node, this.#keyColumns));
      this.#tableBytes = this.#table.byteSize;
      return true;
    } catch (error) {
      if (EngineError.from(error).code === "out_of_memory") return false;
      throw error;
    }
  }

  #listRows(): void {
    const { nullAware, residual } = this.#node;
    if (!nullAware || residual === null) return;
    this.#listRegion.reset();
    this.#unhashedRows = this.#table.listRows(true, this.#listRegion);
    this.#allRows = this.#table.listRows(false, this.#listRegion);
  }

  /** Moves the probe side to disk as well, but for rows that cannot come out. */
  #readSpilledProbeSide(): void {
    this.#phase = "end";
    const { joinType, nullAware, residual } = this.#node;
    if (joinType === "left_anti" && nullAware && residual === null && this.#buildHasNullKey) return;
    const keepsAll = putsOutUnmatchedProbe(this.#node);
    for (let batch = this.#probe.next(); batch !== null; batch = this.#probe.next()) {
      this.#context.checkCancelled();
      this.#batchRegion.reset();
      const keys = this.#probeKeys.evaluate(batch);
      const validity = keepsAll ? 0 : this.#usableKeys(keys, batch.rowCount);
      const { positions, count } = this.#validPositions(validity, batch.rowCount);
      if (count > 0) this.#spill.addProbeRows(batch, keys, positions, count);
    }
    this.#batchRegion.reset();
    this.#spill.finishProbe();
    this.#phase = "spilled";
  }

  #loadSpilled(): void {
    this.#phase = "end";
    if (!this.#spill.load()) return;
    this.#batchRegion.reset();
    this.#listRows();
    this.#buildRowsDone = 0;
    this.#phase = "probe";
  }

  /** What cannot match is not read: without build rows to find, many joins know their result. */
  #phaseAfterBuild(): Phase {
    const { joinType, nullAware, residual } = this.#node;
    if (joinType === "left_anti" && nullAware && residual === null && this.#buildHasNullKey) return "end";
    if (this.#table.hashedCount > 0) return "probe";
    switch (joinType) {
      case "inner":
      case "left_semi":
      case "right_semi":
        return "end";
      case "right":
      case "right_anti":
        return this.#buildRowCount > 0 ? "build_rows" : "end";
      default:
        return "probe";
    }
  }

  #nextProbeBatch(): Batch | null {
    const { kernels } = this.#context;
    this.#batchRegion.reset();
    // Many probe batches may pass before one has a match.
    this.#output.reset();
    const input = this.#spill.isActive ? this.#spill.nextProbe() : this.#nextInput();
    if (input === null) {
      this.#phase = tracksBuildRows(this.#node) ? "build_rows" : this.#phaseAtEnd();
      return null;
    }
    const { batch, keys } = input;
    const hashes = this.#table.isDirect ? 0 : this.#batchRegion.allocate(batch.rowCount * 8);
    if (hashes !== 0) hashColumns(kernels, keys, batch.rowCount, hashes);
    this.#keyValidity = this.#usableKeys(keys, batch.rowCount);
    const { positions, count } = this.#validPositions(this.#keyValidity, batch.rowCount);
    this.#batch = batch;
    const probe: ProbeKeys = { keys, hashes, positions, count };
    this.#pairs.start(batch, keys, hashes, positions, count);
    this.#spill.restoreFlags(this.#pairs.flags, batch.rowCount);
    switch (this.#node.joinType) {
      case "left_semi":
      case "left_anti":
      case "left_mark":
        this.#phase = "probe";
        this.#flagProbeRows(probe);
        if (!this.#spill.completeFlags(this.#pairs.flags, batch.rowCount)) return null;
        return this.#node.joinType === "left_mark"
          ? this.#markedBatch()
          : this.#flaggedRows(this.#node.joinType === "left_semi" ? 1 : 0);
      default:
        this.#phase = "pairs";
        return null;
    }
  }

  #nextInput(): { readonly batch: Batch; readonly keys: readonly Vector[] } | null {
    const batch = this.#probe.next();
    return batch === null ? null : { batch, keys: this.#probeKeys.evaluate(batch) };
  }

  /** What follows when the table is done with. */
  #phaseAtEnd(): Phase {
    return this.#spill.isActive ? "spilled" : "end";
  }

  /** Numbers of the rows that are set in a bitmap; a bitmap and positions of 0 stand for all rows. */
  #validPositions(validity: number, rowCount: number): { readonly positions: number; readonly count: number } {
    if (validity === 0) return { positions: 0, count: rowCount };
    const positions = this.#batchRegion.allocate(rowCount * 4 + 4);
    const count = kernelNamed(this.#context.kernels, "selectValid")(validity, 1, rowCount, positions);
    return { positions, count };
  }

  /**
   * The bitmap of rows whose key can match: no NULL but where NULLs are equal. 0 = all rows can.
   */
  #usableKeys(keys: readonly Vector[], rowCount: number): number {
    let usable = 0;
    this.#node.keys.forEach(({ nullEqual }, index) => {
      const { validity } = keys[index]!;
      if (nullEqual || validity === 0) return;
      if (usable === 0) {
        usable = validity;
        return;
      }
      const both = this.#batchRegion.allocate(bitmapByteSize(rowCount));
      kernelNamed(this.#context.kernels, "andBitmaps")(usable, validity, rowCount, both);
      usable = both;
    });
    if (usable === 0) return 0;
    // A bitmap without a NULL is allowed, and must not count as one.
    const positions = this.#batchRegion.allocate(rowCount * 4 + 4);
    return kernelNamed(this.#context.kernels, "selectValid")(usable, 0, rowCount, positions) === 0 ? 0 : usable;
  }

  // ---- joins that put out pairs

  #nextPairs(): Batch | null {
    const { joinType } = this.#node;
    const { kernels } = this.#context;
    const pairs = this.#pairs;
    const keepsProbeRows = joinType === "left" || joinType === "full" || joinType === "left_single";
    while (pairs.hasMore) {
      this.#context.checkCancelled();
      let count = pairs.expand(false);
      if (count > 0 && tracksBuildRows(this.#node)) this.#table.markMatched(pairs.rows, count);
      if (count > 0 && keepsProbeRows) {
        const again = kernelNamed(kernels, "joinMark")(pairs.positions, count, pairs.flags, 1);
        if (again !== 0 && joinType === "left_single") {
          throw new EngineError(
            "cardinality_violation",
            "more than one row returned by a subquery used as an expression",
          );
        }
      }
      if (joinType === "right_semi" || joinType === "right_anti") continue;
      let mayMiss = false;
      if (keepsProbeRows && !pairs.hasMore) {
        // The rows without a match join the last batch when there is room.
        this.#findUnmatched();
        if (count + this.#open.count <= batchRowCount && this.#open.count > 0) {
          this.#context.memory.u8.copyWithin(
            pairs.positions + count * 4,
            this.#open.positions,
            this.#open.positions + this.#open.count * 4,
          );
          this.#context.memory.u8.fill(0, pairs.rows + count * 4, pairs.rows + (count + this.#open.count) * 4);
          count += this.#open.count;
          this.#open = { positions: 0, count: 0 };
          mayMiss = true;
        }
        this.#phase = this.#open.count > 0 ? "unmatched" : "probe";
      } else if (!pairs.hasMore) {
        this.#phase = "probe";
      }
      if (count > 0) return this.#pairBatch(pairs.positions, pairs.rows, count, mayMiss);
      if (this.#phase !== "pairs") return null;
    }
    if (keepsProbeRows) this.#findUnmatched();
    this.#phase = this.#open.count > 0 ? "unmatched" : "probe";
    return null;
  }

  #findUnmatched(): void {
    const { rowCount } = this.#batch!;
    this.#open = { positions: 0, count: 0 };
    if (!this.#spill.completeFlags(this.#pairs.flags, rowCount)) return;
    const positions = this.#batchRegion.allocate(rowCount * 4 + 4);
    const count = kernelNamed(this.#context.kernels, "selectFlags")(this.#pairs.flags, 0, rowCount, positions);
    this.#open = { positions, count };
  }

  #nextUnmatched(): Batch | null {
    const { positions, count } = this.#open;
    this.#open = { positions: 0, count: 0 };
    this.#phase = "probe";
    if (count === 0) return null;
    const batch = this.#batch!;
    const { vectors, selection } = this.#selectProbe(batch, positions, count);
    // The build columns' NULLs must reach as far as the selection does.
    const reach = selection === 0 ? count : this.#context.memory.u32[selection / 4 + count - 1]! + 1;
    return { rowCount: count, vectors: [...vectors, ...this.#nullVectors(this.#build.schema, reach)], selection };
  }

  #pairBatch(positions: number, rows: number, count: number, mayMiss: boolean): Batch {
    const { kernels } = this.#context;
    const batch = this.#batch!;
    let vectors = batch.vectors;
    const isWhole =
      batch.selection === 0 && count === batch.rowCount && kernelNamed(kernels, "isIdentity")(positions, count) !== 0;
    if (!isWhole) {
      let probeRows = positions;
      if (batch.selection !== 0) {
        probeRows = this.#output.allocate(count * 4);
        kernelNamed(kernels, "gather4")(batch.selection, positions, count, probeRows);
      }
      vectors = vectors.map((vector) => gatherVector(kernels, vector, probeRows, count, this.#output, false));
    }
    const buildVectors = this.#table.store.gather(rows, count, this.#storedColumns, this.#output, mayMiss);
    return { rowCount: count, vectors: [...vectors, ...buildVectors], selection: 0 };
  }

  // ---- joins that put out probe rows once

  /** Flags of the probe batch: 1 = has a match, 2 = unknown because of a NULL, 0 = none. */
  #flagProbeRows(probe: ProbeKeys): void {
    const { kernels } = this.#context;
    const pairs = this.#pairs;
    const { residual, nullAware } = this.#node;
    const { rowCount } = this.#batch!;
    while (pairs.hasMore) {
      this.#context.checkCancelled();
      const count = residual === null ? pairs.step() : pairs.expand(true);
      if (count > 0) kernelNamed(kernels, "joinMark")(pairs.positions, count, pairs.flags, 1);
    }
    if (!nullAware || this.#buildRowCount === 0) return;
    assert(
      this.#node.keys.length === 1 || (this.#keyValidity === 0 && !this.#buildHasNullKey),
      "a null-aware join has one key, or keys that are never NULL",
    );
    if (residual === null) {
      if (this.#buildHasNullKey) kernelNamed(kernels, "joinMarkUnknown")(pairs.flags, rowCount, 0);
      else if (this.#keyValidity !== 0)
        kernelNamed(kernels, "joinMarkUnknown")(pairs.flags, rowCount, this.#keyValidity);
      return;
    }
    const possible = this.#possiblePairs === null ? pairs : this.#flagUnknownPairs(this.#possiblePairs, probe);
    this.#flagUnknown(1, this.#unhashedRows!, possible);
    this.#flagUnknown(0, this.#allRows!, possible);
    // Both lists of flags are of this batch; what follows reads the first.
    this.#context.memory.u8.copyWithin(pairs.flags, possible.flags, possible.flags + rowCount);
  }

  /** Rows with an equal key for which the residual is NULL, and with none for which it is true, are unknown. */
  #flagUnknownPairs(possible: JoinPairs, { keys, hashes, positions, count }: ProbeKeys): JoinPairs {
    const { kernels, memory } = this.#context;
    const { rowCount } = this.#batch!;
    possible.start(this.#batch!, keys, hashes, positions, count);
    memory.u8.copyWithin(possible.flags, this.#pairs.flags, this.#pairs.flags + rowCount);
    while (possible.hasMore) {
      this.#context.checkCancelled();
      const found = possible.expand(true);
      if (found > 0) kernelNamed(kernels, "joinMark")(possible.positions, found, possible.flags, 2);
    }
    return possible;
  }

  /**
   * Under a residual only the build rows for which it is not false count: a row with a key (`keyIsValid` 1) is unknown
   * when one of them has a NULL key, a row without one when there is any.
   */
  #flagUnknown(keyIsValid: 0 | 1, rows: { readonly rows: number; readonly count: number }, possible: JoinPairs): void {
    const { kernels } = this.#context;
    const { rowCount } = this.#batch!;
    const { flags } = possible;
    const positions = this.#batchRegion.allocate(rowCount * 4 + 4);
    const count = kernelNamed(kernels, "joinSelectOpen")(flags, this.#keyValidity, keyIsValid, rowCount, positions);
    if (count === 0 || rows.count === 0) return;
    possible.cross(positions, count, rows, (pairs) => {
      if (pairs > 0) kernelNamed(kernels, "joinMark")(possible.positions, pairs, flags, 2);
    });
  }

  #flaggedRows(wanted: 0 | 1): Batch | null {
    const batch = this.#batch!;
    const positions = this.#output.allocate(batch.rowCount * 4 + 4);
    const count = kernelNamed(this.#context.kernels, "selectFlags")(
      this.#pairs.flags,
      wanted,
      batch.rowCount,
      positions,
    );
    return count === 0 ? null : this.#selectProbe(batch, positions, count);
  }

  #markedBatch(): Batch {
    const { memory, kernels } = this.#context;
    const batch = this.#batch!;
    const reach = batch.selection === 0 ? batch.rowCount : memory.u32[batch.selection / 4 + batch.rowCount - 1]! + 1;
    const data = this.#output.allocateZeroed(reach);
    const validity = this.#output.allocate(bitmapByteSize(reach));
    memory.u8.fill(0xff, validity, validity + bitmapByteSize(reach));
    const nulls = kernelNamed(kernels, "joinWriteMarks")(
      this.#pairs.flags,
      batch.selection,
      batch.rowCount,
      data,
      validity,
    );
    const mark: Vector = { type: simpleType("bool"), data, validity: nulls === 0 ? 0 : validity };
    return { ...batch, vectors: [...batch.vectors, mark] };
  }

  /** The probe rows at these positions, which ascend, under a selection. */
  #selectProbe(batch: Batch, positions: number, count: number): Batch {
    if (count === batch.rowCount) return batch;
    if (batch.selection === 0) return { rowCount: count, vectors: batch.vectors, selection: positions };
    const selection = this.#output.allocate(count * 4);
    kernelNamed(this.#context.kernels, "gather4")(batch.selection, positions, count, selection);
    return { rowCount: count, vectors: batch.vectors, selection };
  }

  // ---- build rows after the last probe batch

  #nextBuildRows(): Batch | null {
    const { joinType } = this.#node;
    const { store } = this.#table;
    const count = Math.min(batchRowCount, store.rowCount - this.#buildRowsDone);
    if (count <= 0) {
      this.#phase = this.#phaseAtEnd();
      return null;
    }
    this.#output.reset();
    const rows = this.#output.allocate(count * 4 + 4);
    store.addresses(this.#buildRowsDone, count, rows);
    this.#buildRowsDone += count;
    const kept = this.#table.selectMatched(rows, count, joinType === "right_semi");
    if (kept === 0) return null;
    const buildVectors = store.gather(rows, kept, this.#storedColumns, this.#output);
    const onlyBuild = joinType === "right_semi" || joinType === "right_anti";
    const vectors = onlyBuild ? buildVectors : [...this.#nullVectors(this.#probe.schema, kept), ...buildVectors];
    return { rowCount: kept, vectors, selection: 0 };
  }

  #nullVectors(schema: Schema, rowCount: number): Vector[] {
    const validity = this.#output.allocateZeroed(bitmapByteSize(rowCount));
    // One run of zeros serves all columns.
    const widest = schema.reduce((width, field) => Math.max(width, byteWidthOf(field.type)), 1);
    const data = this.#output.allocateZeroed(rowCount * widest);
    return schema.map(({ type }) => ({ type, data, validity }));
  }
}
