import { assert } from "../common/assert.ts";
import type { ColumnId, Expression } from "../expr/expression.ts";
import type { Distribution, PhysicalExchange, PhysicalSortKey } from "./physical-node.ts";
import { estimateOf, inputAt, isSingle, makePlanned, renamePartitioning, single } from "./planned.ts";
import type { Partitioning, Planned } from "./planned.ts";

/**
 * Leaves out the columns that nobody above needs, before rows are moved or kept. One column stays in any case, since
 * rows without columns have no wire form.
 */
export function keepColumns(planned: Planned, required: ReadonlySet<ColumnId>): Planned {
  let kept = planned.columns.flatMap((column, index) => (required.has(column.id) ? [index] : []));
  if (kept.length === planned.columns.length) return planned;
  if (kept.length === 0) kept = [narrowestColumn(planned)];
  if (kept.length === planned.columns.length) return planned;
  const schema = kept.map((index) => planned.schema[index]!);
  const columns = kept.map((index) => planned.columns[index]!);
  const facts = kept.map((index) => planned.facts[index]!);
  const keptIds = new Set(columns.map((column) => column.id));
  const partitioning = renamePartitioning(planned.partitioning, (id) => (keptIds.has(id) ? [id] : []));
  const estimate = estimateOf(planned.node.estimate.rows, schema, facts);
  const { node } = planned;
  // A projection is narrowed, not followed by another.
  const [input, expressions] =
    node.kind === "project"
      ? [node.input, kept.map((index) => node.expressions[index]!)]
      : [node, kept.map((index) => inputAt(planned.schema, index))];
  return makePlanned({ kind: "project", input, expressions, schema, estimate }, columns, facts, partitioning);
}

function narrowestColumn(planned: Planned): number {
  const bytes = planned.schema.map((field, index) => estimateOf(1, [field], [planned.facts[index]!]).bytes);
  return bytes.indexOf(Math.min(...bytes));
}

/** All rows to one task; `mergeKeys`: each writer's rows are in that order, and stay so. */
export function toSingle(planned: Planned, mergeKeys: readonly PhysicalSortKey[] | null = null): Planned {
  if (isSingle(planned)) return planned;
  return exchange(planned, { kind: "single", mergeKeys }, single);
}

/** All rows to every task of the reader, which lends its own partitioning. */
export function toEveryTask(planned: Planned, reader: Partitioning): Planned {
  return exchange(planned, { kind: "broadcast" }, reader);
}

/** Rows by hash of `keys` (over the node's positions); one partition is the same as a single task. */
export function toPartitions(planned: Planned, keys: readonly Expression[], partitionCount: number): Planned {
  if (partitionCount === 1) return toSingle(planned);
  assert(keys.length > 0 && partitionCount > 1, "a hash exchange has keys and partitions");
  const keySets = keys.map((key) => new Set(key.kind === "input" ? [planned.columns[key.index]!.id] : []));
  return exchange(
    planned,
    { kind: "hash", keys, partitionCount },
    { kind: "partitions", partitionCount, keys: keySets },
  );
}

function exchange(planned: Planned, distribution: Distribution, partitioning: Partitioning): Planned {
  const { node } = planned;
  const result: PhysicalExchange = {
    kind: "exchange",
    input: node,
    distribution,
    schema: node.schema,
    estimate: node.estimate,
  };
  return makePlanned(result, planned.columns, planned.facts, partitioning);
}
