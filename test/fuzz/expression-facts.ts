import type { Family } from "./fuzz-tables.ts";
import type { Random } from "./random.ts";
import { leaf, type Sql } from "./sql-tree.ts";

/** What is known of a column or an expression; see ColumnFacts. */
export type Facts = {
  readonly family: Family;
  readonly bound: number;
  readonly precision?: number;
  readonly scale?: number;
  readonly unsigned?: true;
};

export type Column = Facts & { readonly ref: string };
export type Expr = Facts & { readonly sql: Sql };

/** What an expression may name: `columns` of its own query level (with the given expressions of a grouped one), `outer` ones. */
export type Scope = {
  readonly columns: readonly Column[];
  readonly outer: readonly Column[];
  /** In a grouped query: makes an aggregate call of the family, where there is one. */
  readonly aggregate?: (family: Family) => Expr | null;
  /** In a grouped query: whole expressions that may stand as they are. */
  readonly ready?: readonly Expr[];
  /** An upper limit of how often the expression is evaluated. */
  readonly rows: number;
};

/** What the makers of one family's expressions need for their parts. */
export type ExpressionMaker = {
  readonly random: Random;
  family(): Family;
  expr(family: Family, scope: Scope, depth: number): Expr;
  condition(scope: Scope, depth: number): Sql;
  literal(family: Family): Expr;
  columnOrLiteral(family: Family, scope: Scope): Expr;
};

export function columnOf(column: Column): Expr {
  const { ref, ...facts } = column;
  return { ...facts, sql: leaf(column.family, ref) };
}

/** What holds of a value that may be either. */
export function mergedFacts(first: Facts, second: Facts): Facts {
  const [scale, otherScale] = [first.scale ?? 0, second.scale ?? 0];
  const whole = Math.max((first.precision ?? 38) - scale, (second.precision ?? 38) - otherScale);
  return {
    family: first.family,
    bound: Math.max(first.bound, second.bound),
    ...(first.family === "dec"
      ? { scale: Math.max(scale, otherScale), precision: Math.min(38, whole + Math.max(scale, otherScale)) }
      : {}),
    ...(first.unsigned === true || second.unsigned === true ? { unsigned: true } : {}),
  };
}
