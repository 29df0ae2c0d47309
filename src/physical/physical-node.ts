import type { Schema } from "../arrow/schema.ts";
import type { Value } from "../arrow/value.ts";
import type { AggregateCall, Expression, WindowCall } from "../expr/expression.ts";

/** Estimated output of a node, for EXPLAIN and for choices made after the logical plan; bytes as in linear memory. */
export type Estimate = { readonly rows: number; readonly bytes: number };

/** What every node states: `schema` is its output, positions in it are what `input` expressions above refer to. */
type NodeBase = { readonly schema: Schema; readonly estimate: Estimate };

/** Physical plans: plain data that is shipped to executors (codec/). Expressions use `input` positions only. */
export type PhysicalNode =
  | PhysicalScan
  | PhysicalValues
  | PhysicalFilter
  | PhysicalProject
  | PhysicalHashAggregate
  | PhysicalWindow
  | PhysicalHashJoin
  | PhysicalNestedLoopJoin
  | PhysicalSort
  | PhysicalTopN
  | PhysicalLimit
  | PhysicalUnion
  | PhysicalSetOperation
  | PhysicalRecursive
  | PhysicalWorkTable
  | PhysicalExchange
  | PhysicalShuffleRead;

/**
 * Reads Parquet. `columns` are the file columns by name, one per schema field. `pushed` is the predicate that the
 * source evaluates while decoding (over `schema` positions): conjunctions of comparisons of a column with a constant or a column,
 * IN lists, IS [NOT] NULL; what it cannot do exactly stays in a filter above. `scanId` numbers the scans of a query:
 * a task's splits are found by it.
 */
export type PhysicalScan = NodeBase & {
  readonly kind: "scan";
  readonly scanId: number;
  readonly tableName: string;
  readonly columns: readonly string[];
  readonly pushed: Expression | null;
  /** What earlier stages will know of columns when this one starts; set once stages are cut. Absent = nothing. */
  readonly runtimeFilters?: readonly RuntimeFilterUse[];
};

/**
 * Only rows whose `column` is among the keys that stage `stageId` put out can matter: its tasks' summaries are in their
 * partition `partition`. `list`: decoding the other columns costs so much that a list of the keys pays. `span`: the column's
 * greatest value less its least one, in the units of linear memory; null where not known.
 */
export type RuntimeFilterUse = {
  readonly column: number;
  readonly stageId: number;
  readonly partition: number;
  readonly list: boolean;
  readonly span: number | null;
};

/** `rows` hold folded constants. Runs in one task only. */
export type PhysicalValues = NodeBase & { readonly kind: "values"; readonly rows: readonly (readonly Value[])[] };

export type PhysicalFilter = NodeBase & {
  readonly kind: "filter";
  readonly input: PhysicalNode;
  readonly predicate: Expression;
};

export type PhysicalProject = NodeBase & {
  readonly kind: "project";
  readonly input: PhysicalNode;
  readonly expressions: readonly Expression[];
};

/**
 * `single` aggregates raw rows whole. `partial` puts out the group columns, then each aggregate's state columns
 * (expr/aggregate-registry.ts says which); `final` takes exactly that. `groups` are expressions over the input in
 * single and partial mode; in final mode the input's first columns. Output: group columns, then results (or states).
 * `distinct` calls occur in `single` mode only.
 */
export type PhysicalHashAggregate = NodeBase & {
  readonly kind: "hash_aggregate";
  readonly mode: "single" | "partial" | "final";
  readonly input: PhysicalNode;
  readonly groups: readonly Expression[];
  readonly aggregates: readonly AggregateCall[];
};

/**
 * Puts out the input's columns, then one per function. The input's rows come partition by partition, in the order of `orderBy`
 * within each. All expressions are positions of the input, arguments may be literals too.
 */
export type PhysicalWindow = NodeBase & {
  readonly kind: "window";
  readonly input: PhysicalNode;
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly PhysicalSortKey[];
  readonly functions: readonly WindowCall[];
};

/**
 * Relative to the probe side as "left": left keeps unmatched probe rows, right unmatched build rows. left_* put out
 * probe columns (left_mark: plus one boolean), right_* build columns; the others probe columns, then build columns.
 */
export type PhysicalJoinType =
  | "inner"
  | "left"
  | "right"
  | "full"
  | "left_semi"
  | "left_anti"
  | "right_semi"
  | "right_anti"
  | "left_mark"
  | "left_single";

/**
 * Equi-join. `keys` pair a probe expression with a build expression of the same layout; a NULL key matches nothing,
 * unless `nullEqual` (IS NOT DISTINCT FROM). `residual` is over probe columns then build columns, and decides a match
 * together with the keys. `nullAware` (left_anti, left_mark; one key, or keys whose equality is never NULL): the AND of
 * the key's equality and the residual is in three-valued logic, for NOT IN / IN; the build side must then be broadcast, since one NULL in it concerns every probe row.
 * `buildUnique`: the planner knows that no two build rows share a key.
 */
export type PhysicalHashJoin = NodeBase & {
  readonly kind: "hash_join";
  readonly joinType: PhysicalJoinType;
  readonly probe: PhysicalNode;
  readonly build: PhysicalNode;
  readonly keys: readonly { readonly probe: Expression; readonly build: Expression; readonly nullEqual: boolean }[];
  readonly residual: Expression | null;
  readonly nullAware: boolean;
  readonly buildUnique: boolean;
};

/** Any condition, null = cross product. The build side (kept in memory) is the right one. Same join types and output. */
export type PhysicalNestedLoopJoin = NodeBase & {
  readonly kind: "nested_loop_join";
  readonly joinType: PhysicalJoinType;
  readonly probe: PhysicalNode;
  readonly build: PhysicalNode;
  readonly condition: Expression | null;
  readonly nullAware: boolean;
};

export type PhysicalSortKey = {
  readonly expression: Expression;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
};

export type PhysicalSort = NodeBase & {
  readonly kind: "sort";
  readonly input: PhysicalNode;
  readonly keys: readonly PhysicalSortKey[];
};

/** The first `limit` rows in key order after `offset`. */
export type PhysicalTopN = NodeBase & {
  readonly kind: "top_n";
  readonly input: PhysicalNode;
  readonly keys: readonly PhysicalSortKey[];
  readonly limit: number;
  readonly offset: number;
};

/** `limit` null = all after `offset`. */
export type PhysicalLimit = NodeBase & {
  readonly kind: "limit";
  readonly input: PhysicalNode;
  readonly limit: number | null;
  readonly offset: number;
};

export type PhysicalUnion = NodeBase & { readonly kind: "union"; readonly inputs: readonly PhysicalNode[] };

/** INTERSECT / EXCEPT [ALL] on whole rows, NULLs equal; both inputs partitioned alike on all columns, or one task. */
export type PhysicalSetOperation = NodeBase & {
  readonly kind: "set_operation";
  readonly operation: "intersect" | "except";
  readonly all: boolean;
  readonly left: PhysicalNode;
  readonly right: PhysicalNode;
};

/**
 * The anchor's rows, then round by round the step's, which runs anew for each round and reads the rows that the round before has
 * added from the work table of the same `workId`; until a round adds none. One task. More rounds than `roundsMax` are an error.
 */
export type PhysicalRecursive = NodeBase & {
  readonly kind: "recursive";
  readonly workId: number;
  readonly anchor: PhysicalNode;
  readonly step: PhysicalNode;
  readonly distinct: boolean;
  readonly roundsMax: number;
};

export type PhysicalWorkTable = NodeBase & { readonly kind: "work_table"; readonly workId: number };

/**
 * How rows are spread over the tasks of the reading stage: by hash of `keys`; all to the one task (`single`; with
 * `mergeKeys` each writer's rows are sorted so and the reader merges them); all rows to every task (`broadcast`).
 */
export type Distribution =
  | { readonly kind: "hash"; readonly keys: readonly Expression[]; readonly partitionCount: number }
  | { readonly kind: "single"; readonly mergeKeys: readonly PhysicalSortKey[] | null }
  | { readonly kind: "broadcast" };

/** A stage boundary: stage/ cuts here. Never reaches an executor. */
export type PhysicalExchange = NodeBase & {
  readonly kind: "exchange";
  readonly input: PhysicalNode;
  readonly distribution: Distribution;
};

/** What stands in place of an exchange after the cut: reads this task's partition of every task of stage `stageId`. */
export type PhysicalShuffleRead = NodeBase & {
  readonly kind: "shuffle_read";
  readonly stageId: number;
  readonly mergeKeys: readonly PhysicalSortKey[] | null;
};
