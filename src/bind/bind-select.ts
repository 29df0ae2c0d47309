import { simpleType } from "../arrow/data-type.ts";
import { EngineError, type TextSpan } from "../common/engine-error.ts";
import type { Expression, SortKey } from "../expr/expression.ts";
import { expressionEquals } from "../expr/expression-properties.ts";
import type { LogicalNode } from "../logical/logical-node.ts";
import { outputColumns } from "../logical/output-columns.ts";
import type { Select, SelectItem, SortItem, SqlExpression } from "../sql/ast.ts";
import {
  applyAll,
  type BindContext,
  type BoundQuery,
  columnFor,
  columnOf,
  type ExpressionPlace,
  newColumn,
  type QueryOptions,
  settleUnknown,
} from "./bind-context.ts";
import { firstOfEach } from "./bind-distinct-on.ts";
import { bindExpression, requireBool } from "./bind-expression.ts";
import { bindFrom } from "./bind-from.ts";
import { aggregateSets, groupingBits, type GroupingSets } from "./bind-grouping-sets.ts";
import { outputPosition, sortKey } from "./bind-order-by.ts";
import { applyOverGroups, type GroupItem, type Grouping, overGroups } from "./group-replacement.ts";
import { outputName } from "./output-name.ts";
import {
  type AggregateCollector,
  type BoundWindow,
  type PendingApply,
  Scope,
  unknownRelation,
  type VisibleColumn,
} from "./scope.ts";
import { resolveNamedWindows } from "./window-definitions.ts";
import { addWindows, windowOverGroups } from "./window-nodes.ts";

/** An item of the select list with `*` expanded: then it is a column without text of its own. */
type ExpandedItem = { readonly name: string; readonly source: SqlExpression | VisibleColumn; readonly span: TextSpan };

/** A sort key is an item of the select list, or an expression over what the select list is over. */
type KeySource =
  | { readonly item: SortItem; readonly index: number }
  | { readonly item: SortItem; readonly expression: Expression };

/** The expressions above WHERE and GROUP BY, all over the same input. */
type Bound = {
  readonly items: readonly Expression[];
  readonly distinctOn: readonly KeySource[];
  readonly having: Expression | null;
  readonly keys: readonly KeySource[];
  readonly havingApplies: readonly PendingApply[];
  readonly applies: readonly PendingApply[];
  readonly windows: readonly BoundWindow[];
};

/**
 * SELECT with its ORDER BY. The plan may put out hidden columns behind `columns`, which only the sort needed; the
 * caller drops them above LIMIT.
 */
export function bindSelect(
  context: BindContext,
  select: Select,
  orderBy: readonly SortItem[],
  options: QueryOptions,
): BoundQuery {
  const { outer, commonTables } = options;
  const from = bindFrom(select.from, { context, commonTables, outer, lateral: outer });
  const scope = new Scope(from.namespace, outer, commonTables, "WHERE");
  const place: ExpressionPlace = { context, scope, applies: [] };
  let plan = from.plan;
  if (select.where !== null) {
    const predicate = requireBool(bindExpression(select.where, place), "WHERE", select.where.span);
    plan = { kind: "filter", input: applyAll(plan, place.applies), predicate };
  }
  const expanded = select.items.flatMap((item) => expandItem(item, scope));
  if (expanded.length === 0)
    throw new EngineError("feature_not_supported", "SELECT without columns is not supported", { span: select.span });
  scope.clause = "GROUP BY";
  const groupPlace: ExpressionPlace = { ...place, applies: [] };
  const grouping = bindGroups(select, expanded, groupPlace);
  plan = applyAll(plan, groupPlace.applies);
  const collector: AggregateCollector = {
    calls: [],
    applies: [],
    inArguments: false,
    groupingBits: (args, span) => bindGroupingBits(args, span, grouping),
  };
  scope.aggregates = collector;
  const bound = bindOutputs(select, orderBy, expanded, grouping.byItem, place);
  scope.aggregates = null;
  scope.windows = null;
  const isAggregated =
    select.groupBy.length > 0 || select.groupingSets !== null || select.having !== null || collector.calls.length > 0;
  if (isAggregated) {
    plan = applyAll(plan, collector.applies);
    const inputIds = new Set(outputColumns(plan).map(({ id }) => id));
    plan =
      grouping.sets === null
        ? { kind: "aggregate", input: plan, groups: grouping.groups, aggregates: collector.calls }
        : aggregateSets(context, plan, grouping.sets, collector.calls);
    return finish(
      context,
      plan,
      overGrouping(bound, { groups: grouping.groups, inputIds, scope }),
      expanded,
      select,
      options,
    );
  }
  return finish(context, plan, bound, expanded, select, options);
}

function expandItem(item: SelectItem, scope: Scope): readonly ExpandedItem[] {
  const { expression } = item;
  if (expression.kind !== "star") return [{ name: outputName(item), source: expression, span: expression.span }];
  const expand = (columns: readonly VisibleColumn[]) =>
    columns.map((column) => ({ name: column.name, source: column, span: expression.span }));
  if (expression.qualifier.length === 0) {
    if (scope.namespace.visible.length > 0) return expand(scope.namespace.visible);
    throw new EngineError("syntax_error", "SELECT * with no tables specified is not valid", { span: expression.span });
  }
  for (let level: Scope | null = scope; level !== null; level = level.parent) {
    const relation = level.relation(expression.qualifier);
    if (relation !== null) return expand(relation.columns);
  }
  throw unknownRelation(
    expression.qualifier,
    scope.namespace.relations.map(({ alias }) => alias),
    expression.span,
  );
}

function bindItem({ source, span }: ExpandedItem, place: ExpressionPlace): Expression {
  return "column" in source ? columnOf(source.column, span) : bindExpression(source, place);
}

/** Groups, and which of them an item of the select list is when GROUP BY names the item. */
type BoundGroups = {
  readonly groups: readonly GroupItem[];
  readonly byItem: ReadonlyMap<number, GroupItem>;
  readonly sets: GroupingSets | null;
};

function bindGroups(
  { groupBy, groupingSets, groupDistinct }: Select,
  items: readonly ExpandedItem[],
  place: ExpressionPlace,
): BoundGroups {
  const groups: GroupItem[] = [];
  const byItem = new Map<number, GroupItem>();
  const byElement: number[] = [];
  for (const element of groupBy) {
    const index = groupedItem(element, items, place.scope);
    const known = index === null ? undefined : byItem.get(index);
    if (known !== undefined) {
      byElement.push(groups.indexOf(known));
      continue;
    }
    const expression = settleUnknown(index === null ? bindExpression(element, place) : bindItem(items[index]!, place));
    let group = groups.find((other) => expressionEquals(other.expression, expression));
    if (group === undefined) {
      const name = index === null ? (element.kind === "column" ? element.parts.at(-1)! : "group") : items[index]!.name;
      const column = columnFor(place.context, name, expression);
      group = { column: groupingSets === null ? column : { ...column, nullable: true }, expression };
      groups.push(group);
    }
    byElement.push(groups.indexOf(group));
    if (index !== null) byItem.set(index, group);
  }
  if (groupingSets === null) return { groups, byItem, sets: null };
  const all = groupingSets.map((set) => [...new Set(set.map((element) => byElement[element]!))]);
  const sets = groupDistinct
    ? [...new Map(all.map((set) => [set.toSorted((left, right) => left - right).join(","), set])).values()]
    : all;
  const setColumn = newColumn(place.context, "grouping_set", simpleType("int32"), false);
  return { groups, byItem, sets: { groups, sets, setColumn } };
}

function bindGroupingBits(args: readonly Expression[], span: TextSpan, { groups, sets }: BoundGroups): Expression {
  const positions = args.map((arg) => {
    const position = groups.findIndex(({ expression }) => expressionEquals(expression, arg));
    if (position >= 0) return position;
    const message = "arguments to GROUPING must be grouping expressions of the associated query level";
    throw new EngineError("grouping_error", message, { span });
  });
  return groupingBits(positions, sets);
}

/** A bare name in GROUP BY is a column of FROM first, then an output name. */
function groupedItem(element: SqlExpression, items: readonly ExpandedItem[], scope: Scope): number | null {
  const position = outputPosition(element, items.length, "GROUP BY");
  if (position !== null || element.kind !== "column" || element.parts.length !== 1) return position;
  const [name] = element.parts;
  if (scope.namespace.visible.some((visible) => visible.name === name)) return null;
  const matches = [...items.keys()].filter((index) => items[index]!.name === name);
  if (matches.length > 1)
    throw new EngineError("ambiguous_column", `GROUP BY "${name}" is ambiguous`, { span: element.span });
  return matches[0] ?? null;
}

function bindOutputs(
  select: Select,
  orderBy: readonly SortItem[],
  expanded: readonly ExpandedItem[],
  byItem: BoundGroups["byItem"],
  place: ExpressionPlace,
): Bound {
  const { scope } = place;
  const applies: PendingApply[] = [];
  const havingApplies: PendingApply[] = [];
  scope.clause = "HAVING";
  const having =
    select.having === null
      ? null
      : requireBool(bindExpression(select.having, { ...place, applies: havingApplies }), "HAVING", select.having.span);
  const windows: BoundWindow[] = [];
  scope.windows = { windows, definitions: resolveNamedWindows(select.windows), inside: null };
  scope.clause = "SELECT";
  const items = expanded.map((item, index) => {
    const group = byItem.get(index);
    return group === undefined ? bindItem(item, { ...place, applies }) : columnOf(group.column);
  });
  const bindKey = (item: SortItem): KeySource => {
    const index = orderedItem(item.expression, expanded, items, scope.clause);
    return index === null
      ? { item, expression: settleUnknown(bindExpression(item.expression, { ...place, applies })) }
      : { item, index };
  };
  scope.clause = "DISTINCT ON";
  const distinctOn = select.distinctOn.map((expression) =>
    bindKey({ expression, descending: false, nullsFirst: null }),
  );
  scope.clause = "ORDER BY";
  return { items, having, distinctOn, keys: orderBy.map(bindKey), havingApplies, applies, windows };
}

/** A bare name in ORDER BY is an output name first, then a column of FROM. */
function orderedItem(
  element: SqlExpression,
  expanded: readonly ExpandedItem[],
  items: readonly Expression[],
  clause: string,
): number | null {
  const position = outputPosition(element, expanded.length, clause);
  if (position !== null || element.kind !== "column" || element.parts.length !== 1) return position;
  const matches = [...expanded.keys()].filter((index) => expanded[index]!.name === element.parts[0]);
  const first = matches[0];
  if (first === undefined || matches.every((index) => expressionEquals(items[index]!, items[first]!)))
    return first ?? null;
  throw new EngineError("ambiguous_column", `${clause} "${element.parts[0]}" is ambiguous`, { span: element.span });
}

function overGrouping(bound: Bound, grouping: Grouping): Bound {
  const keyOver = (key: KeySource): KeySource =>
    "index" in key ? key : { item: key.item, expression: overGroups(key.expression, grouping) };
  return {
    items: bound.items.map((item) => overGroups(item, grouping)),
    having: bound.having === null ? null : overGroups(bound.having, grouping),
    distinctOn: bound.distinctOn.map(keyOver),
    keys: bound.keys.map(keyOver),
    havingApplies: bound.havingApplies.map((apply) => applyOverGroups(apply, grouping)),
    applies: bound.applies.map((apply) => applyOverGroups(apply, grouping)),
    windows: bound.windows.map((window) => windowOverGroups(window, grouping)),
  };
}

function finish(
  context: BindContext,
  input: LogicalNode,
  bound: Bound,
  expanded: readonly ExpandedItem[],
  select: Select,
  options: QueryOptions,
): BoundQuery {
  let plan = input;
  if (bound.having !== null)
    plan = { kind: "filter", input: applyAll(plan, bound.havingApplies), predicate: bound.having };
  plan = addWindows(plan, bound.windows, bound.applies);
  const keepUnknown = options.keepUnknown === true && !select.distinct && bound.keys.length === 0;
  const items = bound.items.map((item) => (keepUnknown ? item : settleUnknown(item)));
  const projected = items.map((expression, index) => ({
    column: columnFor(context, expanded[index]!.name, expression),
    expression,
  }));
  const all = [...projected];
  const positionOf = (key: KeySource): number => {
    if ("index" in key) return key.index;
    const known = all.findIndex(({ expression }) => expressionEquals(expression, key.expression));
    if (known >= 0) return known;
    if (select.distinct) {
      const message = "for SELECT DISTINCT, ORDER BY expressions must appear in select list";
      throw new EngineError("grouping_error", message, { span: key.item.expression.span });
    }
    all.push({ column: columnFor(context, "order", key.expression), expression: key.expression });
    return all.length - 1;
  };
  const positions = bound.keys.map(positionOf);
  const onPositions = bound.distinctOn.map(positionOf);
  plan = { kind: "project", input: plan, items: all };
  let columns = all.map(({ column }) => column);
  if (select.distinct) {
    const groups = columns.map((column) => ({
      column: columnFor(context, column.name, columnOf(column)),
      expression: columnOf(column),
    }));
    plan = { kind: "aggregate", input: plan, groups, aggregates: [] };
    columns = groups.map(({ column }) => column);
  }
  const keys = bound.keys.map((key, index): SortKey =>
    sortKey(key.item, columnOf(columns[positions[index]!]!, key.item.expression.span)),
  );
  if (onPositions.length > 0) {
    checkDistinctOn(onPositions, positions, bound.distinctOn);
    plan = firstOfEach(
      context,
      plan,
      [...new Set(onPositions)].map((position) => columns[position]!),
      keys,
    );
  }
  if (keys.length > 0) plan = { kind: "sort", input: plan, keys };
  return { plan, columns: columns.slice(0, projected.length).map((column) => ({ name: column.name, column })) };
}

/** The order decides which row of each group comes first, so it must begin with what makes the groups. */
function checkDistinctOn(
  distinctOn: readonly number[],
  orderBy: readonly number[],
  sources: readonly KeySource[],
): void {
  const wanted = new Set(distinctOn);
  const leading = new Set<number>();
  for (const position of orderBy) {
    if (leading.size === wanted.size) return;
    if (!wanted.has(position)) {
      const message = "SELECT DISTINCT ON expressions must match initial ORDER BY expressions";
      throw new EngineError("grouping_error", message, { span: sources[0]!.item.expression.span });
    }
    leading.add(position);
  }
}
