import { isStringLike, sameLayout } from "../arrow/data-type.ts";
import type { Field } from "../arrow/schema.ts";
import type { ColumnId, Expression, FrameBound, WindowCall } from "../expr/expression.ts";
import { columnIds, expressionEquals, isNullable, typeOf } from "../expr/expression-properties.ts";
import type { Column, WindowNode } from "../logical/logical-node.ts";
import { nodeExpressions } from "../logical/rewrite.ts";
import { alignKeys } from "./join-keys.ts";
import type { NarrowedExpression } from "./narrow-decimals.ts";
import type { PhysicalNode, PhysicalSortKey, PhysicalWindow } from "./physical-node.ts";
import { exchangePartitionCount } from "./physical-options.ts";
import type { PlanContext } from "./plan-context.ts";
import { keepColumns, toPartitions, toSingle } from "./plan-exchange.ts";
import { estimateOf, factsOf, inputAt, isSingle, makePlanned, noFacts, resolve } from "./planned.ts";
import type { ColumnFacts, Planned } from "./planned.ts";
import { sortedBy } from "./sorted-by.ts";

/**
 * Brings the rows of each partition into one task, in order, and computes the functions there. Windows whose order is the
 * beginning of the one below are computed without another sort.
 */
export function planWindow(context: PlanContext, node: WindowNode, required: ReadonlySet<ColumnId>): Planned {
  const functions = node.functions.filter(({ column }) => required.has(column.id));
  const kept = { ...node, functions: functions.length > 0 ? functions : node.functions.slice(0, 1) };
  const own = new Set(node.functions.map(({ column }) => column.id));
  const used = new Set<ColumnId>([...required].filter((id) => !own.has(id)));
  for (const expression of nodeExpressions(kept)) for (const id of columnIds(expression)) used.add(id);
  const input = keepColumns(context.plan(node.input, used), used);
  const parts = resolveWindow(input, kept);
  const { computed } = parts;
  return computeFunctions(gatherPartitions(context, computed, parts), parts, kept);
}

/** The window over positions of `computed`, which has a column for everything that is not one already. */
type WindowParts = {
  readonly computed: Planned;
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly PhysicalSortKey[];
  readonly calls: readonly { readonly call: WindowCall; readonly facts: ColumnFacts }[];
};

function resolveWindow(input: Planned, node: WindowNode): WindowParts {
  const columns = new ComputedColumns(input);
  const partitionBy = node.partitionBy.map((key) => columns.place(resolve(input, key)));
  const orderBy = node.orderBy.map((key) => ({ ...key, expression: columns.place(resolve(input, key.expression)) }));
  const calls = node.functions.map(({ call }) => resolveCall(input, columns, call));
  return { computed: columns.plan(), partitionBy: distinct(partitionBy), orderBy, calls };
}

/** Collects expressions that need columns of their own. */
class ComputedColumns {
  readonly #input: Planned;
  readonly #added: NarrowedExpression[] = [];

  constructor(input: Planned) {
    this.#input = input;
  }

  place(part: NarrowedExpression, mayBeLiteral = false): Expression {
    const { expression } = part;
    if (expression.kind === "input" || (mayBeLiteral && expression.kind === "literal")) return expression;
    let at = this.#added.findIndex((other) => expressionEquals(other.expression, expression));
    if (at < 0) at = this.#added.push(part) - 1;
    const index = this.#input.columns.length + at;
    return { kind: "input", index, type: typeOf(expression), nullable: isNullable(expression) };
  }

  plan(): Planned {
    const input = this.#input;
    if (this.#added.length === 0) return input;
    const fields = this.#added.map(({ expression }, index): Field => ({
      name: `window.${index}`,
      type: typeOf(expression),
      nullable: isNullable(expression),
    }));
    const schema = [...input.schema, ...fields];
    // Nobody above asks for these, so they have no id.
    const columns = [...input.columns, ...fields.map((field): Column => ({ ...field, id: -1 }))];
    const facts = [...input.facts, ...this.#added.map((part) => factsOf(input, part))];
    const expressions = [
      ...input.schema.map((_, index) => inputAt(input.schema, index)),
      ...this.#added.map((part) => part.expression),
    ];
    const estimate = estimateOf(input.node.estimate.rows, schema, facts);
    const node: PhysicalNode = { kind: "project", input: input.node, expressions, schema, estimate };
    return makePlanned(node, columns, facts, input.partitioning);
  }
}

/** Functions that put out values as they take them. */
const valueFunctions: ReadonlySet<string> = new Set([
  "lag",
  "lead",
  "first_value",
  "last_value",
  "nth_value",
  "min",
  "max",
  "any_value",
]);

function resolveCall(
  input: Planned,
  columns: ComputedColumns,
  call: WindowCall,
): { readonly call: WindowCall; readonly facts: ColumnFacts } {
  let args = call.args.map((arg) => resolve(input, arg));
  const [value, offset, fallback] = args;
  const isShift = call.name === "lag" || call.name === "lead";
  if (isShift && value !== undefined && offset !== undefined && fallback !== undefined) {
    if (!sameLayout(typeOf(value.expression), typeOf(fallback.expression))) {
      const [first, last] = alignKeys(value, fallback);
      args = [{ ...value, expression: first }, offset, { ...fallback, expression: last }];
    }
  }
  const [argument] = args;
  const isValue = argument !== undefined && valueFunctions.has(call.name);
  const type = isValue ? typeOf(argument.expression) : call.type;
  const facts =
    isValue && args.length < 3 && argument.expression.kind === "input"
      ? factsOf(input, argument)
      : { ...noFacts, stringBytes: isStringLike(type) ? noFacts.stringBytes : 0 };
  const placed: WindowCall = {
    name: call.name,
    args: args.map((arg) => columns.place(arg, true)),
    filter: call.filter === null ? null : columns.place(resolve(input, call.filter)),
    frame: {
      ...call.frame,
      start: resolveBound(input, columns, call.frame.start),
      end: resolveBound(input, columns, call.frame.end),
    },
    type,
  };
  return { call: placed, facts };
}

function resolveBound(input: Planned, columns: ComputedColumns, bound: FrameBound): FrameBound {
  if (bound.kind !== "value") return bound;
  const key = resolve(input, bound.key);
  const value = resolve(input, bound.value);
  const [alignedKey, alignedValue] = alignKeys(key, value);
  return {
    ...bound,
    key: columns.place({ expression: alignedKey, range: key.range }),
    value: columns.place({ expression: alignedValue, range: value.range }),
  };
}

/** Rows of a partition in one task, sorted by partition, then by the order. */
function gatherPartitions(
  context: PlanContext,
  input: Planned,
  parts: { readonly partitionBy: readonly Expression[]; readonly orderBy: readonly PhysicalSortKey[] },
): Planned {
  const { partitionBy } = parts;
  const keys = distinctKeys([
    ...partitionBy.map((expression) => ({ expression, descending: false, nullsFirst: false })),
    ...parts.orderBy,
  ]);
  if (partitionBy.length > 0 && !isSingle(input) && !isPlaced(input, partitionBy)) {
    const { options } = context;
    const { bytes } = input.node.estimate;
    const isLittle = options.partitionCount === null && bytes <= options.singleSortBytes;
    const count = isLittle ? 1 : exchangePartitionCount(bytes, options);
    return sorted(toPartitions(input, partitionBy, count), keys, partitionBy.length);
  }
  if (isSingle(input) || partitionBy.length > 0) return sorted(input, keys, partitionBy.length);
  return keys.length === 0 ? toSingle(input) : toSingle(sorted(input, keys, 0), keys);
}

/** Whether rows of one window partition are in one task: what rows are spread by is among the partition's keys. */
function isPlaced({ partitioning, columns }: Planned, partitionBy: readonly Expression[]): boolean {
  if (partitioning.kind !== "partitions" || partitioning.keys === null) return false;
  const ids = new Set(partitionBy.flatMap((key) => (key.kind === "input" ? [columns[key.index]!.id] : [])));
  return partitioning.keys.every((key) => [...key].some((id) => ids.has(id)));
}

/** The rows in the order of the keys, the first `anyOrder` of which may stand in any order and direction. */
function sorted(input: Planned, keys: readonly PhysicalSortKey[], anyOrder: number): Planned {
  const { node, schema } = input;
  if (keys.length === 0 || isSortedSo(sortedBy(node), keys, anyOrder)) return input;
  const sort: PhysicalNode = { kind: "sort", input: node, keys, schema, estimate: node.estimate };
  return makePlanned(sort, input.columns, input.facts, input.partitioning);
}

function isSortedSo(given: readonly PhysicalSortKey[], keys: readonly PhysicalSortKey[], anyOrder: number): boolean {
  if (given.length < keys.length) return false;
  const first = given.slice(0, anyOrder);
  const isFree = keys
    .slice(0, anyOrder)
    .every((key) => first.some((other) => expressionEquals(other.expression, key.expression)));
  return (
    isFree &&
    keys.every((key, index) => {
      const other = given[index]!;
      if (index < anyOrder) return true;
      const isSame = other.descending === key.descending && other.nullsFirst === key.nullsFirst;
      return isSame && expressionEquals(other.expression, key.expression);
    })
  );
}

function computeFunctions(input: Planned, parts: WindowParts, node: WindowNode): Planned {
  const calls = parts.calls.map(({ call }) => call);
  const fields = node.functions.map(({ column }, index): Field => ({
    name: column.name,
    type: calls[index]!.type,
    nullable: column.nullable,
  }));
  const schema = [...input.schema, ...fields];
  const facts = [...input.facts, ...parts.calls.map((call) => call.facts)];
  const window: PhysicalWindow = {
    kind: "window",
    input: input.node,
    partitionBy: parts.partitionBy,
    orderBy: parts.orderBy,
    functions: calls,
    schema,
    estimate: estimateOf(input.node.estimate.rows, schema, facts),
  };
  const columns = [...input.columns, ...node.functions.map(({ column }) => column)];
  return makePlanned(window, columns, facts, input.partitioning);
}

function distinct(expressions: readonly Expression[]): readonly Expression[] {
  return expressions.filter(
    (expression, index) => expressions.findIndex((other) => expressionEquals(other, expression)) === index,
  );
}

/** A key that stands earlier decides already. */
function distinctKeys(keys: readonly PhysicalSortKey[]): readonly PhysicalSortKey[] {
  return keys.filter(
    (key, index) => keys.findIndex((other) => expressionEquals(other.expression, key.expression)) === index,
  );
}
