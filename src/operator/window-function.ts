import { byteWidthOf, simpleType } from "../arrow/data-type.ts";
import { AssertionFailure, must } from "../common/assert.ts";
import { EngineError } from "../common/engine-error.ts";
import { isAggregate } from "../expr/aggregate-registry.ts";
import type { Expression, WindowCall } from "../expr/expression.ts";
import { isGeneralAggregate } from "../expr/general-aggregate-registry.ts";
import type { Vector } from "../kernel/batch.ts";
import { bitmapByteSize, gatherVector } from "../kernel/gather.ts";
import { kernelNamed } from "../kernel/load-kernels.ts";
import { windowAggregate } from "./window-aggregate.ts";
import { argumentVector, type WindowChunk } from "./window-chunk.ts";
import { windowGeneral } from "./window-general.ts";

/** The function's value for each row of the chunk. */
export function windowFunction(chunk: WindowChunk, call: WindowCall): Vector {
  if (isGeneralAggregate(call.name)) return windowGeneral(chunk, call);
  if (isAggregate(call.name)) return windowAggregate(chunk, call);
  switch (call.name) {
    case "row_number":
    case "rank":
    case "dense_rank":
    case "percent_rank":
    case "cume_dist":
      return place(chunk, call);
    case "ntile":
      return tiles(chunk, call);
    case "lag":
    case "lead":
      return shifted(chunk, call);
    case "first_value":
    case "last_value":
    case "nth_value":
      return ofFrame(chunk, call);
    default:
      throw new AssertionFailure(`window function ${call.name}`);
  }
}

function place({ context, frames, rowCount, results }: WindowChunk, call: WindowCall): Vector {
  const { kernels } = context;
  const { partitions, peers } = frames;
  const data = results.allocate(rowCount * 8);
  switch (call.name) {
    case "row_number":
      kernelNamed(kernels, "windowNumbers")(0, partitions.starts, rowCount, data);
      break;
    case "rank":
      kernelNamed(kernels, "windowNumbers")(peers.starts, partitions.starts, rowCount, data);
      break;
    case "dense_rank":
      kernelNamed(kernels, "windowDenseRanks")(peers.numbers, partitions.starts, rowCount, data);
      break;
    case "percent_rank":
      kernelNamed(kernels, "windowPercentRanks")(peers.starts, partitions.starts, partitions.ends, rowCount, data);
      break;
    default:
      kernelNamed(kernels, "windowCumulative")(peers.ends, partitions.starts, partitions.ends, rowCount, data);
  }
  return { type: call.type, data, validity: 0 };
}

function tiles(chunk: WindowChunk, call: WindowCall): Vector {
  const { context, frames, rowCount, results } = chunk;
  const buckets = argumentVector(chunk, must(call.args[0], "ntile has an argument"));
  const data = results.allocate(rowCount * 4);
  const validity = results.allocate(bitmapByteSize(rowCount));
  context.memory.u8.fill(0xff, validity, validity + bitmapByteSize(rowCount));
  const { starts, ends } = frames.partitions;
  const tile = kernelNamed(context.kernels, "windowTiles");
  if (tile(buckets.data, buckets.validity, starts, ends, rowCount, data, validity) !== 0)
    throw new EngineError("invalid_parameter_value", "argument of ntile must be greater than zero");
  return { type: call.type, data, validity: buckets.validity === 0 ? 0 : validity };
}

const one: Expression = { kind: "literal", type: simpleType("int32"), value: 1 };

function shifted(chunk: WindowChunk, call: WindowCall): Vector {
  const { context, frames, rowCount, results, scratch } = chunk;
  const { kernels } = context;
  const [value, offset = one, fallback] = call.args;
  const offsets = argumentVector(chunk, offset);
  const [rows, outside] = [scratch.allocate(rowCount * 4), scratch.allocate(rowCount * 4)];
  const { starts, ends } = frames.partitions;
  const sign = call.name === "lag" ? -1 : 1;
  kernelNamed(kernels, "windowShift")(offsets.data, offsets.validity, sign, starts, ends, rowCount, rows, outside);
  const source = argumentVector(chunk, must(value, "lag and lead have an argument"));
  const result = gatherVector(kernels, source, rows, rowCount, results);
  if (fallback === undefined || (fallback.kind === "literal" && fallback.value === null)) return result;
  // Each row has a value from at most one of the two; what a missing row gives is all zeros.
  const other = gatherVector(kernels, argumentVector(chunk, fallback), outside, rowCount, results);
  kernelNamed(kernels, "orBytes")(result.data, other.data, rowCount * byteWidthOf(call.type));
  if (result.validity === 0) return result;
  if (other.validity === 0) return { ...result, validity: 0 };
  kernelNamed(kernels, "orBytes")(result.validity, other.validity, bitmapByteSize(rowCount));
  return result;
}

function ofFrame(chunk: WindowChunk, call: WindowCall): Vector {
  const { context, rowCount, results, scratch } = chunk;
  const { kernels } = context;
  const { starts, ends, headEnds, tailStarts, middle } = chunk.frames.frames(call.frame);
  const rows = scratch.allocate(rowCount * 4);
  const [value, nth] = call.args;
  if (nth === undefined) {
    const fromEnd = call.name === "last_value" ? 1 : 0;
    kernelNamed(kernels, "frameEdge")(fromEnd, starts, ends, headEnds, tailStarts, middle, rowCount, rows);
  } else {
    const { data, validity } = argumentVector(chunk, nth);
    const choose = kernelNamed(kernels, "frameNth");
    if (choose(data, validity, starts, ends, headEnds, tailStarts, middle, rowCount, rows) !== 0)
      throw new EngineError("invalid_parameter_value", "argument of nth_value must be greater than zero");
  }
  const source = argumentVector(chunk, must(value, `${call.name} has an argument`));
  return gatherVector(kernels, source, rows, rowCount, results);
}
