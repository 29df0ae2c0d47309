import { simpleType } from "../arrow/data-type.ts";
import { unreachable } from "../common/assert.ts";
import type { ColumnId, Expression } from "../expr/expression.ts";
import { andAll, isNullable } from "../expr/expression-properties.ts";
import type { ColumnIds } from "../logical/column-ids.ts";
import { copyPlan } from "../logical/copy-plan.ts";
import { freeColumns } from "../logical/free-columns.ts";
import type { ApplyForm, ApplyNode, Column, JoinNode, JoinType, LogicalNode } from "../logical/logical-node.ts";
import { outputColumns, outputIds } from "../logical/output-columns.ts";
import { rewriteBottomUp } from "../logical/rewrite.ts";
import { columnReference, substituteColumns } from "../logical/substitute-columns.ts";
import { boolType, isTrue, literal, negate, predicateCall, sameValue, trueLiteral } from "./make-expression.ts";
import { needsCompensation, pullUpCorrelation } from "./pull-up-correlation.ts";
import type { PulledUp } from "./pull-up-correlation.ts";
import { DomainJoin } from "./push-domain.ts";
import { constantCount, rowBounds } from "./row-bounds.ts";
import type { Rule } from "./rule.ts";

/**
 * Turns each apply into joins. Inner subqueries first: what is left free in one belongs to an outer level, whose turn
 * comes later. EXISTS and ANY become mark joins, which marks-to-semi-joins turns into semi and anti joins where the
 * mark only filters.
 */
export const unnestSubqueries: Rule = {
  name: "unnest-subqueries",
  apply: (plan, { ids }) => rewriteBottomUp(plan, (node) => (node.kind === "apply" ? unnestApply(node, ids) : node)),
};

function unnestApply(apply: ApplyNode, ids: ColumnIds): LogicalNode {
  const { form } = apply;
  const subquery = form.kind === "exists" ? withoutRowOrder(apply.subquery) : apply.subquery;
  if (form.kind === "exists" && rowBounds(subquery).min > 0) return withColumn(apply.input, form.column, trueLiteral);
  if (form.kind === "scalar") {
    const inlined = inlineScalar(apply.input, form.column, subquery);
    if (inlined !== null) return inlined;
  }
  const outer = outputIds(apply.input);
  const pulled = pullUpCorrelation(subquery, outer, ids);
  if (pulled !== null && suits(pulled, form)) return joinWith(apply.input, subquery, pulled, form, ids);
  return joinWith(apply.input, subquery, attachDomain(apply.input, subquery, outer, ids), form, ids);
}

/** A missing group's row can be made up where the value is read, not where rows are compared with a condition. */
function suits(pulled: PulledUp, form: ApplyForm): boolean {
  if (pulled.emptyRow === null || form.kind === "scalar" || form.kind === "exists") return true;
  return form.kind === "lateral" && (form.joinType === "inner" || form.condition === null);
}

function attachDomain(
  input: LogicalNode,
  subquery: LogicalNode,
  outer: ReadonlySet<ColumnId>,
  ids: ColumnIds,
): PulledUp {
  const used = new Set([...freeColumns(subquery)].filter((id) => outer.has(id)));
  const { plan, domain } = new DomainJoin(input, used, ids).attach(subquery);
  const columns = outputColumns(input).filter(({ id }) => used.has(id));
  const predicates = columns.map((column) =>
    sameValue(columnReference(column), columnReference(domain.get(column.id) as Column)),
  );
  return { plan, predicates, emptyRow: null };
}

/** `(select expression)` over no table is the expression. */
function inlineScalar(input: LogicalNode, column: Column, subquery: LogicalNode): LogicalNode | null {
  if (subquery.kind !== "project" || subquery.input.kind !== "values" || subquery.input.rows.length !== 1) return null;
  if (subquery.input.columns.length > 0) return null;
  return withColumn(input, column, (subquery.items[0] as (typeof subquery.items)[number]).expression);
}

/** What does not change whether there are rows is dropped from below an EXISTS. */
function withoutRowOrder(node: LogicalNode): LogicalNode {
  switch (node.kind) {
    case "project":
    case "sort":
      return withoutRowOrder(node.input);
    case "aggregate":
      return node.groups.length > 0 ? withoutRowOrder(node.input) : node;
    case "limit": {
      const limit = node.limit === null ? Infinity : constantCount(node.limit);
      const offset = node.offset === null ? 0 : constantCount(node.offset);
      return limit !== null && limit > 0 && offset === 0 ? withoutRowOrder(node.input) : node;
    }
    default:
      return node;
  }
}

function joinWith(
  input: LogicalNode,
  subquery: LogicalNode,
  pulled: PulledUp,
  form: ApplyForm,
  ids: ColumnIds,
): LogicalNode {
  switch (form.kind) {
    case "scalar":
      return joinScalar(input, subquery, pulled, form.column, ids);
    case "exists": {
      if (pulled.emptyRow !== null) return withColumn(input, form.column, trueLiteral);
      // One row is enough; not so where the subquery differs by the row of a level further out.
      const isSame = pulled.predicates.length === 0 && freeColumns(pulled.plan).size === 0;
      const right: LogicalNode = isSame
        ? { kind: "limit", input: pulled.plan, limit: literal(simpleType("int64"), 1n), offset: null }
        : pulled.plan;
      return makeJoin("mark", input, right, andAll(pulled.predicates), { ...form.column, nullable: false });
    }
    case "quantified":
      return joinQuantified(input, pulled, form, ids);
    case "lateral": {
      if (pulled.emptyRow === null) {
        return makeJoin(
          form.joinType,
          input,
          pulled.plan,
          andAll([...pulled.predicates, ...(form.condition === null ? [] : [form.condition])]),
        );
      }
      const joined = compensate(input, pulled, outputColumns(subquery), "left", ids);
      return form.condition === null ? joined : { kind: "filter", input: joined, predicate: form.condition };
    }
    default:
      return unreachable(form, "apply form");
  }
}

function joinScalar(
  input: LogicalNode,
  subquery: LogicalNode,
  pulled: PulledUp,
  column: Column,
  ids: ColumnIds,
): LogicalNode {
  const value = outputColumns(subquery)[0] as Column;
  const bounds = rowBounds(subquery);
  if (pulled.predicates.length === 0 && pulled.emptyRow === null && bounds.min === 1 && bounds.max === 1) {
    return withColumn(makeJoin("inner", input, pulled.plan, null), column, columnReference(value), input);
  }
  // The pulled-up plan has for each outer row exactly the subquery's rows, so the subquery's bound holds for matches.
  const joinType = bounds.max <= 1 ? "left" : "single";
  const joined = compensate(input, pulled, [value], joinType, ids);
  return withColumn(joined, column, columnReference({ ...value, nullable: true }), input);
}

/** Joins and replaces the NULLs of an unmatched row by what the subquery gives over no rows; `values` keep their ids. */
function compensate(
  input: LogicalNode,
  pulled: PulledUp,
  values: readonly Column[],
  joinType: "left" | "single",
  ids: ColumnIds,
): LogicalNode {
  const { emptyRow } = pulled;
  const condition = andAll(pulled.predicates);
  if (emptyRow === null || !values.some(({ id }) => needsCompensation(emptyRow.get(id))))
    return makeJoin(joinType, input, pulled.plan, condition);
  // The values keep their ids above the join, so below it they need others.
  const { plan, columns } = copyPlan(pulled.plan, ids);
  const references = new Map<ColumnId, Expression>([...columns].map(([id, column]) => [id, columnReference(column)]));
  const matched: Column = { id: ids.next(), name: "matched", type: boolType, nullable: false };
  const right = withColumn(plan, matched, trueLiteral);
  const join = makeJoin(joinType, input, right, condition === null ? null : substituteColumns(condition, references));
  const hasMatch = predicateCall("is_not_null", { ...columnReference(matched), nullable: true });
  const items = values.map((column) => {
    const found = columnReference({ ...(columns.get(column.id) as Column), nullable: true });
    const missing = emptyRow.get(column.id) ?? literal(column.type, null);
    const expression: Expression = {
      kind: "case",
      branches: [{ when: hasMatch, then: found }],
      otherwise: missing,
      type: column.type,
    };
    return { column: { ...column, nullable: true }, expression };
  });
  const passed = outputColumns(input).map((column) => ({ column, expression: columnReference(column) }));
  return { kind: "project", input: join, items: [...passed, ...items] };
}

/**
 * The mark is the OR over the right rows of (comparison AND correlation) in three-valued logic; a right row whose
 * correlation is NULL does not belong to the subquery, hence counts as false. ALL is NOT ANY of the negation.
 */
function joinQuantified(
  input: LogicalNode,
  pulled: PulledUp,
  form: Extract<ApplyForm, { kind: "quantified" }>,
  ids: ColumnIds,
): LogicalNode {
  const comparison = form.quantifier === "any" ? form.comparison : negate(form.comparison);
  const nullAware = isNullable(comparison);
  const condition = andAll([comparison, ...(nullAware ? pulled.predicates.map(isTrue) : pulled.predicates)]);
  if (form.quantifier === "any")
    return makeJoin("mark", input, pulled.plan, condition, { ...form.column, nullable: nullAware }, nullAware);
  const mark: Column = { ...form.column, id: ids.next(), nullable: nullAware };
  return withColumn(
    makeJoin("mark", input, pulled.plan, condition, mark, nullAware),
    form.column,
    negate(columnReference(mark)),
    input,
  );
}

/** The node with one more column; `passed` says whose columns are kept, by default the node's own. */
function withColumn(
  node: LogicalNode,
  column: Column,
  expression: Expression,
  passed: LogicalNode = node,
): LogicalNode {
  const items = outputColumns(passed).map((kept) => ({
    column: kept,
    expression: columnReference(kept) as Expression,
  }));
  return { kind: "project", input: node, items: [...items, { column, expression }] };
}

function makeJoin(
  joinType: JoinType,
  left: LogicalNode,
  right: LogicalNode,
  condition: Expression | null,
  markColumn: Column | null = null,
  nullAware = false,
): JoinNode {
  return { kind: "join", joinType, left, right, condition, nullAware, markColumn };
}
