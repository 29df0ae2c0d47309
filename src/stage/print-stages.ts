import { unreachable } from "../common/assert.ts";
import type { PhysicalNode } from "../physical/physical-node.ts";
import { estimatedRows, formatOver, printPhysicalPlan } from "../physical/print-physical.ts";
import type { Stage, StageGraph } from "./stage.ts";

/**
 * The graph as boxes, the result stage on top and inputs below their readers. Each shows its tasks, what it does with
 * its rows, and its part of the plan. `annotate` adds text to a plan node's line.
 */
export function printStages(
  graph: StageGraph,
  annotate: (node: PhysicalNode, stage: Stage) => string = estimatedRows,
): string {
  return graph.stages
    .toReversed()
    .map((stage) => printStage(stage, (node) => annotate(node, stage)))
    .join("\n");
}

function printStage(stage: Stage, annotate: (node: PhysicalNode) => string): string {
  const body = printPhysicalPlan(stage.plan, annotate).split("\n");
  const splitCount = stage.tasks.reduce(
    (sum, task) => sum + task.splits.reduce((count, scan) => count + scan.splits.length, 0),
    0,
  );
  const tasks = `${stage.tasks.length} ${stage.tasks.length === 1 ? "task" : "tasks"}`;
  const splits = splitCount === 0 ? "" : ` ─ ${splitCount} ${splitCount === 1 ? "split" : "splits"}`;
  const title = ` stage ${stage.stageId} ─ ${tasks}${splits} ─ ${formatSink(stage)} `;
  const width = Math.max(title.length, ...body.map((line) => line.length + 2));
  return [
    `┌${title.padEnd(width, "─")}┐`,
    ...body.map((line) => `│ ${line.padEnd(width - 2)} │`),
    `└${"─".repeat(width)}┘`,
  ].join("\n");
}

function formatSink({ sink, plan }: Stage): string {
  switch (sink.kind) {
    case "hash":
      return `hash (${sink.keys.map((key) => formatOver(plan.schema, key)).join(", ")}) into ${sink.partitionCount} partitions`;
    case "single":
    case "broadcast":
    case "result":
      return sink.kind;
    default:
      return unreachable(sink, "sink");
  }
}
