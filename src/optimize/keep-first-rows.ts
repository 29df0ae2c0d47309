import { must } from "../common/assert.ts";
import { EngineError } from "../common/engine-error.ts";
import { simpleType } from "../arrow/data-type.ts";
import type { AggregateCall, ColumnId, Expression, SortKey } from "../expr/expression.ts";
import { andAll, typeOf } from "../expr/expression-properties.ts";
import type { ColumnIds } from "../logical/column-ids.ts";
import { copyPlan } from "../logical/copy-plan.ts";
import type { AggregateNode, Column, LogicalNode, ProjectNode } from "../logical/logical-node.ts";
import { outputColumns } from "../logical/output-columns.ts";
import { columnReference, substituteColumns } from "../logical/substitute-columns.ts";
import { literal, predicateCall, sameValue } from "./make-expression.ts";

/**
 * For each combination of the `partition` columns, one row: the first in the order of `keys` (one of the first, where
 * several tie). Each key costs an aggregate of the plan and a join with it: the rows with the key's least value stay.
 * Puts out `columns` under their ids, and the partition columns.
 */
export function keepFirstRows(
  plan: LogicalNode,
  partition: readonly Column[],
  columns: readonly Column[],
  keys: readonly SortKey[],
  ids: ColumnIds,
): LogicalNode {
  // The result has the plan's ids, so below it they are others.
  const { plan: input, columns: renamed } = copyPlan(plan, ids);
  const inside = (column: Column): Column => must(renamed.get(column.id), "the plan puts the column out");
  const references = new Map<ColumnId, Expression>([...renamed].map(([id, column]) => [id, columnReference(column)]));
  // Rows that tie in the keys are told apart by the output columns: what ties in these too is the same row.
  const tieBreakers = columns
    .slice(0, -1)
    .map((column): SortKey => ({ expression: columnReference(column), descending: false, nullsFirst: false }));
  if (keys.length + tieBreakers.length > 4) {
    throw new EngineError(
      "feature_not_supported",
      "LIMIT over more than 4 sort keys and columns in a subquery that refers to outer columns is not supported",
    );
  }
  const keyItems = [...keys, ...tieBreakers].map((key) => ({
    column: { id: ids.next(), name: "sort_key", type: typeOf(key.expression), nullable: true },
    expression: substituteColumns(key.expression, references),
    key,
  }));
  const passed = outputColumns(input).map((column) => ({ column, expression: columnReference(column) }));
  let rows: LogicalNode = {
    kind: "project",
    input,
    items: [...passed, ...keyItems.map(({ column, expression }) => ({ column, expression }))],
  };
  for (const { column, key } of keyItems) rows = keepLeast(rows, partition.map(inside), column, key, ids);
  const groups = partition.map((column) => ({ column, expression: columnReference(inside(column)) }));
  const aggregates = columns.map((column) => ({ column, call: aggregateOf("any_value", inside(column)) }));
  return { kind: "aggregate", input: rows, groups, aggregates };
}

/** The rows whose key is the first of their partition. */
function keepLeast(
  rows: LogicalNode,
  partition: readonly Column[],
  keyColumn: Column,
  key: SortKey,
  ids: ColumnIds,
): LogicalNode {
  const best: Column = { id: ids.next(), name: "first_key", type: keyColumn.type, nullable: true };
  const all: Column = { id: ids.next(), name: "all_rows", type: simpleType("int64"), nullable: false };
  const known: Column = { id: ids.next(), name: "known_keys", type: simpleType("int64"), nullable: false };
  const count: AggregateCall = { name: "count", args: [], distinct: false, filter: null, type: all.type };
  const groups = partition.map((column) => ({
    column: { ...column, id: ids.next() },
    expression: columnReference(column),
  }));
  const aggregate: AggregateNode = {
    kind: "aggregate",
    input: rows,
    groups,
    aggregates: [
      { column: best, call: aggregateOf(key.descending ? "max" : "min", keyColumn) },
      { column: all, call: count },
      { column: known, call: { ...count, args: [columnReference(keyColumn)] } },
    ],
  };
  // min and max pass NULLs over, which is right where NULLs come last; where they come first, one NULL is the least.
  const hasNull = predicateCall("gt", columnReference(all), columnReference(known));
  const first: Expression = key.nullsFirst
    ? {
        kind: "case",
        branches: [{ when: hasNull, then: literal(best.type, null) }],
        otherwise: columnReference(best),
        type: best.type,
      }
    : columnReference(best);
  const result: Column = { ...best, id: ids.next() };
  const least: ProjectNode = {
    kind: "project",
    input: aggregate,
    items: [...passOn(groups.map((group) => group.column)), { column: result, expression: first }],
  };
  const { plan: right, columns: renamed } = copyPlan(least, ids);
  const there = (column: Column) => columnReference(renamed.get(column.id) ?? column);
  const condition = andAll([
    ...partition.map((column, index) =>
      sameValue(columnReference(column), there((groups[index] as (typeof groups)[number]).column)),
    ),
    predicateCall("is_not_distinct_from", columnReference(keyColumn), there(result)),
  ]);
  return { kind: "join", joinType: "inner", left: rows, right, condition, nullAware: false, markColumn: null };
}

function aggregateOf(name: string, column: Column): AggregateCall {
  return { name, args: [columnReference(column)], distinct: false, filter: null, type: column.type };
}

function passOn(columns: readonly Column[]): { readonly column: Column; readonly expression: Expression }[] {
  return columns.map((column) => ({ column, expression: columnReference(column) }));
}
