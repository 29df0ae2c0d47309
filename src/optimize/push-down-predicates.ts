import type { ColumnId, Expression } from "../expr/expression.ts";
import { isVolatile } from "../expr/volatile-functions.ts";
import { andAll, columnIds, conjuncts, isNullable, orAll } from "../expr/expression-properties.ts";
import type { AggregateNode, JoinNode, LogicalNode, WindowNode } from "../logical/logical-node.ts";
import { outputColumns, outputIds } from "../logical/output-columns.ts";
import { mapChildren, withChildren } from "../logical/rewrite.ts";
import { columnReference, substituteColumns } from "../logical/substitute-columns.ts";
import { addPredicate, inferPredicates } from "./infer-predicates.ts";
import { isBooleanLiteral, neverHolds } from "./make-expression.ts";
import type { Rule } from "./rule.ts";

/**
 * Moves each conjunct of a filter or join condition as near to the scans as it may go, and with it what follows from
 * it for the other side of a join.
 */
export const pushDownPredicates: Rule = { name: "push-down-predicates", apply: (plan) => push(plan, []) };

/** The node with these predicates (over its columns) applied somewhere in it; those on random numbers right above it. */
function push(node: LogicalNode, predicates: readonly Expression[]): LogicalNode {
  const [fixed, movable] = partition(predicates, isVolatile);
  return fixed.length === 0 ? pushInto(node, predicates) : filtered(pushInto(node, movable), fixed);
}

function pushInto(node: LogicalNode, predicates: readonly Expression[]): LogicalNode {
  switch (node.kind) {
    case "filter":
      return push(node.input, distinct([...predicates, ...conjuncts(node.predicate)]));
    case "scan": {
      const known = node.predicate === null ? [] : conjuncts(node.predicate);
      // A constant FALSE stays a filter, which folds to an empty relation.
      const constant = predicates.filter((predicate) => columnIds(predicate).size === 0);
      const own = distinct([...known, ...predicates.filter((predicate) => columnIds(predicate).size > 0)]);
      return filtered({ ...node, predicate: andAll(own) }, constant);
    }
    case "project": {
      const definitions = new Map(node.items.map((item) => [item.column.id, item.expression]));
      // A random number must not be drawn a second time below.
      const volatile = new Set(node.items.filter((item) => isVolatile(item.expression)).map((item) => item.column.id));
      const [fixed, movable] = partition(predicates, (predicate) =>
        [...columnIds(predicate)].some((id) => volatile.has(id)),
      );
      const below = movable.map((predicate) => substituteColumns(predicate, definitions));
      return filtered({ ...node, input: push(node.input, below) }, fixed);
    }
    case "aggregate":
      return pushAggregate(node, predicates);
    case "window":
      return pushWindow(node, predicates);
    case "sort":
      return { ...node, input: push(node.input, predicates) };
    case "join":
      return pushJoin(node, predicates);
    case "union":
    case "set_operation": {
      const inputs = node.kind === "union" ? node.inputs : [node.left, node.right];
      const pushed = inputs.map((input) =>
        push(
          input,
          predicates.map((predicate) => overInput(predicate, node.columns, input)),
        ),
      );
      return withChildren(node, pushed);
    }
    default:
      return filtered(
        mapChildren(node, (child) => push(child, [])),
        predicates,
      );
  }
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): readonly [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}

function overInput(
  predicate: Expression,
  columns: readonly { readonly id: ColumnId }[],
  input: LogicalNode,
): Expression {
  const own = outputColumns(input);
  return substituteColumns(
    predicate,
    new Map(columns.map(({ id }, index) => [id, columnReference(own[index] as (typeof own)[number])])),
  );
}

function filtered(node: LogicalNode, predicates: readonly Expression[]): LogicalNode {
  const predicate = andAll(predicates.filter((part) => !isBooleanLiteral(part, true)));
  return predicate === null ? node : { kind: "filter", input: node, predicate };
}

function distinct(predicates: readonly Expression[]): readonly Expression[] {
  const list: Expression[] = [];
  for (const predicate of predicates) addPredicate(list, predicate);
  return list;
}

/** A predicate on the groups' columns drops whole groups, so it may as well drop their rows. */
function pushAggregate(node: AggregateNode, predicates: readonly Expression[]): LogicalNode {
  const definitions = new Map(node.groups.map((group) => [group.column.id, group.expression]));
  const below: Expression[] = [];
  const above: Expression[] = [];
  for (const predicate of predicates) {
    const ids = columnIds(predicate);
    // Without groups there is a row even where all input rows are dropped.
    const onGroups = ids.size > 0 && [...ids].every((id) => definitions.has(id));
    if (onGroups) below.push(substituteColumns(predicate, definitions));
    else above.push(predicate);
  }
  return filtered({ ...node, input: push(node.input, below) }, above);
}

/** Only what drops whole partitions leaves the windows of the other rows as they are. */
function pushWindow(node: WindowNode, predicates: readonly Expression[]): LogicalNode {
  const keys = new Set(node.partitionBy.flatMap((key) => (key.kind === "column" ? [key.id] : [])));
  const onPartitions = (predicate: Expression): boolean => {
    const ids = columnIds(predicate);
    return ids.size > 0 && within(ids, keys);
  };
  const below = predicates.filter(onPartitions);
  return filtered(
    { ...node, input: push(node.input, below) },
    predicates.filter((predicate) => !onPartitions(predicate)),
  );
}

type Sides = { readonly left: ReadonlySet<ColumnId>; readonly right: ReadonlySet<ColumnId> };

function pushJoin(node: JoinNode, predicates: readonly Expression[]): LogicalNode {
  const sides: Sides = { left: outputIds(node.left), right: outputIds(node.right) };
  const condition = node.condition === null ? [] : conjuncts(node.condition);
  switch (node.joinType) {
    case "inner":
      return pushInner(node, distinct([...predicates, ...condition]), sides);
    case "left":
    case "semi":
    case "anti":
    case "mark":
    case "single":
      return pushLeftKept(node, predicates, condition, sides);
    case "right": {
      // The mirror image of a left join; only the order of the output columns differs, which the swap back restores.
      const mirrored = pushLeftKept(
        { ...node, joinType: "left", left: node.right, right: node.left },
        predicates,
        condition,
        { left: sides.right, right: sides.left },
      );
      return restoreRight(mirrored);
    }
    case "full":
      return filtered({ ...node, left: push(node.left, []), right: push(node.right, []) }, predicates);
  }
}

function restoreRight(node: LogicalNode): LogicalNode {
  if (node.kind === "filter") return { ...node, input: restoreRight(node.input) };
  return node.kind === "join" ? { ...node, joinType: "right", left: node.right, right: node.left } : node;
}

function pushInner(node: JoinNode, given: readonly Expression[], sides: Sides): LogicalNode {
  const all = [...given, ...inferPredicates(given)];
  const left: Expression[] = [];
  const right: Expression[] = [];
  const both: Expression[] = [];
  for (const predicate of all) {
    const ids = columnIds(predicate);
    if (ids.size === 0) {
      // A constant holds for all rows or for none of either side.
      if (neverHolds(predicate)) left.push(predicate);
      else if (!isBooleanLiteral(predicate, true)) both.push(predicate);
    } else if (within(ids, sides.left)) left.push(predicate);
    else if (within(ids, sides.right)) right.push(predicate);
    else {
      both.push(predicate);
      addPredicates(left, impliedBy(predicate, sides.left));
      addPredicates(right, impliedBy(predicate, sides.right));
    }
  }
  return { ...node, left: push(node.left, left), right: push(node.right, right), condition: andAll(both) };
}

/** Joins that keep, drop or mark left rows: predicates on the left go left; the condition's on the right go right. */
function pushLeftKept(
  node: JoinNode,
  predicates: readonly Expression[],
  condition: readonly Expression[],
  sides: Sides,
): LogicalNode {
  const toLeft = predicates.filter(
    (predicate) => columnIds(predicate).size > 0 && within(columnIds(predicate), sides.left),
  );
  const above = predicates.filter((predicate) => !toLeft.includes(predicate));
  // In three-valued logic a right row whose part is NULL counts as NULL, while a filter would drop it.
  const mayPushRight = (part: Expression) =>
    within(columnIds(part), sides.right) && columnIds(part).size > 0 && (!node.nullAware || !isNullable(part));
  const toRight = condition.filter(mayPushRight);
  // Only a semi join drops the left rows that fail a part of the condition.
  const partsToLeft =
    node.joinType === "semi"
      ? condition.filter((part) => columnIds(part).size > 0 && within(columnIds(part), sides.left))
      : [];
  const kept = condition.filter(
    (part) => !toRight.includes(part) && !partsToLeft.includes(part) && !isBooleanLiteral(part, true),
  );
  const left = distinct([...toLeft, ...partsToLeft]);
  const right = [...toRight];
  const extraLeft: Expression[] = [];
  if (!node.nullAware) {
    for (const inferred of inferPredicates([...left, ...condition])) {
      const ids = columnIds(inferred);
      if (within(ids, sides.right)) addPredicate(right, inferred);
      else if (node.joinType === "semi" && within(ids, sides.left)) addPredicate(extraLeft, inferred, left);
    }
    for (const part of kept) {
      addPredicates(right, impliedBy(part, sides.right));
      if (node.joinType === "semi") addPredicates(extraLeft, impliedBy(part, sides.left));
    }
  }
  const join: JoinNode = {
    ...node,
    left: push(node.left, [...left, ...extraLeft]),
    right: push(node.right, right),
    condition: andAll(kept),
  };
  return filtered(join, above);
}

function within(ids: ReadonlySet<ColumnId>, side: ReadonlySet<ColumnId>): boolean {
  for (const id of ids) if (!side.has(id)) return false;
  return true;
}

function addPredicates(list: Expression[], predicates: readonly Expression[]): void {
  for (const predicate of predicates) addPredicate(list, predicate);
}

/**
 * What an OR over several relations says of one of them: (a = 1 AND b = 2) OR (a = 3 AND b = 4) implies
 * a = 1 OR a = 3. Nothing, if some branch leaves that relation open.
 */
function impliedBy(predicate: Expression, side: ReadonlySet<ColumnId>): readonly Expression[] {
  if (predicate.kind !== "or") return [];
  const branches = predicate.args.map((branch) =>
    andAll(conjuncts(branch).filter((part) => columnIds(part).size > 0 && within(columnIds(part), side))),
  );
  if (branches.some((branch) => branch === null)) return [];
  const implied = orAll(branches.filter((branch) => branch !== null));
  return implied === null ? [] : [implied];
}
