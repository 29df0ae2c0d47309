import type { DataType, DecimalType } from "../arrow/data-type.ts";
import { typeName } from "../arrow/data-type.ts";
import { EngineError } from "../common/engine-error.ts";

const powers: bigint[] = [1n];

export function powerOfTen(exponent: number): bigint {
  while (powers.length <= exponent) powers.push(powers[powers.length - 1]! * 10n);
  return powers[exponent]!;
}

/** Quotient rounded half away from zero. */
export function roundedDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  const remainder = dividend % divisor;
  const doubled = (remainder < 0n ? -remainder : remainder) * 2n;
  const magnitude = divisor < 0n ? -divisor : divisor;
  if (doubled < magnitude) return quotient;
  return dividend < 0n === divisor < 0n ? quotient + 1n : quotient - 1n;
}

const integerBounds: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int8: [-128n, 127n],
  int16: [-32768n, 32767n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint8: [0n, 255n],
  uint16: [0n, 65535n],
  uint32: [0n, 2n ** 32n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};

/** Smallest and largest value of an integer type. */
export function boundsOfInteger(type: DataType): readonly [bigint, bigint] {
  return integerBounds[type.kind]!;
}

/** An integer in the form that values of its type have. Throws numeric_value_out_of_range. */
export function checkedInteger(value: bigint, type: DataType): number | bigint {
  const [smallest, largest] = boundsOfInteger(type);
  if (value < smallest || value > largest) {
    throw new EngineError("numeric_value_out_of_range", `${typeName(type)} out of range`);
  }
  return type.kind === "int64" || type.kind === "uint64" ? value : Number(value);
}

/** Throws numeric_value_out_of_range when `unscaled` has more digits than the type. */
export function checkedDecimal(unscaled: bigint, type: DecimalType, text?: () => string): bigint {
  const bound = powerOfTen(type.precision);
  if (unscaled >= bound || unscaled <= -bound) {
    const what = text === undefined ? "" : `"${text()}" is too large: `;
    throw new EngineError("numeric_value_out_of_range", `${what}${typeName(type)} out of range`);
  }
  return unscaled;
}

/** Rounds half to even, as PostgreSQL does when a float becomes an integer. */
export function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const difference = value - below;
  if (difference < 0.5) return below;
  if (difference > 0.5) return below + 1;
  return below % 2 === 0 ? below : below + 1;
}
