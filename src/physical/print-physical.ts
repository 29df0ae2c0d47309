import type { Schema } from "../arrow/schema.ts";
import type { Value } from "../arrow/value.ts";
import { unreachable } from "../common/assert.ts";
import type { AggregateCall, Expression } from "../expr/expression.ts";
import { formatExpression, mapExpression } from "../expr/expression-properties.ts";
import { formatWindowCall } from "../expr/window-call.ts";
import type {
  Distribution,
  PhysicalHashAggregate,
  PhysicalHashJoin,
  PhysicalNode,
  PhysicalScan,
  PhysicalSortKey,
  PhysicalWindow,
} from "./physical-node.ts";

/**
 * The plan as an indented tree, one node a line, each above its inputs (probe before build). `annotate` adds text to a
 * node's line; by default its estimated rows.
 */
export function printPhysicalPlan(
  node: PhysicalNode,
  annotate: (node: PhysicalNode) => string = estimatedRows,
): string {
  const lines: string[] = [];
  const visit = (current: PhysicalNode, depth: number): void => {
    const note = annotate(current);
    lines.push(`${"  ".repeat(depth)}${describePhysicalNode(current)}${note === "" ? "" : `  ${note}`}`);
    for (const child of physicalChildren(current)) visit(child, depth + 1);
  };
  visit(node, 0);
  return lines.join("\n");
}

export function estimatedRows(node: PhysicalNode): string {
  return `(~${formatCount(node.estimate.rows)} rows)`;
}

/** 1234567 as 1.23M: estimates are not exact to more than three digits. */
export function formatCount(count: number): string {
  for (const [size, unit] of [
    [1e12, "T"],
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const) {
    if (count >= size) return `${Number((count / size).toPrecision(3))}${unit}`;
  }
  return String(Math.round(count));
}

/** A node's inputs, in the order that operators report in: probe, build / left, right. */
export function physicalChildren(node: PhysicalNode): readonly PhysicalNode[] {
  switch (node.kind) {
    case "scan":
    case "values":
    case "shuffle_read":
    case "work_table":
      return [];
    case "recursive":
      return [node.anchor, node.step];
    case "hash_join":
    case "nested_loop_join":
      return [node.probe, node.build];
    case "set_operation":
      return [node.left, node.right];
    case "union":
      return node.inputs;
    default:
      return [node.input];
  }
}

/** The node with other inputs, in the order of `physicalChildren`. */
export function withPhysicalChildren(node: PhysicalNode, inputs: readonly PhysicalNode[]): PhysicalNode {
  const [first, second] = inputs as [PhysicalNode, PhysicalNode];
  switch (node.kind) {
    case "scan":
    case "values":
    case "shuffle_read":
    case "work_table":
      return node;
    case "recursive":
      return { ...node, anchor: first, step: second };
    case "hash_join":
    case "nested_loop_join":
      return { ...node, probe: first, build: second };
    case "set_operation":
      return { ...node, left: first, right: second };
    case "union":
      return { ...node, inputs };
    default:
      return { ...node, input: first };
  }
}

/** One node as text, without its inputs. */
export function describePhysicalNode(node: PhysicalNode): string {
  const inputs = physicalChildren(node).flatMap((child) => child.schema);
  switch (node.kind) {
    case "scan":
      return `scan ${node.tableName} [${node.columns.join(", ")}]${node.pushed === null ? "" : ` where ${formatOver(node.schema, node.pushed)}`}${describeFilters(node)}`;
    case "values":
      return `values ${node.rows.length === 1 ? `(${node.rows[0]!.map(formatValue).join(", ")})` : `${node.rows.length} rows`}`;
    case "filter":
      return `filter ${formatOver(inputs, node.predicate)}`;
    case "project":
      return `project ${formatList(inputs, node.expressions)}`;
    case "hash_aggregate":
      return describeAggregate(node);
    case "hash_join":
      return describeHashJoin(node);
    case "nested_loop_join":
      return `nested_loop_join ${node.joinType}${node.nullAware ? " null-aware" : ""}${node.condition === null ? "" : ` on ${formatOver(inputs, node.condition)}`}`;
    case "window":
      return describeWindow(inputs, node);
    case "sort":
      return `sort ${formatKeys(inputs, node.keys)}`;
    case "top_n":
      return `top_n ${node.limit}${node.offset === 0 ? "" : ` offset ${node.offset}`} by ${formatKeys(inputs, node.keys)}`;
    case "limit":
      return `limit ${node.limit ?? "all"}${node.offset === 0 ? "" : ` offset ${node.offset}`}`;
    case "union":
      return "union";
    case "set_operation":
      return `${node.operation}${node.all ? " all" : ""}`;
    case "recursive":
      return `recursive ${node.workId}${node.distinct ? "" : " all"}`;
    case "work_table":
      return `work_table ${node.workId}`;
    case "exchange":
      return `exchange ${formatDistribution(node.schema, node.distribution)}`;
    case "shuffle_read":
      return `shuffle_read stage ${node.stageId}${node.mergeKeys === null ? "" : ` merge ${formatKeys(node.schema, node.mergeKeys)}`}`;
    default:
      return unreachable(node, "physical node");
  }
}

/**
 * An expression with the names of the columns that it reads. A column without a name, or of a name that an earlier
 * one has, also prints its position.
 */
export function formatOver(schema: Schema, expression: Expression): string {
  return formatExpression(
    mapExpression(expression, (part) => {
      if (part.kind !== "input") return part;
      const name = schema[part.index]?.name ?? "";
      const isFirst = name !== "" && schema.findIndex((field) => field.name === name) === part.index;
      return {
        kind: "column",
        id: part.index,
        name: isFirst ? name : `${name}#${part.index}`,
        type: part.type,
        nullable: part.nullable,
      };
    }),
  );
}

/** A final aggregate's calls keep the arguments of the partial one, which are not over its own input: only names. */
function describeFilters({ columns, runtimeFilters = [] }: PhysicalScan): string {
  return runtimeFilters.map(({ column, stageId }) => `, ${columns[column]!} in keys of stage ${stageId}`).join("");
}

function describeAggregate({ mode, groups, aggregates, input }: PhysicalHashAggregate): string {
  const by = groups.length === 0 ? "" : ` by ${formatList(input.schema, groups)}`;
  const calls = aggregates.map((call) => (mode === "final" ? call.name : formatCall(input.schema, call))).join(", ");
  return `hash_aggregate ${mode}${by}${calls === "" ? "" : `: ${calls}`}`;
}

function describeWindow(schema: Schema, { partitionBy, orderBy, functions }: PhysicalWindow): string {
  const by = partitionBy.length === 0 ? "" : ` partition by ${formatList(schema, partitionBy)}`;
  const order = orderBy.length === 0 ? "" : ` order by ${formatKeys(schema, orderBy)}`;
  const calls = functions.map((call) => formatWindowCall(call, (expression) => formatOver(schema, expression)));
  return `window${by}${order}: ${calls.join(", ")}`;
}

function describeHashJoin(node: PhysicalHashJoin): string {
  const { probe, build } = node;
  const keys = node.keys.map(
    (key) =>
      `${formatOver(probe.schema, key.probe)} ${key.nullEqual ? "<=>" : "="} ${formatOver(build.schema, key.build)}`,
  );
  const notes = [...(node.nullAware ? ["null-aware"] : []), ...(node.buildUnique ? ["unique"] : [])];
  const residual =
    node.residual === null ? "" : ` and ${formatOver([...probe.schema, ...build.schema], node.residual)}`;
  return `hash_join ${[node.joinType, ...notes].join(" ")} on ${keys.join(", ")}${residual}`;
}

/** Keys are over `schema`: that of the rows that are sent. */
export function formatDistribution(schema: Schema, distribution: Distribution): string {
  switch (distribution.kind) {
    case "hash":
      return `hash (${formatList(schema, distribution.keys)}) into ${distribution.partitionCount}`;
    case "single":
      return `single${distribution.mergeKeys === null ? "" : ` merge ${formatKeys(schema, distribution.mergeKeys)}`}`;
    case "broadcast":
      return "broadcast";
    default:
      return unreachable(distribution, "distribution");
  }
}

function formatList(schema: Schema, expressions: readonly Expression[]): string {
  return expressions.map((expression) => formatOver(schema, expression)).join(", ");
}

function formatKeys(schema: Schema, keys: readonly PhysicalSortKey[]): string {
  return keys
    .map(({ expression, descending, nullsFirst }) => {
      // NULLS LAST is what ascending order means by itself, NULLS FIRST what descending does.
      const nulls = nullsFirst === descending ? "" : nullsFirst ? " nulls first" : " nulls last";
      return `${formatOver(schema, expression)}${descending ? " desc" : ""}${nulls}`;
    })
    .join(", ");
}

function formatCall(schema: Schema, { name, args, distinct, filter }: AggregateCall): string {
  const text = args.length === 0 ? `${name}(*)` : `${name}(${distinct ? "distinct " : ""}${formatList(schema, args)})`;
  return filter === null ? text : `${text} filter (${formatOver(schema, filter)})`;
}

function formatValue(value: Value): string {
  if (value === null) return "NULL";
  if (typeof value === "string") return `'${value.replaceAll("'", "''")}'`;
  if (value instanceof Uint8Array) return `'\\x${Buffer.from(value).toString("hex")}'`;
  return typeof value === "object" ? `${value.months} months ${value.days} days ${value.micros} µs` : String(value);
}
