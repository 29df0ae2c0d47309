import { isStringLike } from "../arrow/data-type.ts";
import type { Schema } from "../arrow/schema.ts";
import type { ColumnStatistics, Table } from "../catalog/table.ts";
import type { ColumnId, Expression } from "../expr/expression.ts";
import { columnIds } from "../expr/expression-properties.ts";
import type { Column, ScanNode } from "../logical/logical-node.ts";
import type { PhysicalScan } from "./physical-node.ts";
import type { PlanContext } from "./plan-context.ts";
import { keepColumns } from "./plan-exchange.ts";
import { scanTaskCount, scanWork } from "./physical-options.ts";
import { estimateOf, makePlanned, resolve, single } from "./planned.ts";
import type { ColumnFacts, Planned, Scope } from "./planned.ts";
import { pruneRowGroups } from "./prune-row-groups.ts";
import type { ScanUnit } from "./prune-row-groups.ts";
import { splitPredicate } from "./push-predicate.ts";
import { rangeOfStatistics } from "./value-range.ts";

type ScanColumn = ScanNode["columns"][number];

/** A scan of the columns that are used, its exact predicates pushed into it, a filter above for the rest. */
export function planScan(context: PlanContext, node: ScanNode, required: ReadonlySet<ColumnId>): Planned {
  const { table } = node;
  const used = new Set([...required, ...(node.predicate === null ? [] : columnIds(node.predicate))]);
  const columns = atLeastOne(
    table,
    node.columns.filter((column) => used.has(column.id)),
  );
  const scope = scanScope(table, columns);
  const predicate = node.predicate === null ? null : resolve(scope, node.predicate).expression;
  const { pushed, remaining } = splitPredicate(predicate);
  const scan = addScan(context, node, columns, scope, pushed);
  if (remaining === null) return keepColumns(scan, required);
  const filter = {
    kind: "filter" as const,
    input: scan.node,
    predicate: remaining,
    schema: scan.schema,
    estimate: estimateOf(context.estimator.rows(node), scan.schema, scan.facts),
  };
  return keepColumns(makePlanned(filter, scan.columns, scan.facts, scan.partitioning), required);
}

function addScan(
  context: PlanContext,
  node: ScanNode,
  columns: readonly ScanColumn[],
  scope: Scope,
  pushed: Expression | null,
): Planned {
  const { table } = node;
  const groups = pruneRowGroups(
    table,
    columns.map((column) => column.sourceIndex),
    pushed,
  );
  const units = context.options.partitionCount === null ? groups : cutUnits(groups, context.options.partitionCount);
  const byteSize = workOf(units, scope);
  const taskCount = context.isSmall ? 1 : Math.min(scanTaskCount(byteSize, context.options), Math.max(1, units.length));
  const scanId = context.scans.length;
  context.scans.push({ scanId, table, units, byteSize, oneTask: taskCount === 1 });
  const rows = pushed === null ? table.rowCount : context.estimator.rows(node);
  const scan: PhysicalScan = {
    kind: "scan",
    scanId,
    tableName: table.name,
    columns: columns.map((column) => table.schema[column.sourceIndex]!.name),
    pushed,
    schema: scope.schema,
    estimate: estimateOf(rows, scope.schema, scope.facts),
  };
  return makePlanned(scan, scope.columns, scope.facts, taskCount === 1 ? single : { kind: "scans", taskCount });
}

/** Also what the planner adds up over all scans to tell small queries. */
export function scanWorkOf(node: ScanNode): number {
  const units = pruneRowGroups(
    node.table,
    node.columns.map((column) => column.sourceIndex),
    null,
  );
  return workOf(units, scanScope(node.table, node.columns));
}

function workOf(units: readonly ScanUnit[], scope: Scope): number {
  const stored = units.reduce((sum, unit) => sum + unit.byteSize, 0);
  const rows = units.reduce((sum, unit) => sum + unit.lastRow - unit.firstRow + 1, 0);
  return scanWork(stored, estimateOf(rows, scope.schema, scope.facts).bytes);
}

/** A fixed number of partitions is asked for where data is small: then row groups are cut too, by rows. */
function cutUnits(units: readonly ScanUnit[], pieces: number): readonly ScanUnit[] {
  if (units.length >= pieces) return units;
  return units.flatMap((unit) => {
    const rowCount = unit.lastRow - unit.firstRow + 1;
    const count = Math.min(pieces, rowCount);
    return Array.from({ length: count }, (_, index) => {
      const start = Math.floor((rowCount * index) / count);
      const end = Math.floor((rowCount * (index + 1)) / count);
      const byteSize = Math.ceil((unit.byteSize * (end - start)) / rowCount);
      return { path: unit.path, firstRow: unit.firstRow + start, lastRow: unit.firstRow + end - 1, byteSize };
    });
  });
}

/** count(*) needs rows but no column: the one that takes the fewest bytes stands in. */
function atLeastOne(table: Table, columns: readonly ScanColumn[]): readonly ScanColumn[] {
  if (columns.length > 0 || table.schema.length === 0) return columns;
  const costs = table.schema.map(
    (field, index) => (isStringLike(field.type) ? 1e15 : 0) + (table.statistics[index]?.storedByteSize ?? 1e12),
  );
  const sourceIndex = costs.indexOf(Math.min(...costs));
  const field = table.schema[sourceIndex]!;
  // No statement's column has a negative id.
  return [{ id: -1, sourceIndex, ...field }];
}

function scanScope(table: Table, columns: readonly ScanColumn[]): Scope {
  const facts = columns.map((column) => columnFacts(column, table.statistics[column.sourceIndex] ?? {}));
  const schema: Schema = columns.map(({ name, type, sourceIndex, nullable }) => ({
    name,
    type,
    // A footer that counts no NULL in any file makes NOT IN and outer joins cheaper than the declared type would.
    nullable: nullable && table.statistics[sourceIndex]?.nullCount !== 0,
  }));
  const scopeColumns = columns.map(({ id, name, type, nullable }): Column => ({ id, name, type, nullable }));
  return { columns: scopeColumns, schema, facts };
}

function columnFacts({ type }: Column, statistics: ColumnStatistics): ColumnFacts {
  return {
    range: rangeOfStatistics(statistics.min, statistics.max, type),
    stringBytes: isStringLike(type) ? (statistics.averageByteSize ?? 16) : 0,
  };
}
