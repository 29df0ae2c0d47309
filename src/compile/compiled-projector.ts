import { byteWidthOf } from "../arrow/data-type.ts";
import type { Schema } from "../arrow/schema.ts";
import { must } from "../common/assert.ts";
import { typeOf } from "../expr/expression-properties.ts";
import type { Expression } from "../expr/expression.ts";
import { type Batch, batchRowCount, type Vector } from "../kernel/batch.ts";
import type { Kernels } from "../kernel/load-kernels.ts";
import type { Region, SlotMemory } from "../kernel/slot-memory.ts";
import type { Projector } from "./projector.ts";
import { Program } from "./program.ts";

/** A program for the outputs at some positions of the projector, and the memory that it writes. */
type Part = { readonly program: Program; readonly positions: readonly number[] };

export class CompiledProjector implements Projector {
  readonly #memory: SlotMemory;
  readonly #kernels: Kernels;
  readonly #input: Schema;
  readonly #expressions: readonly Expression[];
  /** Outputs to compute when the batch has no selection (bare inputs are not), and when it has one. */
  #dense: Part | null = null;
  #selected: Part | null = null;
  #region: Region | null = null;
  #capacity = 0;
  #targets: { readonly data: number; readonly validity: number }[] = [];

  constructor(memory: SlotMemory, kernels: Kernels, expressions: readonly Expression[], input: Schema) {
    this.#memory = memory;
    this.#kernels = kernels;
    this.#expressions = expressions;
    this.#input = input;
  }

  open(): void {
    this.#region ??= this.#memory.region();
  }

  evaluate(batch: Batch): readonly Vector[] {
    const part = batch.selection === 0 ? (this.#dense ??= this.#part(false)) : (this.#selected ??= this.#part(true));
    const vectors = this.#expressions.map((expression) =>
      expression.kind === "input" ? batch.vectors[expression.index] : undefined,
    );
    if (part.positions.length === 0) return vectors.map((vector) => must(vector, "every output is an input"));
    this.#reserve(batch.rowCount);
    const { program, positions } = part;
    const loaded = program.prepare(batch);
    positions.forEach((position, index) => {
      const { data, validity } = this.#targets[position]!;
      program.setOutput(loaded, positions.length, index, data, validity);
      if (loaded.variant.outputMayBeNull[index] === true)
        this.#memory.u8.fill(0xff, validity, validity + bitmapBytes(batch.rowCount));
    });
    program.run(loaded, batch);
    positions.forEach((position, index) => {
      const { data, validity } = this.#targets[position]!;
      const type = typeOf(this.#expressions[position]!);
      vectors[position] = { type, data, validity: program.hadNull(loaded, positions.length, index) ? validity : 0 };
    });
    return vectors.map((vector) => must(vector, "an output was not computed"));
  }

  close(): void {
    this.#dense?.program.close();
    this.#selected?.program.close();
    this.#dense = this.#selected = null;
    this.#region?.free();
    this.#region = null;
    this.#capacity = 0;
    this.#targets = [];
  }

  #part(hasSelection: boolean): Part {
    const positions = [...this.#expressions.keys()].filter(
      (position) => hasSelection || this.#expressions[position]!.kind !== "input",
    );
    const outputs = positions.map((position) => this.#expressions[position]!);
    const program = new Program(this.#memory, this.#kernels, "project", outputs, this.#input);
    program.open();
    return { program, positions };
  }

  /** Room for so many rows of every output. */
  #reserve(rowCount: number): void {
    const region = must(this.#region, "the projector is not open");
    if (rowCount <= this.#capacity) return;
    this.#capacity =
      rowCount <= batchRowCount ? roundUpToPowerOfTwo(rowCount) : Math.ceil(rowCount / batchRowCount) * batchRowCount;
    region.reset();
    this.#targets = this.#expressions.map((expression) => ({
      data: region.allocate(this.#capacity * byteWidthOf(typeOf(expression))),
      validity: region.allocate(bitmapBytes(this.#capacity)),
    }));
  }
}

function bitmapBytes(rowCount: number): number {
  return Math.ceil(rowCount / 64) * 8;
}

function roundUpToPowerOfTwo(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(count, 64)));
}
