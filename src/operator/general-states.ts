import type { Value } from "../arrow/value.ts";
import { must } from "../common/assert.ts";
import { EngineError } from "../common/engine-error.ts";
import type { GeneralAggregate } from "../expr/general/general-aggregate.ts";
import type { Vector } from "../kernel/batch.ts";
import type { RowLayout } from "../kernel/row-layout.ts";
import type { Region, SlotMemory } from "../kernel/slot-memory.ts";
import { readValue, writeVector } from "../kernel/vector-values.ts";
import type { AccumulatorSpec, OutputRecipe } from "./aggregate-plan.ts";

/** What the states of a task may hold at most; beyond, groups go to disk or, without groups, the query ends. */
const heapBytesMax = 2 ** 30;

/**
 * The states of an aggregation that live in JavaScript: a group's row holds the number of its state, 0 for none yet, in the first
 * bytes of the accumulator's column, which outside of this aggregation is a binary value.
 */
export class GeneralStates {
  readonly #memory: SlotMemory;
  readonly #accumulators: readonly AccumulatorSpec[];
  readonly #layout: RowLayout;
  #states: GeneralAggregate[] = [];
  #heapBytes = 0;

  constructor(memory: SlotMemory, accumulators: readonly AccumulatorSpec[], layout: RowLayout) {
    this.#memory = memory;
    this.#accumulators = accumulators;
    this.#layout = layout;
  }

  get byteSize(): number {
    return this.#heapBytes;
  }

  clear(): void {
    this.#states = [];
    this.#heapBytes = 0;
  }

  /** Adds rows to the states of their groups: `rows` are u32 addresses, or 0 when all belong to the row `single`. */
  update(
    accumulator: AccumulatorSpec,
    vectors: readonly Vector[],
    rowCount: number,
    rows: number,
    single: number,
  ): void {
    const { filter } = accumulator;
    const { arguments: sources } = must(accumulator.general, "a general aggregate");
    const filterVector = filter === null ? null : vectors[filter]!;
    for (let row = 0; row < rowCount; row++) {
      if (filterVector !== null && readValue(this.#memory, filterVector, row) !== true) continue;
      const args = sources.map((source): Value =>
        "input" in source ? readValue(this.#memory, vectors[source.input]!, row) : source.constant,
      );
      this.#heapBytes += this.#stateOf(accumulator, this.#rowAt(rows, row, single)).add(args);
    }
    this.#checkSize(single);
  }

  merge(accumulator: AccumulatorSpec, states: Vector, rowCount: number, rows: number, single: number): void {
    for (let row = 0; row < rowCount; row++) {
      const bytes = readValue(this.#memory, states, row) as Uint8Array | null;
      if (bytes === null || bytes.length === 0) continue;
      this.#heapBytes += this.#stateOf(accumulator, this.#rowAt(rows, row, single)).merge(bytes);
    }
    this.#checkSize(single);
  }

  /** The rows' vectors with states in place of their numbers. */
  portable(vectors: readonly Vector[], rows: number, count: number, region: Region): Vector[] {
    const result = [...vectors];
    for (const accumulator of this.#accumulators) {
      if (accumulator.general === null) continue;
      const column = accumulator.columns[0]!;
      const { type } = this.#layout.columns[column]!;
      const states = Array.from({ length: count }, (_, row) =>
        this.#stateOf(accumulator, this.#rowAt(rows, row, 0)).state(),
      );
      result[column] = writeVector(this.#memory, region, type, states);
    }
    return result;
  }

  output(recipe: OutputRecipe & { kind: "general" }, rows: number, count: number, region: Region): Vector {
    const accumulator = this.#accumulators[recipe.accumulator]!;
    const values = Array.from({ length: count }, (_, row): Value => {
      const state = this.#stateOf(accumulator, this.#rowAt(rows, row, 0));
      return recipe.isState ? state.state() : state.result();
    });
    return writeVector(this.#memory, region, recipe.type, values);
  }

  #rowAt(rows: number, index: number, single: number): number {
    return rows === 0 ? single : this.#memory.u32[rows / 4 + index]!;
  }

  #stateOf({ general, columns }: AccumulatorSpec, row: number): GeneralAggregate {
    const at = (row + this.#layout.columns[columns[0]!]!.offset) / 4;
    const known = this.#memory.u32[at]!;
    if (known > 0) return this.#states[known - 1]!;
    const state = must(general, "a general aggregate").make();
    this.#memory.u32[at] = this.#states.push(state);
    this.#heapBytes += 64;
    return state;
  }

  #checkSize(single: number): void {
    if (single === 0 || this.#heapBytes <= heapBytesMax) return;
    throw new EngineError(
      "out_of_memory",
      "an aggregate that keeps its rows, over rows without groups, takes more than 1 GiB",
    );
  }
}
