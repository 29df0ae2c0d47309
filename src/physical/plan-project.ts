import type { ColumnId } from "../expr/expression.ts";
import { columnIds, isNullable, typeOf } from "../expr/expression-properties.ts";
import type { FilterNode, ProjectNode } from "../logical/logical-node.ts";
import type { PlanContext } from "./plan-context.ts";
import { estimateOf, factsOf, makePlanned, renamePartitioning, resolve } from "./planned.ts";
import type { Planned } from "./planned.ts";
import type { PhysicalNode } from "./physical-node.ts";

/** Computes the items that are used; decimals that fit 64 bits stay so (narrow-decimals.ts). */
export function planProject(context: PlanContext, node: ProjectNode, required: ReadonlySet<ColumnId>): Planned {
  const wanted = node.items.filter((item) => required.has(item.column.id));
  const items = wanted.length > 0 ? wanted : node.items.slice(0, 1);
  const input = context.plan(node.input, new Set(items.flatMap((item) => [...columnIds(item.expression)])));
  const resolved = items.map((item) => resolve(input, item.expression));
  const facts = resolved.map((part) => factsOf(input, part));
  const schema = resolved.map(({ expression }, index) => ({
    name: items[index]!.column.name,
    type: typeOf(expression),
    nullable: isNullable(expression),
  }));
  const partitioning = renamePartitioning(input.partitioning, (id) =>
    items.flatMap(({ column, expression }) =>
      expression.kind === "column" && expression.id === id ? [column.id] : [],
    ),
  );
  const columns = items.map((item) => item.column);
  const isRenaming =
    resolved.length === input.columns.length &&
    resolved.every(({ expression }, index) => expression.kind === "input" && expression.index === index);
  if (isRenaming) return makePlanned(input.node, columns, facts, partitioning);
  const project: PhysicalNode = {
    kind: "project",
    input: input.node,
    expressions: resolved.map(({ expression }) => expression),
    schema,
    estimate: estimateOf(context.estimator.rows(node), schema, facts),
  };
  return makePlanned(project, columns, facts, partitioning);
}

export function planFilter(context: PlanContext, node: FilterNode, required: ReadonlySet<ColumnId>): Planned {
  const input = context.plan(node.input, new Set([...required, ...columnIds(node.predicate)]));
  const filter: PhysicalNode = {
    kind: "filter",
    input: input.node,
    predicate: resolve(input, node.predicate).expression,
    schema: input.schema,
    estimate: estimateOf(context.estimator.rows(node), input.schema, input.facts),
  };
  return makePlanned(filter, input.columns, input.facts, input.partitioning);
}
