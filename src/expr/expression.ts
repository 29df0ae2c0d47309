import type { DataType } from "../arrow/data-type.ts";
import type { Value } from "../arrow/value.ts";
import type { TextSpan } from "../common/engine-error.ts";

/** Identifies one column of one relation instance within a statement; unique over the whole logical plan. */
export type ColumnId = number;

/**
 * Typed scalar expressions, plain data. Logical plans name columns by id (`column`), physical plans by position in
 * the input's schema (`input`); no expression holds both. Subqueries are not expressions: the binder turns each into
 * an `apply` node below and refers to the column it adds.
 *
 * `nullable` of an expression is not stored: `isNullable` in expression-properties.ts derives it.
 */
export type Expression =
  | LiteralExpression
  | ColumnExpression
  | InputExpression
  | ParameterExpression
  | CallExpression
  | LogicExpression
  | CastExpression
  | CaseExpression
  | InListExpression;

/**
 * A constant. A literal of kind "null" is of unknown type, as an untyped 'text' or NULL is in PostgreSQL: its value is
 * a string or null, and coercion (coerce.ts) gives it a type; a bound plan has no unknown literal but NULL.
 */
export type LiteralExpression = {
  readonly kind: "literal";
  readonly type: DataType;
  readonly value: Value;
  readonly span?: TextSpan;
};

export type ColumnExpression = {
  readonly kind: "column";
  readonly id: ColumnId;
  readonly name: string;
  readonly type: DataType;
  readonly nullable: boolean;
  readonly span?: TextSpan;
};

export type InputExpression = {
  readonly kind: "input";
  readonly index: number;
  readonly type: DataType;
  readonly nullable: boolean;
};

/** `$index`, counted from 1. Replaced by a literal before the plan is optimised. */
export type ParameterExpression = {
  readonly kind: "parameter";
  readonly index: number;
  readonly type: DataType;
  readonly span?: TextSpan;
};

/**
 * A scalar function or operator by its name in the registry (function-registry.ts); operators have word names:
 * add subtract multiply divide modulo negate, eq ne lt le gt ge, is_distinct_from, is_not_distinct_from, not, is_null,
 * is_not_null, is_true …, concat, like, ilike, … Arguments already have exactly the types that the function takes.
 */
export type CallExpression = {
  readonly kind: "call";
  readonly name: string;
  readonly args: readonly Expression[];
  readonly type: DataType;
  readonly span?: TextSpan;
};

/** Three-valued AND / OR over two or more booleans. An argument's error may surface whatever the others say. */
export type LogicExpression = { readonly kind: "and" | "or"; readonly args: readonly Expression[] };

export type CastExpression = {
  readonly kind: "cast";
  readonly arg: Expression;
  readonly type: DataType;
  readonly span?: TextSpan;
};

/** Searched CASE (the binder rewrites the simple form). A branch's error surfaces only in rows that take the branch. */
export type CaseExpression = {
  readonly kind: "case";
  readonly branches: readonly { readonly when: Expression; readonly then: Expression }[];
  /** NULL when the statement has no ELSE. */
  readonly otherwise: Expression;
  readonly type: DataType;
};

/** `arg IN (constants)`: NULL among the constants makes a miss NULL. All values are of arg's type. */
export type InListExpression = {
  readonly kind: "in_list";
  readonly arg: Expression;
  readonly values: readonly Value[];
};

/** One aggregate of an aggregate node; not an Expression, since it stands only there. */
export type AggregateCall = {
  /** Name in aggregate-registry.ts: count (no args = count(*)), sum, avg, min, max, any_value, … */
  readonly name: string;
  readonly args: readonly Expression[];
  readonly distinct: boolean;
  /** FILTER (WHERE …) */
  readonly filter: Expression | null;
  readonly type: DataType;
};

export type SortKey = { readonly expression: Expression; readonly descending: boolean; readonly nullsFirst: boolean };

/** One function of a window node; not an Expression, since it stands only there. */
export type WindowCall = {
  /** Name in window-registry.ts or aggregate-registry.ts. */
  readonly name: string;
  readonly args: readonly Expression[];
  /** FILTER (WHERE …), of aggregates only. */
  readonly filter: Expression | null;
  /** Which rows of the partition count for a row; functions of the whole partition, such as rank, ignore it. */
  readonly frame: WindowFrame;
  readonly type: DataType;
};

/**
 * `rows` counts rows, `groups` counts groups of peers (rows equal in the ORDER BY), `range` goes by the key's value.
 * `exclude` takes rows out again: the current one, its peers with it, or its peers without it.
 */
export type WindowFrame = {
  readonly unit: "rows" | "range" | "groups";
  readonly start: FrameBound;
  readonly end: FrameBound;
  readonly exclude: "nothing" | "current_row" | "group" | "ties";
};

export type FrameBound =
  | { readonly kind: "unbounded_preceding" | "current_row" | "unbounded_following" }
  /** Rows or groups away from the current one; negative = before it. */
  | { readonly kind: "offset"; readonly offset: number }
  /**
   * In a `range` frame: the frame begins (or ends) with the first (or last) row, in the order of the window's one key, whose `key` is
   * not before (or behind) the current row's `value`. NULL keys are each other's peers. Both are of one type.
   */
  | { readonly kind: "value"; readonly key: Expression; readonly value: Expression; readonly descending: boolean };
