import assert from "node:assert/strict";
import { decimalType, simpleType } from "../../src/arrow/data-type.ts";
import type { Value } from "../../src/arrow/value.ts";
import { kernelNamed } from "../../src/kernel/load-kernels.ts";
import { readValue, writeVector } from "../../src/kernel/vector-values.ts";
import { makeTaskContext, randomNumbers } from "../support/operator-harness.ts";

const wide = decimalType(38, 0);
const int64 = simpleType("int64");

/** Rounded half away from zero. */
function divide(sum: bigint, factor: bigint, count: bigint): bigint {
  const scaled = (sum < 0n ? -sum : sum) * factor;
  const rounded = (scaled * 2n + count) / (count * 2n);
  return sum < 0n ? -rounded : rounded;
}

describe("exact averages", () => {
  const { memory, kernels } = makeTaskContext();

  function averages(
    sums: readonly bigint[],
    counts: readonly bigint[],
    factor: bigint,
    bits: 64 | 128,
  ): { values: Value[]; overflow: number } {
    const region = memory.region();
    const sumVector = writeVector(memory, region, bits === 128 ? wide : int64, sums);
    const countVector = writeVector(memory, region, int64, counts);
    const out = region.allocate(sums.length * 16);
    const overflow = kernelNamed(kernels, "finishAverage")(
      sumVector.data,
      bits === 128 ? 1 : 0,
      countVector.data,
      sums.length,
      factor,
      out,
    );
    const values = sums.map((_, index) => readValue(memory, { type: wide, data: out, validity: 0 }, index));
    region.free();
    return { values, overflow };
  }

  it("are those of arbitrary precision, for sums and counts of any size", () => {
    const random = randomNumbers(11);
    const bigRandom = (bits: number): bigint => {
      let value = 0n;
      for (let done = 0; done < bits; done += 24) value = (value << 24n) | BigInt(Math.floor(random() * 2 ** 24));
      return BigInt.asUintN(bits, value);
    };
    for (const [sumBits, countBits, factor] of [
      [30, 8, 10n ** 16n],
      [63, 20, 10n ** 14n],
      [100, 31, 10n ** 12n],
      [126, 62, 10n ** 8n],
      [120, 40, 1n],
      [64, 3, 100n],
    ] as const) {
      const sums = Array.from(
        { length: 500 },
        () => bigRandom(Math.floor(random() * sumBits) + 1) * (random() < 0.5 ? -1n : 1n),
      );
      const counts = sums.map(() => bigRandom(countBits) + 1n);
      const want = sums.map((sum, index) => divide(sum, factor, counts[index]!));
      const isOver = want.some((value) => value >= 10n ** 38n || value <= -(10n ** 38n));
      const got = averages(sums, counts, factor, 128);
      assert.equal(got.overflow === 1, isOver);
      if (!isOver) assert.deepEqual(got.values, want);
      if (sumBits < 64) assert.deepEqual(averages(sums, counts, factor, 64).values, want);
    }
  });

  it("tell when a result has more than 38 digits, and leave groups without values alone", () => {
    const limit = 10n ** 38n;
    assert.equal(averages([limit - 1n], [1n], 1n, 128).overflow, 0);
    assert.equal(averages([1n - limit], [1n], 1n, 128).overflow, 0);
    assert.equal(averages([limit], [1n], 1n, 128).overflow, 1);
    assert.equal(averages([limit / 10n], [1n], 10n, 128).overflow, 1);
    assert.equal(averages([2n ** 126n], [1n], 10n ** 18n, 128).overflow, 1);
    assert.deepEqual(averages([5n, 0n], [2n, 0n], 1n, 64), { values: [3n, 0n], overflow: 0 });
  });
});

describe("sums in 64 bits", () => {
  it("tell when they leave the range, on the way too", () => {
    const { memory, kernels } = makeTaskContext();
    const region = memory.region();
    const row = region.allocateZeroed(16);
    const sum = (values: readonly bigint[], validity: boolean): number => {
      memory.i64[row / 8] = 0n;
      const vector = writeVector(memory, region, int64, validity ? [...values, null] : values);
      const count = validity ? values.length + 1 : values.length;
      return kernelNamed(kernels, "sum64_int64")(vector.data, vector.validity, 0, row, count, 0, 8, 0);
    };
    const max = 2n ** 63n - 1n;
    for (const validity of [false, true]) {
      assert.equal(sum([max, 0n, -max, -1n], validity), 0);
      assert.equal(sum([max, 1n], validity), 1);
      assert.equal(sum([-max, -2n], validity), 1);
    }
  });
});
