import assert from "node:assert/strict";
import fc from "fast-check";
import { shareOut } from "../../src/stage/share-out-splits.ts";
import type { SplitUnit } from "../../src/stage/share-out-splits.ts";

function unitsOf(sizes: readonly number[]): SplitUnit[] {
  return sizes.map((byteSize, index) => ({
    scanId: 0,
    path: "/a.parquet",
    firstRow: index * 10,
    lastRow: index * 10 + 9,
    byteSize,
  }));
}

describe("shareOut", () => {
  it("gives every row group to exactly one task, leaves none without work, and keeps the order", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { maxLength: 50 }), fc.integer({ min: 1, max: 20 }), (sizes, taskCount) => {
        const shares = shareOut(unitsOf(sizes), taskCount);
        assert.equal(shares.length, Math.max(1, Math.min(taskCount, sizes.length)));
        const rows = shares
          .flat()
          .flatMap(({ firstRow, lastRow }) =>
            Array.from({ length: lastRow - firstRow + 1 }, (_, offset) => firstRow + offset),
          );
        assert.deepEqual(
          rows,
          Array.from({ length: sizes.length * 10 }, (_, row) => row),
        );
        if (sizes.length > 0) assert(shares.every((share) => share.length > 0));
      }),
    );
  });

  it("balances bytes and merges neighbours into one split", () => {
    const shares = shareOut(unitsOf([100, 100, 100, 100, 100, 100, 100, 100]), 4);
    assert.deepEqual(
      shares.map((share) => share.map((split) => [split.firstRow, split.lastRow, split.byteSize])),
      [[[0, 19, 200]], [[20, 39, 200]], [[40, 59, 200]], [[60, 79, 200]]],
    );
  });

  it("does not merge across files, gaps or scans", () => {
    const [first, second, third] = unitsOf([1, 1, 1]) as [SplitUnit, SplitUnit, SplitUnit];
    assert.equal(shareOut([first, third], 1)[0]!.length, 2);
    assert.equal(shareOut([first, { ...second, path: "/b.parquet" }], 1)[0]!.length, 2);
    assert.equal(shareOut([first, { ...second, scanId: 1 }], 1)[0]!.length, 2);
  });
});
