import assert from "node:assert/strict";
import { bindStatement } from "../../src/bind/bind-statement.ts";
import { ColumnIds } from "../../src/logical/column-ids.ts";
import { copyPlan } from "../../src/logical/copy-plan.ts";
import { freeColumns } from "../../src/logical/free-columns.ts";
import type { LogicalNode } from "../../src/logical/logical-node.ts";
import { outputColumns } from "../../src/logical/output-columns.ts";
import { printLogicalPlan } from "../../src/logical/print-plan.ts";
import { forEachNode, rewriteBottomUp, rewriteTopDown } from "../../src/logical/rewrite.ts";
import { loadParser, parse } from "../../src/sql/parse.ts";
import { optimizedCatalog } from "../support/optimized-rows.ts";

function planOf(sql: string): LogicalNode {
  const statement = bindStatement(parse(sql)[0] as ReturnType<typeof parse>[number], {
    catalog: optimizedCatalog(),
    sql,
  });
  assert(statement.kind === "query");
  return statement.plan;
}

const everyNode =
  "with x as (select a, count(*) n from t group by a) select x.a, (select max(b) from u where u.a = x.a) m from x left join w on x.a = w.a " +
  "where exists (select 1 from u) and x.n in (select b from w union all values (1)) union all (select a, b from t except select a, b from u) order by 1 limit 3 offset 1";

describe("logical plans", () => {
  before(loadParser);

  it("know the outer columns that a subquery refers to", () => {
    const plan = planOf(
      "select (select max(b) from u where u.a = t.a and exists (select 1 from w where w.a = t.b and w.b = u.b)) from t",
    );
    assert.equal(freeColumns(plan).size, 0);
    const free: number[] = [];
    forEachNode(plan, (node) => node.kind === "apply" && free.push(freeColumns(node.subquery).size));
    // The inner one refers to t.b and u.b; the outer one to t.a, and to t.b by way of the inner one.
    assert.deepEqual(free, [2, 2]);
  });

  it("are copied with new ids throughout", () => {
    const plan = planOf(everyNode);
    const ids = ColumnIds.after(plan);
    const { plan: copy, columns } = copyPlan(plan, ids);
    const idsOf = (node: LogicalNode) => {
      const all = new Set<number>();
      forEachNode(node, (part) => outputColumns(part).forEach(({ id }) => all.add(id)));
      return all;
    };
    const before = idsOf(plan);
    assert.equal([...idsOf(copy)].filter((id) => before.has(id)).length, 0);
    assert.equal(freeColumns(copy).size, 0);
    assert.deepEqual(
      outputColumns(copy).map(({ id }) => id),
      outputColumns(plan).map(({ id }) => columns.get(id)?.id),
    );
    const withoutIds = (node: LogicalNode) => printLogicalPlan(node).replace(/#\d+/g, "");
    assert.equal(withoutIds(copy), withoutIds(plan));
  });

  it("stay the same objects when a rewrite changes nothing", () => {
    const plan = planOf(everyNode);
    assert.equal(
      rewriteBottomUp(plan, (node) => node),
      plan,
    );
    assert.equal(
      rewriteTopDown(plan, (node) => node),
      plan,
    );
  });

  it("pad columns of outer joins with NULLs", () => {
    const plan = planOf(
      "select 1 from (select count(*) n from t) x full join (select count(*) n from u) y on x.n = y.n",
    );
    forEachNode(
      plan,
      (node) =>
        node.kind === "join" &&
        assert.deepEqual(
          outputColumns(node).map(({ nullable }) => nullable),
          [true, true],
        ),
    );
  });

  it("print one node a line with ids", () => {
    assert.equal(
      printLogicalPlan(
        planOf("select a x from t where b > 1 and exists (select 1 from u where u.a = t.a) limit 2"),
      ).replace(/#\d+/g, "#"),
      [
        "limit 2",
        "  project x# = a#",
        "    filter b# > 1 AND exists#",
        "      apply exists exists#",
        "        scan t [a#, b#, c#]",
        "        project ?column?# = 1",
        "          filter a# = a#",
        "            scan u [a#, b#, c#]",
      ].join("\n"),
    );
  });
});
