import type { DataType } from "../arrow/data-type.ts";
import type { Table } from "../catalog/table.ts";
import type { AggregateCall, ColumnId, Expression, SortKey, WindowCall } from "../expr/expression.ts";

/** A column that a node puts out. The id is what expressions above refer to. */
export type Column = {
  readonly id: ColumnId;
  readonly name: string;
  readonly type: DataType;
  readonly nullable: boolean;
};

/**
 * Relational algebra over columns with ids, plain data. Rewrites make new nodes; `outputColumns` in
 * output-columns.ts derives what a node puts out, so that no node states it twice.
 */
export type LogicalNode =
  | ScanNode
  | ValuesNode
  | ProjectNode
  | FilterNode
  | JoinNode
  | ApplyNode
  | AggregateNode
  | WindowNode
  | SortNode
  | LimitNode
  | UnionNode
  | SetOperationNode
  | RecursiveNode
  | WorkTableNode;

/** Reads columns of a table. `predicate` holds what was pushed down (its columns are among `columns`). */
export type ScanNode = {
  readonly kind: "scan";
  readonly table: Table;
  readonly alias: string;
  /** `sourceIndex` is the position in the table's schema. */
  readonly columns: readonly (Column & { readonly sourceIndex: number })[];
  readonly predicate: Expression | null;
};

/** Rows of constant expressions; no rows = an empty relation; one row without columns = SELECT without FROM. */
export type ValuesNode = {
  readonly kind: "values";
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Expression[])[];
};

export type ProjectNode = {
  readonly kind: "project";
  readonly input: LogicalNode;
  readonly items: readonly { readonly column: Column; readonly expression: Expression }[];
};

export type FilterNode = { readonly kind: "filter"; readonly input: LogicalNode; readonly predicate: Expression };

/**
 * semi / anti put out the left columns only. `mark` adds `markColumn`, a boolean: whether the condition holds for some
 * right row, in three-valued logic when `nullAware` (x IN (…)), else two-valued (EXISTS). `single` is a left join that
 * fails with cardinality_violation on a second match (scalar subquery). A `nullAware` anti join is NOT IN: a row
 * stays only if the condition is false, not null, for every right row.
 */
export type JoinType = "inner" | "left" | "right" | "full" | "semi" | "anti" | "mark" | "single";

export type JoinNode = {
  readonly kind: "join";
  readonly joinType: JoinType;
  readonly left: LogicalNode;
  readonly right: LogicalNode;
  /** null = true: a cross product. */
  readonly condition: Expression | null;
  readonly nullAware: boolean;
  readonly markColumn: Column | null;
};

/**
 * A subquery evaluated for each row of `input`, whose columns it may refer to (those it does are its free columns).
 * The binder makes them, the rule unnest-subqueries turns each into joins; none survives the optimiser.
 */
export type ApplyNode = {
  readonly kind: "apply";
  readonly input: LogicalNode;
  readonly subquery: LogicalNode;
  readonly form: ApplyForm;
};

export type ApplyForm =
  /** Adds `column`: the value of the subquery's first column; NULL when it has no row; an error when it has two. */
  | { readonly kind: "scalar"; readonly column: Column }
  /** Adds the boolean `column`, never NULL. */
  | { readonly kind: "exists"; readonly column: Column }
  /**
   * Adds the boolean `column`: `left op ANY (subquery)`, or ALL, in three-valued logic. `comparison` relates the left
   * expressions (over input's columns) and the subquery's columns; IN is any with eq, NOT IN is NOT of it.
   */
  | {
      readonly kind: "quantified";
      readonly column: Column;
      readonly quantifier: "any" | "all";
      readonly comparison: Expression;
    }
  /** LATERAL: joins each input row to its subquery rows. */
  | { readonly kind: "lateral"; readonly joinType: "inner" | "left"; readonly condition: Expression | null };

/** Without groups: exactly one row. Without aggregates: DISTINCT of the groups. */
export type AggregateNode = {
  readonly kind: "aggregate";
  readonly input: LogicalNode;
  readonly groups: readonly { readonly column: Column; readonly expression: Expression }[];
  readonly aggregates: readonly { readonly column: Column; readonly call: AggregateCall }[];
};

/** Adds the functions' columns to the input's; all functions share partitions and order. Rows come in any order. */
export type WindowNode = {
  readonly kind: "window";
  readonly input: LogicalNode;
  /** Rows that agree in these are a partition (NULLs equal); none = all rows are one. */
  readonly partitionBy: readonly Expression[];
  /** The order within a partition; none = all rows are peers. */
  readonly orderBy: readonly SortKey[];
  readonly functions: readonly { readonly column: Column; readonly call: WindowCall }[];
};

export type SortNode = { readonly kind: "sort"; readonly input: LogicalNode; readonly keys: readonly SortKey[] };

/** Expressions without columns (a literal once parameters are bound); null = none. */
export type LimitNode = {
  readonly kind: "limit";
  readonly input: LogicalNode;
  readonly limit: Expression | null;
  readonly offset: Expression | null;
};

/** UNION ALL; `columns` are new, the i-th from the i-th output column of each input, types equal. */
export type UnionNode = {
  readonly kind: "union";
  readonly inputs: readonly LogicalNode[];
  readonly columns: readonly Column[];
};

/** INTERSECT / EXCEPT; NULLs are equal. UNION [DISTINCT] is an aggregate over a union. */
export type SetOperationNode = {
  readonly kind: "set_operation";
  readonly operation: "intersect" | "except";
  readonly all: boolean;
  readonly left: LogicalNode;
  readonly right: LogicalNode;
  readonly columns: readonly Column[];
};

/**
 * WITH RECURSIVE: the rows of `anchor`, then those of `step` for as long as it has any. In the step the work table of the same
 * `workId` holds the rows that the round before has added. `distinct`: a row that was there before is not added again.
 * Columns of the anchor, the step, the work table and this node correspond by position.
 */
export type RecursiveNode = {
  readonly kind: "recursive";
  readonly workId: number;
  readonly anchor: LogicalNode;
  readonly step: LogicalNode;
  readonly distinct: boolean;
  readonly columns: readonly Column[];
};

/** Stands in the step of a recursive node only. */
export type WorkTableNode = {
  readonly kind: "work_table";
  readonly workId: number;
  readonly name: string;
  readonly columns: readonly Column[];
};

/** A whole bound statement: what the client asked for. */
export type BoundStatement =
  | {
      readonly kind: "query";
      readonly plan: LogicalNode;
      readonly outputs: readonly { readonly name: string; readonly column: Column }[];
      readonly ordered: boolean;
      readonly parameterTypes: readonly DataType[];
    }
  | { readonly kind: "explain"; readonly analyze: boolean; readonly statement: BoundStatement & { kind: "query" } }
  | {
      readonly kind: "create_view";
      readonly name: string;
      readonly orReplace: boolean;
      readonly sql: string;
      readonly columnNames: readonly string[] | null;
    }
  | { readonly kind: "drop_view"; readonly names: readonly string[]; readonly ifExists: boolean }
  | { readonly kind: "show_tables" }
  | { readonly kind: "set"; readonly name: string; readonly value: string | null }
  | { readonly kind: "show"; readonly name: string };
