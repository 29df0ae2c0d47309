import type { Value } from "../arrow/value.ts";
import type { WindowCall } from "../expr/expression.ts";
import type { GeneralAggregate } from "../expr/general/general-aggregate.ts";
import { makeGeneralAggregate } from "../expr/general/make-general-aggregate.ts";
import type { Vector } from "../kernel/batch.ts";
import { readValue, writeVector } from "../kernel/vector-values.ts";
import type { WindowChunk } from "./window-chunk.ts";
import type { Frames } from "./window-frames.ts";

/** Rows, or blocks of the level below, that make a block. */
const blockSize = 64;

/** An aggregate whose state lives in JavaScript, over each row's frame. */
export function windowGeneral(chunk: WindowChunk, call: WindowCall): Vector {
  const { context, rowCount, results } = chunk;
  const { memory } = context;
  const frames = chunk.frames.frames(call.frame);
  const states = new FrameStates(chunk, call);
  const at = (list: number, row: number): number => memory.u32[list / 4 + row]!;
  let state = states.make();
  let [start, end] = [0, 0];
  let value: Value = null;
  const values = Array.from({ length: rowCount }, (_, row): Value => {
    if (row % 1024 === 0) context.checkCancelled();
    const [from, to] = [at(frames.starts, row), at(frames.ends, row)];
    if (frames.headEnds !== 0) return states.ofParts(partsOf(frames, row, from, to, memory.u8, at));
    if (row > 0 && from === start && to === end) return value;
    // A frame that only grows goes on from the one before.
    if (row === 0 || from !== start || to < end) {
      state = states.make();
      states.addRange(state, from, to);
    } else {
      states.addRange(state, end, to);
    }
    [start, end] = [from, to];
    value = state.result();
    return value;
  });
  return writeVector(memory, results, call.type, values);
}

type Range = readonly [from: number, to: number];

/** What is left of a frame: see excludeRows. */
function partsOf(
  { headEnds, tailStarts, middle }: Frames,
  row: number,
  from: number,
  to: number,
  bytes: Uint8Array,
  at: (list: number, row: number) => number,
): readonly Range[] {
  const own: readonly Range[] = bytes[middle + row] === 0 ? [] : [[row, row + 1]];
  return [[from, at(headEnds, row)], ...own, [at(tailStarts, row), to]];
}

/** States of blocks of rows, made when a frame first needs them, so that a long frame takes few merges. */
class FrameStates {
  readonly make: () => GeneralAggregate;
  readonly #chunk: WindowChunk;
  readonly #arguments: readonly (Vector | Value)[];
  readonly #filter: Vector | null;
  /** By level and number; level 0 are blocks of rows. */
  readonly #blocks: Map<number, Uint8Array>[] = [];

  constructor(chunk: WindowChunk, call: WindowCall) {
    const { name, args, filter, type } = call;
    this.#chunk = chunk;
    this.make = makeGeneralAggregate({ name, args, filter, type, distinct: false });
    this.#arguments = args.map((arg) => (arg.kind === "literal" ? arg.value : chunk.frames.vectorAt(arg)));
    this.#filter = filter === null ? null : chunk.frames.vectorAt(filter);
  }

  ofParts(parts: readonly Range[]): Value {
    const state = this.make();
    for (const [from, to] of parts) this.addRange(state, from, to);
    return state.result();
  }

  /** Adds rows in their order, whole blocks at once. */
  addRange(state: GeneralAggregate, from: number, to: number): void {
    let row = from;
    while (row < to) {
      let [level, size] = [-1, 1];
      while (row % (size * blockSize) === 0 && row + size * blockSize <= to) {
        level++;
        size *= blockSize;
      }
      if (level < 0) this.#addRow(state, row);
      else state.merge(this.#block(level, row / size));
      row += size;
    }
  }

  #block(level: number, number: number): Uint8Array {
    const known = (this.#blocks[level] ??= new Map());
    let bytes = known.get(number);
    if (bytes === undefined) {
      const state = this.make();
      for (let part = number * blockSize; part < (number + 1) * blockSize; part++) {
        if (level === 0) this.#addRow(state, part);
        else state.merge(this.#block(level - 1, part));
      }
      known.set(number, (bytes = state.state()));
    }
    return bytes;
  }

  #addRow(state: GeneralAggregate, row: number): void {
    const { memory } = this.#chunk.context;
    if (this.#filter !== null && readValue(memory, this.#filter, row) !== true) return;
    state.add(this.#arguments.map((source) => (isVector(source) ? readValue(memory, source, row) : source)));
  }
}

function isVector(source: Vector | Value): source is Vector {
  return typeof source === "object" && source !== null && "validity" in source;
}
