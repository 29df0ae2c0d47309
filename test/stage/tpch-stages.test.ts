import { planTexts } from "../../src/scheduler/plan-query.ts";
import { queryNumbers, tpchQuery } from "../../tpch/queries.ts";
import { assertGolden } from "../support/golden.ts";
import { atScale, planSql } from "../support/plan-sql.ts";
import { tpchCatalog } from "../support/tpch-catalog.ts";

/** The stages of each TPC-H query on 4 slots, at a scale that broadcasts and at one that shuffles. */
describe("stages of TPC-H", () => {
  for (const number of queryNumbers) {
    const name = `q${String(number).padStart(2, "0")}`;
    it(name, async () => {
      const { sql } = tpchQuery(number, 1);
      const texts: string[] = [];
      for (const scale of [1, 100]) {
        const catalog = atScale(tpchCatalog, scale, ["nation", "region"]);
        texts.push(`scale ${scale}`, planTexts(await planSql(sql, catalog)).stages);
      }
      assertGolden(`golden/stages/${name}.txt`, texts.join("\n"));
    });
  }
});
