import { Buffer } from "node:buffer";
import type { Value } from "../arrow/value.ts";
import { AssertionFailure } from "../common/assert.ts";

/**
 * Order of two values of one type, neither NULL: negative, zero or positive. Strings compare by their UTF-8 bytes, as
 * the engine and Parquet's statistics do, which is not JavaScript's order of UTF-16 units. NaN comes after all numbers.
 */
export function compareValues(left: Exclude<Value, null>, right: Exclude<Value, null>): number {
  if (typeof left === "number" && typeof right === "number") return compareNumbers(left, right);
  if (typeof left === "bigint" && typeof right === "bigint") return left < right ? -1 : left > right ? 1 : 0;
  if (typeof left === "boolean" && typeof right === "boolean") return Number(left) - Number(right);
  if (typeof left === "string" && typeof right === "string") {
    return left === right ? 0 : Buffer.compare(Buffer.from(left), Buffer.from(right));
  }
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Buffer.compare(left, right);
  throw new AssertionFailure(`no order between ${typeof left} and ${typeof right}`);
}

function compareNumbers(left: number, right: number): number {
  if (Number.isNaN(left) || Number.isNaN(right)) return Number(Number.isNaN(left)) - Number(Number.isNaN(right));
  return left < right ? -1 : left > right ? 1 : 0;
}
