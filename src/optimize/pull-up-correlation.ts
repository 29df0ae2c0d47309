import { simpleType } from "../arrow/data-type.ts";
import type { ColumnId, Expression } from "../expr/expression.ts";
import { columnIds, conjuncts, expressionEquals, andAll, typeOf } from "../expr/expression-properties.ts";
import { foldConstants } from "../expr/fold-constants.ts";
import type { ColumnIds } from "../logical/column-ids.ts";
import { freeColumns } from "../logical/free-columns.ts";
import type { AggregateNode, Column, FilterNode, JoinNode, LogicalNode, ProjectNode } from "../logical/logical-node.ts";
import { callExpressions } from "../logical/rewrite.ts";
import { outputColumns } from "../logical/output-columns.ts";
import { columnReference, substituteColumns } from "../logical/substitute-columns.ts";
import { literal, neverHolds } from "./make-expression.ts";
import { constantCount, rowBounds } from "./row-bounds.ts";

/**
 * A subquery freed from its outer columns: for each outer row, the subquery's rows are the rows of `plan` for which all
 * `predicates` (over plan's and outer columns) hold. `emptyRow` says what differs: where no row qualifies, the
 * subquery has one row all the same, with these values (an aggregate without groups: count is 0, not NULL).
 */
export type PulledUp = {
  readonly plan: LogicalNode;
  readonly predicates: readonly Expression[];
  readonly emptyRow: ReadonlyMap<ColumnId, Expression> | null;
};

/**
 * Moves the predicates that correlate a subquery up and out of it; an aggregate on the way is grouped by the columns
 * that they equate with outer ones. null where that is not sound: the domain join (push-domain.ts) then does it.
 */
export function pullUpCorrelation(node: LogicalNode, outer: ReadonlySet<ColumnId>, ids: ColumnIds): PulledUp | null {
  if (!isCorrelated(node, outer)) return { plan: node, predicates: [], emptyRow: null };
  switch (node.kind) {
    case "filter":
      return pullFilter(node, outer, ids);
    case "project":
      return pullProject(node, outer, ids);
    case "join":
      return pullJoin(node, outer, ids);
    case "aggregate":
      return pullAggregate(node, outer, ids);
    case "sort":
      // The rows' order means nothing to the join above; under a LIMIT that cuts, the sort is not reached.
      return pullUpCorrelation(node.input, outer, ids);
    case "limit":
      return limitKeepsAll(node) ? pullUpCorrelation(node.input, outer, ids) : null;
    default:
      return null;
  }
}

/** Whether the plan refers to one of these columns without producing it. */
export function isCorrelated(node: LogicalNode, outer: ReadonlySet<ColumnId>): boolean {
  for (const id of freeColumns(node)) if (outer.has(id)) return true;
  return false;
}

/** A LIMIT of one row or more over what has one row at most. */
export function limitKeepsAll(node: Extract<LogicalNode, { kind: "limit" }>): boolean {
  const limit = node.limit === null ? Infinity : (constantCount(node.limit) ?? 0);
  const offset = node.offset === null ? 0 : constantCount(node.offset);
  return offset === 0 && limit >= rowBounds(node.input).max;
}

/** The value of an aggregate over no rows. */
export function emptyAggregateValue(name: string, column: Column): Expression {
  return name === "count" ? literal(simpleType("int64"), 0n) : literal(column.type, null);
}

export function refersTo(expression: Expression, columns: ReadonlySet<ColumnId>): boolean {
  for (const id of columnIds(expression)) if (columns.has(id)) return true;
  return false;
}

function pullFilter(node: FilterNode, outer: ReadonlySet<ColumnId>, ids: ColumnIds): PulledUp | null {
  const input = pullUpCorrelation(node.input, outer, ids);
  if (input === null) return null;
  const parts = conjuncts(node.predicate);
  if (input.emptyRow !== null) {
    // A group that fails the filter and a group that is missing look alike above, so the empty row must fail it too.
    const emptyRow = input.emptyRow;
    if (!parts.some((part) => neverHolds(foldConstants(substituteColumns(part, emptyRow))))) return null;
  }
  const correlated = parts.filter((part) => refersTo(part, outer));
  const local = andAll(parts.filter((part) => !refersTo(part, outer)));
  return {
    plan: local === null ? input.plan : { kind: "filter", input: input.plan, predicate: local },
    predicates: [...input.predicates, ...correlated],
    emptyRow: null,
  };
}

function pullProject(node: ProjectNode, outer: ReadonlySet<ColumnId>, ids: ColumnIds): PulledUp | null {
  const input = pullUpCorrelation(node.input, outer, ids);
  if (input === null || node.items.some((item) => refersTo(item.expression, outer))) return null;
  const items = [...node.items];
  const kept = new Set(items.map((item) => item.column.id));
  const needed = new Set(input.predicates.flatMap((predicate) => [...columnIds(predicate)]));
  for (const column of outputColumns(input.plan)) {
    if (needed.has(column.id) && !kept.has(column.id)) items.push({ column, expression: columnReference(column) });
  }
  const inputRow = input.emptyRow;
  const emptyRow =
    inputRow === null
      ? null
      : new Map(
          node.items.map(({ column, expression }) => [
            column.id,
            foldConstants(substituteColumns(expression, inputRow)),
          ]),
        );
  return { plan: { ...node, input: input.plan, items }, predicates: input.predicates, emptyRow };
}

function pullJoin(node: JoinNode, outer: ReadonlySet<ColumnId>, ids: ColumnIds): PulledUp | null {
  const left = pullUpCorrelation(node.left, outer, ids);
  if (left === null || left.emptyRow !== null) return null;
  const parts = node.condition === null ? [] : conjuncts(node.condition);
  if (node.joinType !== "inner") {
    // What these put out for an unmatched left row depends on the right side, which must hence be the same for all.
    const leftOnly = ["left", "single", "semi", "anti", "mark"].includes(node.joinType);
    if (!leftOnly || isCorrelated(node.right, outer) || parts.some((part) => refersTo(part, outer))) return null;
    return { plan: { ...node, left: left.plan }, predicates: left.predicates, emptyRow: null };
  }
  const right = pullUpCorrelation(node.right, outer, ids);
  if (right === null || right.emptyRow !== null) return null;
  const correlated = parts.filter((part) => refersTo(part, outer));
  const condition = andAll(parts.filter((part) => !refersTo(part, outer)));
  return {
    plan: { ...node, left: left.plan, right: right.plan, condition },
    predicates: [...left.predicates, ...right.predicates, ...correlated],
    emptyRow: null,
  };
}

function pullAggregate(node: AggregateNode, outer: ReadonlySet<ColumnId>, ids: ColumnIds): PulledUp | null {
  const own = [
    ...node.groups.map((group) => group.expression),
    ...node.aggregates.flatMap(({ call }) => callExpressions(call)),
  ];
  if (own.some((expression) => refersTo(expression, outer))) return null;
  const input = pullUpCorrelation(node.input, outer, ids);
  if (input === null || input.emptyRow !== null) return null;
  const groups = [...node.groups];
  const predicates: Expression[] = [];
  for (const predicate of input.predicates) {
    const sides = equatedSides(predicate, outer);
    if (sides === null) return null;
    let group = groups.find(({ expression }) => expressionEquals(expression, sides.local));
    if (group === undefined) {
      const name = sides.local.kind === "column" ? sides.local.name : "key";
      group = { column: { id: ids.next(), name, type: typeOf(sides.local), nullable: true }, expression: sides.local };
      groups.push(group);
    }
    predicates.push({ ...sides.call, args: [columnReference(group.column), sides.outer] });
  }
  const emptyRow =
    node.groups.length > 0
      ? null
      : new Map(node.aggregates.map(({ column, call }) => [column.id, emptyAggregateValue(call.name, column)]));
  return { plan: { ...node, input: input.plan, groups }, predicates, emptyRow };
}

type Equated = {
  readonly call: Extract<Expression, { kind: "call" }>;
  readonly local: Expression;
  readonly outer: Expression;
};

/** Splits `local = outer expression`; null for any other predicate. */
function equatedSides(predicate: Expression, outer: ReadonlySet<ColumnId>): Equated | null {
  if (predicate.kind !== "call" || (predicate.name !== "eq" && predicate.name !== "is_not_distinct_from")) return null;
  const [left, right] = predicate.args as [Expression, Expression];
  const isOuter = (expression: Expression) => [...columnIds(expression)].every((id) => outer.has(id));
  if (!refersTo(left, outer) && isOuter(right)) return { call: predicate, local: left, outer: right };
  if (!refersTo(right, outer) && isOuter(left)) return { call: predicate, local: right, outer: left };
  return null;
}

/** Whether the empty row's value differs from the NULL that an outer join gives. */
export function needsCompensation(value: Expression | undefined): value is Expression {
  return value !== undefined && !(value.kind === "literal" && value.value === null);
}
