import { deserialize, serialize } from "node:v8";
import type { Value } from "../../arrow/value.ts";

/**
 * The running state of an aggregate for one group, in plain JavaScript: for aggregates that are no fixed number of fixed-width
 * values. Operators hold one per group, send `state()` to other tasks or to disk, and `merge` what they get back.
 */
export interface GeneralAggregate {
  /** Takes one row's arguments, NULLs included. Gives how many bytes the state has grown, roughly. */
  add(args: readonly Value[]): number;
  merge(state: Uint8Array): number;
  state(): Uint8Array;
  result(): Value;
}

/** The bytes of plain data that another task can read. */
export function packState(data: unknown): Uint8Array {
  return serialize(data);
}

/** The data of `packState`; both sides are of one version. */
export function unpackState<T>(bytes: Uint8Array): T {
  return deserialize(bytes) as T;
}
