import type { Value } from "../arrow/value.ts";
import { compareValues } from "../catalog/compare-values.ts";
import type { ColumnStatistics, RowGroup, Table } from "../catalog/table.ts";
import type { Expression } from "../expr/expression.ts";
import { conjuncts } from "../expr/expression-properties.ts";

/** A row group that a scan has to read. */
export type ScanUnit = {
  readonly path: string;
  readonly firstRow: number;
  readonly lastRow: number;
  readonly byteSize: number;
};

/**
 * The row groups of a table that may hold rows for which `pushed` is true, in file order. `sourceIndexes` are the read
 * columns' positions in the table's schema: what `pushed` counts by, and what `byteSize` adds up.
 */
export function pruneRowGroups(table: Table, sourceIndexes: readonly number[], pushed: Expression | null): ScanUnit[] {
  const predicates = pushed === null ? [] : conjuncts(pushed);
  return table.files.flatMap((file) =>
    file.rowGroups
      .filter((group) => group.rowCount > 0 && predicates.every((part) => mayHold(part, group, sourceIndexes)))
      .map((group) => ({
        path: file.path,
        firstRow: group.firstRow,
        lastRow: group.firstRow + group.rowCount - 1,
        byteSize: bytesRead(group, sourceIndexes),
      })),
  );
}

/** Compressed bytes of the columns; of all the row group's where a column's share is unknown. */
function bytesRead(group: RowGroup, sourceIndexes: readonly number[]): number {
  let bytes = 0;
  for (const index of sourceIndexes) {
    const stored = group.columns[index]?.storedByteSize;
    if (stored === undefined) return group.byteSize;
    bytes += stored;
  }
  return bytes;
}

function mayHold(part: Expression, group: RowGroup, sourceIndexes: readonly number[]): boolean {
  if (part.kind === "in_list") {
    const statistics = statisticsOf(part.arg, group, sourceIndexes);
    return (
      statistics === undefined ||
      part.values.some((value) => value !== null && mayCompare("eq", statistics, value, group))
    );
  }
  if (part.kind !== "call" || part.args[0] === undefined) return true;
  const statistics = statisticsOf(part.args[0], group, sourceIndexes);
  if (statistics === undefined) return true;
  if (part.name === "is_null") return statistics.nullCount !== 0;
  if (part.name === "is_not_null") return statistics.nullCount !== group.rowCount;
  const literal = part.args[1];
  return (
    literal?.kind !== "literal" || literal.value === null || mayCompare(part.name, statistics, literal.value, group)
  );
}

function statisticsOf(
  column: Expression,
  group: RowGroup,
  sourceIndexes: readonly number[],
): ColumnStatistics | undefined {
  return column.kind === "input" ? group.columns[sourceIndexes[column.index] ?? -1] : undefined;
}

/** Whether some value between the bounds compares so with the constant. Bounds may be cut short: they never exclude. */
function mayCompare(name: string, statistics: ColumnStatistics, value: Exclude<Value, null>, group: RowGroup): boolean {
  if (statistics.nullCount === group.rowCount) return false;
  const { min, max } = statistics;
  if (min === undefined || min === null || max === undefined || max === null) return true;
  const toMin = compareValues(value, min);
  const toMax = compareValues(value, max);
  switch (name) {
    case "eq":
      return toMin >= 0 && toMax <= 0;
    case "lt":
      return toMin > 0;
    case "le":
      return toMin >= 0;
    case "gt":
      return toMax < 0;
    case "ge":
      return toMax <= 0;
    default:
      return true;
  }
}
