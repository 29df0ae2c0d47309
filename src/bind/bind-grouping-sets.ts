import { simpleType } from "../arrow/data-type.ts";
import { resolveAggregate } from "../expr/aggregate-registry.ts";
import { combinerOf, restoreResult } from "../expr/combine-aggregates.ts";
import type { AggregateCall, ColumnId, Expression } from "../expr/expression.ts";
import { andAll, typeOf } from "../expr/expression-properties.ts";
import type { AggregateNode, Column, LogicalNode } from "../logical/logical-node.ts";
import { outputColumns } from "../logical/output-columns.ts";
import { mapCallExpressions } from "../logical/rewrite.ts";
import { substituteColumns } from "../logical/substitute-columns.ts";
import { type BindContext, columnFor, columnOf, newColumn } from "./bind-context.ts";
import type { GroupItem } from "./group-replacement.ts";

type AggregateItem = { readonly column: Column; readonly call: AggregateCall };

/** Sets of positions among `groups`. `setColumn` will hold a set's number, which GROUPING() asks for. */
export type GroupingSets = {
  readonly groups: readonly GroupItem[];
  readonly sets: readonly (readonly number[])[];
  readonly setColumn: Column;
};

const int32 = simpleType("int32");
const bool = simpleType("bool");

/**
 * Aggregates by several sets of groups in one pass: each row is there once for every set, with the groups that the set lacks being
 * NULL, and is grouped by them and the set's number. Where results for parts combine, rows are first aggregated by all groups, so
 * that only those results are multiplied. Puts out the groups' columns, the set's number and the aggregates' columns.
 */
export function aggregateSets(
  context: BindContext,
  input: LogicalNode,
  { groups, sets, setColumn }: GroupingSets,
  aggregates: readonly AggregateItem[],
): LogicalNode {
  if (aggregates.some(({ call }) => combinerOf(call) === null)) {
    const expanded = expand(
      context,
      input,
      groups.map(({ expression }) => expression),
      sets,
    );
    return groupExpanded(expanded, groups, setColumn, aggregates);
  }
  const innerGroups = groups.map(({ column, expression }) => ({
    column: columnFor(context, column.name, expression),
    expression,
  }));
  const inner = aggregates.map(({ column, call }) => ({
    column: newColumn(context, column.name, call.type, true),
    call,
  }));
  const first: AggregateNode = { kind: "aggregate", input, groups: innerGroups, aggregates: inner };
  const expanded = expand(
    context,
    first,
    innerGroups.map(({ column }) => columnOf(column)),
    sets,
  );
  const combined = inner.map(({ column, call }) => {
    const options = { distinct: false, filter: null };
    const outer = resolveAggregate(combinerOf(call)!, [columnOf(column)], options);
    return { column: newColumn(context, column.name, outer.type, true), call: outer };
  });
  const plan = groupExpanded({ ...expanded, present: null }, groups, setColumn, combined);
  const passed = [...groups.map(({ column }) => column), setColumn];
  return {
    kind: "project",
    input: plan,
    items: [
      ...passed.map((column) => ({ column, expression: columnOf(column) })),
      ...aggregates.map(({ column, call }, index) => ({
        column,
        expression: restoreResult(call.name, call.type, columnOf(combined[index]!.column)),
      })),
    ],
  };
}

/** Rows times sets. */
type Expanded = {
  readonly plan: LogicalNode;
  /** The groups, NULL where the row's set lacks them. */
  readonly groups: readonly Expression[];
  readonly set: Expression;
  /** False in a row that only makes sure that the empty set has its group; null = there is no such row. */
  readonly present: Expression | null;
  /** What the input's columns are called now. */
  readonly renamed: ReadonlyMap<ColumnId, Expression>;
};

function expand(
  context: BindContext,
  input: LogicalNode,
  groups: readonly Expression[],
  sets: readonly (readonly number[])[],
): Expanded {
  const set = newColumn(context, "grouping_set", int32, false);
  const rows = sets.map((_, index): Expression[] => [{ kind: "literal", type: int32, value: index }]);
  const joined: LogicalNode = {
    kind: "join",
    joinType: "inner",
    left: input,
    right: { kind: "values", columns: [set], rows },
    condition: null,
    nullAware: false,
    markColumn: null,
  };
  const nulled = groups.map((expression, position) => {
    const value = whereGrouped(expression, position, sets, columnOf(set));
    return { column: columnFor(context, "group", value), expression: value };
  });
  const kept = [...outputColumns(input), set].map((column) => ({ column, expression: columnOf(column) }));
  const items = [...kept, ...nulled];
  const plan: LogicalNode = { kind: "project", input: joined, items };
  const empty = [...sets.keys()].filter((index) => sets[index]!.length === 0);
  if (empty.length === 0) {
    const columns = nulled.map(({ column }) => columnOf(column));
    return { plan, groups: columns, set: columnOf(set), present: null, renamed: new Map() };
  }
  return withEmptySets(
    context,
    plan,
    items.map(({ column }) => column),
    kept.length - 1,
    empty,
  );
}

/** The empty set has a group even when there is no row: adds a row for it that no aggregate may count. */
function withEmptySets(
  context: BindContext,
  plan: LogicalNode,
  columns: readonly Column[],
  setPosition: number,
  empty: readonly number[],
): Expanded {
  const present = newColumn(context, "present", bool, false);
  const isPresent = (value: boolean): Expression => ({ kind: "literal", type: bool, value });
  const marked: LogicalNode = {
    kind: "project",
    input: plan,
    items: [
      ...columns.map((column) => ({ column, expression: columnOf(column) })),
      { column: present, expression: isPresent(true) },
    ],
  };
  const extra: LogicalNode = {
    kind: "values",
    columns: [...columns, present].map((column) => newColumn(context, column.name, column.type, true)),
    rows: empty.map((set) => [
      ...columns.map((column, index): Expression => ({
        kind: "literal",
        type: column.type,
        value: index === setPosition ? set : null,
      })),
      isPresent(false),
    ]),
  };
  const united = [...columns, present].map((column, index) =>
    newColumn(context, column.name, column.type, index !== setPosition && index < columns.length),
  );
  const references = united.map((column) => columnOf(column));
  return {
    plan: { kind: "union", inputs: [marked, extra], columns: united },
    groups: references.slice(setPosition + 1, columns.length),
    set: references[setPosition]!,
    present: references[columns.length]!,
    renamed: new Map(columns.map((column, index) => [column.id, references[index]!])),
  };
}

function whereGrouped(
  expression: Expression,
  position: number,
  sets: readonly (readonly number[])[],
  set: Expression,
): Expression {
  const values = [...sets.keys()].filter((index) => sets[index]!.includes(position));
  if (values.length === sets.length) return expression;
  const type = typeOf(expression);
  return {
    kind: "case",
    branches: [{ when: { kind: "in_list", arg: set, values }, then: expression }],
    otherwise: { kind: "literal", type, value: null },
    type,
  };
}

function groupExpanded(
  { plan, groups, set, present, renamed }: Expanded,
  items: readonly GroupItem[],
  setColumn: Column,
  aggregates: readonly AggregateItem[],
): LogicalNode {
  const calls = aggregates.map(({ column, call }) => {
    const over = mapCallExpressions(call, (expression) => substituteColumns(expression, renamed));
    if (present === null) return { column, call: over };
    return { column, call: { ...over, filter: over.filter === null ? present : andAll([present, over.filter]) } };
  });
  return {
    kind: "aggregate",
    input: plan,
    groups: [
      ...items.map(({ column }, index) => ({ column, expression: groups[index]! })),
      { column: setColumn, expression: set },
    ],
    aggregates: calls,
  };
}

/** GROUPING(args): an integer with a bit for each argument, set where the row's set lacks it; the last argument is the lowest bit. */
export function groupingBits(positions: readonly number[], sets: GroupingSets | null): Expression {
  const literal = (value: number): Expression => ({ kind: "literal", type: int32, value });
  if (sets === null) return literal(0);
  const bitsOf = (set: readonly number[]): number =>
    positions.reduce((bits, position) => bits * 2 + (set.includes(position) ? 0 : 1), 0);
  const bySet = new Map<number, number[]>();
  sets.sets.forEach((set, index) => bySet.set(bitsOf(set), [...(bySet.get(bitsOf(set)) ?? []), index]));
  const [[firstBits] = [0], ...others] = [...bySet];
  if (others.length === 0) return literal(firstBits);
  return {
    kind: "case",
    branches: others.map(([bits, values]) => ({
      when: { kind: "in_list", arg: columnOf(sets.setColumn), values },
      then: literal(bits),
    })),
    otherwise: literal(firstBits),
    type: int32,
  };
}
