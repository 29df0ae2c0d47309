import { byteWidthOf, simpleType } from "../arrow/data-type.ts";
import type { DataType } from "../arrow/data-type.ts";
import { EngineError } from "../common/engine-error.ts";
import type { Vector } from "../kernel/batch.ts";
import { batchRowCount } from "../kernel/batch.ts";
import { bitmapByteSize, gatherVector } from "../kernel/gather.ts";
import { hashColumns } from "../kernel/hash.ts";
import { kernelNamed } from "../kernel/load-kernels.ts";
import type { Region } from "../kernel/slot-memory.ts";
import type { AccumulatorSpec, AggregatePlan, OutputRecipe } from "./aggregate-plan.ts";
import { GeneralStates } from "./general-states.ts";
import { FewGroups } from "./few-groups.ts";
import { GroupTable } from "./group-table.ts";
import type { TaskContext } from "./operator.ts";

/** Rows of the main table that a batch's rows belong to, and those among them that are new. */
type RowLists = {
  readonly rows: number;
  readonly created: number;
  readonly createdCount: number;
  /** Whether the few groups know the batch's rows. */
  readonly areFew: boolean;
};

/**
 * The groups of an aggregation so far, each with its accumulators; and for DISTINCT the sets of (group, argument) that were seen, which
 * `finishDistinct` turns into accumulators. Vectors given are dense.
 */
export class AggregationState {
  readonly groups: GroupTable;
  readonly sets: readonly GroupTable[];
  readonly #context: TaskContext;
  readonly #plan: AggregatePlan;
  readonly #few: FewGroups;
  readonly #scratch: Region;
  readonly #perBatch: Region;
  readonly #general: GeneralStates;
  /** The one row of an aggregation without groups; 0 = there are groups. */
  #single = 0;
  /** Per accumulator: whether a row may hold a NULL. */
  #mayBeNull: boolean[] = [];
  #rowCapacity = 0;
  #hashes = 0;
  #rows = 0;

  constructor(context: TaskContext, plan: AggregatePlan) {
    const { memory, kernels } = context;
    this.#context = context;
    this.#plan = plan;
    this.groups = new GroupTable(memory, kernels, plan.groupTypes, plan.stateTypes);
    this.#few = new FewGroups(memory, kernels, plan.groupTypes, this.groups.store.layout);
    this.sets = plan.distinctTypes.map((type) => new GroupTable(memory, kernels, [...plan.groupTypes, type], []));
    this.#scratch = memory.region();
    this.#perBatch = memory.region();
    this.#general = new GeneralStates(memory, plan.accumulators, this.groups.store.layout);
  }

  /** Begins an empty aggregation: without groups it has its one row already. */
  start(): void {
    this.groups.clear();
    this.#few.clear();
    this.#general.clear();
    this.sets.forEach((set) => set.clear());
    this.#prepare(batchRowCount);
    this.#mayBeNull = this.#plan.accumulators.map(() => false);
    this.#single = 0;
    if (this.#plan.groupTypes.length > 0) return;
    this.groups.store.reserve(1, this.#rows);
    this.#single = this.#context.memory.u32[this.#rows / 4]!;
    this.#plan.accumulators.forEach((accumulator, index) => {
      if (!accumulator.startsNull) return;
      this.#expectNulls(index);
      this.#startNull(accumulator, this.#rows, 1);
    });
  }

  get byteSize(): number {
    return this.sets.reduce((sum, set) => sum + set.byteSize, this.groups.byteSize + this.#general.byteSize);
  }

  /** Aggregates raw rows: the plan's expressions, evaluated. */
  consume(vectors: readonly Vector[], rowCount: number): void {
    this.#prepare(rowCount);
    this.#perBatch.reset();
    const groupVectors = vectors.slice(0, this.#plan.groupTypes.length);
    const lists = this.#find(groupVectors, rowCount);
    const filtered = new Map<number, { readonly positions: number; readonly count: number; readonly rows: number }>();
    const selected = (
      filter: number,
    ): { readonly positions: number; readonly count: number; readonly rows: number } => {
      let selection = filtered.get(filter);
      if (selection === undefined)
        filtered.set(filter, (selection = this.#select(vectors[filter]!, rowCount, lists.rows)));
      return selection;
    };
    this.#plan.accumulators.forEach((accumulator, index) => {
      const { argument, filter } = accumulator;
      if (accumulator.general !== null) {
        this.#general.update(accumulator, vectors, rowCount, lists.rows, this.#single);
        return;
      }
      const vector = argument === null ? null : vectors[argument]!;
      const maySkip = filter !== null || accumulator.distinctSet !== null || (vector?.validity ?? 0) !== 0;
      this.#initialise(accumulator, index, lists, maySkip);
      if (accumulator.distinctSet !== null) return;
      if (filter === null) {
        if (lists.areFew && this.#updateFew(accumulator, index, vector, rowCount)) return;
        this.#update(accumulator, index, vector, lists.rows, rowCount);
        return;
      }
      const { positions, count, rows } = selected(filter);
      if (count === 0) return;
      const kept =
        vector === null ? null : gatherVector(this.#context.kernels, vector, positions, count, this.#perBatch, false);
      this.#update(accumulator, index, kept, rows, count);
    });
    this.#plan.distinctSets.forEach(({ argument, filter }, index) => {
      const keys = [...groupVectors, vectors[argument]!];
      if (filter === null) {
        this.insertDistinct(index, keys, rowCount);
        return;
      }
      const { positions, count } = selected(filter);
      if (count === 0) return;
      const { kernels } = this.#context;
      this.insertDistinct(
        index,
        keys.map((key) => gatherVector(kernels, key, positions, count, this.#perBatch, false)),
        count,
      );
    });
  }

  /** Merges rows of groups and states, in the order of the row layout. */
  merge(vectors: readonly Vector[], rowCount: number): void {
    this.#prepare(rowCount);
    this.#perBatch.reset();
    const lists = this.#find(vectors.slice(0, this.#plan.groupTypes.length), rowCount);
    this.#plan.accumulators.forEach((accumulator, index) => {
      const states = accumulator.columns.map((column) => vectors[column]!);
      if (accumulator.general !== null) {
        this.#general.merge(accumulator, states[0]!, rowCount, lists.rows, this.#single);
        return;
      }
      this.#initialise(accumulator, index, lists, states[0]!.validity !== 0);
      this.#merge(accumulator, index, states, lists.rows, rowCount);
    });
  }

  /** Adds rows of (group, argument) to a distinct set. */
  insertDistinct(set: number, keys: readonly Vector[], rowCount: number): void {
    this.#prepare(rowCount);
    hashColumns(this.#context.kernels, keys, rowCount, this.#hashes);
    // The rows found are of no interest; their list overwrites the batch's, which is not needed any more.
    this.sets[set]!.findOrCreate(keys, this.#hashes, rowCount, this.#rows);
  }

  /** Feeds the sets to the accumulators of the DISTINCT calls, and empties them. */
  finishDistinct(): void {
    const groupCount = this.#plan.groupTypes.length;
    const columns = Array.from({ length: groupCount + 1 }, (_, index) => index);
    this.sets.forEach((set, setIndex) => {
      const lists = this.#context.memory.region();
      try {
        const addresses = lists.allocate(batchRowCount * 4);
        for (const { rows, count } of set.store.scan(batchRowCount, addresses)) {
          this.#context.checkCancelled();
          this.#perBatch.reset();
          const vectors = set.store.gather(rows, count, columns, this.#perBatch);
          const found = this.#find(vectors.slice(0, groupCount), count);
          this.#plan.accumulators.forEach((accumulator, index) => {
            if (accumulator.distinctSet !== setIndex) return;
            this.#update(accumulator, index, vectors[groupCount]!, found.rows, count);
          });
        }
      } finally {
        lists.free();
      }
      set.clear();
    });
  }

  /** The columns of these rows, groups and then states, as `merge` takes them: none points into JavaScript. */
  portable(vectors: readonly Vector[], rows: number, count: number, region: Region): Vector[] {
    return this.#general.portable(vectors, rows, count, region);
  }

  /** The output columns of these rows; strings stay in the state's memory. */
  output(rows: number, count: number, region: Region): Vector[] {
    const { groupTypes, outputs } = this.#plan;
    const groupVectors = this.groups.store.gather(
      rows,
      count,
      groupTypes.map((_, index) => index),
      region,
    );
    return [...groupVectors, ...outputs.map((recipe) => this.#finish(recipe, rows, count, region))];
  }

  /** Gives all memory back. Idempotent. */
  free(): void {
    this.groups.free();
    this.#few.free();
    this.#general.clear();
    this.sets.forEach((set) => set.free());
    this.#scratch.free();
    this.#perBatch.free();
    this.#rowCapacity = 0;
  }

  #prepare(rowCount: number): void {
    if (rowCount <= this.#rowCapacity) return;
    this.#scratch.reset();
    this.#rowCapacity = Math.max(rowCount, batchRowCount);
    this.#hashes = this.#scratch.allocate(this.#rowCapacity * 8);
    this.#rows = this.#scratch.allocate(this.#rowCapacity * 4);
  }

  #find(keys: readonly Vector[], rowCount: number): RowLists {
    if (this.#single !== 0) return { rows: 0, created: 0, createdCount: 0, areFew: false };
    if (this.#few.recall(keys, rowCount, this.#rows))
      return { rows: this.#rows, created: 0, createdCount: 0, areFew: true };
    hashColumns(this.#context.kernels, keys, rowCount, this.#hashes);
    const { rows, count } = this.groups.findOrCreate(keys, this.#hashes, rowCount, this.#rows);
    this.#few.remember(keys, rowCount, this.#rows, this.groups.store.rowCount);
    return { rows: this.#rows, created: rows, createdCount: count, areFew: false };
  }

  #select(filter: Vector, rowCount: number, rows: number): { positions: number; count: number; rows: number } {
    const { kernels } = this.#context;
    const positions = this.#perBatch.allocate(rowCount * 4 + 4);
    const count = kernelNamed(kernels, "selectTrue")(filter.data, filter.validity, rowCount, positions);
    if (rows === 0) return { positions, count, rows: 0 };
    const kept = this.#perBatch.allocate(count * 4);
    kernelNamed(kernels, "gather4")(rows, positions, count, kept);
    return { positions, count, rows: kept };
  }

  /**
   * A new group's accumulator is NULL when its first rows may bring no value. As long as no row of any batch could be without one,
   * sums need no flags at all.
   */
  #initialise(accumulator: AccumulatorSpec, index: number, lists: RowLists, maySkip: boolean): void {
    if (!accumulator.startsNull) return;
    if (maySkip) this.#expectNulls(index);
    if (maySkip || accumulator.kind !== "sum") this.#startNull(accumulator, lists.created, lists.createdCount);
  }

  #expectNulls(index: number): void {
    if (this.#mayBeNull[index]) return;
    this.#mayBeNull[index] = true;
    this.groups.store.declareNulls(this.#plan.accumulators[index]!.columns[0]!);
  }

  #startNull(accumulator: AccumulatorSpec, rows: number, count: number): void {
    if (count === 0) return;
    const { nullOffset, nullMask } = this.groups.store.layout.columns[accumulator.columns[0]!]!;
    kernelNamed(this.#context.kernels, "setRowNulls")(rows, count, nullOffset, nullMask);
  }

  #update(accumulator: AccumulatorSpec, index: number, vector: Vector | null, rows: number, count: number): void {
    const { kernels } = this.#context;
    const columns = accumulator.columns.map((column) => this.groups.store.layout.columns[column]!);
    const [first] = columns;
    if (accumulator.kind === "count") {
      kernelNamed(kernels, "updateCount")(vector?.validity ?? 0, rows, this.#single, count, first!.offset);
      return;
    }
    const { data, validity } = vector!;
    if (accumulator.kind === "moments") {
      const [seen, mean, squares] = columns.map((column) => column.offset) as [number, number, number];
      kernelNamed(kernels, "updateMoments")(data, validity, rows, this.#single, count, seen, mean, squares);
      return;
    }
    this.#add(accumulator, index, accumulator.updateKernel, vector!, rows, count);
  }

  /** The short way for counts and sums while there are few groups; false = nothing done. */
  #updateFew(accumulator: AccumulatorSpec, index: number, vector: Vector | null, count: number): boolean {
    if (vector !== null && vector.validity !== 0) return false;
    const column = this.groups.store.layout.columns[accumulator.columns[0]!]!;
    if (accumulator.kind === "count") {
      this.#few.addCounts(count, column);
      return true;
    }
    const isWide = accumulator.updateKernel === "sum128_signed8";
    if (!isWide && accumulator.updateKernel !== "sum64_int64") return false;
    const mask = this.#mayBeNull[index] ? column.nullMask : 0;
    const overflow = this.#few.addSums(vector!.data, count, isWide, column, mask);
    if (overflow === 1) throw outOfRange(accumulator.label, accumulator.types[0]!);
    return overflow !== null;
  }

  #merge(accumulator: AccumulatorSpec, index: number, states: readonly Vector[], rows: number, count: number): void {
    if (accumulator.kind !== "moments") {
      this.#add(accumulator, index, accumulator.mergeKernel, states[0]!, rows, count);
      return;
    }
    const [counts, means, squares] = states.map((state) => state.data) as [number, number, number];
    const [c, m, s] = accumulator.columns.map((column) => this.groups.store.layout.columns[column]!.offset) as [
      number,
      number,
      number,
    ];
    kernelNamed(this.#context.kernels, "mergeMoments")(counts, means, squares, rows, this.#single, count, c, m, s);
  }

  #add(accumulator: AccumulatorSpec, index: number, kernel: string, vector: Vector, rows: number, count: number): void {
    const { kernels } = this.#context;
    const { offset, nullOffset, nullMask } = this.groups.store.layout.columns[accumulator.columns[0]!]!;
    const { data, validity } = vector;
    const run = kernelNamed(kernels, kernel);
    if (accumulator.kind === "pick") {
      run(accumulator.pickOperation, data, validity, rows, this.#single, count, offset, nullOffset, nullMask);
    } else if (accumulator.kind === "pick_string") {
      const pending = this.#perBatch.allocate(count * 4 + 4);
      const waiting = run(
        accumulator.pickOperation,
        data,
        validity,
        rows,
        this.#single,
        count,
        offset,
        nullOffset,
        nullMask,
        pending,
      );
      if (waiting === 0) return;
      const heap = this.groups.store.heap.allocate(
        kernelNamed(kernels, "pickedStringBytes")(pending, waiting, offset) >>> 0,
      );
      kernelNamed(kernels, "movePickedStrings")(pending, waiting, offset, heap);
    } else {
      const mask = this.#mayBeNull[index] ? nullMask : 0;
      const overflow = run(data, validity, rows, this.#single, count, offset, nullOffset, mask);
      if (overflow !== 0) throw outOfRange(accumulator.label, accumulator.types[0]!);
    }
  }

  #finish(recipe: OutputRecipe, rows: number, count: number, region: Region): Vector {
    const { kernels } = this.#context;
    const { store } = this.groups;
    switch (recipe.kind) {
      case "general":
        return this.#general.output(recipe, rows, count, region);
      case "column": {
        const [vector] = store.gather(rows, count, [recipe.column], region) as [Vector];
        if (recipe.limitDigits && kernelNamed(kernels, "anyAbove38Digits")(vector.data, vector.validity, count) !== 0) {
          throw outOfRange(recipe.label, vector.type);
        }
        return vector;
      }
      case "average": {
        const [sum, counts] = store.gather(rows, count, [recipe.sum, recipe.count], region) as [Vector, Vector];
        return this.#average(recipe, sum, counts, count, region);
      }
      case "variance": {
        const [counts, squares] = store.gather(rows, count, [recipe.count, recipe.squares], region) as [Vector, Vector];
        const data = region.allocate(count * 8);
        const validity = region.allocate(bitmapByteSize(count));
        this.#context.memory.u8.fill(0xff, validity, validity + bitmapByteSize(count));
        const nulls = kernelNamed(kernels, "finishVariance")(
          counts.data,
          squares.data,
          count,
          recipe.sample ? 1 : 0,
          recipe.root ? 1 : 0,
          data,
          validity,
        );
        return { type: simpleType("float64"), data, validity: nulls === 0 ? 0 : validity };
      }
    }
  }

  #average(
    recipe: OutputRecipe & { kind: "average" },
    sum: Vector,
    counts: Vector,
    count: number,
    region: Region,
  ): Vector {
    const { kernels } = this.#context;
    const { type } = recipe;
    if (type.kind !== "decimal") {
      const data = region.allocate(count * 8);
      kernelNamed(kernels, "finishAverageFloat")(sum.data, counts.data, count, data);
      return { type, data, validity: sum.validity };
    }
    const wide = region.allocate(count * 16);
    const isWide = byteWidthOf(recipe.sumType) === 16 ? 1 : 0;
    const overflow = kernelNamed(kernels, "finishAverage")(sum.data, isWide, counts.data, count, recipe.factor, wide);
    if (overflow !== 0) throw outOfRange(recipe.label, type);
    if (type.bits === 128) return { type, data: wide, validity: sum.validity };
    const data = region.allocate(count * 8);
    kernelNamed(kernels, "narrowTo64")(wide, count, data);
    return { type, data, validity: sum.validity };
  }
}

function outOfRange(label: string, type: DataType): EngineError {
  const what = type.kind === "decimal" ? "38 digits" : "bigint";
  return new EngineError("numeric_value_out_of_range", `${label} is out of range for ${what}`);
}
