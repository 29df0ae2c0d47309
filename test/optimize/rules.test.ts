import assert from "node:assert/strict";
import { bindStatement } from "../../src/bind/bind-statement.ts";
import { outputColumns } from "../../src/logical/output-columns.ts";
import { printLogicalPlan } from "../../src/logical/print-plan.ts";
import { optimize, ruleNames } from "../../src/optimize/optimizer.ts";
import { loadParser, parse } from "../../src/sql/parse.ts";
import { assertGolden } from "../support/golden.ts";
import { optimizedCatalog } from "../support/optimized-rows.ts";
import { tpchCatalog } from "../support/tpch-catalog.ts";

/** Queries over t, u and w (columns a, b, c) or TPC-H's tables that a rule is there for. */
const examples: Readonly<Record<string, readonly string[]>> = {
  "fold-constants": [
    "select a + (1 + 2) from t where (a = 1 and b = 2) or (a = 1 and c = 3)",
    "select a from t where not (a = 1 or not b < 2) and 1 < 2",
    "select case when 1 = 2 then a when b = 1 then 2 else 3 end from t where a = 1 or null",
  ],
  "unnest-subqueries": [
    "select a, (select count(*) from u where u.a = t.a) from t",
    "select a, (select max(b) from u) from t",
    "select a from t where exists (select 1 from u where u.a = t.a and u.b <> t.b)",
    "select a from t where a not in (select a from u)",
    "select a from t where a > all (select a from u where u.b = t.b)",
    "select a, (select max(b) from u where u.a < t.a) from t",
    "select a, (select b from u where u.a = t.a order by c limit 1) from t",
  ],
  "simplify-outer-joins": [
    "select * from t left join u on t.a = u.a where u.b > 0",
    "select * from t full join u on t.a = u.a where t.b = 1",
    "select * from t left join u on t.a = u.a where u.b is null",
    "select * from t left join (u join w on u.a = w.a) on t.b = u.b where w.b <> 1",
  ],
  "push-down-predicates": [
    "select * from t, u, w where t.a = u.a and u.a = w.a and t.a = 1",
    "select * from t, u where t.a = u.a and ((t.b = 1 and u.b = 2) or (t.b = 2 and u.b = 1))",
    "select * from t left join u on t.a = u.a and u.b = 2 and t.b = 1 where t.a = 3",
    "select * from (select a, count(*) n from t group by a) x where a = 1 and n > 2",
    "select * from (select a, b from t union all select b, a from u) x where a = 1",
    "select * from (select a from t order by b limit 3) x where a = 1",
  ],
  "marks-to-semi-joins": [
    "select a from t where a in (select a from u)",
    "select a from t where a not in (select a from u)",
    "select a from t where a not in (select a from u where u.b = t.b)",
    "select a from t where (a, b) not in (select a, b from u)",
    "select a from t where a in (select a from u) or b = 1",
  ],
  "left-joins-to-anti-joins": [
    "select n_name from nation left join region on n_regionkey = r_regionkey and r_name < 'B' where r_regionkey is null",
    "select n_name, r_name from nation left join region on n_regionkey = r_regionkey where r_regionkey is null",
    "select t.a from t left join u on t.a = u.a where u.b is null",
  ],
  "propagate-empty": [
    "select t.a from t left join (select * from u where 1 = 0) x on t.a = x.a",
    "select count(*) from t where 1 = 0",
  ],
  "order-joins": [
    "select count(*) from lineitem, orders, customer, nation where l_orderkey = o_orderkey and o_custkey = c_custkey and c_nationkey = n_nationkey and n_name = 'FRANCE'",
    "select count(*) from lineitem, orders where l_orderkey = o_orderkey and o_orderdate = date '1995-01-01' and exists (select 1 from part where p_partkey = l_partkey and p_size = 1)",
    "select r_name, n_name from region, nation where r_name < 'B'",
  ],
  "reduce-aggregates": [
    "select count(*) from part where p_size = 1 and p_retailprice < (select avg(l_extendedprice) from lineitem where l_partkey = p_partkey)",
  ],
  "split-distinct-aggregates": [
    "select a, count(distinct b), sum(distinct b) from t group by a",
    "select count(distinct b), count(*), sum(c) from t",
    "select count(distinct b), count(distinct c) from t",
  ],
  "remove-redundant-order": [
    "select count(*) from (select a from t order by a) x",
    "select distinct a from (select a, count(*) from t group by a) x",
    "select a from (select a from t order by b) x limit 3",
  ],
  "prune-columns": [
    "select x.a from (select a, b + 1 d, count(*) n, max(c) from t group by a, b) x",
    "select count(*) from t, u where t.a = u.b",
  ],
  "push-down-limits": [
    "select a + 1 from t order by a limit 3",
    "select a from t union all select a from u limit 3 offset 2",
    "select t.a from t left join u on t.a = u.a limit 5",
  ],
  "narrow-inputs": ["select t.b from t join u on t.a = u.a join w on u.b = w.b where t.c > 1 order by t.b"],
};

describe("optimiser rules", () => {
  before(loadParser);

  it("have an example each", () =>
    assert.deepEqual([...Object.keys(examples), "refresh-nullability"].sort(), [...ruleNames].sort()));

  for (const [rule, queries] of Object.entries(examples)) {
    it(`${rule} rewrites as expected`, () =>
      assertGolden(`golden/rules/${rule}.txt`, queries.map((sql) => describeRule(rule, sql)).join("\n\n")));
  }

  it("refresh-nullability knows what joins and footers say of NULLs", () => {
    const nullable = (sql: string) => outputColumns(optimize(bound(sql).plan)).map((column) => column.nullable);
    assert.deepEqual(nullable("select t.a, count(*), max(n_name) from region t(a), nation group by t.a"), [
      false,
      false,
      false,
    ]);
    assert.deepEqual(nullable("select n_name, r_name from nation left join region on n_regionkey = r_regionkey"), [
      false,
      true,
    ]);
    assert.deepEqual(
      nullable("select n_name, r_name from nation left join region on n_regionkey = r_regionkey where r_name > 'A'"),
      [false, false],
    );
    assert.deepEqual(nullable("select max(n_name), count(n_name) from nation"), [true, false]);
  });

  it("fold-constants gives a statement one time", () => {
    const { plan } = bound("select a from t where now() > timestamptz '2030-01-01 00:00:00Z' and now() = now()");
    const after = optimize(plan, { nowMicros: BigInt(Date.parse("2031-01-01")) * 1000n });
    assert.match(printLogicalPlan(after), /^project a#\d+ = a#1\n {2}scan t \[a#1\]$/);
    const before = optimize(plan, { nowMicros: BigInt(Date.parse("2029-01-01")) * 1000n });
    assert.match(printLogicalPlan(before), /^values .* 0 rows$/);
  });

  it("leave a plan alone when they are disabled", () => {
    const statement = bound("select * from t, u where t.a = u.a and t.b = 1");
    assert.equal(
      printLogicalPlan(optimize(statement.plan, { disabled: new Set(ruleNames) })),
      printLogicalPlan(statement.plan),
    );
  });
});

function bound(sql: string) {
  const isTpch = /lineitem|nation|part/.test(sql);
  const statement = bindStatement(parse(sql)[0] as ReturnType<typeof parse>[number], {
    catalog: isTpch ? tpchCatalog : optimizedCatalog(),
    sql,
  });
  assert(statement.kind === "query");
  return statement;
}

/** The plan before the rule first changes it, and after. */
function describeRule(rule: string, sql: string): string {
  let before = printLogicalPlan(bound(sql).plan);
  const unchanged = "unchanged";
  let text = unchanged;
  optimize(bound(sql).plan, {
    trace: (step) => {
      const after = printLogicalPlan(step.plan);
      if (step.rule === rule && text === unchanged && after !== before) text = `${before}\n--\n${after}`;
      before = after;
    },
  });
  return `${sql};\n${text}`;
}
