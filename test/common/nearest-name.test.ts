import assert from "node:assert/strict";
import { editDistance, nearestNameHint, nearestNames } from "../../src/common/nearest-name.ts";

describe("nearest names", () => {
  it("measures insertions, deletions, substitutions and swaps", () => {
    for (const [left, right, distance] of [
      ["", "", 0],
      ["a", "", 1],
      ["kitten", "sitting", 3],
      ["natoin", "nation", 1],
      ["abc", "xyz", 3],
    ] as const) {
      assert.equal(editDistance(left, right), distance, `${left} → ${right}`);
      assert.equal(editDistance(right, left), distance, `${right} → ${left}`);
    }
    assert.equal(editDistance("kitten", "sitting", 2), 2);
  });

  it("offers what is near, nearest first, whatever the case", () => {
    assert.deepEqual(nearestNames("L_ORDERKY", ["l_orderkey", "o_orderkey", "l_partkey"]), [
      "l_orderkey",
      "o_orderkey",
    ]);
    assert.equal(nearestNameHint("natoin", ["region", "nation"]), 'perhaps you meant "nation"');
  });

  it("offers nothing far away, and nothing for a single letter", () => {
    assert.deepEqual(nearestNames("foo", ["nation", "bar"]), []);
    assert.deepEqual(nearestNames("r", ["t", "q"]), []);
    assert.equal(nearestNameHint("foo", []), undefined);
  });
});
