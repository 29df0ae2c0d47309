import assert from "node:assert/strict";
import { bindStatement } from "../../src/bind/bind-statement.ts";
import type { LogicalNode } from "../../src/logical/logical-node.ts";
import { outputColumns } from "../../src/logical/output-columns.ts";
import { forEachNode } from "../../src/logical/rewrite.ts";
import { distinctCount, estimateRows, isLikelyUnique } from "../../src/optimize/estimate.ts";
import { optimize } from "../../src/optimize/optimizer.ts";
import { isUniqueKey } from "../../src/optimize/unique-keys.ts";
import { loadParser, parse } from "../../src/sql/parse.ts";
import { tpchCatalog } from "../support/tpch-catalog.ts";

function planOf(sql: string): LogicalNode {
  const statement = bindStatement(parse(sql)[0] as ReturnType<typeof parse>[number], { catalog: tpchCatalog, sql });
  assert(statement.kind === "query");
  return optimize(statement.plan);
}

/** Queries at scale 1 with the rows that they really have. */
const actualRows: readonly (readonly [sql: string, rows: number])[] = [
  ["select * from orders where o_orderdate >= date '1994-01-01' and o_orderdate < date '1995-01-01'", 227_597],
  ["select * from lineitem where l_shipdate <= date '1998-09-02'", 5_916_591],
  ["select * from lineitem where l_discount between 0.05 and 0.07 and l_quantity < 24", 770_000],
  ["select * from part where p_size = 15 and p_type like '%BRASS'", 747],
  ["select * from part where p_brand = 'Brand#23' and p_container = 'MED BOX'", 204],
  ["select * from part where p_size in (49, 14, 23, 45, 19, 3, 36, 9)", 32_000],
  ["select * from customer where c_mktsegment = 'BUILDING'", 30_142],
  ["select * from customer where not c_mktsegment = 'BUILDING'", 119_858],
  ["select * from lineitem, orders where l_orderkey = o_orderkey", 6_001_215],
  ["select * from lineitem, partsupp where l_partkey = ps_partkey and l_suppkey = ps_suppkey", 6_001_215],
  [
    "select * from orders, customer, nation where o_custkey = c_custkey and c_nationkey = n_nationkey and n_name = 'FRANCE'",
    60_000,
  ],
  ["select * from customer left join orders on c_custkey = o_custkey", 1_550_004],
  [
    "select * from orders where exists (select 1 from lineitem where l_orderkey = o_orderkey and l_commitdate < l_receiptdate)",
    1_375_365,
  ],
  ["select l_returnflag, l_linestatus, count(*) from lineitem group by l_returnflag, l_linestatus", 4],
  ["select o_custkey, count(*) from orders group by o_custkey", 99_996],
  ["select * from orders where o_orderdate < date '1990-01-01'", 0],
  ["select distinct extract(year from o_orderdate) from orders", 7],
  ["select count(*) from orders", 1],
  ["select * from nation union all select * from nation", 50],
  ["select * from nation order by n_name limit 10", 10],
];

describe("estimates", () => {
  before(loadParser);

  for (const [sql, rows] of actualRows) {
    it(`are within a factor of 4: ${sql}`, () => {
      const estimated = estimateRows(planOf(sql));
      if (rows === 0) assert(estimated < 1000, `${estimated}`);
      else
        assert(
          (estimated / rows < 4 && rows / estimated < 4) || (rows < 10 && estimated < 120),
          `${estimated} for ${rows}`,
        );
    });
  }

  it("are numbers for every node of every shape", () => {
    const plan = planOf(
      "select * from (select * from region where 1 = 0) x right join nation on r_regionkey = n_regionkey and n_name in (select c_name from customer limit 0)",
    );
    forEachNode(plan, (node) => assert(Number.isFinite(estimateRows(node)) && estimateRows(node) >= 0));
  });

  it("tell likely keys from proven ones", () => {
    const orders = planOf("select o_orderkey, o_custkey from orders");
    const [key, customer] = outputColumns(orders).map(({ id }) => id) as [number, number];
    assert(isLikelyUnique(orders, [key]));
    assert(!isLikelyUnique(orders, [customer]));
    assert(!isUniqueKey(orders, [key]));
    const grouped = planOf(
      "select o_custkey, count(*), max(o_orderkey) from orders, customer where o_custkey = c_custkey group by o_custkey",
    );
    const [group, count] = outputColumns(grouped).map(({ id }) => id) as [number, number];
    assert(isUniqueKey(grouped, [group]));
    assert(isUniqueKey(grouped, [group, count]));
    assert(!isUniqueKey(grouped, [count]));
    assert.equal(distinctCount(grouped, group), estimateRows(grouped));
  });

  it("prove that joins with unique sides keep keys", () => {
    const plan = planOf(
      "select x.a, y.n, z.c_name from (select o_custkey a, count(*) n from orders group by o_custkey) x " +
        "left join (select c_nationkey b, count(*) n from customer group by c_nationkey) y on x.n = y.b join customer z on z.c_acctbal = x.n",
    );
    forEachNode(plan, (node) => {
      if (node.kind !== "join" || node.joinType !== "left") return;
      const left = outputColumns(node.left)[0] as { id: number };
      assert(isUniqueKey(node, [left.id]));
      assert(!isUniqueKey(node, [(outputColumns(node.right)[0] as { id: number }).id]));
    });
  });
});
