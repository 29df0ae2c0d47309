import { must, unreachable } from "../../src/common/assert.ts";
import { EngineError } from "../../src/common/engine-error.ts";
import type { Value } from "../../src/arrow/value.ts";
import type { AggregateCall, ColumnId, Expression, SortKey } from "../../src/expr/expression.ts";
import { mapExpression, typeOf } from "../../src/expr/expression-properties.ts";
import { compareValues } from "../../src/expr/interpreter/compare-values.ts";
import { evaluate } from "../../src/expr/interpreter/evaluate.ts";
import type { AggregateNode, ApplyNode, JoinNode, LogicalNode } from "../../src/logical/logical-node.ts";
import { outputColumns } from "../../src/logical/output-columns.ts";
import { windowColumn } from "./window-oracle.ts";

export type Row = readonly Value[];
/** Rows by table name; values by position in the table's schema. */
export type TableRows = ReadonlyMap<string, readonly Row[]>;
type Scope = ReadonlyMap<ColumnId, Value>;

/**
 * Runs a logical plan by the definition of its nodes, applies included: the oracle of the optimiser's rules. Puts out
 * rows in the order of `outputColumns`.
 */
export function runLogicalPlan(node: LogicalNode, tables: TableRows): readonly Row[] {
  return run(node, new Map(), tables);
}

/** A row of `node` (and what is outside of it) as names to values. */
function scopeOf(node: LogicalNode, row: Row, outer: Scope): Scope {
  const scope = new Map(outer);
  for (const [index, { id }] of outputColumns(node).entries()) scope.set(id, row[index] as Value);
  return scope;
}

function valueOf(expression: Expression, scope: Scope): Value {
  const closed = mapExpression(expression, (part) => {
    if (part.kind !== "column") return part;
    if (!scope.has(part.id)) throw new Error(`column ${part.name}#${part.id} is unknown`);
    return { kind: "literal", type: part.type, value: scope.get(part.id) as Value };
  });
  return evaluate(closed, () => null);
}

function run(node: LogicalNode, outer: Scope, tables: TableRows): readonly Row[] {
  switch (node.kind) {
    case "scan": {
      const rows = must(tables.get(node.table.name), "rows of the table").map((row) =>
        node.columns.map((column) => row[column.sourceIndex] as Value),
      );
      return rows.filter(
        (row) => node.predicate === null || valueOf(node.predicate, scopeOf(node, row, outer)) === true,
      );
    }
    case "values":
      return node.rows.map((row) => row.map((expression) => valueOf(expression, outer)));
    case "project":
      return run(node.input, outer, tables).map((row) => {
        const scope = scopeOf(node.input, row, outer);
        return node.items.map((item) => valueOf(item.expression, scope));
      });
    case "filter":
      return run(node.input, outer, tables).filter(
        (row) => valueOf(node.predicate, scopeOf(node.input, row, outer)) === true,
      );
    case "join":
      return runJoin(node, outer, tables);
    case "apply":
      return runApply(node, outer, tables);
    case "aggregate":
      return runAggregate(node, outer, tables);
    case "window": {
      const rows = run(node.input, outer, tables);
      const valueIn = (expression: Expression, row: Row): Value => valueOf(expression, scopeOf(node.input, row, outer));
      const columns = node.functions.map(({ call }) => windowColumn(call, rows, { ...node, valueOf: valueIn }));
      return rows.map((row, index) => [...row, ...columns.map((column) => column[index]!)]);
    }
    case "sort": {
      const rows = run(node.input, outer, tables).map((row) => ({
        row,
        keys: node.keys.map((key) => valueOf(key.expression, scopeOf(node.input, row, outer))),
      }));
      return rows.sort((left, right) => compareKeys(node.keys, left.keys, right.keys)).map(({ row }) => row);
    }
    case "limit": {
      const rows = run(node.input, outer, tables);
      const offset = node.offset === null ? 0 : Number(valueOf(node.offset, outer));
      const limit = node.limit === null ? null : valueOf(node.limit, outer);
      return rows.slice(offset, limit === null ? undefined : offset + Number(limit));
    }
    case "union":
      return node.inputs.flatMap((input) => run(input, outer, tables));
    case "set_operation":
      return runSetOperation(
        run(node.left, outer, tables),
        run(node.right, outer, tables),
        node.operation === "intersect",
        node.all,
      );
    case "recursive":
    case "work_table":
      throw new Error("recursive queries are tested by SQL logic tests only");
    default:
      return unreachable(node, "logical node");
  }
}

function runJoin(node: JoinNode, outer: Scope, tables: TableRows): readonly Row[] {
  const left = run(node.left, outer, tables);
  const right = run(node.right, outer, tables);
  const noLeft: Row = outputColumns(node.left).map(() => null);
  const noRight: Row = outputColumns(node.right).map(() => null);
  const result: Row[] = [];
  const matchedRight = new Set<Row>();
  for (const leftRow of left) {
    const scope = scopeOf(node.left, leftRow, outer);
    const outcomes = right.map((rightRow) =>
      node.condition === null ? true : valueOf(node.condition, scopeOf(node.right, rightRow, scope)),
    );
    const matches = right.filter((_, index) => outcomes[index] === true);
    for (const match of matches) matchedRight.add(match);
    const mark = outcomes.includes(true) ? true : node.nullAware && outcomes.includes(null) ? null : false;
    if (node.joinType === "semi") result.push(...(mark === true ? [leftRow] : []));
    else if (node.joinType === "anti") result.push(...(mark === false ? [leftRow] : []));
    else if (node.joinType === "mark") result.push([...leftRow, mark]);
    else {
      if (node.joinType === "single" && matches.length > 1)
        throw new EngineError("cardinality_violation", "more than one row");
      result.push(...matches.map((match) => [...leftRow, ...match]));
      if (matches.length === 0 && node.joinType !== "inner" && node.joinType !== "right")
        result.push([...leftRow, ...noRight]);
    }
  }
  if (node.joinType === "right" || node.joinType === "full") {
    for (const rightRow of right) if (!matchedRight.has(rightRow)) result.push([...noLeft, ...rightRow]);
  }
  return result;
}

function runApply(node: ApplyNode, outer: Scope, tables: TableRows): readonly Row[] {
  const { form } = node;
  return run(node.input, outer, tables).flatMap((row): readonly Row[] => {
    const scope = scopeOf(node.input, row, outer);
    const rows = run(node.subquery, scope, tables);
    switch (form.kind) {
      case "scalar":
        if (rows.length > 1) throw new EngineError("cardinality_violation", "more than one row");
        return [[...row, rows[0]?.[0] ?? null]];
      case "exists":
        return [[...row, rows.length > 0]];
      case "quantified": {
        const outcomes = rows.map((subqueryRow) =>
          valueOf(form.comparison, scopeOf(node.subquery, subqueryRow, scope)),
        );
        const decisive = form.quantifier === "any";
        return [[...row, outcomes.includes(decisive) ? decisive : outcomes.includes(null) ? null : !decisive]];
      }
      case "lateral": {
        const matches = rows.filter(
          (match) => form.condition === null || valueOf(form.condition, scopeOf(node.subquery, match, scope)) === true,
        );
        if (matches.length === 0 && form.joinType === "left")
          return [[...row, ...outputColumns(node.subquery).map(() => null)]];
        return matches.map((match) => [...row, ...match]);
      }
      default:
        return unreachable(form, "form");
    }
  });
}

function runAggregate(node: AggregateNode, outer: Scope, tables: TableRows): readonly Row[] {
  const groups = new Map<string, { readonly key: Row; readonly scopes: Scope[] }>();
  if (node.groups.length === 0) groups.set("", { key: [], scopes: [] });
  for (const row of run(node.input, outer, tables)) {
    const scope = scopeOf(node.input, row, outer);
    const key = node.groups.map((group) => valueOf(group.expression, scope));
    const text = node.groups.length === 0 ? "" : formatRow(key);
    const group = groups.get(text) ?? { key, scopes: [] };
    groups.set(text, group);
    group.scopes.push(scope);
  }
  return [...groups.values()].map(({ key, scopes }) => [
    ...key,
    ...node.aggregates.map(({ call }) => aggregateValue(call, scopes)),
  ]);
}

function aggregateValue(call: AggregateCall, scopes: readonly Scope[]): Value {
  const filtered = scopes.filter((scope) => call.filter === null || valueOf(call.filter, scope) === true);
  const [argument] = call.args;
  if (argument === undefined) return BigInt(filtered.length);
  const type = typeOf(argument);
  let values = filtered.map((scope) => valueOf(argument, scope)).filter((value) => value !== null);
  if (call.distinct) values = [...new Map(values.map((value) => [formatRow([value]), value])).values()];
  if (call.name === "count") return BigInt(values.length);
  if (values.length === 0) return null;
  const ordered = [...values].sort((left, right) => compareValues(type, left, right));
  switch (call.name) {
    case "min":
    case "any_value":
      return ordered[0] as Value;
    case "max":
      return ordered.at(-1) as Value;
    case "sum":
      return call.type.kind === "float64"
        ? values.reduce<number>((sum, value) => sum + Number(value), 0)
        : values.reduce<bigint>((sum, value) => sum + BigInt(value as bigint), 0n);
    case "avg": {
      const mean = values.reduce<number>((sum, value) => sum + Number(value), 0) / values.length;
      if (call.type.kind !== "decimal") return mean;
      const scale = type.kind === "decimal" ? type.scale : 0;
      return BigInt(Math.round(mean * 1e6)) * 10n ** BigInt(call.type.scale - scale - 6);
    }
    default:
      throw new Error(`aggregate ${call.name} is not known here`);
  }
}

function runSetOperation(
  left: readonly Row[],
  right: readonly Row[],
  isIntersect: boolean,
  all: boolean,
): readonly Row[] {
  const counts = new Map<string, number>();
  for (const row of right) counts.set(formatRow(row), (counts.get(formatRow(row)) ?? 0) + 1);
  const result = left.filter((row) => {
    const text = formatRow(row);
    const count = counts.get(text) ?? 0;
    if (all) counts.set(text, count - 1);
    return count > 0 === isIntersect;
  });
  return all ? result : [...new Map(result.map((row) => [formatRow(row), row])).values()];
}

function compareKeys(keys: readonly SortKey[], left: Row, right: Row): number {
  for (const [index, key] of keys.entries()) {
    const [first, second] = [left[index] as Value, right[index] as Value];
    if (first === null && second === null) continue;
    if (first === null || second === null) return (first === null) === key.nullsFirst ? -1 : 1;
    const order = compareValues(typeOf(key.expression), first, second);
    if (order !== 0) return key.descending ? -order : order;
  }
  return 0;
}

/** A row as text by which rows can be told apart. */
export function formatRow(row: Row): string {
  return JSON.stringify(row, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
}
