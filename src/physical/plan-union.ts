import type { Schema } from "../arrow/schema.ts";
import { must } from "../common/assert.ts";
import type { ColumnId } from "../expr/expression.ts";
import type { Column, LogicalNode, SetOperationNode, UnionNode } from "../logical/logical-node.ts";
import { outputColumns } from "../logical/output-columns.ts";
import type { PhysicalNode } from "./physical-node.ts";
import type { PlanContext } from "./plan-context.ts";
import { toPartitions } from "./plan-exchange.ts";
import { exchangePartitionCount } from "./physical-options.ts";
import { alignLayouts } from "./narrow-decimals.ts";
import { estimateOf, inputAt, isSingle, makePlanned, positionOf, single } from "./planned.ts";
import type { ColumnFacts, Partitioning, Planned } from "./planned.ts";
import { unionRanges } from "./value-range.ts";

/**
 * UNION ALL. Inputs that scan run in one stage, whose tasks share out all the scans' splits; inputs that read exchanges
 * likewise, if they have equally many partitions. A mixture of the two is brought to equal partitions first.
 */
export function planUnion(context: PlanContext, node: UnionNode, required: ReadonlySet<ColumnId>): Planned {
  const used = node.columns.flatMap((column, index) => (required.has(column.id) ? [index] : []));
  const indexes = used.length > 0 ? used : [0];
  const columns = indexes.map((index) => must(node.columns[index], "a union has columns"));
  const inputs = node.inputs.map((input) => planInput(context, input, indexes));
  const { inputs: aligned, schema, facts } = alignColumns(inputs, columns);
  const { placed, partitioning } = shareStage(context, aligned);
  const rows = placed.reduce((sum, input) => sum + input.node.estimate.rows, 0);
  const union: PhysicalNode = {
    kind: "union",
    inputs: placed.map((input) => input.node),
    schema,
    estimate: estimateOf(rows, schema, facts),
  };
  return makePlanned(union, columns, facts, partitioning);
}

/** Exactly the columns at these positions of the logical input, in that order. */
function planInput(context: PlanContext, input: LogicalNode, indexes: readonly number[]): Planned {
  const wanted = indexes.map((index) => outputColumns(input)[index]!);
  return selectColumns(context.plan(input, new Set(wanted.map((column) => column.id))), wanted);
}

/** The columns in the order given; a projection only where that changes something. */
export function selectColumns(planned: Planned, wanted: readonly Column[]): Planned {
  const positions = wanted.map((column) => positionOf(planned, column.id));
  if (positions.length === planned.columns.length && positions.every((position, index) => position === index))
    return planned;
  const schema = positions.map((position) => planned.schema[position]!);
  const facts = positions.map((position) => planned.facts[position]!);
  const expressions = positions.map((position) => inputAt(planned.schema, position));
  const estimate = estimateOf(planned.node.estimate.rows, schema, facts);
  return makePlanned(
    { kind: "project", input: planned.node, expressions, schema, estimate },
    wanted,
    facts,
    planned.partitioning,
  );
}

/** Inputs with one layout per column, and the schema and facts that hold for all of them. */
export function alignColumns(
  inputs: readonly Planned[],
  columns: readonly Column[],
): { readonly inputs: readonly Planned[]; readonly schema: Schema; readonly facts: readonly ColumnFacts[] } {
  const layouts = columns.map((_, index) => alignLayouts(inputs.map((input) => inputAt(input.schema, index))));
  const aligned = inputs.map((input, inputIndex) => {
    const expressions = layouts.map((layout) => layout[inputIndex]!);
    if (expressions.every((expression) => expression.kind === "input")) return input;
    const schema = input.schema.map((field, index) => ({
      ...field,
      type: (expressions[index] as { type: typeof field.type }).type,
    }));
    const estimate = estimateOf(input.node.estimate.rows, schema, input.facts);
    const node: PhysicalNode = { kind: "project", input: input.node, expressions, schema, estimate };
    return makePlanned(node, input.columns, input.facts, input.partitioning);
  });
  const facts = columns.map((_, index): ColumnFacts => {
    const parts = inputs.map((input) => input.facts[index]!);
    return {
      range: unionRanges(parts.map((part) => part.range)),
      stringBytes: Math.max(0, ...parts.map((part) => part.stringBytes)),
    };
  });
  const schema = columns.map(({ name, type }, index) => ({
    name,
    type: aligned[0]?.schema[index]?.type ?? type,
    nullable: aligned.some((input) => input.schema[index]!.nullable),
  }));
  return { inputs: aligned, schema, facts };
}

function shareStage(
  context: PlanContext,
  inputs: readonly Planned[],
): { readonly placed: readonly Planned[]; readonly partitioning: Partitioning } {
  const kinds = inputs.map((input) => input.partitioning);
  if (inputs.every(isSingle)) return { placed: inputs, partitioning: single };
  const scanning = inputs.every((input) => input.partitioning.kind === "scans" || isSingleScan(input));
  if (scanning) {
    const taskCount = Math.max(...kinds.map((kind) => (kind.kind === "scans" ? kind.taskCount : 1)));
    return { placed: inputs, partitioning: { kind: "scans", taskCount } };
  }
  const counts = kinds.map((kind) => (kind.kind === "partitions" ? kind.partitionCount : 0));
  const isEqual = counts[0]! > 0 && counts.every((count) => count === counts[0]);
  const bytes = inputs.reduce((sum, input) => sum + input.node.estimate.bytes, 0);
  const common = isEqual ? counts[0]! : exchangePartitionCount(bytes, context.options);
  const placed = inputs.map((input) => {
    const { partitioning } = input;
    if (partitioning.kind === "partitions" && partitioning.partitionCount === common && common > 1) return input;
    return toPartitions(
      input,
      input.schema.map((_, index) => inputAt(input.schema, index)),
      common,
    );
  });
  return { placed, partitioning: common === 1 ? single : { kind: "partitions", partitionCount: common, keys: null } };
}

/**
 * One task because its one scan is small: nothing breaks when other tasks run the same plan without splits. Any
 * operator that puts out rows for an empty input, or that keeps rows of several scans together, would break.
 */
function isSingleScan({ node }: Planned): boolean {
  let current = node;
  while (current.kind === "filter" || current.kind === "project") current = current.input;
  return current.kind === "scan";
}

/** INTERSECT and EXCEPT compare whole rows, so equal rows must meet: in one task, or by hash of all columns. */
export function planSetOperation(context: PlanContext, node: SetOperationNode): Planned {
  const indexes = node.columns.map((_, index) => index);
  const inputs = [node.left, node.right].map((input) => planInput(context, input, indexes));
  const { inputs: aligned, schema, facts } = alignColumns(inputs, node.columns);
  const bytes = aligned.reduce((sum, input) => sum + input.node.estimate.bytes, 0);
  const count = aligned.every(isSingle) ? 1 : exchangePartitionCount(bytes, context.options);
  const placed = aligned.map((input) =>
    toPartitions(
      input,
      input.schema.map((_, index) => inputAt(input.schema, index)),
      count,
    ),
  );
  const [left, right] = placed as [Planned, Planned];
  const estimate = estimateOf(context.estimator.rows(node), schema, facts);
  const operation: PhysicalNode = {
    kind: "set_operation",
    operation: node.operation,
    all: node.all,
    left: left.node,
    right: right.node,
    schema,
    estimate,
  };
  const keys = node.columns.map((column) => new Set([column.id]));
  return makePlanned(
    operation,
    node.columns,
    facts,
    count === 1 ? single : { kind: "partitions", partitionCount: count, keys },
  );
}
