import { EngineError } from "../common/engine-error.ts";
import { unreachable } from "../common/assert.ts";
import { inputIndexes } from "../expr/expression-properties.ts";
import type { PhysicalNode } from "../physical/physical-node.ts";
import type { OperatorMetrics } from "../stage/task-report.ts";
import { FilterOperator } from "./filter.ts";
import { FilteredScanOperator } from "./filtered-scan.ts";
import { HashAggregateOperator } from "./hash-aggregate.ts";
import { HashJoinOperator } from "./hash-join.ts";
import { LimitOperator } from "./limit.ts";
import { MeasuredOperator } from "./measured-operator.ts";
import { NestedLoopJoinOperator } from "./nested-loop-join.ts";
import type { Operator, TaskContext } from "./operator.ts";
import { ProjectOperator } from "./project.ts";
import { RecursiveOperator } from "./recursive.ts";
import { SetOperationOperator } from "./set-operation.ts";
import { ShuffleReadOperator } from "./shuffle-read.ts";
import { SortOperator } from "./sort.ts";
import { TopNOperator } from "./top-n.ts";
import { UnionOperator } from "./union.ts";
import { ValuesOperator } from "./values.ts";
import { WorkTableOperator } from "./work-table.ts";
import { WindowOperator } from "./window.ts";

/** The operators of a task's plan, and what they did so far: in pre-order of the plan, inputs as task-report.ts orders them. */
export type OperatorTree = { readonly root: Operator; readonly metrics: () => OperatorMetrics[] };

/** Takes no memory yet: that begins with `root.open()`. */
export function buildOperators(plan: PhysicalNode, context: TaskContext): OperatorTree {
  const root = build(plan, context);
  return { root, metrics: () => root.allMetrics() };
}

/** `read`: the output positions that the node above looks at; undefined = all. */
function build(node: PhysicalNode, context: TaskContext, read?: ReadonlySet<number>): MeasuredOperator {
  const below = readOfInput(node, read);
  const inputs = inputsOf(node).map((input) => build(input, context, below));
  return new MeasuredOperator(context, node.kind, makeOperator(node, context, inputs, read), inputs);
}

/** A scan need not put out what only its predicate looks at: that is dropped by a projection right above it, or above its filter. */
function readOfInput(node: PhysicalNode, read: ReadonlySet<number> | undefined): ReadonlySet<number> | undefined {
  if (node.kind === "project") return new Set(node.expressions.flatMap((expression) => [...inputIndexes(expression)]));
  if (node.kind === "filter" && read !== undefined) return new Set([...read, ...inputIndexes(node.predicate)]);
  return undefined;
}

function inputsOf(node: PhysicalNode): readonly PhysicalNode[] {
  switch (node.kind) {
    case "scan":
    case "values":
    case "shuffle_read":
    case "work_table":
      return [];
    case "recursive":
      return [node.anchor, node.step];
    case "hash_join":
    case "nested_loop_join":
      return [node.probe, node.build];
    case "set_operation":
      return [node.left, node.right];
    case "union":
      return node.inputs;
    default:
      return [node.input];
  }
}

function makeOperator(
  node: PhysicalNode,
  context: TaskContext,
  inputs: readonly Operator[],
  read: ReadonlySet<number> | undefined,
): Operator {
  const [first, second] = inputs as [Operator, Operator];
  switch (node.kind) {
    case "scan": {
      if (node.runtimeFilters !== undefined) return new FilteredScanOperator(context, node, read);
      const { schema, columns, pushed, tableName } = node;
      const splits = context.splits.get(node.scanId) ?? [];
      return context.tables.scan({ schema, columns, pushed, read, tableName, splits });
    }
    case "values":
      return new ValuesOperator(context, node);
    case "filter":
      return new FilterOperator(context, node, first);
    case "project":
      return new ProjectOperator(context, node, first);
    case "hash_aggregate":
      return new HashAggregateOperator(context, node, first);
    case "hash_join":
      return new HashJoinOperator(context, node, first, second);
    case "nested_loop_join":
      return new NestedLoopJoinOperator(context, node, first, second);
    case "window":
      return new WindowOperator(context, node, first);
    case "sort":
      return new SortOperator(context, node, first);
    case "top_n":
      return new TopNOperator(context, node, first);
    case "limit":
      return new LimitOperator(context, node, first);
    case "union":
      return new UnionOperator(context, node, ...inputs);
    case "set_operation":
      return new SetOperationOperator(context, node, first, second);
    case "recursive":
      return new RecursiveOperator(context, node, first, second, () => build(node.step, context));
    case "work_table":
      return new WorkTableOperator(context, node);
    case "shuffle_read":
      return new ShuffleReadOperator(context, node);
    case "exchange":
      throw new EngineError("internal", "an exchange reached an executor: the plan was not cut into stages");
    default:
      return unreachable(node, "plan node");
  }
}
