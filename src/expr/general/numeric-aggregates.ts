import type { Value } from "../../arrow/value.ts";
import { type GeneralAggregate, packState, unpackState } from "./general-aggregate.ts";

/** Count, means and sums of squared and multiplied deviations of pairs (y, x). */
type Moments = readonly [count: number, meanX: number, meanY: number, xx: number, yy: number, xy: number];

/** corr, covar_* and regr_*: the moments of the pairs without NULL, updated in one pass (Youngs and Cramer). */
export class PairMoments implements GeneralAggregate {
  readonly #name: string;
  #moments: Moments = [0, 0, 0, 0, 0, 0];

  constructor(name: string) {
    this.#name = name;
  }

  add([y, x]: readonly Value[]): number {
    if (y === null || x === null) return 0;
    this.#combine([1, x as number, y as number, 0, 0, 0]);
    return 0;
  }

  merge(state: Uint8Array): number {
    this.#combine(unpackState<Moments>(state));
    return 0;
  }

  state(): Uint8Array {
    return packState(this.#moments);
  }

  result(): Value {
    const [count, meanX, meanY, xx, yy, xy] = this.#moments;
    if (this.#name === "regr_count") return BigInt(count);
    if (count === 0) return null;
    switch (this.#name) {
      case "covar_pop":
        return xy / count;
      case "covar_samp":
        return count < 2 ? null : xy / (count - 1);
      case "corr":
        return xx === 0 || yy === 0 ? null : Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy)));
      case "regr_avgx":
        return meanX;
      case "regr_avgy":
        return meanY;
      case "regr_sxx":
        return xx;
      case "regr_syy":
        return yy;
      case "regr_sxy":
        return xy;
      case "regr_slope":
        return xx === 0 ? null : xy / xx;
      case "regr_intercept":
        return xx === 0 ? null : meanY - (meanX * xy) / xx;
      default:
        if (xx === 0) return null;
        return yy === 0 ? 1 : (xy * xy) / (xx * yy);
    }
  }

  #combine([count, meanX, meanY, xx, yy, xy]: Moments): void {
    const [ownCount, ownX, ownY, ownXx, ownYy, ownXy] = this.#moments;
    if (count === 0) return;
    const total = ownCount + count;
    const [byX, byY] = [meanX - ownX, meanY - ownY];
    const weight = (ownCount * count) / total;
    // With nothing so far the weight is 0, but infinite deviations must not become NaN.
    const scaled = (product: number): number => (ownCount === 0 ? 0 : product * weight);
    this.#moments = [
      total,
      ownCount === 0 ? meanX : ownX + (byX * count) / total,
      ownCount === 0 ? meanY : ownY + (byY * count) / total,
      ownXx + xx + scaled(byX * byX),
      ownYy + yy + scaled(byY * byY),
      ownXy + xy + scaled(byX * byY),
    ];
  }
}

/** bit_and, bit_or and bit_xor of integers, which are numbers or, for bigint, BigInts. */
export class BitCombination implements GeneralAggregate {
  readonly #name: string;
  #bits: bigint | null = null;
  readonly #isBig: boolean;

  constructor(name: string, isBig: boolean) {
    this.#name = name;
    this.#isBig = isBig;
  }

  add([value]: readonly Value[]): number {
    if (value !== null) this.#combine(BigInt(value as number | bigint));
    return 0;
  }

  merge(state: Uint8Array): number {
    const bits = unpackState<bigint | null>(state);
    if (bits !== null) this.#combine(bits);
    return 0;
  }

  state(): Uint8Array {
    return packState(this.#bits);
  }

  result(): Value {
    return this.#bits === null || this.#isBig ? this.#bits : Number(this.#bits);
  }

  #combine(bits: bigint): void {
    if (this.#bits === null) this.#bits = bits;
    else if (this.#name === "bit_and") this.#bits &= bits;
    else if (this.#name === "bit_or") this.#bits |= bits;
    else this.#bits ^= bits;
  }
}

/** bit_xor(DISTINCT …). */
export class DistinctBits implements GeneralAggregate {
  readonly #isBig: boolean;
  #values = new Set<bigint>();

  constructor(isBig: boolean) {
    this.#isBig = isBig;
  }

  add([value]: readonly Value[]): number {
    const before = this.#values.size;
    if (value !== null) this.#values.add(BigInt(value as number | bigint));
    return (this.#values.size - before) * 40;
  }

  merge(state: Uint8Array): number {
    const others = unpackState<Set<bigint>>(state);
    for (const value of others) this.#values.add(value);
    return others.size * 40;
  }

  state(): Uint8Array {
    return packState(this.#values);
  }

  result(): Value {
    if (this.#values.size === 0) return null;
    let bits = 0n;
    for (const value of this.#values) bits ^= value;
    return this.#isBig ? bits : Number(bits);
  }
}
