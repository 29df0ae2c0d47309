import type { SlotMemory } from "../kernel/slot-memory.ts";
import type { PhysicalNode } from "../physical/physical-node.ts";

const reserveBytesMax = 64 << 20;
const reserveBytesMin = 4 << 20;
/** Of a slot's memory, what one operator that has not begun yet is promised at most. */
const promisedShareMax = 1 / 4;
/** Operators that keep rows get by with this much: what does not fit goes to disk. */
const promisedBytesMin = 4 << 20;
/** A table is larger than the rows that it was estimated for. */
const tableBytesPerRowByte = 2;

/**
 * Bytes that an operator leaves free while it fills its memory: room for batches under way and for what runs above it,
 * and a share for the operators of `later`, which begin to fill theirs when it is done.
 */
export function reserveBytes(memory: SlotMemory, later: PhysicalNode | null): number {
  const base = Math.min(reserveBytesMax, Math.max(memory.byteSize / 8, Math.min(reserveBytesMin, memory.byteSize / 3)));
  const promised = later === null ? 0 : promisedBytes(later, memory.byteSize * promisedShareMax);
  return base + Math.min(promised, memory.byteSize / 2);
}

/** Of all operators of a stage's plan that keep rows. */
function promisedBytes(node: PhysicalNode, bytesMax: number): number {
  const kept = (rows: PhysicalNode): number =>
    Math.min(bytesMax, Math.max(promisedBytesMin, rows.estimate.bytes * tableBytesPerRowByte));
  switch (node.kind) {
    case "scan":
    case "values":
    case "shuffle_read":
    case "exchange":
    case "work_table":
      return 0;
    case "recursive":
      return kept(node) + promisedBytes(node.anchor, bytesMax) + promisedBytes(node.step, bytesMax);
    case "hash_join":
    case "nested_loop_join":
      return kept(node.build) + Math.max(promisedBytes(node.build, bytesMax), promisedBytes(node.probe, bytesMax));
    case "hash_aggregate":
    case "top_n":
      return kept(node) + promisedBytes(node.input, bytesMax);
    case "set_operation":
      return kept(node.right) + Math.max(promisedBytes(node.left, bytesMax), promisedBytes(node.right, bytesMax));
    case "sort":
      return kept(node) + promisedBytes(node.input, bytesMax);
    case "union":
      return Math.max(0, ...node.inputs.map((input) => promisedBytes(input, bytesMax)));
    default:
      return promisedBytes(node.input, bytesMax);
  }
}
