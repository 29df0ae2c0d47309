import assert from "node:assert/strict";
import { decimalType } from "../../src/arrow/data-type.ts";
import type { DataType } from "../../src/arrow/data-type.ts";
import type { PhysicalNode } from "../../src/physical/physical-node.ts";
import { physicalChildren, printPhysicalPlan } from "../../src/physical/print-physical.ts";
import type { PlanQueryOptions } from "../../src/scheduler/plan-query.ts";
import { atScale, planSql } from "../support/plan-sql.ts";
import { tpchCatalog } from "../support/tpch-catalog.ts";

const catalog = atScale(tpchCatalog, 10, ["nation", "region"]);

async function plan(sql: string, options: Partial<PlanQueryOptions> = {}): Promise<PhysicalNode> {
  return (await planSql(sql, catalog, options)).physical.root;
}

/** The kinds of the plan's nodes, with what tells them apart, as one line: a node, then its inputs in brackets. */
function shape(node: PhysicalNode): string {
  const children = physicalChildren(node).map(shape);
  const inputs = children.length === 0 ? "" : `(${children.join(", ")})`;
  switch (node.kind) {
    case "project":
    case "filter":
      return children[0]!;
    case "scan":
      return node.tableName;
    case "exchange":
      return `${node.distribution.kind === "single" && node.distribution.mergeKeys !== null ? "merge" : node.distribution.kind}${inputs}`;
    case "hash_aggregate":
      return `${node.mode}${inputs}`;
    case "hash_join":
    case "nested_loop_join":
      return `${node.joinType}${node.nullAware ? "?" : ""}${inputs}`;
    case "set_operation":
      return `${node.operation}${inputs}`;
    default:
      return `${node.kind}${inputs}`;
  }
}

const shuffled = { broadcastBytesMax: 0 };

describe("planPhysical", () => {
  const cases: readonly (readonly [
    title: string,
    sql: string,
    expected: string,
    options?: Partial<PlanQueryOptions>,
  ])[] = [
    [
      "runs small queries as one task",
      "select n_name, count(*) from nation join region on n_regionkey = r_regionkey group by 1 order by 1",
      "sort(single(inner(nation, region)))",
    ],
    [
      "broadcasts a small build side",
      "select l_tax from lineitem join nation on l_linenumber = n_nationkey",
      "inner(lineitem, broadcast(nation))",
    ],
    [
      "brings both sides together by hash where both are large",
      "select l_tax from lineitem join orders on l_orderkey = o_orderkey",
      "inner(hash(lineitem), hash(orders))",
    ],
    [
      "builds on the smaller side of an outer join",
      "select l_tax from orders left join lineitem on l_orderkey = o_orderkey",
      "right(hash(lineitem), hash(orders))",
    ],
    [
      "does not broadcast a side whose unmatched rows come out",
      "select n_name from nation full join lineitem on l_linenumber = n_nationkey",
      "full(hash(lineitem), hash(nation))",
    ],
    [
      "keeps semi joins on whichever side is smaller",
      "select o_comment from orders where exists (select * from lineitem where l_orderkey = o_orderkey)",
      "right_semi(hash(lineitem), hash(orders))",
    ],
    [
      "aggregates in two phases",
      "select l_partkey, sum(l_tax) from lineitem group by 1",
      "final(hash(partial(lineitem)))",
    ],
    [
      "brings few groups to one task",
      "select l_returnflag, sum(l_tax) from lineitem group by 1",
      "final(single(partial(lineitem)))",
    ],
    [
      "leaves out a partial phase that would merge nothing",
      "select o_orderkey, sum(o_totalprice) from orders group by 1",
      "single(hash(orders))",
    ],
    ["aggregates without groups in two phases", "select max(l_tax) from lineitem", "final(single(partial(lineitem)))"],
    [
      "groups by a join's keys without another exchange",
      "select o_orderkey, sum(l_tax) from lineitem join orders on l_orderkey = o_orderkey group by 1",
      "single(inner(hash(lineitem), hash(orders)))",
      shuffled,
    ],
    [
      "joins by earlier keys without another exchange",
      "select 1 from orders join lineitem on l_orderkey = o_orderkey join (select l_orderkey as k, max(l_tax) as m from lineitem group by 1) t on k = o_orderkey",
      "inner(hash(lineitem), inner(single(hash(lineitem)), hash(orders)))",
      shuffled,
    ],
    [
      "removes duplicates before it counts them",
      "select count(distinct l_partkey) from lineitem",
      "final(single(partial(final(hash(partial(lineitem))))))",
    ],
    [
      "counts distinct values by group without another exchange",
      "select l_suppkey, count(distinct l_linenumber) from lineitem group by 1",
      "single(final(hash(partial(lineitem))))",
    ],
    [
      "does not spread rows by a few groups",
      "select l_returnflag, count(distinct l_partkey) from lineitem group by 1",
      "final(single(partial(final(hash(partial(lineitem))))))",
    ],
    [
      "gathers groups where several columns are counted distinct",
      "select l_suppkey, count(distinct l_linenumber), count(distinct l_tax) from lineitem group by 1",
      "single(hash(lineitem))",
    ],
    [
      "sorts much in every task and merges",
      "select l_comment from lineitem order by l_comment",
      "merge(sort(lineitem))",
    ],
    [
      "sorts little in one task",
      "select l_comment from lineitem where l_orderkey = 7 order by l_comment",
      "sort(lineitem)",
    ],
    [
      "takes the first rows in every task",
      "select l_comment from lineitem order by l_tax desc limit 10 offset 5",
      "limit(merge(top_n(lineitem)))",
    ],
    ["limits every task", "select l_comment from lineitem limit 10", "limit(single(limit(lineitem)))"],
    [
      "keeps scans of a union in one stage",
      "select l_comment from lineitem union all select o_comment from orders",
      "union(lineitem, orders)",
    ],
    [
      "brings unlike inputs of a union to equal partitions",
      "select l_comment from lineitem union all (select o_comment from orders order by o_totalprice limit 100000)",
      "union(hash(lineitem), hash(limit(merge(top_n(orders)))))",
    ],
    [
      "compares whole rows by hash",
      "select l_orderkey from lineitem except select o_orderkey from orders",
      "except(hash(lineitem), hash(orders))",
    ],
    [
      "broadcasts the rows of NOT IN where NULL may be among them",
      "select o_comment from orders where o_custkey not in (select nullif(c_custkey, 5) from customer)",
      "left_anti?(orders, broadcast(customer))",
    ],
    [
      "takes NOT IN without NULLs for an ordinary anti join",
      "select o_comment from orders where o_custkey not in (select c_custkey from customer)",
      "left_anti(hash(orders), hash(customer))",
      shuffled,
    ],
    [
      "compares each pair where no keys are",
      "select count(*) from lineitem join nation on l_orderkey < n_nationkey",
      "final(single(partial(inner(lineitem, broadcast(nation)))))",
    ],
    [
      "compares each pair in one task where both sides' rows must come out",
      "select n_name from nation full join orders on o_orderkey < n_nationkey",
      "full(single(orders), nation)",
    ],
  ];
  for (const [title, sql, expected, options] of cases) {
    it(title, async () => {
      const root = await plan(sql, options);
      assert.equal(shape(root), expected, printPhysicalPlan(root));
    });
  }

  it("calls results nullable, whatever it knows of the columns below", async () => {
    for (const sql of [
      "select * from orders where o_custkey = 7",
      "select l_comment from lineitem order by 1",
      "select o_orderkey from orders limit 3",
    ]) {
      assert((await plan(sql)).schema.every((field) => field.nullable));
    }
  });

  it("plans every query with a fixed number of partitions", async () => {
    for (const [, sql] of cases) {
      for (const targetPartitions of [1, 2, 8]) {
        const { graph } = await planSql(sql, catalog, { targetPartitions, broadcastBytesMax: 0 });
        assert(
          graph.stages.every((stage) => stage.tasks.length <= targetPartitions),
          "no stage has more tasks than partitions",
        );
      }
    }
  });
});

describe("narrowDecimals", () => {
  const typeOfFirst = async (sql: string): Promise<DataType> => (await plan(sql)).schema[0]!.type;

  it("keeps a product of prices and discounts in 64 bits where the values' bounds allow it", async () => {
    assert.deepEqual(
      await typeOfFirst("select l_extendedprice * (1 - l_discount) from lineitem"),
      decimalType(31, 4, 64),
    );
    assert.deepEqual(
      await typeOfFirst("select l_extendedprice * (1 - l_discount) * (1 + l_tax) from lineitem"),
      decimalType(38, 6, 64),
    );
  });

  it("keeps it so through joins, CASE, exchanges and aggregates that pick values", async () => {
    const product = "l_extendedprice * (1 - l_discount)";
    const type = decimalType(31, 4, 64);
    assert.deepEqual(
      await typeOfFirst(`select max(${product}) from lineitem join orders on l_orderkey = o_orderkey`),
      type,
    );
    assert.deepEqual(
      await typeOfFirst(
        `select x from (select ${product} as x, l_orderkey from lineitem) t left join orders on l_orderkey = o_orderkey order by 1`,
      ),
      type,
    );
    const branches = await typeOfFirst(`select case when l_tax > 0.01 then ${product} else 0 end from lineitem`);
    assert(branches.kind === "decimal" && branches.bits === 64);
  });

  it("does not where a value may not fit", async () => {
    const wide = await typeOfFirst("select l_extendedprice * l_extendedprice * l_extendedprice from lineitem");
    assert(wide.kind === "decimal" && wide.bits === 128);
    assert.deepEqual(await typeOfFirst("select sum(l_extendedprice) from lineitem"), decimalType(38, 2));
  });

  it("gives values of one column one layout", async () => {
    const wide = "l_extendedprice * l_extendedprice * l_extendedprice";
    for (const sql of [
      `select case when l_tax > 0.01 then ${wide} else 1 end from lineitem`,
      `select coalesce(${wide}, 1) from lineitem`,
      `select ${wide} from lineitem union all select o_totalprice from orders`,
      `select 1 from lineitem where ${wide} > l_extendedprice * (1 - l_discount)`,
      `select 1 from lineitem l join orders o on l.${wide.replaceAll(" * l_", " * l.l_")} = o.o_totalprice * (1 - o.o_totalprice)`,
    ]) {
      await plan(sql);
    }
  });
});
