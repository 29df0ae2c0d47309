import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { bindStatement } from "../../src/bind/bind-statement.ts";
import type { LogicalNode } from "../../src/logical/logical-node.ts";
import { printLogicalPlan } from "../../src/logical/print-plan.ts";
import { forEachNode } from "../../src/logical/rewrite.ts";
import { estimateRows } from "../../src/optimize/estimate.ts";
import { optimize } from "../../src/optimize/optimizer.ts";
import { rowBounds } from "../../src/optimize/row-bounds.ts";
import { loadParser, parse } from "../../src/sql/parse.ts";
import { assertGolden } from "../support/golden.ts";
import { tpchCatalog } from "../support/tpch-catalog.ts";

const folder = new URL("../../tpch/queries/", import.meta.url);

describe("optimised TPC-H plans", () => {
  before(loadParser);

  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .sort()) {
    const name = file.replace(".sql", "");
    it(`${name} is as expected, without cross products`, () => {
      const sql = readFileSync(new URL(file, folder), "utf8").trim();
      const bound = bindStatement(parse(sql)[0] as ReturnType<typeof parse>[number], { catalog: tpchCatalog, sql });
      assert(bound.kind === "query");
      const plan = optimize(bound.plan);
      forEachNode(plan, assertJoined);
      assertGolden(
        `golden/optimized/${name}.txt`,
        printLogicalPlan(plan, (node) => `{${formatRows(estimateRows(node))}}`),
      );
    });
  }
});

function assertJoined(node: LogicalNode): void {
  if (node.kind !== "join" || node.condition !== null) return;
  assert(rowBounds(node.left).max <= 1 || rowBounds(node.right).max <= 1, "a cross product of more than a row");
}

function formatRows(rows: number): string {
  return rows < 10 ? rows.toFixed(1).replace(/\.0$/, "") : String(Math.round(rows));
}
