import type { WindowCall } from "../expr/expression.ts";
import type { Vector } from "../kernel/batch.ts";
import { kernelNamed } from "../kernel/load-kernels.ts";
import type { TaskContext } from "./operator.ts";
import type { WindowChunk } from "./window-chunk.ts";

/** Functions of which a row needs to know nothing but what the row before it has. */
export function isContinuedRank(name: string): boolean {
  return name === "row_number" || name === "rank" || name === "dense_rank";
}

/**
 * Carries row numbers and ranks over from chunk to chunk, so that a partition may begin in one and end in another: the first row of a
 * chunk is the last one of the chunk before, whose values it has.
 */
export class ContinuedRanks {
  readonly #context: TaskContext;
  readonly #calls: readonly WindowCall[];
  /** Of the row that the chunk begins with: its number in the partition, and each function's value. */
  #first: { readonly number: bigint; readonly values: readonly bigint[] } | null = null;

  constructor(context: TaskContext, calls: readonly WindowCall[]) {
    this.#context = context;
    this.#calls = calls;
  }

  /** Corrects the chunk's values, which were computed as if its first row were its partition's; `next` begins the next chunk. */
  goOn({ frames, rowCount }: WindowChunk, computed: readonly Vector[], next: number | null): void {
    const { kernels, memory } = this.#context;
    const first = this.#first;
    const partitionEnd = memory.u32[frames.partitions.ends / 4]!;
    const peersEnd = memory.u32[frames.peers.ends / 4]!;
    if (first !== null) {
      this.#calls.forEach(({ name }, index) => {
        const { data } = computed[index]!;
        const value = first.values[index]!;
        const add = kernelNamed(kernels, "addToAll");
        if (name === "row_number") add(data, partitionEnd, first.number - 1n);
        else if (name === "dense_rank") add(data, partitionEnd, value - 1n);
        else {
          add(data, peersEnd, value - 1n);
          add(data + peersEnd * 8, partitionEnd - peersEnd, first.number - 1n);
        }
      });
    }
    if (next === null || next >= rowCount) return;
    const start = memory.u32[frames.partitions.starts / 4 + next]!;
    const before = start === 0 && first !== null ? first.number - 1n : 0n;
    const values = computed.map(({ data }) => memory.i64[data / 8 + next]!);
    this.#first = { number: BigInt(next - start + 1) + before, values };
  }
}
