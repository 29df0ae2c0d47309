import { assert } from "../common/assert.ts";
import type { ColumnId, Expression, SortKey } from "../expr/expression.ts";
import { columnIds } from "../expr/expression-properties.ts";
import type { LimitNode, LogicalNode, SortNode } from "../logical/logical-node.ts";
import type { PhysicalNode, PhysicalSortKey } from "./physical-node.ts";
import type { PlanContext } from "./plan-context.ts";
import { keepColumns, toSingle } from "./plan-exchange.ts";
import { estimateOf, isSingle, makePlanned, resolve } from "./planned.ts";
import type { Planned } from "./planned.ts";

/** Top-N keeps its rows in memory: above so many, a sort that can spill and a limit are used. */
const topRowsMax = 1_000_000;

/** Little is sorted by one task; much by all tasks, whose rows one task then merges. The result is in one task. */
export function planSort(context: PlanContext, node: SortNode, required: ReadonlySet<ColumnId>): Planned {
  const input = planSortInput(context, node, required);
  if (node.keys.length === 0) return toSingle(input);
  const isLittle =
    input.node.estimate.bytes <= context.options.singleSortBytes && context.options.partitionCount === null;
  const keys = resolveKeys(input, node.keys);
  if (isSingle(input) || isLittle) return sort(toSingle(input), keys);
  return toSingle(sort(input, keys), keys);
}

function planSortInput(context: PlanContext, { input, keys }: SortNode, required: ReadonlySet<ColumnId>): Planned {
  const used = new Set([...required, ...keys.flatMap((key) => [...columnIds(key.expression)])]);
  return keepColumns(context.plan(input, used), used);
}

function resolveKeys(input: Planned, keys: readonly SortKey[]): PhysicalSortKey[] {
  return keys.map((key) => ({ ...key, expression: resolve(input, key.expression).expression }));
}

function sort(input: Planned, keys: readonly PhysicalSortKey[]): Planned {
  const { node, schema } = input;
  return passOn(input, { kind: "sort", input: node, keys, schema, estimate: node.estimate });
}

/** LIMIT over a sort is a top-N, in each task first; over anything else, each task stops as soon as it has enough. */
export function planLimit(context: PlanContext, node: LimitNode, required: ReadonlySet<ColumnId>): Planned {
  const limit = node.limit === null ? null : constantCount(node.limit);
  const offset = node.offset === null ? 0 : (constantCount(node.offset) ?? 0);
  if (limit !== null && node.input.kind === "sort" && limit + offset <= topRowsMax) {
    return planTopN(context, node, node.input, limit, offset, required);
  }
  if (limit !== null && node.input.kind === "project" && node.input.input.kind === "sort") {
    // What is computed of each row is computed of the first rows only.
    return context.plan({ ...node.input, input: { ...node, input: node.input.input } }, required);
  }
  const input = context.plan(node.input, required);
  if (isSingle(input)) return limitRows(context, node, input, limit, offset);
  const pruned = keepColumns(input, required);
  const first = limit === null ? pruned : limitRows(context, node, pruned, limit + offset, 0);
  return limitRows(context, node, toSingle(first), limit, offset);
}

function planTopN(
  context: PlanContext,
  node: LimitNode,
  below: SortNode,
  limit: number,
  offset: number,
  required: ReadonlySet<ColumnId>,
): Planned {
  const input = planSortInput(context, below, required);
  const keys = resolveKeys(input, below.keys);
  if (isSingle(input)) return topRows(context, node, input, keys, limit, offset);
  const first = topRows(context, node, input, keys, limit + offset, 0);
  return limitRows(context, node, toSingle(first, keys), limit, offset);
}

function topRows(
  context: PlanContext,
  node: LogicalNode,
  input: Planned,
  keys: readonly PhysicalSortKey[],
  limit: number,
  offset: number,
): Planned {
  const estimate = estimateOf(Math.min(limit, context.estimator.rows(node)), input.schema, input.facts);
  return passOn(input, { kind: "top_n", input: input.node, keys, limit, offset, schema: input.schema, estimate });
}

function limitRows(
  context: PlanContext,
  node: LogicalNode,
  input: Planned,
  limit: number | null,
  offset: number,
): Planned {
  const estimate = estimateOf(context.estimator.rows(node), input.schema, input.facts);
  return passOn(input, { kind: "limit", input: input.node, limit, offset, schema: input.schema, estimate });
}

function passOn(input: Planned, node: PhysicalNode): Planned {
  return makePlanned(node, input.columns, input.facts, input.partitioning);
}

/** LIMIT NULL and OFFSET NULL are none. The binder has refused negative counts; what no table holds is all. */
function constantCount(expression: Expression): number | null {
  assert(expression.kind === "literal", "LIMIT and OFFSET are constants once parameters are bound");
  if (expression.value === null) return null;
  const count = Number(expression.value);
  assert(count >= 0, "LIMIT and OFFSET are not negative");
  return Math.min(count, Number.MAX_SAFE_INTEGER / 2);
}
