import type { TextSpan } from "../common/engine-error.ts";

/**
 * The statements of the dialect as plain data. Names are case-folded as PostgreSQL does; every `span` is in UTF-16
 * offsets of the text that the client sent.
 */
export type Statement =
  | QueryStatement
  | { readonly kind: "explain"; readonly analyze: boolean; readonly statement: QueryStatement; readonly span: TextSpan }
  | {
      readonly kind: "create_view";
      readonly name: RelationName;
      readonly orReplace: boolean;
      readonly columnNames: readonly Identifier[] | null;
      readonly query: Query;
      /** The text of `query`. */
      readonly querySql: string;
      readonly span: TextSpan;
    }
  | {
      readonly kind: "drop_view";
      readonly names: readonly RelationName[];
      readonly ifExists: boolean;
      readonly span: TextSpan;
    }
  | { readonly kind: "show_tables"; readonly span: TextSpan }
  | { readonly kind: "describe"; readonly name: RelationName; readonly span: TextSpan }
  /** `value` null: back to the default. `name` "all" with null: RESET ALL. */
  | { readonly kind: "set"; readonly name: string; readonly value: string | null; readonly span: TextSpan }
  | { readonly kind: "show"; readonly name: string; readonly span: TextSpan };

export type QueryStatement = { readonly kind: "query"; readonly query: Query; readonly span: TextSpan };

export type Identifier = { readonly name: string; readonly span: TextSpan };

/** `[catalog.][schema.]name` */
export type RelationName = { readonly qualifiers: readonly string[]; readonly name: string; readonly span: TextSpan };

export type Query = {
  readonly commonTables: readonly CommonTable[];
  readonly recursive: boolean;
  readonly body: QueryBody;
  readonly orderBy: readonly SortItem[];
  readonly limit: SqlExpression | null;
  readonly offset: SqlExpression | null;
  /** FETCH FIRST … WITH TIES */
  readonly withTies: boolean;
  readonly span: TextSpan;
};

export type CommonTable = {
  readonly name: Identifier;
  readonly columnNames: readonly Identifier[];
  readonly query: Query;
};

export type QueryBody = Select | Values | SetOperation;

export type Select = {
  readonly kind: "select";
  readonly distinct: boolean;
  /** DISTINCT ON (…); empty for none, and then `distinct` is false. */
  readonly distinctOn: readonly SqlExpression[];
  readonly items: readonly SelectItem[];
  readonly from: readonly FromItem[];
  readonly where: SqlExpression | null;
  readonly groupBy: readonly SqlExpression[];
  /** Positions in `groupBy`, for ROLLUP, CUBE and GROUPING SETS; null = one set of all. */
  readonly groupingSets: readonly (readonly number[])[] | null;
  /** GROUP BY DISTINCT: sets of the same groups count once. */
  readonly groupDistinct: boolean;
  readonly having: SqlExpression | null;
  /** WINDOW name AS (…), … */
  readonly windows: readonly WindowDefinition[];
  readonly span: TextSpan;
};

export type SelectItem = { readonly expression: SqlExpression; readonly alias: string | null; readonly span: TextSpan };

export type Values = {
  readonly kind: "values";
  readonly rows: readonly (readonly SqlExpression[])[];
  readonly span: TextSpan;
};

export type SetOperation = {
  readonly kind: "set_operation";
  readonly operation: "union" | "intersect" | "except";
  readonly all: boolean;
  readonly left: Query;
  readonly right: Query;
  readonly span: TextSpan;
};

export type SortItem = {
  readonly expression: SqlExpression;
  readonly descending: boolean;
  /** null: as the direction implies. */
  readonly nullsFirst: boolean | null;
};

export type TableAlias = { readonly name: Identifier; readonly columnNames: readonly Identifier[] };

export type FromItem =
  | { readonly kind: "table"; readonly name: RelationName; readonly alias: TableAlias | null; readonly span: TextSpan }
  | {
      readonly kind: "subquery";
      readonly lateral: boolean;
      readonly query: Query;
      readonly alias: TableAlias | null;
      readonly span: TextSpan;
    }
  /** `function(args) [WITH ORDINALITY]` */
  | {
      readonly kind: "function";
      readonly call: FunctionCall & { readonly span: TextSpan };
      readonly ordinality: boolean;
      readonly alias: TableAlias | null;
      readonly span: TextSpan;
    }
  /** `relation TABLESAMPLE method (percentage) [REPEATABLE (seed)]` */
  | {
      readonly kind: "sample";
      readonly relation: FromItem;
      readonly method: string;
      readonly percentage: SqlExpression;
      readonly seed: SqlExpression | null;
      readonly span: TextSpan;
    }
  | {
      readonly kind: "join";
      readonly joinType: "inner" | "left" | "right" | "full";
      readonly natural: boolean;
      readonly using: readonly Identifier[] | null;
      readonly on: SqlExpression | null;
      readonly left: FromItem;
      readonly right: FromItem;
      readonly alias: TableAlias | null;
      readonly span: TextSpan;
    };

/** A type as written: `decimal(10, 2)` is {name: "numeric", modifiers: [10, 2]}; names are PostgreSQL's internal ones. */
export type TypeName = { readonly name: string; readonly modifiers: readonly number[]; readonly span: TextSpan };

export type SqlExpression = { readonly span: TextSpan } & (
  | { readonly kind: "number"; readonly text: string }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "null" }
  | { readonly kind: "column"; readonly parts: readonly string[] }
  | { readonly kind: "star"; readonly qualifier: readonly string[] }
  | { readonly kind: "parameter"; readonly index: number }
  /** `operator` is a symbol such as `+` or `<>`; one argument = prefix. */
  | { readonly kind: "operator"; readonly operator: string; readonly args: readonly SqlExpression[] }
  | { readonly kind: "and" | "or"; readonly args: readonly SqlExpression[] }
  | { readonly kind: "not"; readonly arg: SqlExpression }
  /** Postfix tests; `test` is is_null, is_not_null, is_true, is_not_true, is_false, … is_not_unknown. */
  | { readonly kind: "test"; readonly test: string; readonly arg: SqlExpression }
  | {
      readonly kind: "distinct_from";
      readonly negated: boolean;
      readonly left: SqlExpression;
      readonly right: SqlExpression;
    }
  | {
      readonly kind: "like";
      readonly negated: boolean;
      readonly ignoreCase: boolean;
      readonly value: SqlExpression;
      readonly pattern: SqlExpression;
      readonly escape: SqlExpression | null;
    }
  | {
      readonly kind: "between";
      readonly negated: boolean;
      readonly symmetric: boolean;
      readonly arg: SqlExpression;
      readonly low: SqlExpression;
      readonly high: SqlExpression;
    }
  | {
      readonly kind: "in_list";
      readonly negated: boolean;
      readonly arg: SqlExpression;
      readonly items: readonly SqlExpression[];
    }
  | FunctionCall
  | { readonly kind: "cast"; readonly arg: SqlExpression; readonly type: TypeName }
  | {
      readonly kind: "case";
      /** null: the searched form. */
      readonly arg: SqlExpression | null;
      readonly branches: readonly { readonly when: SqlExpression; readonly then: SqlExpression }[];
      readonly otherwise: SqlExpression | null;
    }
  | { readonly kind: "row"; readonly items: readonly SqlExpression[] }
  | { readonly kind: "subquery" | "exists"; readonly query: Query }
  /** `left operator ANY|ALL (query)`; IN is any with `=`. */
  | {
      readonly kind: "quantified";
      readonly quantifier: "any" | "all";
      readonly operator: string;
      readonly left: SqlExpression;
      readonly query: Query;
    }
  /** `left operator ANY|ALL (ARRAY[items])` */
  | {
      readonly kind: "quantified_list";
      readonly quantifier: "any" | "all";
      readonly operator: string;
      readonly left: SqlExpression;
      readonly items: readonly SqlExpression[];
    }
);

export type FunctionCall = {
  readonly kind: "function";
  readonly name: string;
  readonly args: readonly SqlExpression[];
  /** count(*) */
  readonly star: boolean;
  readonly distinct: boolean;
  readonly filter: SqlExpression | null;
  /** ORDER BY within an aggregate's arguments, or that of WITHIN GROUP. */
  readonly orderBy?: readonly SortItem[];
  readonly withinGroup?: boolean;
  readonly over?: WindowDefinition;
};

/**
 * `OVER name` has the window's name in `name` and nothing else; `OVER (base …)` starts from the window `base`. In a WINDOW
 * clause `name` is the new window's.
 */
export type WindowDefinition = {
  readonly name: string | null;
  readonly base: string | null;
  readonly partitionBy: readonly SqlExpression[];
  readonly orderBy: readonly SortItem[];
  readonly frame: FrameClause | null;
  readonly span: TextSpan;
};

export type FrameClause = {
  readonly unit: "rows" | "range" | "groups";
  readonly start: FrameEdge;
  readonly end: FrameEdge;
  readonly exclude: "nothing" | "current_row" | "group" | "ties";
};

export type FrameEdge =
  | { readonly kind: "unbounded_preceding" | "current_row" | "unbounded_following" }
  | { readonly kind: "preceding" | "following"; readonly offset: SqlExpression };

export type SqlExpressionOf<Kind extends SqlExpression["kind"]> = SqlExpression & { readonly kind: Kind };
