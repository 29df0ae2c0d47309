import { bitIsSet } from "./bits";

// One column at a time, a batch's 64-bit hashes are mixed with the column's values. Both halves of the result are well
// spread: hash tables take the high bits, shuffle partitioning the low 32 (see hash.ts beside load-kernels.ts).

const seed: u64 = 0x2545f4914f6cdd1d;
const nullWord: u64 = 0x8f3a6c1db27e5049;
const multiplierA: u64 = 0x9e3779b97f4a7c15;
const multiplierB: u64 = 0xd6e8feb86659fd93;
const nanBits: u64 = 0x7ff8000000000000;
const dayMicros: i64 = 86400000000;

// @ts-ignore: decorator
@inline
function mix(hash: u64, word: u64): u64 {
  let mixed = (rotl<u64>(hash, 23) ^ word) * multiplierA;
  mixed = (mixed ^ (mixed >> 32)) * multiplierB;
  return mixed ^ (mixed >> 29);
}

// @ts-ignore: decorator
@inline
function mixPair(hash: u64, low: u64, high: u64): u64 {
  return mix(hash, low ^ rotl<u64>(high * multiplierB, 31));
}

// @ts-ignore: decorator
@inline
function previous(hashes: usize, index: u32, first: bool): u64 {
  return first ? seed : load<u64>(hashes + (<usize>index << 3));
}

// @ts-ignore: decorator
@inline
function hashWords<T>(data: usize, validity: usize, count: u32, first: bool, hashes: usize): void {
  if (validity == 0) {
    for (let i: u32 = 0; i < count; i++) {
      store<u64>(hashes + (<usize>i << 3), mix(previous(hashes, i, first), <u64>load<T>(data + <usize>i * sizeof<T>())));
    }
    return;
  }
  for (let i: u32 = 0; i < count; i++) {
    const word = bitIsSet(validity, i) ? <u64>load<T>(data + <usize>i * sizeof<T>()) : nullWord;
    store<u64>(hashes + (<usize>i << 3), mix(previous(hashes, i, first), word));
  }
}

export function hash1(data: usize, validity: usize, count: u32, first: bool, hashes: usize): void {
  hashWords<u8>(data, validity, count, first, hashes);
}

export function hash2(data: usize, validity: usize, count: u32, first: bool, hashes: usize): void {
  hashWords<u16>(data, validity, count, first, hashes);
}

export function hash4(data: usize, validity: usize, count: u32, first: bool, hashes: usize): void {
  hashWords<u32>(data, validity, count, first, hashes);
}

export function hash8(data: usize, validity: usize, count: u32, first: bool, hashes: usize): void {
  hashWords<u64>(data, validity, count, first, hashes);
}

/** 128-bit decimals: their two words. */
export function hash16(data: usize, validity: usize, count: u32, first: bool, hashes: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const at = data + (<usize>i << 4);
    const before = previous(hashes, i, first);
    const valid = validity == 0 || bitIsSet(validity, i);
    store<u64>(hashes + (<usize>i << 3), valid ? mixPair(before, load<u64>(at), load<u64>(at, 8)) : mix(before, nullWord));
  }
}

/** Equal floats have one hash: -0.0 counts as 0.0, and every NaN as the same NaN. */
// @ts-ignore: decorator
@inline
function hashFloats<T>(data: usize, validity: usize, count: u32, first: bool, hashes: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const value = <f64>load<T>(data + <usize>i * sizeof<T>());
    let word = value != value ? nanBits : reinterpret<u64>(value + 0.0);
    if (validity != 0 && !bitIsSet(validity, i)) word = nullWord;
    store<u64>(hashes + (<usize>i << 3), mix(previous(hashes, i, first), word));
  }
}

export function hashFloat4(data: usize, validity: usize, count: u32, first: bool, hashes: usize): void {
  hashFloats<f32>(data, validity, count, first, hashes);
}

export function hashFloat8(data: usize, validity: usize, count: u32, first: bool, hashes: usize): void {
  hashFloats<f64>(data, validity, count, first, hashes);
}

/** The bytes of a string longer than 12; shorter ones are hashed by their view's two words. */
function hashBytes(before: u64, address: usize, byteSize: u32): u64 {
  let hash = mix(before, <u64>byteSize);
  let offset: u32 = 0;
  for (; offset + 8 <= byteSize; offset += 8) hash = mix(hash, load<u64>(address + offset));
  // The last word may overlap the one before: the string has more than 12 bytes.
  return offset < byteSize ? mix(hash, load<u64>(address + byteSize - 8)) : hash;
}

export function hashString(data: usize, validity: usize, count: u32, first: bool, hashes: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const at = data + (<usize>i << 4);
    const before = previous(hashes, i, first);
    let hash: u64;
    if (validity != 0 && !bitIsSet(validity, i)) {
      hash = mix(before, nullWord);
    } else if (load<u32>(at) <= 12) {
      hash = mixPair(before, load<u64>(at), load<u64>(at, 8));
    } else {
      hash = hashBytes(before, load<u32>(at, 12), load<u32>(at));
    }
    store<u64>(hashes + (<usize>i << 3), hash);
  }
}

/** Intervals are equal when they are as long, a month being 30 days: '1 month' = '30 days'. */
export function hashInterval(data: usize, validity: usize, count: u32, first: bool, hashes: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const at = data + (<usize>i << 4);
    const before = previous(hashes, i, first);
    if (validity != 0 && !bitIsSet(validity, i)) {
      store<u64>(hashes + (<usize>i << 3), mix(before, nullWord));
      continue;
    }
    const micros = load<i64>(at, 8);
    let wholeDays = micros / dayMicros;
    let rest = micros % dayMicros;
    if (rest < 0) {
      rest += dayMicros;
      wholeDays--;
    }
    const days = <i64>load<i32>(at) * 30 + <i64>load<i32>(at, 4) + wholeDays;
    store<u64>(hashes + (<usize>i << 3), mixPair(before, <u64>days, <u64>rest));
  }
}

/** Every row is NULL: a column of type "null". */
export function hashNull(_data: usize, _validity: usize, count: u32, first: bool, hashes: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    store<u64>(hashes + (<usize>i << 3), mix(previous(hashes, i, first), nullWord));
  }
}

/** The hash of rows without key columns. */
export function hashNothing(count: u32, hashes: usize): void {
  for (let i: u32 = 0; i < count; i++) store<u64>(hashes + (<usize>i << 3), seed);
}
