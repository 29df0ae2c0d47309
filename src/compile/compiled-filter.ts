import type { Schema } from "../arrow/schema.ts";
import { must } from "../common/assert.ts";
import type { Expression } from "../expr/expression.ts";
import type { Batch } from "../kernel/batch.ts";
import type { Kernels } from "../kernel/load-kernels.ts";
import type { Region, SlotMemory } from "../kernel/slot-memory.ts";
import type { FilterProgram } from "./projector.ts";
import { Program } from "./program.ts";

export class CompiledFilter implements FilterProgram {
  readonly #memory: SlotMemory;
  readonly #program: Program;
  #region: Region | null = null;
  #selection = 0;
  #capacity = 0;

  constructor(memory: SlotMemory, kernels: Kernels, predicate: Expression, input: Schema) {
    this.#memory = memory;
    this.#program = new Program(memory, kernels, "filter", [predicate], input);
  }

  open(): void {
    this.#region ??= this.#memory.region();
    this.#program.open();
  }

  select(batch: Batch): Batch | null {
    const region = must(this.#region, "the filter is not open");
    if (batch.rowCount > this.#capacity) {
      region.reset();
      this.#capacity = batch.rowCount;
      // The loop writes a row's number before it knows whether the row stays: one entry more.
      this.#selection = region.allocate((batch.rowCount + 1) * 4);
    }
    const loaded = this.#program.prepare(batch);
    this.#program.setOutput(loaded, 1, 0, this.#selection, 0);
    const rowCount = this.#program.run(loaded, batch);
    if (rowCount === 0) return null;
    // All rows stay: the batch as it is, so that what follows still runs without a selection.
    if (rowCount === batch.rowCount) return batch;
    return { rowCount, vectors: batch.vectors, selection: this.#selection };
  }

  close(): void {
    this.#program.close();
    this.#region?.free();
    this.#region = null;
    this.#selection = this.#capacity = 0;
  }
}
