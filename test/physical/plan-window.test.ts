import assert from "node:assert/strict";
import type { PhysicalNode } from "../../src/physical/physical-node.ts";
import { physicalChildren } from "../../src/physical/print-physical.ts";
import { atScale, planSql } from "../support/plan-sql.ts";
import { tpchCatalog } from "../support/tpch-catalog.ts";

const catalog = atScale(tpchCatalog, 10, ["nation", "region"]);

/** The nodes from the top down as one line, without projections and filters; a window with its number of functions. */
function shape(node: PhysicalNode): string {
  const inputs = physicalChildren(node).map(shape).join(", ");
  switch (node.kind) {
    case "project":
    case "filter":
      return inputs;
    case "scan":
      return node.tableName;
    case "window":
      return `window${node.functions.length}(${inputs})`;
    case "exchange": {
      const { distribution } = node;
      const isMerge = distribution.kind === "single" && distribution.mergeKeys !== null;
      return `${isMerge ? "merge" : distribution.kind}(${inputs})`;
    }
    default:
      return `${node.kind}(${inputs})`;
  }
}

describe("planWindow", () => {
  const cases: readonly (readonly [title: string, sql: string, expected: string])[] = [
    [
      "brings partitions together by hash and sorts them there",
      "select rank() over (partition by l_suppkey order by l_tax) from lineitem",
      "window1(sort(hash(lineitem)))",
    ],
    [
      "sorts in every task and merges where all rows are one partition",
      "select rank() over (order by l_tax) from lineitem",
      "window1(merge(sort(lineitem)))",
    ],
    [
      "gathers without a sort where there is no order",
      "select count(*) over () from lineitem",
      "window1(single(lineitem))",
    ],
    [
      "computes functions of one window together",
      "select rank() over w, sum(l_tax) over w, lag(l_tax) over w from lineitem window w as (partition by l_suppkey order by l_tax)",
      "window3(sort(hash(lineitem)))",
    ],
    [
      "shares a sort between windows whose order is the beginning of another's",
      "select count(*) over (partition by l_suppkey), rank() over (partition by l_suppkey order by l_tax, l_quantity), " +
        "rank() over (partition by l_suppkey order by l_tax) from lineitem",
      "window1(window1(window1(sort(hash(lineitem)))))",
    ],
    [
      "shares a sort between partitions in another order",
      "select count(*) over (partition by l_suppkey, l_partkey), count(*) over (partition by l_partkey, l_suppkey) from lineitem",
      "window1(window1(sort(hash(lineitem))))",
    ],
    [
      "does not share where a direction differs",
      "select rank() over (partition by l_suppkey order by l_tax), rank() over (partition by l_suppkey order by l_tax desc) from lineitem",
      "window1(sort(window1(sort(hash(lineitem)))))",
    ],
    [
      "leaves rows where they are when a finer partition is asked for",
      "select sum(n) over (partition by l_suppkey, l_tax) from " +
        "(select l_suppkey, l_tax, count(*) over (partition by l_suppkey) as n from lineitem) t",
      "window1(sort(window1(sort(hash(lineitem)))))",
    ],
    [
      "finds partitions where an aggregate has put its groups",
      "select l_orderkey, rank() over (partition by l_orderkey order by count(*)) from lineitem group by l_orderkey, l_tax",
      "window1(sort(hash_aggregate(hash(lineitem))))",
    ],
    [
      "drops windows that nobody reads",
      "select l_tax from (select l_tax, rank() over (order by l_tax) as r from lineitem) t",
      "lineitem",
    ],
    [
      "runs small inputs in one task",
      "select rank() over (partition by n_regionkey order by n_name) from nation",
      "window1(sort(nation))",
    ],
  ];
  for (const [title, sql, expected] of cases) {
    it(title, async () => {
      const { physical } = await planSql(sql, catalog);
      assert.equal(shape(physical.root), expected);
    });
  }

  it("filters by partition keys before the window", async () => {
    const sql =
      "select * from (select l_suppkey, l_tax, rank() over (partition by l_suppkey order by l_tax) r from lineitem) t " +
      "where l_suppkey = 7 and l_tax > 0.02 and r < 3";
    const { physical } = await planSql(sql, catalog);
    const [filter] = nodesOf(physical.root).filter((node) => node.kind === "filter");
    const [scan] = nodesOf(physical.root).filter((node) => node.kind === "scan");
    assert(filter?.kind === "filter" && scan?.kind === "scan");
    assert.match(JSON.stringify(filter.predicate, text), /"lt"/);
    assert.match(JSON.stringify(filter.predicate, text), /"gt"/);
    assert.match(JSON.stringify(scan.pushed, text), /"eq"/);
    assert.doesNotMatch(JSON.stringify(scan.pushed, text), /"gt"/);
  });
});

function text(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}n` : value;
}

function nodesOf(node: PhysicalNode): readonly PhysicalNode[] {
  return [node, ...physicalChildren(node).flatMap(nodesOf)];
}
