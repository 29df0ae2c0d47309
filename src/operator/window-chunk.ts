import type { Expression } from "../expr/expression.ts";
import type { Vector } from "../kernel/batch.ts";
import { gatherVector } from "../kernel/gather.ts";
import type { Region } from "../kernel/slot-memory.ts";
import { writeVector } from "../kernel/vector-values.ts";
import type { TaskContext } from "./operator.ts";
import type { WindowFrames } from "./window-frames.ts";

/** What the functions of a chunk are computed with. */
export type WindowChunk = {
  readonly context: TaskContext;
  readonly frames: WindowFrames;
  readonly rowCount: number;
  /** Results lie here. */
  readonly results: Region;
  /** Whatever one function needs while it runs. */
  readonly scratch: Region;
};

/** An argument as a vector over the chunk's rows. */
export function argumentVector(
  { context, frames, rowCount, results, scratch }: WindowChunk,
  argument: Expression,
): Vector {
  if (argument.kind !== "literal") return frames.vectorAt(argument);
  // Results may point at the bytes of a long text.
  const one = writeVector(context.memory, results, argument.type, [argument.value]);
  return gatherVector(context.kernels, one, scratch.allocateZeroed(rowCount * 4), rowCount, scratch, false);
}
