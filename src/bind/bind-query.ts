import { simpleType } from "../arrow/data-type.ts";
import { EngineError } from "../common/engine-error.ts";
import { at, coerceTo } from "../expr/coerce.ts";
import type { Expression } from "../expr/expression.ts";
import type { LogicalNode } from "../logical/logical-node.ts";
import { outputColumns } from "../logical/output-columns.ts";
import type { Query, SqlExpression } from "../sql/ast.ts";
import {
  type BindContext,
  type BoundQuery,
  columnOf,
  countQuery,
  type ExpressionPlace,
  type QueryOptions,
} from "./bind-context.ts";
import { limitByQuery, limitWithTies } from "./bind-distinct-on.ts";
import { bindExpression } from "./bind-expression.ts";
import { orderByOutputs } from "./bind-order-by.ts";
import { bindSelect } from "./bind-select.ts";
import { bindSetOperation } from "./bind-set-operation.ts";
import { bindValues } from "./bind-values.ts";
import { isReferenced } from "./is-referenced.ts";
import { type CommonTables, emptyNamespace, type PendingApply, Scope } from "./scope.ts";

/** WITH, the body, ORDER BY and LIMIT. */
export function bindQuery(context: BindContext, query: Query, options: QueryOptions): BoundQuery {
  countQuery(context);
  const commonTables = bindCommonTables(context, query, options);
  const isBare = query.orderBy.length === 0 && query.limit === null && query.offset === null;
  const inner: QueryOptions = { ...options, commonTables, keepUnknown: options.keepUnknown === true && isBare };
  const sorted = bindSorted(context, query, inner);
  let { plan } = sorted;
  if (query.limit !== null || query.offset !== null) {
    const applies: PendingApply[] = [];
    const limit = bindRowCount(context, query.limit, "LIMIT", options, applies);
    const offset = bindRowCount(context, query.offset, "OFFSET", options, applies);
    if (applies.length > 0) {
      const orderBy = plan.kind === "sort" ? plan.keys : [];
      const input = plan.kind === "sort" ? plan.input : plan;
      plan = limitByQuery(context, input, orderBy, limit, offset, applies, query.withTies);
    } else if (query.withTies && limit !== null) {
      if (plan.kind !== "sort")
        throw new EngineError("syntax_error", "WITH TIES cannot be specified without ORDER BY clause", {
          span: query.span,
        });
      plan = limitWithTies(context, plan.input, plan.keys, limit, offset);
    } else if (limit !== null || offset !== null) plan = { kind: "limit", input: plan, limit, offset };
  }
  return { plan: dropHidden(plan, sorted), columns: sorted.columns };
}

function bindSorted(context: BindContext, query: Query, options: QueryOptions): BoundQuery {
  const { body, orderBy } = query;
  if (body.kind === "select") return bindSelect(context, body, orderBy, options);
  const bound = body.kind === "values" ? bindValues(context, body, options) : bindSetOperation(context, body, options);
  if (orderBy.length === 0) return bound;
  return {
    plan: { kind: "sort", input: bound.plan, keys: orderByOutputs(orderBy, bound.columns) },
    columns: bound.columns,
  };
}

/** Leaves just the query's own columns where a sort needed more. */
function dropHidden(plan: LogicalNode, { columns }: BoundQuery): LogicalNode {
  if (outputColumns(plan).length === columns.length) return plan;
  return {
    kind: "project",
    input: plan,
    items: columns.map(({ column }) => ({ column, expression: columnOf(column) })),
  };
}

function bindCommonTables(context: BindContext, query: Query, options: QueryOptions): CommonTables | null {
  let tables = options.commonTables;
  const own = new Set<string>();
  for (const table of query.commonTables) {
    const { name, span } = table.name;
    if (own.has(name))
      throw new EngineError("duplicate_alias", `WITH query name "${name}" specified more than once`, { span });
    own.add(name);
    tables = { table, recursive: query.recursive, outer: options.outer, next: tables, isBeingBound: false };
    // References bind the query again; this one finds mistakes in queries that nothing refers to.
    if (!isReferenced(query, name))
      context.bindQuery(context, table.query, { outer: options.outer, commonTables: tables.next });
  }
  return tables;
}

/** LIMIT or OFFSET as a bigint expression without columns; null for none, also LIMIT NULL and LIMIT ALL. */
function bindRowCount(
  context: BindContext,
  node: SqlExpression | null,
  clause: string,
  options: QueryOptions,
  applies: PendingApply[],
): Expression | null {
  if (node === null || node.kind === "null") return null;
  const scope = new Scope(emptyNamespace, null, options.commonTables, clause);
  const place: ExpressionPlace = { context, scope, applies: [] };
  const expression = at(node.span, () =>
    coerceTo(bindExpression(node, place), simpleType("int64"), "assignment", node.span),
  );
  checkRowCount(expression, clause);
  applies.push(...place.applies);
  return expression;
}

/** Throws invalid_parameter_value for a negative constant. */
export function checkRowCount(expression: Expression, clause: string): void {
  if (expression.kind !== "literal" || typeof expression.value !== "bigint" || expression.value >= 0n) return;
  const where = expression.span === undefined ? {} : { span: expression.span };
  throw new EngineError("invalid_parameter_value", `${clause} must not be negative`, where);
}
