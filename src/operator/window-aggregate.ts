import { byteWidthOf, isFloat } from "../arrow/data-type.ts";
import type { DataType } from "../arrow/data-type.ts";
import { must, unreachable } from "../common/assert.ts";
import { EngineError } from "../common/engine-error.ts";
import type { WindowCall } from "../expr/expression.ts";
import type { Vector } from "../kernel/batch.ts";
import { bitmapByteSize, gatherVector } from "../kernel/gather.ts";
import { kernelNamed } from "../kernel/load-kernels.ts";
import type { Region } from "../kernel/slot-memory.ts";
import { argumentVector, type WindowChunk } from "./window-chunk.ts";
import type { Frames } from "./window-frames.ts";

/** An aggregate whose arguments are found: over each row's frame. */
export function windowAggregate(chunk: WindowChunk, call: WindowCall): Vector {
  return new WindowAggregate(chunk, call).compute();
}

class WindowAggregate {
  readonly #chunk: WindowChunk;
  readonly #call: WindowCall;
  readonly #frames: Frames;
  readonly #argument: Vector | null;
  /** Bitmap of the rows that count; 0 = all. */
  readonly #included: number;

  constructor(chunk: WindowChunk, call: WindowCall) {
    this.#chunk = chunk;
    this.#call = call;
    this.#frames = chunk.frames.frames(call.frame);
    const [argument] = call.args;
    this.#argument = argument === undefined ? null : argumentVector(chunk, argument);
    this.#included = this.#findIncluded();
  }

  compute(): Vector {
    const { name } = this.#call;
    switch (name) {
      case "count":
        return { type: this.#call.type, data: this.#counts(this.#chunk.results), validity: 0 };
      case "sum":
        return this.#sum();
      case "avg":
        return this.#average();
      case "min":
      case "bool_and":
        return this.#pick(0);
      case "max":
      case "bool_or":
        return this.#pick(1);
      case "any_value":
        return this.#pick(2);
      case "stddev_samp":
      case "stddev_pop":
      case "var_samp":
      case "var_pop":
        return this.#variance();
      default:
        throw new EngineError("feature_not_supported", `${name} over a window is not supported`);
    }
  }

  #findIncluded(): number {
    const { rowCount, scratch } = this.#chunk;
    const { filter } = this.#call;
    const validity = this.#argument?.validity ?? 0;
    if (validity === 0 && filter === null) return 0;
    const filtered = filter === null ? { data: 0, validity: 0 } : argumentVector(this.#chunk, filter);
    const out = scratch.allocate(bitmapByteSize(rowCount));
    this.#kernel("includedRows")(validity, filtered.data, filtered.validity, rowCount, out);
    return out;
  }

  #kernel(name: string): (...args: (number | bigint)[]) => number {
    return kernelNamed(this.#chunk.context.kernels, name);
  }

  /** The bitmap, all ones where all rows count. */
  #bitmap(): number {
    if (this.#included !== 0) return this.#included;
    const { context, rowCount, scratch } = this.#chunk;
    const out = scratch.allocate(bitmapByteSize(rowCount));
    context.memory.u8.fill(0xff, out, out + bitmapByteSize(rowCount));
    return out;
  }

  /** How many rows count in each frame (i64). */
  #counts(region: Region): number {
    const { rowCount, scratch } = this.#chunk;
    const { starts, ends, headEnds, tailStarts, middle } = this.#frames;
    let before = 0;
    if (this.#included !== 0) {
      before = scratch.allocate((rowCount + 1) * 4);
      this.#kernel("includedBefore")(this.#included, rowCount, before);
    }
    const out = region.allocate(rowCount * 8);
    this.#kernel("frameCounts")(before, starts, ends, headEnds, tailStarts, middle, rowCount, out);
    return out;
  }

  /** NULL where no row counts. */
  #validity(counts: number): number {
    const { rowCount, results } = this.#chunk;
    const validity = results.allocate(bitmapByteSize(rowCount));
    return this.#kernel("validWhereCounted")(counts, rowCount, validity) === 0 ? 0 : validity;
  }

  #sum(): Vector {
    const { results, scratch } = this.#chunk;
    const { type } = this.#call;
    const data = this.#sums(results);
    if (type.kind === "decimal") this.#checkDigits(data);
    return { type, data, validity: this.#validity(this.#counts(scratch)) };
  }

  #checkDigits(data: number): void {
    if (this.#kernel("anyAbove38Digits")(data, 0, this.#chunk.rowCount) !== 0) throw this.#outOfRange();
  }

  #outOfRange(): EngineError {
    return new EngineError("numeric_value_out_of_range", `${this.#call.name} is out of range for 38 digits`);
  }

  /** Sums of the frames: f64 for floats, 8 bytes for integers of up to 4, else 16. */
  #sums(region: Region): number {
    const { rowCount, scratch } = this.#chunk;
    const { type, data } = must(this.#argument, "a sum has an argument");
    const { starts, ends, headEnds, tailStarts, middle } = this.#frames;
    if (isFloat(type)) return this.#floatSums(region);
    const width = byteWidthOf(type);
    const [form, stateBytes] = width < 8 ? ["64", 8] : width === 8 ? ["128", 16] : ["192", 24];
    const running = scratch.allocate((rowCount + 1) * stateBytes);
    if (width < 8) this.#kernel(`runningSums_${type.kind}`)(data, this.#included, rowCount, running);
    else if (width === 8)
      this.#kernel("runningSums128")(type.kind === "uint64" ? 0 : 1, data, this.#included, rowCount, running);
    else this.#kernel("runningSums192")(data, this.#included, rowCount, running);
    const out = region.allocate(rowCount * (width < 8 ? 8 : 16));
    const sum = this.#kernel(`frameSums${form}`);
    const overflow = sum(running, starts, ends, headEnds, tailStarts, middle, rowCount, out);
    if (width === 16 && overflow !== 0) throw this.#outOfRange();
    return out;
  }

  #floatSums(region: Region): number {
    const { rowCount, scratch } = this.#chunk;
    const { type, data } = must(this.#argument, "a sum has an argument");
    const { starts, ends, headEnds, tailStarts, middle, isGrowing } = this.#frames;
    const wide = type.kind === "float64" ? 1 : 0;
    const included = this.#bitmap();
    const tree = isGrowing ? 0 : scratch.allocate(rowCount * 8);
    if (tree !== 0) this.#kernel("buildFloatSums")(wide, data, included, rowCount, tree);
    const out = region.allocate(rowCount * 8);
    const sum = this.#kernel("frameFloatSums");
    sum(wide, data, included, tree, starts, ends, headEnds, tailStarts, middle, rowCount, out);
    return out;
  }

  #average(): Vector {
    const { rowCount, results, scratch } = this.#chunk;
    const { type } = this.#call;
    const argument = must(this.#argument, "an average has an argument");
    const sums = this.#sums(scratch);
    const counts = this.#counts(scratch);
    const validity = this.#validity(counts);
    if (type.kind !== "decimal") {
      const data = results.allocate(rowCount * 8);
      this.#kernel("finishAverageFloat")(sums, counts, rowCount, data);
      return { type, data, validity };
    }
    const isWide = byteWidthOf(argument.type) >= 8 ? 1 : 0;
    const scale = argument.type.kind === "decimal" ? argument.type.scale : 0;
    const wide = (type.bits === 64 ? scratch : results).allocate(rowCount * 16);
    const factor = 10n ** BigInt(type.scale - scale);
    if (this.#kernel("finishAverage")(sums, isWide, counts, rowCount, factor, wide) !== 0) throw this.#outOfRange();
    if (type.bits === 128) return { type, data: wide, validity };
    const data = results.allocate(rowCount * 8);
    this.#kernel("narrowTo64")(wide, rowCount, data);
    return { type, data, validity };
  }

  #pick(operation: number): Vector {
    const { context, rowCount, results, scratch } = this.#chunk;
    const argument = must(this.#argument, "min and max have an argument");
    const { starts, ends, headEnds, tailStarts, middle, isGrowing } = this.#frames;
    const form = pickForm(argument.type);
    const included = this.#bitmap();
    const tree = isGrowing ? 0 : scratch.allocate(rowCount * 4);
    const { data } = argument;
    if (tree !== 0) this.#kernel("buildPicks")(form, operation, data, included, rowCount, tree);
    const rows = scratch.allocate(rowCount * 4);
    const pick = this.#kernel("framePicks");
    pick(form, operation, data, included, tree, starts, ends, headEnds, tailStarts, middle, rowCount, rows);
    return gatherVector(context.kernels, argument, rows, rowCount, results);
  }

  #variance(): Vector {
    const { context, rowCount, results, scratch } = this.#chunk;
    const { name, type } = this.#call;
    const { data } = must(this.#argument, "a variance has an argument");
    const { starts, ends, headEnds, tailStarts, middle, isGrowing } = this.#frames;
    const included = this.#bitmap();
    const tree = isGrowing ? 0 : scratch.allocate(rowCount * 24);
    if (tree !== 0) this.#kernel("buildMoments")(data, included, rowCount, tree);
    const squares = scratch.allocate(rowCount * 8);
    this.#kernel("frameMoments")(data, included, tree, starts, ends, headEnds, tailStarts, middle, rowCount, squares);
    const out = results.allocate(rowCount * 8);
    const validity = results.allocate(bitmapByteSize(rowCount));
    context.memory.u8.fill(0xff, validity, validity + bitmapByteSize(rowCount));
    const [sample, root] = [name.endsWith("_samp") ? 1 : 0, name.startsWith("stddev") ? 1 : 0];
    const finish = this.#kernel("finishVariance");
    const nulls = finish(this.#counts(scratch), squares, rowCount, sample, root, out, validity);
    return { type, data: out, validity: nulls === 0 ? 0 : validity };
  }
}

/** The number of the form in which framePicks compares values. */
function pickForm(type: DataType): number {
  switch (type.kind) {
    case "int8":
      return 0;
    case "null":
    case "bool":
    case "uint8":
      return 1;
    case "int16":
      return 2;
    case "uint16":
      return 3;
    case "int32":
    case "date":
      return 4;
    case "uint32":
      return 5;
    case "int64":
    case "time":
    case "timestamp":
    case "timestamptz":
      return 6;
    case "uint64":
      return 7;
    case "float32":
      return 8;
    case "float64":
      return 9;
    case "decimal":
      return type.bits === 64 ? 6 : 10;
    case "interval":
      return 11;
    case "utf8":
    case "binary":
      return 12;
    default:
      return unreachable(type, "type");
  }
}
