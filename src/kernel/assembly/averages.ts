// Exact averages: sums of 64 or 128 bits divided by counts, at a higher scale than the sums', rounded half away from zero.

/** 10 to the 38th, the first absolute value that a decimal(38, s) cannot hold. */
const limitHigh: u64 = 0x4b3b4ca85a86c47a;
const limitLow: u64 = 0x098a224000000000;

// 128-bit magnitude in progress; module variables, because a function gives back only one number.
let low: u64 = 0;
let high: u64 = 0;

// @ts-ignore: decorator
@inline
function aboveLimit(): bool {
  return high > limitHigh || (high == limitHigh && low >= limitLow);
}

// @ts-ignore: decorator
@inline
function multiplyHigh(a: u64, b: u64): u64 {
  const aLow = a & 0xffffffff;
  const aHigh = a >> 32;
  const bLow = b & 0xffffffff;
  const bHigh = b >> 32;
  const middle = aHigh * bLow + ((aLow * bLow) >> 32);
  const middleLow = (middle & 0xffffffff) + aLow * bHigh;
  return aHigh * bHigh + (middle >> 32) + (middleLow >> 32);
}

/** Multiplies the magnitude; gives whether it left 128 bits. */
function multiply(factor: u64): bool {
  const carry = multiplyHigh(low, factor);
  const lost = multiplyHigh(high, factor) != 0;
  const upper = high * factor;
  low *= factor;
  high = upper + carry;
  return lost || high < carry;
}

/** Divides the magnitude; gives the remainder. */
function divide(divisor: u64): u64 {
  if (high == 0) {
    const rest = low % divisor;
    low /= divisor;
    return rest;
  }
  let rest = high % divisor;
  high /= divisor;
  if (divisor >> 32 == 0) {
    const upper = (rest << 32) | (low >> 32);
    const lower = ((upper % divisor) << 32) | (low & 0xffffffff);
    low = ((upper / divisor) << 32) | (lower / divisor);
    return lower % divisor;
  }
  let quotient: u64 = 0;
  for (let bit = 63; bit >= 0; bit--) {
    const carry = rest >> 63;
    rest = (rest << 1) | ((low >> bit) & 1);
    if (carry != 0 || rest >= divisor) {
      rest -= divisor;
      quotient |= <u64>1 << bit;
    }
  }
  low = quotient;
  return rest;
}

/**
 * out[i] (128 bits) = sums[i] × factor / counts[i]. `wide`: the sums have 128 bits, else 64. Where the count is 0 the sum is NULL and
 * the result is 0. Gives 1 when a result has more than 38 digits.
 */
export function finishAverage(sums: usize, wide: bool, counts: usize, count: u32, factor: u64, out: usize): u32 {
  let overflow: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const divisor = load<u64>(counts + (<usize>i << 3));
    const target = out + (<usize>i << 4);
    store<u64>(target, 0);
    store<u64>(target, 0, 8);
    if (divisor == 0) continue;
    low = load<u64>(sums + (wide ? <usize>i << 4 : <usize>i << 3));
    high = wide ? load<u64>(sums + (<usize>i << 4), 8) : <u64>(<i64>low >> 63);
    const negative = <i64>high < 0;
    if (negative) {
      low = 0 - low;
      high = ~high + (low == 0 ? 1 : 0);
    }
    // Divide first, so that nothing outgrows 128 bits unless the result does.
    const rest = divide(divisor);
    let lost = multiply(factor);
    const wholeLow = low;
    const wholeHigh = high;
    low = rest;
    high = 0;
    multiply(factor);
    const remainder = divide(divisor);
    if (remainder >= divisor - remainder) {
      low++;
      if (low == 0) high++;
    }
    low += wholeLow;
    const carry: u64 = low < wholeLow ? 1 : 0;
    high += wholeHigh + carry;
    lost = lost || high < wholeHigh;
    if (lost || aboveLimit()) overflow = 1;
    if (negative) {
      low = 0 - low;
      high = ~high + (low == 0 ? 1 : 0);
    }
    store<u64>(target, low);
    store<u64>(target, high, 8);
  }
  return overflow;
}

/** Whether some 128-bit value that is not NULL has more than 38 digits. */
export function anyAbove38Digits(data: usize, validity: usize, count: u32): u32 {
  for (let i: u32 = 0; i < count; i++) {
    if (validity != 0 && ((<u32>load<u8>(validity + (i >> 3)) >> (i & 7)) & 1) == 0) continue;
    low = load<u64>(data + (<usize>i << 4));
    high = load<u64>(data + (<usize>i << 4), 8);
    if (<i64>high < 0) {
      low = 0 - low;
      high = ~high + (low == 0 ? 1 : 0);
    }
    if (aboveLimit()) return 1;
  }
  return 0;
}

/** The low words of 128-bit values that fit 64 bits. */
export function narrowTo64(data: usize, count: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i++) store<u64>(out + (<usize>i << 3), load<u64>(data + (<usize>i << 4)));
}
