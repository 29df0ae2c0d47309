// 128-bit decimals: a value is (low u64, high i64), two's complement; results go to `out` in the same order. Functions
// that can fail give 0 for success and 2 when the result has more than 38 digits; dividing by zero is the caller's check.

/** 10^k as (low, high) pairs, k = 0 to 38. */
const powers = memory.data<u64>([
  0x1, 0x0, 0xa, 0x0, 0x64, 0x0,
  0x3e8, 0x0, 0x2710, 0x0, 0x186a0, 0x0,
  0xf4240, 0x0, 0x989680, 0x0, 0x5f5e100, 0x0,
  0x3b9aca00, 0x0, 0x2540be400, 0x0, 0x174876e800, 0x0,
  0xe8d4a51000, 0x0, 0x9184e72a000, 0x0, 0x5af3107a4000, 0x0,
  0x38d7ea4c68000, 0x0, 0x2386f26fc10000, 0x0, 0x16345785d8a0000, 0x0,
  0xde0b6b3a7640000, 0x0, 0x8ac7230489e80000, 0x0, 0x6bc75e2d63100000, 0x5,
  0x35c9adc5dea00000, 0x36, 0x19e0c9bab2400000, 0x21e, 0x2c7e14af6800000, 0x152d,
  0x1bcecceda1000000, 0xd3c2, 0x161401484a000000, 0x84595, 0xdcc80cd2e4000000, 0x52b7d2,
  0x9fd0803ce8000000, 0x33b2e3c, 0x3e25026110000000, 0x204fce5e, 0x6d7217caa0000000, 0x1431e0fae,
  0x4674edea40000000, 0xc9f2c9cd0, 0xc0914b2680000000, 0x7e37be2022, 0x85acef8100000000, 0x4ee2d6d415b,
  0x38c15b0a00000000, 0x314dc6448d93, 0x378d8e6400000000, 0x1ed09bead87c0, 0x2b878fe800000000, 0x13426172c74d82,
  0xb34b9f1000000000, 0xc097ce7bc90715, 0xf436a000000000, 0x785ee10d5da46d9, 0x98a224000000000, 0x4b3b4ca85a86c47a,
]);

/** Digits of a long division in base 2^32, least significant first: dividend (9), divisor (4), quotient (8). */
const dividend = memory.data(40);
const divisor = memory.data(16);
const quotient = memory.data(32);

let resultLow: u64 = 0;
let resultHigh: u64 = 0;

// @ts-ignore: decorator
@inline
function powerLow(exponent: i32): u64 {
  return load<u64>(powers + (<usize>exponent << 4));
}

// @ts-ignore: decorator
@inline
function powerHigh(exponent: i32): u64 {
  return load<u64>(powers + (<usize>exponent << 4), 8);
}

// @ts-ignore: decorator
@inline
function multiplyHigh(left: u64, right: u64): u64 {
  const leftLow = left & 0xffffffff;
  const leftHigh = left >> 32;
  const rightLow = right & 0xffffffff;
  const rightHigh = right >> 32;
  const middle = leftHigh * rightLow + ((leftLow * rightLow) >> 32);
  const other = leftLow * rightHigh + (middle & 0xffffffff);
  return leftHigh * rightHigh + (middle >> 32) + (other >> 32);
}

// @ts-ignore: decorator
@inline
function magnitude(low: u64, high: i64): void {
  if (high < 0) {
    resultLow = 0 - low;
    resultHigh = ~(<u64>high) + (low == 0 ? 1 : 0);
  } else {
    resultLow = low;
    resultHigh = <u64>high;
  }
}

/** Stores a magnitude with a sign. */
// @ts-ignore: decorator
@inline
function storeSigned(low: u64, high: u64, negative: bool, out: usize): void {
  store<u64>(out, negative ? 0 - low : low);
  store<u64>(out, negative ? ~high + (low == 0 ? 1 : 0) : high, 8);
}

// @ts-ignore: decorator
@inline
function below(low: u64, high: u64, otherLow: u64, otherHigh: u64): bool {
  return high < otherHigh || (high == otherHigh && low < otherLow);
}

// @ts-ignore: decorator
@inline
function isAbove38Digits(low: u64, high: u64): bool {
  return !below(low, high, powerLow(38), powerHigh(38));
}

/** Writes the 256-bit product of two magnitudes to the dividend's digits. */
function multiplyToDividend(leftLow: u64, leftHigh: u64, rightLow: u64, rightHigh: u64): void {
  const word0 = leftLow * rightLow;
  let word1 = multiplyHigh(leftLow, rightLow);
  let carry: u64 = 0;
  const crossLow1 = leftLow * rightHigh;
  const crossHigh1 = multiplyHigh(leftLow, rightHigh);
  const crossLow2 = leftHigh * rightLow;
  const crossHigh2 = multiplyHigh(leftHigh, rightLow);
  word1 += crossLow1;
  if (word1 < crossLow1) carry += 1;
  word1 += crossLow2;
  if (word1 < crossLow2) carry += 1;
  let word2 = leftHigh * rightHigh;
  let word3 = multiplyHigh(leftHigh, rightHigh);
  word2 += carry;
  if (word2 < carry) word3 += 1;
  word2 += crossHigh1;
  if (word2 < crossHigh1) word3 += 1;
  word2 += crossHigh2;
  if (word2 < crossHigh2) word3 += 1;
  store<u64>(dividend, word0);
  store<u64>(dividend, word1, 8);
  store<u64>(dividend, word2, 16);
  store<u64>(dividend, word3, 24);
}

/**
 * Divides the dividend's 256 bits by a magnitude: the quotient's digits, and the remainder in resultLow, resultHigh.
 * Knuth's algorithm D.
 */
function divideDigits(low: u64, high: u64): void {
  let size: i32 = high >> 32 != 0 ? 4 : high != 0 ? 3 : low >> 32 != 0 ? 2 : 1;
  memory.fill(quotient, 0, 32);
  if (size == 1) {
    let rest: u64 = 0;
    for (let index: i32 = 7; index >= 0; index--) {
      const digit = (rest << 32) | <u64>load<u32>(dividend + (<usize>index << 2));
      store<u32>(quotient + (<usize>index << 2), <u32>(digit / low));
      rest = digit % low;
    }
    resultLow = rest;
    resultHigh = 0;
    return;
  }
  // The divisor's top digit gets its highest bit set, so that estimated quotient digits are off by at most 2.
  const top: u32 = size == 4 ? <u32>(high >> 32) : size == 3 ? <u32>high : <u32>(low >> 32);
  const shift = <u64>clz(top);
  store<u64>(divisor, low << shift);
  store<u64>(divisor, shift == 0 ? high : (high << shift) | (low >> (64 - shift)), 8);
  let carried: u64 = 0;
  for (let index: i32 = 0; index < 8; index++) {
    const at = dividend + (<usize>index << 2);
    const digit = <u64>load<u32>(at);
    store<u32>(at, <u32>((digit << shift) | carried));
    carried = shift == 0 ? 0 : digit >> (32 - shift);
  }
  store<u32>(dividend, <u32>carried, 32);
  const first = <u64>load<u32>(divisor + (<usize>(size - 1) << 2));
  const second = <u64>load<u32>(divisor + (<usize>(size - 2) << 2));
  for (let index: i32 = 8 - size; index >= 0; index--) {
    const at = dividend + (<usize>index << 2);
    const head = (<u64>load<u32>(at + (<usize>size << 2)) << 32) | <u64>load<u32>(at + (<usize>(size - 1) << 2));
    let estimate = head / first;
    let rest = head % first;
    while (estimate > 0xffffffff || estimate * second > ((rest << 32) | <u64>load<u32>(at + (<usize>(size - 2) << 2)))) {
      estimate -= 1;
      rest += first;
      if (rest > 0xffffffff) break;
    }
    let borrow: i64 = 0;
    let carry: u64 = 0;
    for (let digit: i32 = 0; digit < size; digit++) {
      const offset = <usize>digit << 2;
      const product = estimate * <u64>load<u32>(divisor + offset) + carry;
      carry = product >> 32;
      const difference = <i64>load<u32>(at + offset) - borrow - <i64>(product & 0xffffffff);
      store<u32>(at + offset, <u32>difference);
      borrow = difference < 0 ? 1 : 0;
    }
    const last = <i64>load<u32>(at + (<usize>size << 2)) - borrow - <i64>carry;
    store<u32>(at + (<usize>size << 2), <u32>last);
    if (last < 0) {
      estimate -= 1;
      let added: u64 = 0;
      for (let digit: i32 = 0; digit < size; digit++) {
        const offset = <usize>digit << 2;
        const sum = <u64>load<u32>(at + offset) + <u64>load<u32>(divisor + offset) + added;
        store<u32>(at + offset, <u32>sum);
        added = sum >> 32;
      }
      store<u32>(at + (<usize>size << 2), <u32>(<u64>load<u32>(at + (<usize>size << 2)) + added));
    }
    store<u32>(quotient + (<usize>index << 2), <u32>estimate);
  }
  const restLow = load<u64>(dividend);
  const restHigh = load<u64>(dividend, 8);
  resultLow = shift == 0 ? restLow : (restLow >> shift) | (restHigh << (64 - shift));
  resultHigh = restHigh >> shift;
  // Digits beyond the divisor's length are zero after the division, so the words hold just the remainder.
}

/**
 * Finishes a division by (low, high): rounds the quotient (mode 0 towards zero, 1 half away from zero, 2 down, 3 up),
 * checks and stores it.
 */
function finishQuotient(low: u64, high: u64, negative: bool, mode: i32, out: usize): i32 {
  if ((load<u64>(quotient, 16) | load<u64>(quotient, 24)) != 0) return 2;
  let resultingLow = load<u64>(quotient);
  let resultingHigh = load<u64>(quotient, 8);
  let roundsUp = false;
  if ((resultLow | resultHigh) != 0) {
    if (mode == 1) {
      // remainder >= divisor - remainder
      const leftLow = low - resultLow;
      const leftHigh = high - resultHigh - (low < resultLow ? 1 : 0);
      roundsUp = !below(resultLow, resultHigh, leftLow, leftHigh);
    } else {
      roundsUp = (mode == 2 && negative) || (mode == 3 && !negative);
    }
  }
  if (roundsUp) {
    resultingLow += 1;
    if (resultingLow == 0) resultingHigh += 1;
  }
  if (isAbove38Digits(resultingLow, resultingHigh)) return 2;
  storeSigned(resultingLow, resultingHigh, negative, out);
  return 0;
}

/** The exact product of two int64. */
export function decimalMultiply64(left: i64, right: i64, out: usize): void {
  const low = <u64>left * <u64>right;
  const high = multiplyHigh(<u64>left, <u64>right) - (left < 0 ? <u64>right : 0) - (right < 0 ? <u64>left : 0);
  store<u64>(out, low);
  store<u64>(out, high, 8);
}

/** The product divided by 10^down, rounded half away from zero. */
export function decimalMultiply(leftLow: u64, leftHigh: i64, rightLow: u64, rightHigh: i64, down: i32, out: usize): i32 {
  if (down == 0 && leftHigh == <i64>leftLow >> 63 && rightHigh == <i64>rightLow >> 63) {
    decimalMultiply64(<i64>leftLow, <i64>rightLow, out);
    return 0;
  }
  const negative = (leftHigh ^ rightHigh) < 0;
  magnitude(leftLow, leftHigh);
  const firstLow = resultLow;
  const firstHigh = resultHigh;
  magnitude(rightLow, rightHigh);
  multiplyToDividend(firstLow, firstHigh, resultLow, resultHigh);
  if (down != 0) {
    divideDigits(powerLow(down), powerHigh(down));
    return finishQuotient(powerLow(down), powerHigh(down), negative, 1, out);
  }
  const low = load<u64>(dividend);
  const high = load<u64>(dividend, 8);
  if ((load<u64>(dividend, 16) | load<u64>(dividend, 24)) != 0 || isAbove38Digits(low, high)) return 2;
  storeSigned(low, high, negative, out);
  return 0;
}

/** left × 10^up / right, rounded half away from zero; `right` is not 0 and `up` at most 38. */
export function decimalDivide(leftLow: u64, leftHigh: i64, rightLow: u64, rightHigh: i64, up: i32, out: usize): i32 {
  const negative = (leftHigh ^ rightHigh) < 0;
  magnitude(leftLow, leftHigh);
  multiplyToDividend(resultLow, resultHigh, powerLow(up), powerHigh(up));
  magnitude(rightLow, rightHigh);
  const low = resultLow;
  const high = resultHigh;
  divideDigits(low, high);
  return finishQuotient(low, high, negative, 1, out);
}

/** The remainder, with the dividend's sign, of two values of one scale; `right` is not 0. */
export function decimalModulo(leftLow: u64, leftHigh: i64, rightLow: u64, rightHigh: i64, out: usize): void {
  magnitude(leftLow, leftHigh);
  store<u64>(dividend, resultLow);
  store<u64>(dividend, resultHigh, 8);
  store<u64>(dividend, 0, 16);
  store<u64>(dividend, 0, 24);
  magnitude(rightLow, rightHigh);
  divideDigits(resultLow, resultHigh);
  storeSigned(resultLow, resultHigh, leftHigh < 0, out);
}

/** The value × 10^up. */
export function decimalScaleUp(low: u64, high: i64, up: i32, out: usize): i32 {
  return decimalMultiply(low, high, powerLow(up), <i64>powerHigh(up), 0, out);
}

/** The value / 10^down, rounded: mode 0 towards zero, 1 half away from zero, 2 down, 3 up. */
export function decimalScaleDown(low: u64, high: i64, down: i32, mode: i32, out: usize): i32 {
  magnitude(low, high);
  store<u64>(dividend, resultLow);
  store<u64>(dividend, resultHigh, 8);
  store<u64>(dividend, 0, 16);
  store<u64>(dividend, 0, 24);
  divideDigits(powerLow(down), powerHigh(down));
  return finishQuotient(powerLow(down), powerHigh(down), high < 0, mode, out);
}

/** decimalScaleDown of an int64; `down` is at most 18. */
export function decimalScaleDown64(value: i64, down: i32, mode: i32): i64 {
  const factor = <i64>powerLow(down);
  const result = value / factor;
  const rest = value % factor;
  if (rest == 0 || mode == 0) return result;
  if (mode == 2) return rest < 0 ? result - 1 : result;
  if (mode == 3) return rest > 0 ? result + 1 : result;
  const positive = rest < 0 ? -rest : rest;
  if (positive < factor - positive) return result;
  return value < 0 ? result - 1 : result + 1;
}

/** Whether the value has at most `precision` digits. */
export function decimalFits(low: u64, high: i64, precision: i32): i32 {
  magnitude(low, high);
  return below(resultLow, resultHigh, powerLow(precision), powerHigh(precision)) ? 1 : 0;
}

/** The nearest float. */
export function decimalToFloat(low: u64, high: i64): f64 {
  if (high == <i64>low >> 63) return <f64>(<i64>low);
  magnitude(low, high);
  if (resultHigh == 0) return high < 0 ? -(<f64>resultLow) : <f64>resultLow;
  const shift = clz(resultHigh);
  let top = shift == 0 ? resultHigh : (resultHigh << shift) | (resultLow >> (64 - shift));
  // The bits that fall away only matter for a tie: they go into the lowest bit, which a float does not keep.
  if (resultLow << shift != 0) top |= 1;
  // 2^(64 - shift), built from its exponent.
  const factor = reinterpret<f64>((1023 + 64 - shift) << 52);
  const result = <f64>top * factor;
  return high < 0 ? -result : result;
}
