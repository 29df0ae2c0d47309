import assert from "node:assert/strict";
import type { Stage, StageGraph } from "../../src/stage/stage.ts";
import { printStages } from "../../src/stage/print-stages.ts";
import type { PlanQueryOptions } from "../../src/scheduler/plan-query.ts";
import { atScale, planSql } from "../support/plan-sql.ts";
import { tpchCatalog } from "../support/tpch-catalog.ts";

const catalog = atScale(tpchCatalog, 10, ["nation", "region"]);

async function stagesOf(sql: string, options: Partial<PlanQueryOptions> = {}): Promise<StageGraph> {
  return (await planSql(sql, catalog, options)).graph;
}

const summary = ({ stages }: StageGraph): string[] =>
  stages.map((stage: Stage) => `${stage.sink.kind}(${stage.inputs.join(",")})`);

describe("cutStages", () => {
  it("numbers inputs before their readers and ends in the result", async () => {
    const graph = await stagesOf("select l_tax from lineitem join orders on l_orderkey = o_orderkey");
    assert.deepEqual(summary(graph), ["hash()", "hash()", "result(0,1)"]);
    const [left, right, joined] = graph.stages as [Stage, Stage, Stage];
    assert(left.sink.kind === "hash" && right.sink.kind === "hash");
    assert.equal(left.sink.partitionCount, right.sink.partitionCount);
    assert.equal(joined.tasks.length, left.sink.partitionCount);
    assert.deepEqual(
      joined.tasks.map(({ partition }) => partition),
      joined.tasks.map((_, index) => index),
    );
  });

  it("makes one stage of exchanges with the same rows", async () => {
    const sums = "select o_custkey as k, max(o_totalprice) as m from orders group by 1";
    const graph = await stagesOf(`with t as (${sums}) select a.m + b.m from t a join t b on a.k = b.k`, {
      broadcastBytesMax: 0,
    });
    assert.deepEqual(summary(graph), ["hash()", "result(0)"], printStages(graph));
  });

  it("tells apart what differs in a constant only", async () => {
    const side = (price: string): string => `(select o_orderkey as k from orders where o_totalprice > ${price})`;
    const graph = await stagesOf(`select 1 from ${side("1000.00")} a join ${side("2000.00")} b on a.k = b.k`, {
      broadcastBytesMax: 0,
    });
    assert.deepEqual(summary(graph), ["hash()", "hash()", "result(0,1)"]);
  });

  it("reads every row of a table once, and nothing that statistics exclude", async () => {
    const rowsIn = ({ stages }: StageGraph): number =>
      stages
        .flatMap((stage) => stage.tasks)
        .flatMap((task) => task.splits)
        .flatMap((scan) => scan.splits)
        .reduce((sum, split) => sum + split.lastRow - split.firstRow + 1, 0);
    assert.equal(rowsIn(await stagesOf("select max(o_totalprice) from orders")), 15_000_000);
    const pruned = await stagesOf("select o_totalprice from orders where o_orderkey = 77");
    assert.equal(rowsIn(pruned), 122_880);
    assert.equal(rowsIn(await stagesOf("select o_totalprice from orders where o_orderkey < -5")), 0);
    assert.equal(rowsIn(await stagesOf("select o_totalprice from orders", { targetPartitions: 7 })), 15_000_000);
  });

  it("ends ordered queries in one task, others in many", async () => {
    const ordered = await stagesOf("select l_comment from lineitem order by 1");
    assert.equal(ordered.ordered, true);
    assert.equal(ordered.stages.at(-1)!.tasks.length, 1);
    const unordered = await stagesOf("select l_comment from lineitem");
    assert.equal(unordered.ordered, false);
    assert(unordered.stages.at(-1)!.tasks.length > 1);
  });

  it("plans a query without tables", async () => {
    const graph = await stagesOf("select 1 as one, 'x' as letter");
    assert.deepEqual(summary(graph), ["result()"]);
    assert.deepEqual(
      graph.schema.map(({ name }) => name),
      ["one", "letter"],
    );
    assert.equal(graph.stages[0]!.tasks.length, 1);
  });

  it("shares the splits of both scans of a union out over the same tasks", async () => {
    const graph = await stagesOf("select l_comment from lineitem union all select o_comment from orders");
    assert.equal(graph.stages.length, 1);
    const scans = new Set(graph.stages[0]!.tasks.flatMap((task) => task.splits.map((scan) => scan.scanId)));
    assert.deepEqual(scans, new Set([0, 1]));
  });
});
