import assert from "node:assert/strict";
import { bindStatement } from "../../src/bind/bind-statement.ts";
import type { Catalog, RowGroup, Table } from "../../src/catalog/table.ts";
import { byteWidthOf } from "../../src/arrow/data-type.ts";
import type { Value } from "../../src/arrow/value.ts";
import { planQuery } from "../../src/scheduler/plan-query.ts";
import type { PlannedQuery, PlanQueryOptions } from "../../src/scheduler/plan-query.ts";
import { loadParser, parse } from "../../src/sql/parse.ts";

export const defaultPlanOptions: PlanQueryOptions = {
  slots: 4,
  targetPartitions: 0,
  broadcastBytesMax: 16 * 1024 * 1024,
  smallQueryBytesMax: 4 * 1024 * 1024,
  disabledRules: [],
};

/** A query planned from its text. */
export async function planSql(
  sql: string,
  catalog: Catalog,
  options: Partial<PlanQueryOptions> = {},
): Promise<PlannedQuery> {
  await loadParser();
  const [statement] = parse(sql);
  assert(statement !== undefined);
  const bound = bindStatement(statement, { catalog, sql });
  assert(bound.kind === "query");
  return planQuery(bound, [], { ...defaultPlanOptions, ...options });
}

const rowGroupRows = 122_880;

/**
 * The catalog with `scale` times the rows of each table but the fixed-size ones, in row groups as a writer would make
 * them: stored at half their width, and with each table's first column clustered by its range.
 */
export function atScale(catalog: Catalog, scale: number, fixed: readonly string[] = []): Catalog {
  return {
    names: () => catalog.names(),
    find(name) {
      const relation = catalog.find(name);
      if (relation?.kind !== "table") return relation;
      return { kind: "table", table: withRowGroups(relation.table, fixed.includes(name) ? 1 : scale) };
    },
  };
}

function withRowGroups(table: Table, scale: number): Table {
  const rowCount = Math.round(table.rowCount * scale);
  const groupCount = Math.ceil(rowCount / rowGroupRows);
  const rowGroups = Array.from({ length: groupCount }, (_, group): RowGroup => {
    const firstRow = group * rowGroupRows;
    const rows = Math.min(rowGroupRows, rowCount - firstRow);
    const columns = table.schema.map(({ type }, index) => {
      const { min, max, averageByteSize } = table.statistics[index] ?? {};
      const bounds =
        index === 0
          ? slice(min, max, group, groupCount)
          : { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
      return {
        ...bounds,
        nullCount: 0,
        storedByteSize: Math.round((rows * (averageByteSize ?? byteWidthOf(type))) / 2),
      };
    });
    return {
      firstRow,
      rowCount: rows,
      byteSize: columns.reduce((sum, column) => sum + column.storedByteSize, 0),
      columns,
    };
  });
  const path = `/data/${table.name}/0.parquet`;
  const file = {
    path,
    byteSize: rowGroups.reduce((sum, group) => sum + group.byteSize, 0),
    modifiedMs: 0,
    rowCount,
    rowGroups,
  };
  const statistics = table.statistics.map((column) => ({
    ...column,
    ...(column.distinctCount === undefined || column.distinctCount < table.rowCount / 20
      ? {}
      : { distinctCount: column.distinctCount * scale }),
    ...(typeof column.max === "bigint" && table.rowCount > 1000 && column.distinctCount! >= table.rowCount / 20
      ? { max: column.max * BigInt(scale) }
      : {}),
  }));
  return { ...table, rowCount, files: [file], statistics };
}

function slice(
  min: Value | undefined,
  max: Value | undefined,
  part: number,
  parts: number,
): { readonly min?: Value; readonly max?: Value } {
  if (typeof min !== "bigint" || typeof max !== "bigint") return {};
  const width = max - min;
  return { min: min + (width * BigInt(part)) / BigInt(parts), max: min + (width * BigInt(part + 1)) / BigInt(parts) };
}
