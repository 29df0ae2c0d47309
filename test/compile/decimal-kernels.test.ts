import assert from "node:assert/strict";
import { powerOfTen, roundedDivide } from "../../src/expr/numeric-values.ts";
import { kernelNamed, loadKernels } from "../../src/kernel/load-kernels.ts";
import { SlotMemory } from "../../src/kernel/slot-memory.ts";
import { Random } from "./random-expressions.ts";

const memory = new SlotMemory(8 << 20);
const kernels = loadKernels(memory);
const out = memory.region().allocate(16);
const bound = powerOfTen(38);

function halves(value: bigint): [bigint, bigint] {
  return [BigInt.asIntN(64, value), BigInt.asIntN(64, value >> 64n)];
}

function result(): bigint {
  return (memory.i64[(out >>> 3) + 1]! << 64n) | memory.u64[out >>> 3]!;
}

/** Values of up to 38 digits whose 32-bit digits are often all ones, zero or a top bit: where long division corrects. */
function awkward(random: Random): bigint {
  const count = 1 + random.below(4);
  let value = 0n;
  for (let index = 0; index < count; index++) {
    const digit = random.pick([0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, random.below(2 ** 32)]);
    value = (value << 32n) | BigInt(digit);
  }
  value %= bound;
  return random.chance(50) ? -value : value;
}

describe("decimal kernels", () => {
  const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000_000);
  const random = new Random(seed);

  /** Runs a kernel that gives 0 or 2 (too many digits) and compares with the exact result. */
  function check(name: string, args: readonly (number | bigint)[], expected: bigint): void {
    const status = kernelNamed(kernels, name)(...args, out);
    const fits = expected < bound && expected > -bound;
    const what = `seed ${seed}: ${name}(${args.join(", ")})`;
    assert.equal(status, fits ? 0 : 2, what);
    if (fits) assert.equal(result(), expected, what);
  }

  it("divide, multiply and rescale exactly", function () {
    this.timeout(20_000);
    for (let round = 0; round < 30_000; round++) {
      const left = awkward(random);
      const right = awkward(random);
      const digits = random.below(39);
      check(
        "decimalMultiply",
        [...halves(left), ...halves(right), digits],
        roundedDivide(left * right, powerOfTen(digits)),
      );
      check("decimalScaleUp", [...halves(left), digits], left * powerOfTen(digits));
      check("decimalScaleDown", [...halves(left), digits, 1], roundedDivide(left, powerOfTen(digits)));
      if (right === 0n) continue;
      check(
        "decimalDivide",
        [...halves(left), ...halves(right), digits],
        roundedDivide(left * powerOfTen(digits), right),
      );
      kernelNamed(kernels, "decimalModulo")(...halves(left), ...halves(right), out);
      assert.equal(result(), left % right, `seed ${seed}: ${left} % ${right}`);
    }
  });

  it("convert to the nearest float", () => {
    for (let round = 0; round < 30_000; round++) {
      const value = awkward(random);
      assert.equal(kernelNamed(kernels, "decimalToFloat")(...halves(value)), Number(value), `seed ${seed}: ${value}`);
    }
  });
});
