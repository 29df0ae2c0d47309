import type { Schema } from "../arrow/schema.ts";
import type { Value } from "../arrow/value.ts";
import { assert, must } from "../common/assert.ts";
import { EngineError } from "../common/engine-error.ts";
import { castValue } from "../expr/cast-value.ts";
import { spanOf } from "../expr/coerce.ts";
import { childrenOf, formatExpression, inputIndexes, mapExpression, typeOf } from "../expr/expression-properties.ts";
import type { Expression } from "../expr/expression.ts";
import { callStrict } from "../expr/interpreter/evaluate.ts";
import { floatFunctions } from "../expr/interpreter/numeric-functions.ts";
import type { Batch } from "../kernel/batch.ts";
import type { Kernels } from "../kernel/load-kernels.ts";
import type { Region, SlotMemory } from "../kernel/slot-memory.ts";
import { frameLayout, heapEndOffset, heapNeededOffset, heapNextOffset } from "./frame.ts";
import { readValueAt } from "../kernel/vector-values.ts";
import { writeValue } from "./value-memory.ts";
import { structureKey, type Variant, variantOf } from "./variant.ts";

const heapChunkBytesMin = 1 << 16;
/** Longest text of an operation in an error. */
const operationLengthMax = 120;

type Loaded = {
  readonly variant: Variant;
  readonly frame: number;
  readonly run: (frame: number, count: number, selection: number) => number;
};

/** The compiled code of some outputs over one slot's memory: variants made as batches ask for them, and a heap for strings. */
export class Program {
  readonly memory: SlotMemory;
  readonly usedInputs: readonly number[];
  readonly #kind: "project" | "filter";
  readonly #outputs: readonly Expression[];
  readonly #kernels: Kernels;
  readonly #input: Schema;
  readonly #structure: string;
  readonly #loaded = new Map<string, Loaded>();
  #frames: Region | null = null;
  #heap: Region | null = null;
  #heapStart = 0;
  #heapEnd = 0;
  #heapChunks = 0;
  #running: Loaded | null = null;

  constructor(
    memory: SlotMemory,
    kernels: Kernels,
    kind: "project" | "filter",
    outputs: readonly Expression[],
    input: Schema,
  ) {
    this.memory = memory;
    this.#kernels = kernels;
    this.#kind = kind;
    this.#outputs = outputs;
    this.#input = input;
    this.usedInputs = [...new Set(outputs.flatMap((output) => [...inputIndexes(output)]))].toSorted(
      (left, right) => left - right,
    );
    this.#structure = outputs.map(structureKey).join(";");
  }

  open(): void {
    this.#frames ??= this.memory.region();
    this.#heap ??= this.memory.region();
  }

  close(): void {
    this.#frames?.free();
    this.#heap?.free();
    this.#frames = this.#heap = null;
    this.#heapStart = this.#heapEnd = this.#heapChunks = 0;
    this.#loaded.clear();
  }

  /** The variant for a batch with its frame in place: what `run` will execute. */
  prepare(batch: Batch): Loaded {
    const nullable = this.usedInputs.filter(
      (input) => must(batch.vectors[input], "the batch lacks a column").validity !== 0,
    );
    const hasSelection = batch.selection !== 0;
    const key = `${nullable.join(",")}${hasSelection ? "s" : ""}`;
    let loaded = this.#loaded.get(key);
    if (loaded === undefined) {
      const { usedInputs } = this;
      const request = {
        kind: this.#kind,
        outputs: this.#outputs,
        usedInputs,
        nullableInputs: new Set(nullable),
        hasSelection,
      };
      this.#loaded.set(key, (loaded = this.#load(variantOf(request, this.#structure))));
    }
    const inputs = (loaded.frame + frameLayout(this.usedInputs.length, 0).inputs) >>> 2;
    this.usedInputs.forEach((input, position) => {
      const { data, validity } = batch.vectors[input]!;
      this.memory.u32[inputs + position * 2] = data;
      this.memory.u32[inputs + position * 2 + 1] = validity;
    });
    return loaded;
  }

  /** Sets an output's addresses in the prepared frame. */
  setOutput(loaded: Loaded, outputCount: number, index: number, data: number, validity: number): void {
    const at = (loaded.frame + frameLayout(this.usedInputs.length, outputCount).outputs + index * 16) >>> 2;
    this.memory.u32[at] = data;
    this.memory.u32[at + 1] = validity;
  }

  /** Whether the last run put a NULL into an output. */
  hadNull(loaded: Loaded, outputCount: number, index: number): boolean {
    return (
      this.memory.u32[
        (loaded.frame + frameLayout(this.usedInputs.length, outputCount).outputs + index * 16 + 8) >>> 2
      ] !== 0
    );
  }

  /** Runs the loop; strings of the run before are gone. Gives the number of rows kept (filter) or 0. */
  run(loaded: Loaded, batch: Batch): number {
    this.#resetHeap(loaded);
    this.#running = loaded;
    const result = loaded.run(loaded.frame, batch.rowCount, batch.selection);
    if (result < 0) throw this.#errorOf(loaded, -1 - result);
    return result;
  }

  #load(variant: Variant): Loaded {
    const frames = must(this.#frames, "the program is not open");
    const frame = frames.allocateZeroed(variant.constants.byteSize);
    variant.constants.fill(this.memory, frame, (byteSize) => frames.allocate(byteSize));
    const host: Record<string, (...args: never[]) => number | void> = {
      fallback: (site: number) => this.#fallback(site),
      growHeap: () => this.#growHeap(),
    };
    for (const { module, name } of variant.imports) {
      if (module === "host" && floatFunctions.has(name)) host[name] = floatFunctions.get(name)!;
    }
    const instance = new WebAssembly.Instance(variant.module, {
      env: { memory: this.memory.memory },
      kernel: this.#kernels,
      host,
    });
    return { variant, frame, run: instance.exports["run"] as Loaded["run"] };
  }

  /** After a batch that needed several chunks, the next one gets a single chunk of their size. */
  #resetHeap(loaded: Loaded): void {
    const heap = must(this.#heap, "the program is not open");
    if (this.#heapChunks > 1) {
      const byteSize = heap.byteSize;
      heap.reset();
      this.#heapStart = heap.allocate(byteSize);
      this.#heapEnd = this.#heapStart + byteSize;
      this.#heapChunks = 1;
    }
    this.#setHeap(loaded, this.#heapStart, this.#heapEnd);
  }

  #setHeap({ frame }: Loaded, next: number, end: number): void {
    this.memory.u32[(frame + heapNextOffset) >>> 2] = next;
    this.memory.u32[(frame + heapEndOffset) >>> 2] = end;
  }

  #growHeap(byteSize?: number): void {
    const loaded = must(this.#running, "the heap grows only in a run");
    const heap = must(this.#heap, "the program is not open");
    const needed = byteSize ?? this.memory.u32[(loaded.frame + heapNeededOffset) >>> 2]!;
    const chunk = Math.max(needed, heapChunkBytesMin, Math.min(heap.byteSize, 1 << 22));
    const start = heap.allocate(chunk);
    if (this.#heapChunks === 0) {
      this.#heapStart = start;
      this.#heapEnd = start + chunk;
    }
    this.#heapChunks += 1;
    this.#setHeap(loaded, start, start + chunk);
  }

  /** Room for the bytes of a string that JavaScript made. */
  #allocateString(byteSize: number): number {
    const at = (must(this.#running, "strings are made only in a run").frame + heapNextOffset) >>> 2;
    if (byteSize > this.memory.u32[at + 1]! - this.memory.u32[at]!) this.#growHeap(byteSize);
    const address = this.memory.u32[at]!;
    this.memory.u32[at] = address + byteSize;
    return address;
  }

  #fallback(siteIndex: number): void {
    const { variant, frame } = must(this.#running, "the interpreter is called only in a run");
    const { expression, fallback } = must(variant.sites[siteIndex], "no such site");
    assert(fallback !== null, "the site has no fallback");
    const types = childrenOf(expression).map(typeOf);
    const values = fallback.argumentOffsets.map((offset, index) =>
      readValueAt(this.memory, types[index]!, frame + offset),
    );
    const value = this.#evaluate(expression, values);
    writeValue(this.memory, typeOf(expression), frame + fallback.resultOffset, value, (byteSize) =>
      this.#allocateString(byteSize),
    );
  }

  #evaluate(expression: Expression, values: readonly Value[]): Value {
    try {
      if (expression.kind === "cast") return castValue(values[0]!, typeOf(expression.arg), expression.type);
      assert(expression.kind === "call", "only calls and casts use the interpreter");
      return callStrict(expression, values);
    } catch (thrown) {
      if (!(thrown instanceof EngineError)) throw thrown;
      const span = spanOf(expression);
      throw new EngineError(
        thrown.code,
        thrown.message,
        span === undefined ? thrown.details : { ...thrown.details, span },
        thrown,
      );
    }
  }

  #errorOf({ variant }: Loaded, siteIndex: number): EngineError {
    const { expression, error } = must(variant.sites[siteIndex], "no such site");
    assert(error !== null, "the site has no error");
    const span = spanOf(expression);
    return new EngineError(
      error.code,
      `${error.message} in ${this.#describe(expression)}`,
      span === undefined ? {} : { span },
    );
  }

  /** The operation with the names of its columns. */
  #describe(expression: Expression): string {
    const named = mapExpression(expression, (part) => {
      if (part.kind !== "input") return part;
      const { name } = must(this.#input[part.index], "an input is not in the schema");
      return { kind: "column", id: part.index, name, type: part.type, nullable: part.nullable };
    });
    const text = formatExpression(named);
    return text.length <= operationLengthMax ? text : `${text.slice(0, operationLengthMax)}…`;
  }
}
