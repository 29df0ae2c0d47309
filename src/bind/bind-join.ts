import { EngineError, type TextSpan } from "../common/engine-error.ts";
import { coerceTo } from "../expr/coerce.ts";
import type { ColumnId, Expression } from "../expr/expression.ts";
import { andAll, columnIds, conjuncts, typeOf } from "../expr/expression-properties.ts";
import { resolveFunction } from "../expr/function-registry.ts";
import { freeColumns } from "../logical/free-columns.ts";
import type { JoinType, LogicalNode } from "../logical/logical-node.ts";
import { outputColumns } from "../logical/output-columns.ts";
import type { FromItem, Identifier } from "../sql/ast.ts";
import { bindOperator } from "./bind-comparison.ts";
import { applyAll, columnFor, columnOf } from "./bind-context.ts";
import { bindExpression, requireBool } from "./bind-expression.ts";
import { besides, type BoundFrom, type FromPlace } from "./from-place.ts";
import { type Namespace, type PendingApply, refreshNamespace, Scope, type VisibleColumn } from "./scope.ts";

type JoinItem = FromItem & { readonly kind: "join" };
type OuterJoinType = JoinItem["joinType"];

export function bindJoin(
  item: JoinItem,
  place: FromPlace,
  bindFromItem: (item: FromItem, place: FromPlace) => BoundFrom,
): BoundFrom {
  const left = bindFromItem(item.left, place);
  const right = bindFromItem(item.right, besides(place, left.namespace));
  const using = item.natural ? commonNames(left.namespace, right.namespace, item.right.span) : item.using;
  if (using !== null && using.length > 0) return joinUsing(left, right, item.joinType, using, place, item.span);
  if (item.on === null) return joinPlans(left, right, item.joinType, null, item.span);
  const namespace = mergeNamespaces(left.namespace, right.namespace, item.span);
  const scope = new Scope(namespace, place.outer, place.commonTables, "JOIN conditions");
  const applies: PendingApply[] = [];
  const condition = requireBool(
    bindExpression(item.on, { context: place.context, scope, applies }),
    "JOIN/ON",
    item.on.span,
  );
  if (applies.length === 0) return joinPlans(left, right, item.joinType, condition, item.span);
  return joinWithSubqueries(left, right, item, condition, applies);
}

/** Joins two FROM items; a lateral right side becomes an apply. */
export function joinPlans(
  left: BoundFrom,
  right: BoundFrom,
  joinType: OuterJoinType,
  condition: Expression | null,
  span: TextSpan,
): BoundFrom {
  const namespace = mergeNamespaces(left.namespace, right.namespace, span);
  const plan = isLateral(left.plan, right.plan)
    ? lateralApply(left.plan, right.plan, joinType, condition, span)
    : plainJoin(left.plan, right.plan, joinType, condition);
  return { plan, namespace: refreshNamespace(namespace, plan) };
}

function isLateral(left: LogicalNode, right: LogicalNode): boolean {
  const free = freeColumns(right);
  return free.size > 0 && outputColumns(left).some(({ id }) => free.has(id));
}

function lateralApply(
  input: LogicalNode,
  subquery: LogicalNode,
  joinType: JoinType,
  condition: Expression | null,
  span: TextSpan,
): LogicalNode {
  if (joinType !== "inner" && joinType !== "left") {
    const message = `the right side of a ${joinType.toUpperCase()} JOIN cannot refer to its left side`;
    throw new EngineError("feature_not_supported", message, { span });
  }
  return { kind: "apply", input, subquery, form: { kind: "lateral", joinType, condition } };
}

function plainJoin(
  left: LogicalNode,
  right: LogicalNode,
  joinType: JoinType,
  condition: Expression | null,
): LogicalNode {
  return { kind: "join", joinType, left, right, condition, nullAware: false, markColumn: null };
}

/**
 * Subqueries in ON: above an inner join they are evaluated on the joined rows. The condition of an outer join decides
 * about matches, so there each is evaluated on the side that it refers to, before the join.
 */
function joinWithSubqueries(
  left: BoundFrom,
  right: BoundFrom,
  item: JoinItem,
  condition: Expression,
  applies: readonly PendingApply[],
): BoundFrom {
  if (item.joinType === "inner") return filteredJoin(left, right, item, condition, applies);
  let leftPlan = left.plan;
  let rightPlan = right.plan;
  for (const apply of applies) {
    const { subquery, form } = apply;
    const used = new Set([...freeColumns(subquery), ...(form.kind === "quantified" ? columnIds(form.comparison) : [])]);
    const refersTo = (plan: LogicalNode): boolean => outputColumns(plan).some(({ id }) => used.has(id));
    if (!refersTo(leftPlan)) {
      rightPlan = applyAll(rightPlan, [apply]);
    } else if (!refersTo(rightPlan)) {
      leftPlan = applyAll(leftPlan, [apply]);
    } else {
      const message = `a subquery in the condition of a ${item.joinType.toUpperCase()} JOIN cannot refer to both sides`;
      throw new EngineError("feature_not_supported", message, { span: item.on?.span ?? item.span });
    }
  }
  return joinPlans({ ...left, plan: leftPlan }, { ...right, plan: rightPlan }, item.joinType, condition, item.span);
}

/** Parts of the condition without a subquery stay with the join, the others filter its rows. */
function filteredJoin(
  left: BoundFrom,
  right: BoundFrom,
  item: JoinItem,
  condition: Expression,
  applies: readonly PendingApply[],
): BoundFrom {
  const added = new Set<ColumnId>(applies.flatMap(({ form }) => (form.kind === "lateral" ? [] : [form.column.id])));
  const needsSubquery = (part: Expression): boolean => [...columnIds(part)].some((id) => added.has(id));
  const parts = conjuncts(condition);
  const joined = joinPlans(left, right, "inner", andAll(parts.filter((part) => !needsSubquery(part))), item.span);
  const applied = applyAll(joined.plan, applies);
  const predicate = andAll(parts.filter(needsSubquery));
  return {
    plan: predicate === null ? applied : { kind: "filter", input: applied, predicate },
    namespace: joined.namespace,
  };
}

function mergeNamespaces(left: Namespace, right: Namespace, span: TextSpan): Namespace {
  for (const { alias } of right.relations) {
    if (!left.relations.some((relation) => relation.alias === alias)) continue;
    const hint = "give one of them an alias of its own";
    throw new EngineError("duplicate_alias", `table name "${alias}" specified more than once`, { span, hint });
  }
  return { visible: [...left.visible, ...right.visible], relations: [...left.relations, ...right.relations] };
}

/** NATURAL: the names that both sides have, in the left side's order. */
function commonNames(left: Namespace, right: Namespace, span: TextSpan): readonly Identifier[] {
  const names = new Set(right.visible.map(({ name }) => name));
  return [...new Set(left.visible.map(({ name }) => name))]
    .filter((name) => names.has(name))
    .map((name) => ({ name, span }));
}

type MergedColumn = { readonly name: string; readonly left: VisibleColumn; readonly right: VisibleColumn };

function joinUsing(
  left: BoundFrom,
  right: BoundFrom,
  joinType: OuterJoinType,
  using: readonly Identifier[],
  place: FromPlace,
  span: TextSpan,
): BoundFrom {
  const pairs: readonly MergedColumn[] = using.map((identifier) => ({
    name: identifier.name,
    left: usingColumn(left.namespace, identifier, "left"),
    right: usingColumn(right.namespace, identifier, "right"),
  }));
  const equalities = pairs.map((pair) =>
    bindOperator("=", [columnOf(pair.left.column), columnOf(pair.right.column)], span),
  );
  const joined = joinPlans(left, right, joinType, andAll(equalities), span);
  const rest = joined.namespace.visible.filter(
    ({ column }) => !pairs.some((pair) => [pair.left.column.id, pair.right.column.id].includes(column.id)),
  );
  const byId = new Map(outputColumns(joined.plan).map((column) => [column.id, column]));
  const refresh = ({ column }: VisibleColumn): Expression => columnOf(byId.get(column.id) ?? column);
  const added: { readonly column: VisibleColumn["column"]; readonly expression: Expression }[] = [];
  const merged = pairs.map((pair): VisibleColumn => {
    const value = mergedValue(refresh(pair.left), refresh(pair.right), joinType);
    if (value.kind === "column") return { name: pair.name, column: byId.get(value.id) ?? pair.left.column };
    const column = columnFor(place.context, pair.name, value);
    added.push({ column, expression: value });
    return { name: pair.name, column };
  });
  const kept = outputColumns(joined.plan).map((column) => ({ column, expression: columnOf(column) }));
  const plan: LogicalNode =
    added.length === 0 ? joined.plan : { kind: "project", input: joined.plan, items: [...kept, ...added] };
  return { plan, namespace: { visible: [...merged, ...rest], relations: joined.namespace.relations } };
}

/** The one column that stands for both: the side that an outer join keeps, or whichever is not NULL in a full join. */
function mergedValue(left: Expression, right: Expression, joinType: OuterJoinType): Expression {
  const both = resolveFunction("coalesce", [left, right]);
  if (joinType === "full") return both;
  return coerceTo(joinType === "right" ? right : left, typeOf(both), "implicit");
}

function usingColumn(namespace: Namespace, { name, span }: Identifier, side: "left" | "right"): VisibleColumn {
  const matches = namespace.visible.filter((visible) => visible.name === name);
  if (matches.length > 1) {
    throw new EngineError(
      "ambiguous_column",
      `common column name "${name}" appears more than once in the ${side} table`,
      { span },
    );
  }
  const [match] = matches;
  if (match !== undefined) return match;
  throw new EngineError(
    "undefined_column",
    `column "${name}" specified in USING clause does not exist in the ${side} table`,
    { span },
  );
}
