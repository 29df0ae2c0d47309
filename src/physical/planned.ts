import { byteWidthOf, isStringLike } from "../arrow/data-type.ts";
import type { Field, Schema } from "../arrow/schema.ts";
import { must } from "../common/assert.ts";
import type { ColumnId, Expression } from "../expr/expression.ts";
import { mapExpression } from "../expr/expression-properties.ts";
import type { Column } from "../logical/logical-node.ts";
import type { Estimate, PhysicalNode } from "./physical-node.ts";
import { narrowDecimals } from "./narrow-decimals.ts";
import type { NarrowedExpression } from "./narrow-decimals.ts";
import type { ValueRange } from "./value-range.ts";

/** What the planner knows of a column beyond its type. */
export type ColumnFacts = {
  readonly range: ValueRange | undefined;
  /** Average bytes of a string; 0 for other types. */
  readonly stringBytes: number;
};

/**
 * How a node's rows are spread over tasks:
 * `single`: one task has them all. `scans`: over the tasks of a stage that scans. `partitions`: over the tasks of a
 * stage that reads hash exchanges; with `keys`, rows that agree in a column of each set are in one task.
 */
export type Partitioning =
  | { readonly kind: "single" }
  | { readonly kind: "scans"; readonly taskCount: number }
  | {
      readonly kind: "partitions";
      readonly partitionCount: number;
      readonly keys: readonly ReadonlySet<ColumnId>[] | null;
    };

/** Columns by position, with what is known of them: what expressions are resolved against. */
export type Scope = {
  readonly columns: readonly Column[];
  readonly schema: Schema;
  readonly facts: readonly ColumnFacts[];
};

/** A physical node with the physical properties that nodes themselves do not carry. */
export type Planned = Scope & { readonly node: PhysicalNode; readonly partitioning: Partitioning };

export const single: Partitioning = { kind: "single" };
export const noFacts: ColumnFacts = { range: undefined, stringBytes: 16 };

export function isSingle(planned: Planned): boolean {
  return planned.partitioning.kind === "single";
}

export function taskCountOf({ partitioning }: Planned): number {
  if (partitioning.kind === "single") return 1;
  return partitioning.kind === "scans" ? partitioning.taskCount : partitioning.partitionCount;
}

export function makePlanned(
  node: PhysicalNode,
  columns: readonly Column[],
  facts: readonly ColumnFacts[],
  partitioning: Partitioning,
): Planned {
  return { node, columns, schema: node.schema, facts, partitioning };
}

export function positionOf(scope: Scope, id: ColumnId): number {
  const position = scope.columns.findIndex((column) => column.id === id);
  return must(position < 0 ? null : position, `column ${id} is not among the input's columns`);
}

/** An input expression for a position. */
export function inputAt(schema: Schema, index: number): Expression & { readonly kind: "input" } {
  const { type, nullable } = must(schema[index], `no column at position ${index}`);
  return { kind: "input", index, type, nullable };
}

/** The expression over positions instead of column ids, its decimals narrowed. */
export function resolve(scope: Scope, expression: Expression): NarrowedExpression {
  const positional = mapExpression(expression, (part) =>
    part.kind === "column" ? inputAt(scope.schema, positionOf(scope, part.id)) : part,
  );
  return narrowDecimals(positional, (index) => scope.facts[index]?.range);
}

export function concatScopes(left: Scope, right: Scope): Scope {
  return {
    columns: [...left.columns, ...right.columns],
    schema: [...left.schema, ...right.schema],
    facts: [...left.facts, ...right.facts],
  };
}

/** The bytes of rows of this shape in linear memory, strings of up to 12 bytes being part of their view. */
export function estimateOf(rows: number, schema: Schema, facts: readonly ColumnFacts[]): Estimate {
  const width = schema.reduce((sum, field, index) => sum + fieldBytes(field, facts[index] ?? noFacts), 0);
  return { rows, bytes: rows * Math.max(1, width) };
}

function fieldBytes({ type }: Field, { stringBytes }: ColumnFacts): number {
  return byteWidthOf(type) + (isStringLike(type) && stringBytes > 12 ? stringBytes : 0);
}

/** Facts of a computed column. */
export function factsOf(scope: Scope, { expression, range }: NarrowedExpression): ColumnFacts {
  if (expression.kind === "input") return must(scope.facts[expression.index], "every column has facts");
  return { range, stringBytes: noFacts.stringBytes };
}

/** Properties that survive when columns are computed anew: a key keeps the new names of its old columns. */
export function renamePartitioning(
  partitioning: Partitioning,
  newIds: (old: ColumnId) => readonly ColumnId[],
): Partitioning {
  if (partitioning.kind !== "partitions" || partitioning.keys === null) return partitioning;
  const keys = partitioning.keys.map((key) => new Set([...key].flatMap(newIds)));
  return { ...partitioning, keys: keys.some((key) => key.size === 0) ? null : keys };
}
