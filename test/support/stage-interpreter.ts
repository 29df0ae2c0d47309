import assert from "node:assert/strict";
import { typeName } from "../../src/arrow/data-type.ts";
import type { Schema } from "../../src/arrow/schema.ts";
import type { Value } from "../../src/arrow/value.ts";
import { fitsInt64 } from "../../src/common/bigints.ts";
import { must, unreachable } from "../../src/common/assert.ts";
import { EngineError } from "../../src/common/engine-error.ts";
import { stateTypes } from "../../src/expr/aggregate-registry.ts";
import type { AggregateCall, Expression } from "../../src/expr/expression.ts";
import { typeOf } from "../../src/expr/expression-properties.ts";
import { compareValues } from "../../src/expr/interpreter/compare-values.ts";
import { evaluate } from "../../src/expr/interpreter/evaluate.ts";
import type {
  PhysicalHashAggregate,
  PhysicalHashJoin,
  PhysicalNestedLoopJoin,
  PhysicalNode,
  PhysicalSortKey,
  RuntimeFilterUse,
} from "../../src/physical/physical-node.ts";
import type { Stage, StageGraph, StageTask } from "../../src/stage/stage.ts";
import { formatRow } from "./logical-interpreter.ts";
import type { Row } from "./logical-interpreter.ts";
import { windowColumn } from "./window-oracle.ts";

/** Rows and column names of a table. */
export type StoredTable = { readonly columns: readonly string[]; readonly rows: readonly Row[] };

/**
 * Runs a stage graph by the definition of its nodes and sinks, task by task: the oracle of the physical planner and of
 * the cut. Files are found by path. A narrow decimal that does not fit, or a NULL where none may be, fails.
 */
export function runStages(graph: StageGraph, files: ReadonlyMap<string, StoredTable>): readonly Row[] {
  const outputs: (readonly (readonly Row[])[])[][] = [];
  const runOnce = (stage: Stage): void => {
    if (outputs[stage.stageId] !== undefined) return;
    // Stages that a runtime filter comes from may have higher numbers. A circle would end as an overflow of the stack.
    for (const { stageId } of stage.filterInputs ?? []) runOnce(graph.stages[stageId]!);
    for (const stageId of stage.inputs) runOnce(graph.stages[stageId]!);
    outputs[stage.stageId] = stage.tasks.map((task) =>
      partition(stage, new TaskRun(task, outputs, graph, files).run(stage.plan)),
    );
  };
  graph.stages.forEach(runOnce);
  return must(outputs.at(-1), "a result stage").flatMap((partitions) => must(partitions[0], "a result partition"));
}

/** The rows of each partition that a task puts out. */
function partition({ sink }: Stage, rows: readonly Row[]): readonly (readonly Row[])[] {
  if (sink.kind !== "hash") return [rows];
  const partitions: Row[][] = Array.from({ length: sink.partitionCount }, () => []);
  for (const row of rows) {
    const hash = sink.keys
      .map((key) => hashText(`${layoutOf(key)} ${formatRow([valueOf(key, row)])}`))
      .reduce((sum, part) => (Math.imul(sum, 31) + part) >>> 0, 7);
    must(partitions[hash % sink.partitionCount], "a partition for each hash").push(row);
  }
  return partitions;
}

/** Equal values of different layouts need not hash alike. */
function layoutOf(expression: Expression): string {
  const type = typeOf(expression);
  return `${typeName(type)} ${type.kind === "decimal" ? type.bits : ""}`;
}

function hashText(text: string): number {
  let hash = 2166136261;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 16777619) >>> 0;
  return hash;
}

function valueOf(expression: Expression, row: Row): Value {
  return evaluate(expression, (index) => row[index]!);
}

class TaskRun {
  readonly #task: StageTask;
  readonly #outputs: readonly (readonly (readonly (readonly Row[])[])[])[];
  readonly #graph: StageGraph;
  readonly #files: ReadonlyMap<string, StoredTable>;

  constructor(
    task: StageTask,
    outputs: readonly (readonly (readonly (readonly Row[])[])[])[],
    graph: StageGraph,
    files: ReadonlyMap<string, StoredTable>,
  ) {
    this.#task = task;
    this.#outputs = outputs;
    this.#graph = graph;
    this.#files = files;
  }

  run(node: PhysicalNode): readonly Row[] {
    const rows = this.#rowsOf(node);
    checkRows(rows, node.schema, node.kind);
    return rows;
  }

  #rowsOf(node: PhysicalNode): readonly Row[] {
    switch (node.kind) {
      case "scan":
        return this.#scan(node);
      case "values":
        return node.rows;
      case "filter":
        return this.run(node.input).filter((row) => valueOf(node.predicate, row) === true);
      case "project":
        return this.run(node.input).map((row) => node.expressions.map((expression) => valueOf(expression, row)));
      case "hash_aggregate":
        return aggregate(node, this.run(node.input));
      case "hash_join":
      case "nested_loop_join":
        return join(node, this.run(node.probe), this.run(node.build));
      case "window": {
        const rows = this.run(node.input);
        const columns = node.functions.map((call) => windowColumn(call, rows, { ...node, valueOf }));
        return rows.map((row, index) => [...row, ...columns.map((column) => column[index]!)]);
      }
      case "sort":
        return sortRows(this.run(node.input), node.keys);
      case "top_n":
        return sortRows(this.run(node.input), node.keys).slice(node.offset, node.offset + node.limit);
      case "limit":
        return this.run(node.input).slice(node.offset, node.limit === null ? undefined : node.offset + node.limit);
      case "union":
        return node.inputs.flatMap((input) => this.run(input));
      case "set_operation":
        return combine(this.run(node.left), this.run(node.right), node.operation === "intersect", node.all);
      case "exchange":
        return assert.fail("an exchange in a stage");
      case "shuffle_read":
        return this.#read(node);
      case "recursive":
      case "work_table":
        throw new Error("recursive queries are tested by SQL logic tests only");
      default:
        return unreachable(node, "physical node");
    }
  }

  #scan(node: PhysicalNode & { readonly kind: "scan" }): readonly Row[] {
    const splits = this.#task.splits.find((scan) => scan.scanId === node.scanId)?.splits ?? [];
    const filters = (node.runtimeFilters ?? []).map((use) => this.#filter(use));
    return splits.flatMap(({ path, firstRow, lastRow }) => {
      const table = must(this.#files.get(path), "a file of the test");
      const positions = node.columns.map((name) => table.columns.indexOf(name));
      const rows = table.rows.slice(firstRow, lastRow + 1).map((row) => positions.map((position) => row[position]!));
      const passed = rows.filter((row) => node.pushed === null || valueOf(node.pushed, row) === true);
      return filters.reduce((kept, filter) => kept.filter(filter), passed);
    });
  }

  /** A runtime filter at its sharpest: exactly the keys that the other stage has put out. */
  #filter({ stageId, partition: summary, column }: RuntimeFilterUse): (row: Row) => boolean {
    const { filters = [] } = this.#graph.stages[stageId]!;
    const source = must(
      filters.find((filter) => filter.partition === summary),
      "a stage that sums up the key",
    );
    const keys = new Set(this.#outputs[stageId]!.flat(2).map((row) => formatRow([row[source.column]!])));
    return (row) => row[column] !== null && keys.has(formatRow([row[column]!]));
  }

  #read({ stageId, mergeKeys }: PhysicalNode & { readonly kind: "shuffle_read" }): readonly Row[] {
    const { sink } = this.#graph.stages[stageId]!;
    const position = sink.kind === "hash" ? this.#task.partition : 0;
    const inputs = this.#outputs[stageId]!.map((partitions) => partitions[position]!);
    if (mergeKeys === null) return inputs.flat();
    for (const rows of inputs) assert.deepEqual(sortRows(rows, mergeKeys), rows, "what is merged is sorted");
    return sortRows(inputs.flat(), mergeKeys);
  }
}

function checkRows(rows: readonly Row[], schema: Schema, kind: string): void {
  for (const row of rows) {
    assert.equal(row.length, schema.length, kind);
    row.forEach((value, index) => {
      const { type, nullable } = schema[index]!;
      // A partial state: see aggregate below.
      if (Array.isArray(value)) return;
      assert(value !== null || nullable, `${kind} puts out a NULL that its schema rules out`);
      if (type.kind === "decimal" && type.bits === 64 && value !== null)
        assert(fitsInt64(value as bigint), `${kind} puts out ${value as bigint} in 64 bits`);
    });
  }
}

/** Partial states are all the arguments' values, kept in the first state column: final has the same sums to do. */
function aggregate(node: PhysicalHashAggregate, rows: readonly Row[]): Row[] {
  const groups = new Map<string, { readonly key: Row; readonly rows: Row[] }>();
  if (node.groups.length === 0) groups.set("", { key: [], rows: [] });
  for (const row of rows) {
    const key = node.groups.map((group) => valueOf(group, row));
    const text = node.groups.length === 0 ? "" : formatRow(key);
    if (!groups.has(text)) groups.set(text, { key, rows: [] });
    groups.get(text)!.rows.push(row);
  }
  const offsets: number[] = [];
  let next = node.groups.length;
  for (const call of node.aggregates) {
    offsets.push(next);
    next += stateTypes(call).length;
  }
  return [...groups.values()].map(({ key, rows: members }) => {
    const parts = node.aggregates.map((call, index) =>
      node.mode === "final"
        ? members.flatMap((row) => row[offsets[index]!] as unknown as Value[])
        : argumentsOf(call, members),
    );
    if (node.mode !== "partial") return [...key, ...node.aggregates.map((call, index) => result(call, parts[index]!))];
    return [
      ...key,
      ...node.aggregates.flatMap((call, index) =>
        stateTypes(call).map((_, part) => (part === 0 ? (parts[index] as unknown as Value) : ([] as unknown as Value))),
      ),
    ];
  });
}

function argumentsOf({ args, filter, distinct }: AggregateCall, rows: readonly Row[]): Value[] {
  const kept = rows.filter((row) => filter === null || valueOf(filter, row) === true);
  const values = kept
    .map((row) => (args.length === 0 ? true : valueOf(args[0]!, row)))
    .filter((value) => value !== null);
  return distinct ? [...new Map(values.map((value) => [formatRow([value]), value])).values()] : values;
}

function result({ name, args, type }: AggregateCall, values: readonly Value[]): Value {
  if (name === "count") return BigInt(values.length);
  if (values.length === 0) return null;
  if (name === "sum") return values.reduce<bigint>((sum, value) => sum + BigInt(value as bigint), 0n);
  const ordered = [...values].sort((left, right) => compareValues(typeOf(args[0]!), left, right));
  if (name === "min" || name === "any_value") return ordered[0]!;
  if (name === "max") return ordered.at(-1)!;
  throw new Error(`aggregate ${name} of ${typeName(type)} is not known here`);
}

function join(node: PhysicalHashJoin | PhysicalNestedLoopJoin, probe: readonly Row[], build: readonly Row[]): Row[] {
  const { joinType } = node;
  const noProbe: Row = node.probe.schema.map(() => null);
  const noBuild: Row = node.build.schema.map(() => null);
  const rows: Row[] = [];
  const matched = new Set<Row>();
  for (const probeRow of probe) {
    const outcomes = build.map((buildRow) => holds(node, probeRow, buildRow));
    const matches = build.filter((_, index) => outcomes[index] === true);
    for (const match of matches) matched.add(match);
    const mark = matches.length > 0 ? true : node.nullAware && outcomes.includes(null) ? null : false;
    if (joinType === "left_semi" || joinType === "left_anti")
      rows.push(...(mark === (joinType === "left_semi") ? [probeRow] : []));
    else if (joinType === "left_mark") rows.push([...probeRow, mark]);
    else if (joinType !== "right_semi" && joinType !== "right_anti") {
      if (joinType === "left_single" && matches.length > 1)
        throw new EngineError("cardinality_violation", "more than one row");
      rows.push(...matches.map((match) => [...probeRow, ...match]));
      if (matches.length === 0 && ["left", "full", "left_single"].includes(joinType))
        rows.push([...probeRow, ...noBuild]);
    }
  }
  for (const buildRow of build) {
    if (!matched.has(buildRow) && (joinType === "right" || joinType === "full")) rows.push([...noProbe, ...buildRow]);
    if (joinType === "right_semi" && matched.has(buildRow)) rows.push(buildRow);
    if (joinType === "right_anti" && !matched.has(buildRow)) rows.push(buildRow);
  }
  return rows;
}

/** Whether a pair matches, in three-valued logic. */
function holds(node: PhysicalHashJoin | PhysicalNestedLoopJoin, probe: Row, build: Row): boolean | null {
  const outcomes: (boolean | null)[] = [];
  const rest = node.kind === "hash_join" ? node.residual : node.condition;
  if (node.kind === "hash_join") {
    for (const key of node.keys) {
      const [left, right] = [valueOf(key.probe, probe), valueOf(key.build, build)];
      if (left === null || right === null) outcomes.push(key.nullEqual ? left === right : null);
      else outcomes.push(compareValues(typeOf(key.probe), left, right) === 0);
    }
  }
  if (rest !== null) outcomes.push(valueOf(rest, [...probe, ...build]) as boolean | null);
  return outcomes.includes(false) ? false : outcomes.includes(null) ? null : true;
}

function combine(left: readonly Row[], right: readonly Row[], isIntersect: boolean, all: boolean): readonly Row[] {
  const counts = new Map<string, number>();
  for (const row of right) counts.set(formatRow(row), (counts.get(formatRow(row)) ?? 0) + 1);
  const kept = left.filter((row) => {
    const count = counts.get(formatRow(row)) ?? 0;
    if (all) counts.set(formatRow(row), count - 1);
    return count > 0 === isIntersect;
  });
  return all ? kept : [...new Map(kept.map((row) => [formatRow(row), row])).values()];
}

function sortRows(rows: readonly Row[], keys: readonly PhysicalSortKey[]): readonly Row[] {
  return rows.toSorted((left, right) => {
    for (const { expression, descending, nullsFirst } of keys) {
      const [first, second] = [valueOf(expression, left), valueOf(expression, right)];
      if (first === null && second === null) continue;
      if (first === null || second === null) return (first === null) === nullsFirst ? -1 : 1;
      const order = compareValues(typeOf(expression), first, second);
      if (order !== 0) return descending ? -order : order;
    }
    return 0;
  });
}
