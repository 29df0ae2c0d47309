import assert from "node:assert/strict";
import { simpleType } from "../../src/arrow/data-type.ts";
import { scaleDistinct, tableStatistics } from "../../src/catalog/table-statistics.ts";
import type { ColumnStatistics, DataFile } from "../../src/catalog/table.ts";

const schema = [{ name: "k", type: simpleType("int64"), nullable: true }];

function file(...groups: readonly (readonly [rowCount: number, statistics: ColumnStatistics])[]): DataFile {
  return {
    path: "/t.parquet",
    byteSize: 1,
    modifiedMs: 0,
    rowCount: 0,
    rowGroups: groups.map(([rowCount, statistics]) => ({ firstRow: 0, rowCount, byteSize: 1, columns: [statistics] })),
  };
}

describe("tableStatistics", () => {
  it("states bounds only where every row group with values states its own", () => {
    const known = { min: 1n, max: 5n, nullCount: 0 };
    const onlyNulls = { nullCount: 10 };
    assert.deepEqual(tableStatistics(schema, [file([10, known], [10, onlyNulls])], [[undefined]])[0], {
      min: 1n,
      max: 5n,
      nullCount: 10,
      distinctCount: 5,
    });
    const silent = tableStatistics(schema, [file([10, known], [10, {}])], [[undefined]])[0]!;
    assert.equal(silent.min, undefined);
    assert.equal(silent.nullCount, undefined);
  });

  it("takes gaps between keys from a sampled dictionary", () => {
    const statistics = { min: 1n, max: 4000n, nullCount: 0 };
    const sample = { valueCount: 4000, distinctCount: 982, min: 1n, max: 4000n };
    const [column] = tableStatistics(schema, [file([4000, statistics])], [[sample]]);
    assert(Math.abs(column!.distinctCount! - 1000) < 10);
  });
});

describe("scaleDistinct", () => {
  it("gives the sample's count where values repeat often, and all rows where they hardly do", () => {
    assert.equal(scaleDistinct({ valueCount: 100_000, distinctCount: 25 }, 6_000_000), 25);
    assert.equal(scaleDistinct({ valueCount: 1000, distinctCount: 1000 }, 6_000_000), 6_000_000);
  });

  it("finds the number of values that would show so many in so many draws", () => {
    const values = 50_000;
    const drawn = 100_000;
    const seen = Math.round(values * (1 - Math.exp(-drawn / values)));
    assert(Math.abs(scaleDistinct({ valueCount: drawn, distinctCount: seen }, 10_000_000) - values) < 50);
  });
});
