import type { DataType } from "../arrow/data-type.ts";
import { AssertionFailure, must } from "../common/assert.ts";
import type { Expression, FrameBound, WindowFrame } from "../expr/expression.ts";
import { typeOf } from "../expr/expression-properties.ts";
import type { Vector } from "../kernel/batch.ts";
import { kernelNamed } from "../kernel/load-kernels.ts";
import { equalityKindOf } from "../kernel/row-layout.ts";
import type { Region } from "../kernel/slot-memory.ts";
import type { PhysicalWindow } from "../physical/physical-node.ts";
import type { TaskContext } from "./operator.ts";

/** Where each row's segment begins and ends, as lists of u32 row numbers, and the number of the segment. */
export type Segments = { readonly starts: number; readonly ends: number; readonly numbers: number };

/** The rows of each row's frame; `headEnds`, `tailStarts` and `middle` are 0 where none is taken out (see excludeRows). */
export type Frames = {
  readonly starts: number;
  readonly ends: number;
  readonly headEnds: number;
  readonly tailStarts: number;
  readonly middle: number;
  /** Frames of a partition all begin at its first row and only grow: nothing needs a tree. */
  readonly isGrowing: boolean;
};

/** Marks the rows that differ from the row before in a column; a byte for each row. */
export function markChanges(context: TaskContext, keys: readonly Vector[], rowCount: number, flags: number): void {
  for (const { type, data, validity } of keys) {
    kernelNamed(context.kernels, `markChanges${equalityKindOf(type)}`)(data, validity, rowCount, flags);
  }
}

/** Partitions, peers and frames of one chunk of whole partitions; everything lies in `region`. */
export class WindowFrames {
  readonly partitions: Segments;
  readonly peers: Segments;
  readonly #context: TaskContext;
  readonly #node: PhysicalWindow;
  readonly #vectors: readonly Vector[];
  readonly #rowCount: number;
  readonly #region: Region;
  readonly #known = new Map<string, Frames>();

  constructor(
    context: TaskContext,
    node: PhysicalWindow,
    vectors: readonly Vector[],
    rowCount: number,
    region: Region,
  ) {
    this.#context = context;
    this.#node = node;
    this.#vectors = vectors;
    this.#rowCount = rowCount;
    this.#region = region;
    const flags = region.allocateZeroed(rowCount);
    markChanges(
      context,
      node.partitionBy.map((key) => this.vectorAt(key)),
      rowCount,
      flags,
    );
    this.partitions = this.#segments(flags);
    if (node.orderBy.length === 0) {
      this.peers = this.partitions;
      return;
    }
    markChanges(
      context,
      node.orderBy.map((key) => this.vectorAt(key.expression)),
      rowCount,
      flags,
    );
    this.peers = this.#segments(flags);
  }

  /** The column that an expression of the node stands for. */
  vectorAt(expression: Expression): Vector {
    return must(expression.kind === "input" ? this.#vectors[expression.index] : null, "a window is over columns");
  }

  frames(frame: WindowFrame): Frames {
    const key = JSON.stringify(frame, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
    let frames = this.#known.get(key);
    if (frames === undefined) this.#known.set(key, (frames = this.#makeFrames(frame)));
    return frames;
  }

  #segments(flags: number): Segments {
    const [starts, ends, numbers] = [this.#words(), this.#words(), this.#words()];
    kernelNamed(this.#context.kernels, "segmentBounds")(flags, this.#rowCount, starts, ends, numbers);
    return { starts, ends, numbers };
  }

  #words(extra = 0): number {
    return this.#region.allocate((this.#rowCount + extra) * 4);
  }

  #copied(list: number): number {
    const copy = this.#words();
    this.#context.memory.u8.copyWithin(copy, list, list + this.#rowCount * 4);
    return copy;
  }

  #makeFrames(frame: WindowFrame): Frames {
    const { kernels } = this.#context;
    const starts = this.#bound(frame, frame.start, false);
    let ends = this.#bound(frame, frame.end, true);
    if ([frame.start.kind, frame.end.kind].some((kind) => kind === "offset" || kind === "value")) {
      // The lists of the segments are not the frame's own.
      if (ends === this.partitions.ends || ends === this.peers.ends) ends = this.#copied(ends);
      kernelNamed(kernels, "trimFrames")(starts, ends, this.#rowCount);
    }
    const isGrowing = frame.exclude === "nothing" && frame.start.kind === "unbounded_preceding";
    if (frame.exclude === "nothing") return { starts, ends, headEnds: 0, tailStarts: 0, middle: 0, isGrowing };
    const [headEnds, tailStarts, middle] = [this.#words(), this.#words(), this.#region.allocate(this.#rowCount)];
    const mode = ["current_row", "group", "ties"].indexOf(frame.exclude) + 1;
    const { peers } = this;
    kernelNamed(kernels, "excludeRows")(
      mode,
      starts,
      ends,
      peers.starts,
      peers.ends,
      this.#rowCount,
      headEnds,
      tailStarts,
      middle,
    );
    return { starts, ends, headEnds, tailStarts, middle, isGrowing };
  }

  #bound({ unit }: WindowFrame, bound: FrameBound, isEnd: boolean): number {
    const { kernels } = this.#context;
    const { partitions, peers } = this;
    const flag = isEnd ? 1 : 0;
    switch (bound.kind) {
      case "unbounded_preceding":
        return partitions.starts;
      case "unbounded_following":
        return partitions.ends;
      case "value":
        return this.#valueBound(bound, isEnd);
      default: {
        const isCurrent = bound.kind !== "offset";
        if (isCurrent && unit !== "rows") return isEnd ? peers.ends : peers.starts;
        const offset = BigInt(isCurrent ? 0 : bound.offset);
        const out = this.#words();
        if (unit === "rows") {
          kernelNamed(kernels, "frameRows")(offset, flag, partitions.starts, partitions.ends, this.#rowCount, out);
          return out;
        }
        const firstRows = this.#words(1);
        kernelNamed(kernels, "frameGroups")(
          offset,
          flag,
          peers.numbers,
          partitions.starts,
          partitions.ends,
          this.#rowCount,
          firstRows,
          out,
        );
        return out;
      }
    }
  }

  #valueBound(bound: FrameBound & { readonly kind: "value" }, isEnd: boolean): number {
    const keys = this.vectorAt(bound.key);
    const values = this.vectorAt(bound.value);
    const out = this.#words();
    kernelNamed(this.#context.kernels, "frameValues")(
      keyForm(typeOf(bound.key)),
      keys.data,
      keys.validity,
      values.data,
      values.validity,
      bound.descending ? 1 : 0,
      must(this.#node.orderBy[0], "a range goes by a key").nullsFirst ? 1 : 0,
      isEnd ? 1 : 0,
      isEnd ? this.peers.ends : this.peers.starts,
      this.partitions.starts,
      this.partitions.ends,
      this.#rowCount,
      out,
    );
    return out;
  }
}

/** The number of the form in which frameValues compares keys. */
function keyForm(type: DataType): number {
  switch (type.kind) {
    case "int32":
    case "date":
      return 0;
    case "int64":
    case "time":
    case "timestamp":
    case "timestamptz":
      return 1;
    case "float32":
      return 2;
    case "float64":
      return 3;
    case "decimal":
      return type.bits === 64 ? 1 : 4;
    case "interval":
      return 5;
    case "uint64":
      return 6;
    default:
      throw new AssertionFailure(`a range frame by ${type.kind}`);
  }
}
