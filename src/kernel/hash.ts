import type { DataType } from "../arrow/data-type.ts";
import { byteWidthOf } from "../arrow/data-type.ts";
import type { Vector } from "./batch.ts";
import type { Kernels } from "./load-kernels.ts";
import { kernelNamed } from "./load-kernels.ts";

/**
 * Writes a 64-bit hash of each row's values to `out` (rowCount u64s). Equal values (SQL equality; NULLs alike) of one type
 * hash alike. The bits are shared out, so that rows of one shuffle partition still spread over a hash table:
 * tables use the high 32 bits, partitioning the low 32 (partition = (low 32 bits × partitionCount) >> 32, so the upper ones of them),
 * and spilling operators the lowest, four a level.
 */
export function hashColumns(kernels: Kernels, vectors: readonly Vector[], rowCount: number, out: number): void {
  if (vectors.length === 0) {
    kernelNamed(kernels, "hashNothing")(rowCount, out);
    return;
  }
  vectors.forEach((vector, index) => {
    kernelNamed(kernels, hashKernelName(vector.type))(vector.data, vector.validity, rowCount, index === 0 ? 1 : 0, out);
  });
}

function hashKernelName(type: DataType): string {
  switch (type.kind) {
    case "null":
      return "hashNull";
    case "float32":
      return "hashFloat4";
    case "float64":
      return "hashFloat8";
    case "utf8":
    case "binary":
      return "hashString";
    case "interval":
      return "hashInterval";
    default:
      return `hash${byteWidthOf(type)}`;
  }
}
