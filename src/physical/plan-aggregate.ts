import { isStringLike } from "../arrow/data-type.ts";
import type { Field } from "../arrow/schema.ts";
import { stateTypes } from "../expr/aggregate-registry.ts";
import type { AggregateCall, ColumnId, Expression } from "../expr/expression.ts";
import { columnIds, isNullable, typeOf } from "../expr/expression-properties.ts";
import type { AggregateNode, Column } from "../logical/logical-node.ts";
import { callExpressions } from "../logical/rewrite.ts";
import type { PhysicalHashAggregate } from "./physical-node.ts";
import type { PlanContext } from "./plan-context.ts";
import { keepColumns, toPartitions, toSingle } from "./plan-exchange.ts";
import { exchangePartitionCount } from "./physical-options.ts";
import {
  estimateOf,
  factsOf,
  inputAt,
  isSingle,
  makePlanned,
  noFacts,
  renamePartitioning,
  resolve,
  taskCountOf,
} from "./planned.ts";
import type { ColumnFacts, Partitioning, Planned } from "./planned.ts";

/** Group columns and calls over an input's positions, with the fields of the result. */
type Grouping = {
  readonly groups: readonly Expression[];
  readonly calls: readonly AggregateCall[];
  readonly columns: readonly Column[];
  readonly fields: readonly Field[];
  readonly facts: readonly ColumnFacts[];
};

/** A partial aggregate that leaves more than this share of its rows costs more than it saves. */
const partialShareMax = 0.7;

/**
 * Aggregates in one go where each group's rows are in one task already; else in two phases around an exchange by the
 * groups, or in one phase behind it where a partial aggregate would hardly merge any rows, or must not (DISTINCT).
 */
export function planAggregate(context: PlanContext, node: AggregateNode, required: ReadonlySet<ColumnId>): Planned {
  return planSpread(context, node, required, null);
}

/** `spreadBy`: group columns that the reader groups by; rows that agree in them should be in one task. */
function planSpread(
  context: PlanContext,
  node: AggregateNode,
  required: ReadonlySet<ColumnId>,
  spreadBy: ReadonlySet<ColumnId> | null,
): Planned {
  const aggregates = node.aggregates.filter(({ column }) => required.has(column.id));
  const kept = node.groups.length === 0 && aggregates.length === 0 ? node.aggregates.slice(0, 1) : aggregates;
  const used = new Set<ColumnId>();
  for (const { expression } of node.groups) for (const id of columnIds(expression)) used.add(id);
  for (const { call } of kept) for (const part of callExpressions(call)) for (const id of columnIds(part)) used.add(id);
  const input = keepColumns(planInput(context, node, used), used);
  const grouping = resolveGrouping(input, { ...node, aggregates: kept });
  const groupCount = context.estimator.rows(node);
  if (isSingle(input) || isPlaced(input, grouping)) return aggregateOnce(input, grouping, groupCount);
  const keys = spreadBy === null ? spreadKeys(context, node, grouping, groupCount) : keysAmong(grouping, spreadBy);
  const isPointless = grouping.groups.length > 0 && groupCount > input.node.estimate.rows * partialShareMax;
  if (isPointless || grouping.calls.some((call) => call.distinct)) {
    return aggregateOnce(
      gather(
        context,
        input,
        keys.map((index) => grouping.groups[index]!),
      ),
      grouping,
      groupCount,
    );
  }
  return twoPhases(context, input, grouping, groupCount, keys);
}

/** A column with fewer values than this for each slot would spread rows unevenly. */
const spreadValuesPerSlotMin = 1024;
/** And one with less than this share of the groups' number could have values with very many groups. */
const spreadShareMin = 1 / 8;

/**
 * The groups, by position, whose hash spreads the rows: all, or the first column that has so many values that it does
 * alone (mostly an id, with what depends on it behind). One number is hashed faster than the texts beside it.
 */
function spreadKeys(context: PlanContext, node: AggregateNode, grouping: Grouping, groupCount: number): number[] {
  const all = grouping.groups.map((_, index) => index);
  const enough = Math.max(groupCount * spreadShareMin, context.options.slots * spreadValuesPerSlotMin);
  const alone = all.find((index) => {
    const group = grouping.groups[index]!;
    if (group.kind !== "input" || isStringLike(group.type)) return false;
    return context.estimator.distinct(node, grouping.columns[index]!.id) >= enough;
  });
  return all.length < 2 || alone === undefined ? all : [alone];
}

function keysAmong({ groups, columns }: Grouping, ids: ReadonlySet<ColumnId>): number[] {
  return groups.flatMap((_, index) => (ids.has(columns[index]!.id) ? [index] : []));
}

/** Fewer groups than this for each slot would leave some tasks with much more than others. */
const groupsPerSlotMin = 16;

/**
 * An aggregate of an aggregate, as count(distinct x) becomes: where the outer groups are many and among the inner ones,
 * the inner aggregate spreads its rows by them, so that the outer one needs no exchange of its own.
 */
function planInput(context: PlanContext, node: AggregateNode, required: ReadonlySet<ColumnId>): Planned {
  const inner = node.input;
  if (inner.kind !== "aggregate" || node.groups.length === 0) return context.plan(inner, required);
  const ids = new Set(node.groups.flatMap(({ expression }) => (expression.kind === "column" ? [expression.id] : [])));
  const isAmong =
    ids.size === node.groups.length && [...ids].every((id) => inner.groups.some(({ column }) => column.id === id));
  const isSpread = isAmong && context.estimator.rows(node) >= context.options.slots * groupsPerSlotMin;
  return planSpread(context, inner, required, isSpread ? ids : null);
}

function resolveGrouping(input: Planned, node: AggregateNode): Grouping {
  const groups = node.groups.map((group) => ({ column: group.column, resolved: resolve(input, group.expression) }));
  const calls = node.aggregates.map(({ column, call }) => ({ column, ...resolveCall(input, call) }));
  return {
    groups: groups.map(({ resolved }) => resolved.expression),
    calls: calls.map(({ call }) => call),
    columns: [...groups, ...calls].map(({ column }) => column),
    fields: [
      ...groups.map(({ column, resolved: { expression } }) => ({
        name: column.name,
        type: typeOf(expression),
        nullable: isNullable(expression),
      })),
      ...calls.map(({ column, call }) => ({ name: column.name, type: call.type, nullable: call.name !== "count" })),
    ],
    facts: [...groups.map(({ resolved }) => factsOf(input, resolved)), ...calls.map(({ facts }) => facts)],
  };
}

const valueAggregates = new Set(["min", "max", "any_value", "percentile_disc", "mode", "min_by", "max_by"]);

/** min, max and any_value put out their argument's values: its layout, its bounds. Sums keep their own wide type. */
function resolveCall(
  input: Planned,
  call: AggregateCall,
): { readonly call: AggregateCall; readonly facts: ColumnFacts } {
  const args = call.args.map((arg) => resolve(input, arg));
  const filter = call.filter === null ? null : resolve(input, call.filter).expression;
  const [argument] = args;
  const isValue = argument !== undefined && valueAggregates.has(call.name);
  const facts: ColumnFacts = isValue
    ? factsOf(input, argument)
    : { ...noFacts, stringBytes: isStringLike(call.type) ? noFacts.stringBytes : 0 };
  const type = isValue ? typeOf(argument.expression) : call.type;
  return { call: { ...call, args: args.map(({ expression }) => expression), filter, type }, facts };
}

/** Whether rows of one group are in one task: the partitioning's columns are all among the groups. */
function isPlaced(input: Planned, { groups }: Grouping): boolean {
  const { partitioning } = input;
  if (partitioning.kind !== "partitions" || partitioning.keys === null || groups.length === 0) return false;
  const ids = new Set(groups.flatMap((group) => (group.kind === "input" ? [input.columns[group.index]!.id] : [])));
  return partitioning.keys.every((key) => [...key].some((id) => ids.has(id)));
}

/** Partition keys by the names that the groups give to their columns. */
function groupPartitioning(input: Planned, { groups, columns }: Grouping): Partitioning {
  return renamePartitioning(input.partitioning, (id) =>
    groups.flatMap((group, index) =>
      group.kind === "input" && input.columns[group.index]!.id === id ? [columns[index]!.id] : [],
    ),
  );
}

function aggregateOnce(input: Planned, grouping: Grouping, groupCount: number): Planned {
  const node: PhysicalHashAggregate = {
    kind: "hash_aggregate",
    mode: "single",
    input: input.node,
    groups: grouping.groups,
    aggregates: grouping.calls,
    schema: grouping.fields,
    estimate: estimateOf(groupCount, grouping.fields, grouping.facts),
  };
  return makePlanned(node, grouping.columns, grouping.facts, groupPartitioning(input, grouping));
}

/** Raw rows by their groups; computed groups hash as computed. */
function gather(context: PlanContext, input: Planned, groups: readonly Expression[]): Planned {
  if (groups.length === 0) return toSingle(input);
  return toPartitions(input, groups, exchangePartitionCount(input.node.estimate.bytes, context.options));
}

/** Partial, exchange by the groups at `keyIndexes`, final. Little state goes to one task: a second one would idle. */
function twoPhases(
  context: PlanContext,
  input: Planned,
  grouping: Grouping,
  groupCount: number,
  keyIndexes: readonly number[],
): Planned {
  const partial = partialAggregate(input, grouping, groupCount);
  const { bytes } = partial.node.estimate;
  const isForced = context.options.partitionCount !== null;
  const count =
    keyIndexes.length === 0 || (!isForced && bytes <= context.options.singleAggregateBytes)
      ? 1
      : exchangePartitionCount(bytes, context.options);
  const keys = keyIndexes.map((index) => inputAt(partial.schema, index));
  const placed = toPartitions(partial, keys, count);
  const groups = grouping.groups.map((_, index) => inputAt(partial.schema, index));
  const node: PhysicalHashAggregate = {
    kind: "hash_aggregate",
    mode: "final",
    input: placed.node,
    groups,
    aggregates: grouping.calls,
    schema: grouping.fields,
    estimate: estimateOf(groupCount, grouping.fields, grouping.facts),
  };
  return makePlanned(node, grouping.columns, grouping.facts, placed.partitioning);
}

/** The groups keep their final columns; the states have none, since only the final aggregate reads them. */
function partialAggregate(input: Planned, grouping: Grouping, groupCount: number): Planned {
  const groupFields = grouping.fields.slice(0, grouping.groups.length);
  const states = grouping.calls.flatMap((call, index) => {
    const column = grouping.columns[grouping.groups.length + index]!;
    const facts = grouping.facts[grouping.groups.length + index]!;
    return stateTypes(call).map((type, part) => ({
      field: { name: `${column.name}.${part}`, type, nullable: call.name !== "count" },
      column: { ...column, id: -1, type },
      facts,
    }));
  });
  const schema = [...groupFields, ...states.map(({ field }) => field)];
  const columns = [...grouping.columns.slice(0, grouping.groups.length), ...states.map(({ column }) => column)];
  const facts = [...grouping.facts.slice(0, grouping.groups.length), ...states.map((state) => state.facts)];
  const rows = Math.min(input.node.estimate.rows, groupCount * taskCountOf(input));
  const node: PhysicalHashAggregate = {
    kind: "hash_aggregate",
    mode: "partial",
    input: input.node,
    groups: grouping.groups,
    aggregates: grouping.calls,
    schema,
    estimate: estimateOf(rows, schema, facts),
  };
  return makePlanned(node, columns, facts, groupPartitioning(input, grouping));
}
