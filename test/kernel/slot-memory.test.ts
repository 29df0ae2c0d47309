import assert from "node:assert/strict";
import { SlotMemory } from "../../src/kernel/slot-memory.ts";
import { randomNumbers } from "../support/operator-harness.ts";

const mebibyte = 2 ** 20;

describe("slot memory", () => {
  it("hands out aligned memory that does not overlap, and counts it", () => {
    const memory = new SlotMemory(32 * mebibyte, { poison: true });
    const random = randomNumbers(1);
    const regions = Array.from({ length: 6 }, () => memory.region());
    const held: { address: number; size: number; region: number; mark: number }[] = [];
    for (let round = 0; round < 4000; round++) {
      const region = Math.floor(random() * regions.length);
      if (random() < 0.01) {
        regions[region]!.reset();
        for (let index = held.length - 1; index >= 0; index--)
          if (held[index]!.region === region) held.splice(index, 1);
        continue;
      }
      const size = Math.floor(random() ** 4 * 100_000);
      const address = regions[region]!.allocate(size);
      assert.equal(address % 16, 0);
      assert.ok(address + size <= memory.byteSize);
      const mark = round % 251;
      memory.u8.fill(mark, address, address + size);
      held.push({ address, size, region, mark });
    }
    for (const { address, size, mark } of held)
      assert.ok(memory.u8.subarray(address, address + size).every((byte) => byte === mark));
    assert.equal(
      memory.usedBytes,
      regions.reduce((sum, region) => sum + region.byteSize, 0),
    );
    regions.forEach((region) => region.free());
    assert.equal(memory.usedBytes, 0);
  });

  it("joins freed pieces when a large one is wanted", () => {
    const memory = new SlotMemory(32 * mebibyte);
    const keep = memory.region();
    keep.allocate(65536);
    const pieces = Array.from({ length: 400 }, () => memory.region());
    pieces.forEach((region) => region.allocate(65536));
    pieces.forEach((region) => region.free());
    const large = memory.region();
    large.allocate(16 * mebibyte);
    assert.throws(() => large.allocate(16 * mebibyte), { code: "out_of_memory" });
    large.free();
    keep.free();
    const whole = memory.region();
    whole.allocate(16 * mebibyte);
    whole.allocate(8 * mebibyte);
    assert.equal(memory.usedBytes, 24 * mebibyte);
  });
});
