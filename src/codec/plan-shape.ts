import type {
  Estimate,
  PhysicalHashAggregate,
  PhysicalHashJoin,
  PhysicalJoinType,
  PhysicalNode,
  PhysicalSortKey,
  RuntimeFilterUse,
} from "../physical/physical-node.ts";
import { aggregateShape, expressionShape, schemaShape, valueShape, windowCallShape } from "./expression-shape.ts";
import { byKind, count, flag, lazy, listOf, number, objectOf, oneOf, optional, orNull, text } from "./shape.ts";
import type { Shape } from "./shape.ts";

const base = { schema: schemaShape, estimate: objectOf<Estimate>({ rows: number, bytes: number }) };
const joinType = oneOf<PhysicalJoinType>(
  "inner",
  "left",
  "right",
  "full",
  "left_semi",
  "left_anti",
  "right_semi",
  "right_anti",
  "left_mark",
  "left_single",
);
const expressions = listOf(expressionShape);

export const sortKeyShape: Shape<PhysicalSortKey> = objectOf<PhysicalSortKey>({
  expression: expressionShape,
  descending: flag,
  nullsFirst: flag,
});
const runtimeFilterShape = objectOf<RuntimeFilterUse>({
  column: count,
  stageId: count,
  partition: count,
  list: flag,
  span: orNull(number),
});
const sortKeys = listOf(sortKeyShape);

type Of<Kind extends PhysicalNode["kind"]> = Extract<PhysicalNode, { readonly kind: Kind }>;
/** What an executor gets: exchanges have become sinks and reads. */
type StagePlan = Exclude<PhysicalNode, { readonly kind: "exchange" }>;

const input: Shape<PhysicalNode> = lazy(() => planShape);

/** A stage's plan. */
export const planShape: Shape<PhysicalNode> = byKind<StagePlan>({
  scan: objectOf<Of<"scan">>({
    ...base,
    kind: oneOf("scan"),
    scanId: count,
    tableName: text,
    columns: listOf(text),
    pushed: orNull(expressionShape),
    runtimeFilters: optional(listOf(runtimeFilterShape)),
  }),
  values: objectOf<Of<"values">>({ ...base, kind: oneOf("values"), rows: listOf(listOf(valueShape)) }),
  filter: objectOf<Of<"filter">>({ ...base, kind: oneOf("filter"), input, predicate: expressionShape }),
  project: objectOf<Of<"project">>({ ...base, kind: oneOf("project"), input, expressions }),
  hash_aggregate: objectOf<PhysicalHashAggregate>({
    ...base,
    kind: oneOf("hash_aggregate"),
    mode: oneOf("single", "partial", "final"),
    input,
    groups: expressions,
    aggregates: listOf(aggregateShape),
  }),
  hash_join: objectOf<PhysicalHashJoin>({
    ...base,
    kind: oneOf("hash_join"),
    joinType,
    probe: input,
    build: input,
    keys: listOf(
      objectOf<PhysicalHashJoin["keys"][number]>({ probe: expressionShape, build: expressionShape, nullEqual: flag }),
    ),
    residual: orNull(expressionShape),
    nullAware: flag,
    buildUnique: flag,
  }),
  nested_loop_join: objectOf<Of<"nested_loop_join">>({
    ...base,
    kind: oneOf("nested_loop_join"),
    joinType,
    probe: input,
    build: input,
    condition: orNull(expressionShape),
    nullAware: flag,
  }),
  window: objectOf<Of<"window">>({
    ...base,
    kind: oneOf("window"),
    input,
    partitionBy: expressions,
    orderBy: sortKeys,
    functions: listOf(windowCallShape),
  }),
  sort: objectOf<Of<"sort">>({ ...base, kind: oneOf("sort"), input, keys: sortKeys }),
  top_n: objectOf<Of<"top_n">>({ ...base, kind: oneOf("top_n"), input, keys: sortKeys, limit: count, offset: count }),
  limit: objectOf<Of<"limit">>({ ...base, kind: oneOf("limit"), input, limit: orNull(count), offset: count }),
  recursive: objectOf<Of<"recursive">>({
    ...base,
    kind: oneOf("recursive"),
    workId: count,
    anchor: input,
    step: input,
    distinct: flag,
    roundsMax: count,
  }),
  work_table: objectOf<Of<"work_table">>({ ...base, kind: oneOf("work_table"), workId: count }),
  union: objectOf<Of<"union">>({ ...base, kind: oneOf("union"), inputs: listOf(input) }),
  set_operation: objectOf<Of<"set_operation">>({
    ...base,
    kind: oneOf("set_operation"),
    operation: oneOf("intersect", "except"),
    all: flag,
    left: input,
    right: input,
  }),
  shuffle_read: objectOf<Of<"shuffle_read">>({
    ...base,
    kind: oneOf("shuffle_read"),
    stageId: count,
    mergeKeys: orNull(sortKeys),
  }),
});
