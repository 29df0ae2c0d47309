import type { DataType } from "../arrow/data-type.ts";
import { simpleType } from "../arrow/data-type.ts";
import type { Catalog } from "../catalog/table.ts";
import { EngineError, type TextSpan } from "../common/engine-error.ts";
import { coerceTo } from "../expr/coerce.ts";
import type { Expression } from "../expr/expression.ts";
import { isNullable, typeOf } from "../expr/expression-properties.ts";
import type { ColumnIds } from "../logical/column-ids.ts";
import type { Column, LogicalNode } from "../logical/logical-node.ts";
import type { Query } from "../sql/ast.ts";
import type { CommonTables, PendingApply, Scope, VisibleColumn } from "./scope.ts";

/** A bound query: the plan puts out exactly these columns in this order. */
export type BoundQuery = { readonly plan: LogicalNode; readonly columns: readonly VisibleColumn[] };

export type QueryOptions = {
  /** The names of the levels around the query. */
  readonly outer: Scope | null;
  readonly commonTables: CommonTables | null;
  /** Operands of set operations leave untyped literals to be typed by the other operand. */
  readonly keepUnknown?: boolean;
};

/** What is common to a whole statement. */
export type BindContext = {
  readonly catalog: Catalog;
  readonly ids: ColumnIds;
  /** Types of parameters where they are known, by number. */
  readonly parameterTypes: ReadonlyMap<number, DataType>;
  /** Numbers of all parameters seen. */
  readonly parameters: Set<number>;
  /** Queries bound so far, over the whole statement. */
  readonly progress: { queryCount: number };
  /** Views being bound, outermost first. */
  readonly viewNames: readonly string[];
  /** Queries stand in expressions and in FROM; handed in so that those files need not import the query binder. */
  readonly bindQuery: (context: BindContext, query: Query, options: QueryOptions) => BoundQuery;
};

/** Where an expression stands. */
export type ExpressionPlace = {
  readonly context: BindContext;
  readonly scope: Scope;
  /** Subqueries found on the way, in the order in which they must be applied. */
  readonly applies: PendingApply[];
};

/** References are inlined, so a few nested WITH queries or views can multiply beyond any plan worth making. */
const maxQueries = 5000;

/** Counts a query that is about to be bound. Throws feature_not_supported beyond the limit. */
export function countQuery({ progress }: BindContext): void {
  if (++progress.queryCount <= maxQueries) return;
  const message = `statement is too complex: with its WITH queries and views it has more than ${maxQueries} queries`;
  throw new EngineError("feature_not_supported", message);
}

export function newColumn(context: BindContext, name: string, type: DataType, nullable: boolean): Column {
  return { id: context.ids.next(), name, type, nullable };
}

export function columnOf(column: Column, span?: TextSpan): Expression {
  const { id, name, type, nullable } = column;
  return { kind: "column", id, name, type, nullable, ...(span === undefined ? {} : { span }) };
}

/** A new column that holds an expression's value. */
export function columnFor(context: BindContext, name: string, expression: Expression): Column {
  return newColumn(context, name, typeOf(expression), isNullable(expression));
}

/** Puts the subqueries that expressions over `plan` need on top of it. */
export function applyAll(plan: LogicalNode, applies: readonly PendingApply[]): LogicalNode {
  return applies.reduce<LogicalNode>((input, { subquery, form }) => ({ kind: "apply", input, subquery, form }), plan);
}

/** An untyped literal or parameter that nothing gave a type becomes text. */
export function settleUnknown(expression: Expression): Expression {
  return typeOf(expression).kind === "null" ? coerceTo(expression, simpleType("utf8"), "implicit") : expression;
}

export const noRelation: LogicalNode = { kind: "values", columns: [], rows: [[]] };
