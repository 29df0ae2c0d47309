import { EngineError } from "../common/engine-error.ts";
import type { ColumnId, Expression } from "../expr/expression.ts";
import { expressionEquals, mapChildren } from "../expr/expression-properties.ts";
import { freeColumns } from "../logical/free-columns.ts";
import type { Column } from "../logical/logical-node.ts";
import { mapNodeExpressions, rewriteBottomUp } from "../logical/rewrite.ts";
import { columnOf } from "./bind-context.ts";
import type { PendingApply, Scope } from "./scope.ts";

export type GroupItem = { readonly column: Column; readonly expression: Expression };

export type Grouping = {
  readonly groups: readonly GroupItem[];
  /** The columns below the aggregation, which nothing above it may use but through a group. */
  readonly inputIds: ReadonlySet<ColumnId>;
  /** To name columns in messages. */
  readonly scope: Scope;
};

/** An expression over the aggregation's input as one over its output. Throws grouping_error for an ungrouped column. */
export function overGroups(expression: Expression, grouping: Grouping): Expression {
  const group = grouping.groups.find((candidate) => expressionEquals(candidate.expression, expression));
  if (group !== undefined) return columnOf(group.column, "span" in expression ? expression.span : undefined);
  if (expression.kind === "column" && grouping.inputIds.has(expression.id)) {
    const qualifier = grouping.scope.qualifierOf(expression.id);
    const name = qualifier === null ? expression.name : `${qualifier}.${expression.name}`;
    const message = `column "${name}" must appear in the GROUP BY clause or be used in an aggregate function`;
    throw new EngineError("grouping_error", message, expression.span === undefined ? {} : { span: expression.span });
  }
  return mapChildren(expression, (child) => overGroups(child, grouping));
}

/** The same for a subquery that refers to columns below the aggregation. */
export function applyOverGroups({ subquery, form }: PendingApply, grouping: Grouping): PendingApply {
  const change = (expression: Expression): Expression => overGroups(expression, grouping);
  const isCorrelated = [...freeColumns(subquery)].some((id) => grouping.inputIds.has(id));
  return {
    subquery: isCorrelated ? rewriteBottomUp(subquery, (node) => mapNodeExpressions(node, change)) : subquery,
    form: form.kind === "quantified" ? { ...form, comparison: change(form.comparison) } : form,
  };
}
