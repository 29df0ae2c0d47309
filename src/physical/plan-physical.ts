import { assert, unreachable } from "../common/assert.ts";
import type { ColumnId } from "../expr/expression.ts";
import type { Estimator } from "../logical/estimator.ts";
import type { Column, LogicalNode } from "../logical/logical-node.ts";
import { forEachNode } from "../logical/rewrite.ts";
import type { PhysicalNode } from "./physical-node.ts";
import type { PhysicalOptions } from "./physical-options.ts";
import { planAggregate } from "./plan-aggregate.ts";
import type { PlanContext, ScanSource } from "./plan-context.ts";
import { planJoin } from "./plan-join.ts";
import { planFilter, planProject } from "./plan-project.ts";
import { planRecursive, planWorkTable } from "./plan-recursive.ts";
import { planScan, scanWorkOf } from "./plan-scan.ts";
import { planLimit, planSort } from "./plan-sort.ts";
import { planSetOperation, planUnion, selectColumns } from "./plan-union.ts";
import { planValues } from "./plan-values.ts";
import { planWindow } from "./plan-window.ts";
import type { Planned } from "./planned.ts";
import { verifyPhysicalPlan } from "./verify-physical.ts";

/** A physical plan with its exchanges, and what its scans read (position = scanId). */
export type PhysicalPlan = { readonly root: PhysicalNode; readonly scans: readonly ScanSource[] };

/**
 * Plans an optimised logical plan. The root puts out `outputs` in their order, under their names; decimals may be
 * narrower in memory than their type says by itself. An ordered plan ends in one task.
 */
export function planPhysical(
  plan: LogicalNode,
  outputs: readonly Column[],
  estimator: Estimator,
  options: PhysicalOptions,
): PhysicalPlan {
  const scans: ScanSource[] = [];
  const context: PlanContext = {
    options,
    estimator,
    isSmall: options.partitionCount === null && totalScanWork(plan) <= options.smallInputBytes,
    scans,
    plan: (node, required) => planNode(context, node, required),
  };
  const planned = context.plan(plan, new Set(outputs.map((column) => column.id)));
  const { node } = selectColumns(planned, outputs);
  verifyPhysicalPlan(node);
  // Results are nullable for clients, who were told so before there was a plan with statistics that know better.
  const schema = node.schema.map((field, index) => ({ ...field, name: outputs[index]!.name, nullable: true }));
  const root = { ...node, schema };
  return { root, scans };
}

function planNode(context: PlanContext, node: LogicalNode, required: ReadonlySet<ColumnId>): Planned {
  switch (node.kind) {
    case "scan":
      return planScan(context, node, required);
    case "values":
      return planValues(node);
    case "project":
      return planProject(context, node, required);
    case "filter":
      return planFilter(context, node, required);
    case "join":
      return planJoin(context, node, required);
    case "apply":
      return assert(false, "the optimiser unnests every subquery") as never;
    case "aggregate":
      return planAggregate(context, node, required);
    case "window":
      return planWindow(context, node, required);
    case "sort":
      return planSort(context, node, required);
    case "limit":
      return planLimit(context, node, required);
    case "union":
      return planUnion(context, node, required);
    case "set_operation":
      return planSetOperation(context, node);
    case "recursive":
      return planRecursive(inOneTask(context), node);
    case "work_table":
      return planWorkTable(node);
    default:
      return unreachable(node, "logical node");
  }
}

/** The same planner for what must not be cut into stages: every scan in one task. */
function inOneTask(context: PlanContext): PlanContext {
  const inner: PlanContext = { ...context, isSmall: true, plan: (node, required) => planNode(inner, node, required) };
  return inner;
}

function totalScanWork(plan: LogicalNode): number {
  let work = 0;
  forEachNode(plan, (node) => {
    if (node.kind === "scan") work += scanWorkOf(node);
  });
  return work;
}
