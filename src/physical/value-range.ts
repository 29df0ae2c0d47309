import { isInteger } from "../arrow/data-type.ts";
import type { DataType } from "../arrow/data-type.ts";
import type { Value } from "../arrow/value.ts";
import { fitsInt64 } from "../common/bigints.ts";

/** Bounds, both inclusive, of an integer column's values or a decimal column's unscaled values; NULLs aside. */
export type ValueRange = { readonly min: bigint; readonly max: bigint };

/** The range that statistics state; undefined for other types and where they are silent. */
export function rangeOfStatistics(
  min: Value | undefined,
  max: Value | undefined,
  type: DataType,
): ValueRange | undefined {
  if (type.kind !== "decimal" && !isInteger(type)) return undefined;
  const low = toBigInt(min);
  const high = toBigInt(max);
  return low === undefined || high === undefined ? undefined : { min: low, max: high };
}

/** One value as a range; NULL adds no value, so any range that holds zero will do. */
export function rangeOfValue(value: Value): ValueRange | undefined {
  if (value === null) return { min: 0n, max: 0n };
  const exact = toBigInt(value);
  return exact === undefined ? undefined : { min: exact, max: exact };
}

function toBigInt(value: Value | undefined): bigint | undefined {
  if (typeof value === "bigint") return value;
  return typeof value === "number" && Number.isInteger(value) ? BigInt(value) : undefined;
}

/** Whether every value, and zero for a NULL's slot, fits an int64. */
export function rangeFitsInt64(range: ValueRange | undefined): range is ValueRange {
  return range !== undefined && fitsInt64(range.min) && fitsInt64(range.max);
}

export function unionRanges(ranges: readonly (ValueRange | undefined)[]): ValueRange | undefined {
  let result: ValueRange | undefined;
  for (const range of ranges) {
    if (range === undefined) return undefined;
    result = result === undefined ? range : { min: least(result.min, range.min), max: most(result.max, range.max) };
  }
  return result;
}

export function addRanges(left: ValueRange, right: ValueRange): ValueRange {
  return { min: left.min + right.min, max: left.max + right.max };
}

export function negateRange(range: ValueRange): ValueRange {
  return { min: -range.max, max: -range.min };
}

export function multiplyRanges(left: ValueRange, right: ValueRange): ValueRange {
  const products = [left.min * right.min, left.min * right.max, left.max * right.min, left.max * right.max];
  return { min: products.reduce(least), max: products.reduce(most) };
}

export function absoluteRange(range: ValueRange): ValueRange {
  if (range.min >= 0n) return range;
  if (range.max <= 0n) return negateRange(range);
  return { min: 0n, max: most(-range.min, range.max) };
}

/** Values moved from one decimal scale to another; towards fewer digits the rounding may go either way. */
export function rescaleRange(range: ValueRange, fromScale: number, toScale: number): ValueRange {
  if (toScale >= fromScale) {
    const factor = 10n ** BigInt(toScale - fromScale);
    return { min: range.min * factor, max: range.max * factor };
  }
  const divisor = 10n ** BigInt(fromScale - toScale);
  return { min: range.min / divisor - 1n, max: range.max / divisor + 1n };
}

const least = (left: bigint, right: bigint): bigint => (left < right ? left : right);
const most = (left: bigint, right: bigint): bigint => (left > right ? left : right);
