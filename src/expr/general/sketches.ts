import type { Value } from "../../arrow/value.ts";
import { EngineError } from "../../common/engine-error.ts";
import { type GeneralAggregate, packState, unpackState } from "./general-aggregate.ts";

const indexBits = 12;
const registerCount = 1 << indexBits;
/** Hashes are kept as they are up to this many: small groups are then counted almost exactly. */
const exactCountMax = 512;

/** approx_count_distinct: a HyperLogLog with 4,096 registers, a standard error of 1.6 %. */
export class DistinctSketch implements GeneralAggregate {
  #hashes: Set<bigint> | null = new Set();
  #registers: Uint8Array | null = null;

  add([value]: readonly Value[]): number {
    return value === null ? 0 : this.#addHash(hashOf(value!));
  }

  merge(state: Uint8Array): number {
    const { hashes, registers } = unpackState<{ hashes: Set<bigint> | null; registers: Uint8Array | null }>(state);
    let grown = 0;
    for (const hash of hashes ?? []) grown += this.#addHash(hash);
    if (registers === null) return grown;
    const own = this.#toRegisters();
    registers.forEach((rank, index) => {
      if (rank > own[index]!) own[index] = rank;
    });
    return registerCount;
  }

  state(): Uint8Array {
    return packState({ hashes: this.#hashes, registers: this.#registers });
  }

  result(): Value {
    if (this.#hashes !== null) return BigInt(this.#hashes.size);
    const registers = this.#toRegisters();
    let sum = 0;
    let zeros = 0;
    for (const rank of registers) {
      sum += 2 ** -rank;
      if (rank === 0) zeros += 1;
    }
    const estimate = ((0.7213 / (1 + 1.079 / registerCount)) * registerCount ** 2) / sum;
    const isSmall = estimate <= 2.5 * registerCount && zeros > 0;
    return BigInt(Math.round(isSmall ? registerCount * Math.log(registerCount / zeros) : estimate));
  }

  #addHash(hash: bigint): number {
    if (this.#hashes !== null) {
      const before = this.#hashes.size;
      this.#hashes.add(hash);
      if (this.#hashes.size <= exactCountMax) return (this.#hashes.size - before) * 40;
      this.#toRegisters();
      return 0;
    }
    setRegister(this.#toRegisters(), hash);
    return 0;
  }

  #toRegisters(): Uint8Array {
    if (this.#registers !== null) return this.#registers;
    const registers = new Uint8Array(registerCount);
    for (const hash of this.#hashes ?? []) setRegister(registers, hash);
    this.#hashes = null;
    return (this.#registers = registers);
  }
}

function setRegister(registers: Uint8Array, hash: bigint): void {
  const index = Number(hash & BigInt(registerCount - 1));
  const high = Number((hash >> BigInt(indexBits)) & 0xfffff_ffffn);
  const low = Math.clz32(high & 0xffffffff);
  const rank = low === 32 ? 33 : low + 1;
  if (rank > registers[index]!) registers[index] = rank;
}

/** 64 bits of a value's text (FNV-1a, then two rounds of mixing). */
function hashOf(value: Value): bigint {
  const text = typeof value === "object" ? JSON.stringify(value, (_, part) => plainPart(part)) : String(value);
  let [first, second] = [0x811c9dc5, 0x9e3779b9];
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    first = Math.imul(first ^ code, 0x01000193);
    second = Math.imul(second ^ code, 0x85ebca6b) + index;
  }
  return (BigInt(mixed(first ^ Math.imul(second, 0x27d4eb2f))) << 32n) | BigInt(mixed(second));
}

function plainPart(part: unknown): unknown {
  return typeof part === "bigint" ? String(part) : part;
}

function mixed(bits: number): number {
  let hash = bits ^ (bits >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

type Centroid = { mean: number; weight: number };

const compression = 200;
const bufferMax = 1000;

/** approx_percentile: a t-digest, whose centroids are small near both ends; exact for up to a thousand values. */
export class PercentileSketch implements GeneralAggregate {
  #centroids: Centroid[] = [];
  #buffer: Centroid[] = [];
  #fraction: number | null | undefined;

  add([value, fraction]: readonly Value[]): number {
    this.#fraction ??= fraction as number | null;
    if (value === null || Number.isNaN(value)) return 0;
    this.#buffer.push({ mean: value as number, weight: 1 });
    if (this.#buffer.length >= bufferMax) this.#compress();
    return this.#buffer.length < bufferMax && this.#centroids.length === 0 ? 24 : 0;
  }

  merge(state: Uint8Array): number {
    const { centroids, fraction } = unpackState<{ centroids: Centroid[]; fraction: number | null | undefined }>(state);
    this.#fraction ??= fraction;
    for (const centroid of centroids) this.#buffer.push(centroid);
    if (this.#buffer.length >= bufferMax) this.#compress();
    return centroids.length * 24;
  }

  state(): Uint8Array {
    return packState({ centroids: [...this.#centroids, ...this.#buffer], fraction: this.#fraction });
  }

  result(): Value {
    const fraction = this.#fraction;
    if (fraction === undefined || fraction === null) return null;
    if (!(fraction >= 0 && fraction <= 1))
      throw new EngineError("invalid_parameter_value", `percentile value ${fraction} is not between 0 and 1`);
    const sorted = [...this.#centroids, ...this.#buffer].sort((left, right) => left.mean - right.mean);
    if (sorted.length === 0) return null;
    const total = sorted.reduce((sum, { weight }) => sum + weight, 0);
    const target = fraction * (total - 1);
    let before = 0;
    let previous = { mean: sorted[0]!.mean, at: 0 };
    for (const { mean, weight } of sorted) {
      // A centroid stands for values around its middle; one of weight 1 is the value itself.
      const at = before + (weight - 1) / 2;
      if (at >= target) {
        const span = at - previous.at;
        return span <= 0 ? mean : previous.mean + ((mean - previous.mean) * (target - previous.at)) / span;
      }
      previous = { mean, at };
      before += weight;
    }
    return sorted.at(-1)!.mean;
  }

  #compress(): void {
    const sorted = [...this.#centroids, ...this.#buffer].sort((left, right) => left.mean - right.mean);
    const total = sorted.reduce((sum, { weight }) => sum + weight, 0);
    this.#buffer = [];
    this.#centroids = [];
    let current: Centroid | null = null;
    let before = 0;
    for (const { mean, weight } of sorted) {
      const middle = current === null ? 0 : (before + (current.weight + weight) / 2) / total;
      const room = (4 * total * middle * (1 - middle)) / compression;
      if (current !== null && current.weight + weight <= Math.max(1, room)) {
        const joined: number = current.weight + weight;
        current = { mean: current.mean + ((mean - current.mean) * weight) / joined, weight: joined };
      } else {
        if (current !== null) {
          this.#centroids.push(current);
          before += current.weight;
        }
        current = { mean, weight };
      }
    }
    if (current !== null) this.#centroids.push(current);
  }
}
