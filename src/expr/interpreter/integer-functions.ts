import type { DataType } from "../../arrow/data-type.ts";
import { EngineError } from "../../common/engine-error.ts";

const maxDigits = 10n ** 38n;

function outOfRange(type: string): EngineError {
  return new EngineError("numeric_value_out_of_range", `${type} out of range`);
}

/** A result in the form of its type: bigint for int64, number below. Throws when it does not fit. */
export function checkedInteger(value: bigint, type: DataType): bigint | number {
  const bits = type.kind === "int64" ? 64 : type.kind === "int16" ? 16 : 32;
  if (BigInt.asIntN(bits, value) !== value)
    throw outOfRange(bits === 64 ? "bigint" : bits === 16 ? "smallint" : "integer");
  return bits === 64 ? value : Number(value);
}

/** A result cut to the width of its type, as bit operators do. */
export function wrappedInteger(value: bigint, type: DataType): bigint | number {
  const bits = type.kind === "int64" ? 64 : 32;
  const wrapped = BigInt.asIntN(bits, value);
  return bits === 64 ? wrapped : Number(wrapped);
}

export function gcd(left: bigint, right: bigint): bigint {
  let [first, second] = [left < 0n ? -left : left, right < 0n ? -right : right];
  while (second !== 0n) [first, second] = [second, first % second];
  return first;
}

export function lcm(left: bigint, right: bigint): bigint {
  if (left === 0n || right === 0n) return 0n;
  const product = (left / gcd(left, right)) * right;
  return product < 0n ? -product : product;
}

export function factorial(count: bigint): bigint {
  if (count < 0n) throw new EngineError("numeric_value_out_of_range", "factorial of a negative number is undefined");
  let product = 1n;
  for (let factor = 2n; factor <= count; factor++) {
    product *= factor;
    if (product >= maxDigits) throw outOfRange("value of factorial: numeric");
  }
  return product;
}

/** The number of the bucket, of `count` equal ones between the bounds, that a value is in; 0 and count + 1 are outside. */
export function widthBucket(value: number, low: number, high: number, count: number): number {
  if (count <= 0) throw new EngineError("invalid_parameter_value", "count must be greater than zero");
  if ([value, low, high].some(Number.isNaN))
    throw new EngineError("invalid_parameter_value", "operand, lower bound, and upper bound cannot be NaN");
  if (!Number.isFinite(low) || !Number.isFinite(high))
    throw new EngineError("invalid_parameter_value", "lower and upper bounds must be finite");
  if (low === high) throw new EngineError("invalid_parameter_value", "lower bound cannot equal upper bound");
  const isBefore = low < high ? value < low : value > low;
  if (isBefore) return 0;
  const isBehind = low < high ? value >= high : value <= high;
  return isBehind ? count + 1 : Math.floor(((value - low) / (high - low)) * count) + 1;
}

export function toHex(value: bigint, type: DataType): string {
  return BigInt.asUintN(type.kind === "int64" ? 64 : 32, value).toString(16);
}

export function levenshtein(left: string, right: string): number {
  const target = [...right];
  let previous = Array.from({ length: target.length + 1 }, (_, index) => index);
  [...left].forEach((character, row) => {
    const current = [row + 1];
    target.forEach((other, column) => {
      const replaced = previous[column]! + (character === other ? 0 : 1);
      current.push(Math.min(replaced, previous[column + 1]! + 1, current[column]! + 1));
    });
    previous = current;
  });
  return previous.at(-1)!;
}
