import type { DataType } from "../arrow/data-type.ts";
import type { Schema } from "../arrow/schema.ts";
import type { Value } from "../arrow/value.ts";
import { compareValues } from "./compare-values.ts";
import type { DistinctSample } from "./parquet-footer.ts";
import type { ColumnStatistics, DataFile } from "./table.ts";

/**
 * Statistics of each column over all row groups. A bound or a null count is stated only if every row group with rows
 * states its own. `samples` are by file, then column.
 */
export function tableStatistics(
  schema: Schema,
  files: readonly DataFile[],
  samples: readonly (readonly (DistinctSample | undefined)[])[],
): ColumnStatistics[] {
  return schema.map((field, position) => {
    const groups = files.flatMap((file) => file.rowGroups.filter((group) => group.rowCount > 0));
    const parts = groups.map((group) => ({ rowCount: group.rowCount, statistics: group.columns[position] ?? {} }));
    const rowCount = parts.reduce((sum, part) => sum + part.rowCount, 0);
    const nullCount = sumOf(parts.map((part) => part.statistics.nullCount));
    const bounds = mergeBounds(parts);
    const valueCount = rowCount - (nullCount ?? 0);
    const distinctCount = estimateDistinct(
      field.type,
      valueCount,
      bounds,
      samples.map((file) => file[position]),
    );
    const averageByteSize = weightedAverage(
      parts.map((part) => ({ value: part.statistics.averageByteSize, weight: part.rowCount })),
    );
    const storedByteSize = sumOf(parts.map((part) => part.statistics.storedByteSize));
    return {
      ...bounds,
      distinctCount,
      ...(nullCount === undefined ? {} : { nullCount }),
      ...(averageByteSize === undefined ? {} : { averageByteSize }),
      ...(storedByteSize === undefined ? {} : { storedByteSize }),
    };
  });
}

type Part = { readonly rowCount: number; readonly statistics: ColumnStatistics };
type Bounds = { readonly min?: Exclude<Value, null>; readonly max?: Exclude<Value, null> };

function mergeBounds(parts: readonly Part[]): Bounds {
  let merged: { min: Exclude<Value, null>; max: Exclude<Value, null> } | undefined;
  for (const { rowCount, statistics } of parts) {
    if (statistics.nullCount === rowCount) continue;
    const { min, max } = statistics;
    if (min === undefined || min === null || max === undefined || max === null) return {};
    if (merged === undefined) merged = { min, max };
    else {
      merged = {
        min: compareValues(min, merged.min) < 0 ? min : merged.min,
        max: compareValues(max, merged.max) > 0 ? max : merged.max,
      };
    }
  }
  return merged ?? {};
}

function sumOf(values: readonly (number | undefined)[]): number | undefined {
  let sum = 0;
  for (const value of values) {
    if (value === undefined) return undefined;
    sum += value;
  }
  return sum;
}

function weightedAverage(
  parts: readonly { readonly value: number | undefined; readonly weight: number }[],
): number | undefined {
  let sum = 0;
  let weight = 0;
  for (const part of parts) {
    if (part.value === undefined) continue;
    sum += part.value * part.weight;
    weight += part.weight;
  }
  return weight === 0 ? undefined : sum / weight;
}

/**
 * Distinct values. Integers, dates and decimals have at most as many as their range; strings are judged by the
 * dictionaries of sampled row groups; otherwise a tenth of the rows, which is off either way by less than a join order
 * can stand.
 */
function estimateDistinct(
  type: DataType,
  valueCount: number,
  { min, max }: Bounds,
  samples: readonly (DistinctSample | undefined)[],
): number {
  if (valueCount <= 0) return 0;
  if (type.kind === "bool") return Math.min(2, valueCount);
  const known = samples.filter((sample) => sample !== undefined && sample.valueCount > 0) as DistinctSample[];
  const range = type.kind === "float32" || type.kind === "float64" ? undefined : valueRange(min, max);
  if (range !== undefined) return Math.max(1, Math.round(Math.min(range * densityOf(known), valueCount)));
  if (min !== undefined && max !== undefined && typeof min !== "number" && compareValues(min, max) === 0) return 1;
  if (known.length > 0) return Math.max(...known.map((sample) => scaleDistinct(sample, valueCount)));
  return Math.max(1, valueCount / 10);
}

/** The share of the numbers between a row group's bounds that occur: keys may leave gaps. 1 where unknown. */
function densityOf(samples: readonly DistinctSample[]): number {
  const densities = samples.flatMap((sample) => {
    const range = valueRange(sample.min, sample.max);
    return range === undefined || sample.distinctCount >= sample.valueCount * 0.99
      ? []
      : [scaleDistinct(sample, range) / range];
  });
  return densities.length === 0 ? 1 : Math.max(...densities);
}

function valueRange(min: Value | undefined, max: Value | undefined): number | undefined {
  if (typeof min === "bigint" && typeof max === "bigint") return Number(max - min) + 1;
  if (typeof min === "number" && typeof max === "number") return Math.floor(max - min) + 1;
  return undefined;
}

/**
 * n draws from D equally likely values show d = D(1 - e^(-n/D)) of them: solved for D by bisection, so that a row group
 * that repeats its values says that the table does too, and one without repeats that the column is nearly unique.
 */
export function scaleDistinct({ valueCount: drawn, distinctCount: seen }: DistinctSample, total: number): number {
  if (seen >= drawn * 0.99) return total;
  let low = Math.max(1, seen);
  let high = Math.max(low, total);
  for (let step = 0; step < 50 && high - low > 0.5; step++) {
    const middle = (low + high) / 2;
    if (middle * (1 - Math.exp(-drawn / middle)) < seen) low = middle;
    else high = middle;
  }
  return Math.min(total, Math.round(low));
}
