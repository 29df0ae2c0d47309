import type { Expression } from "../expr/expression.ts";
import type { ColumnEstimate, ColumnEstimates } from "./column-estimate.ts";
import { columnOf } from "./column-estimate.ts";
import { selectivity } from "./selectivity.ts";

/** One side of a join as the formulas need it. */
export type JoinSide = { readonly rows: number; readonly columns: ColumnEstimates };

export type KeyPair = { readonly left: Expression; readonly right: Expression };

/**
 * The distinct values that a join key ranges over. A key column of its table settles it: foreign keys point into it,
 * and ranges (minimum to maximum) overstate how many values a foreign key takes.
 */
export function joinDomain(left: ColumnEstimate, right: ColumnEstimate): number {
  if (left.isKey !== right.isKey) return Math.max(1, left.isKey ? left.domain : right.domain);
  // A range as wide as its table makes a foreign key look like a key; the smaller table is then the one pointed into.
  if (left.isKey) return Math.max(1, Math.min(left.domain, right.domain));
  return Math.max(1, left.domain, right.domain);
}

/**
 * The part of all pairs of rows that match in the equated keys. Keys of several columns: their domains multiplied
 * overstate the combinations, which cannot be more than the rows of the smaller table.
 */
export function keySelectivity(pairs: readonly KeyPair[], left: JoinSide, right: JoinSide): number {
  const domains = pairs.map((pair) => {
    const leftColumn = columnOf(pair.left, left.columns);
    const rightColumn = columnOf(pair.right, right.columns);
    if (leftColumn === null && rightColumn === null) return Math.max(1, Math.min(left.rows, right.rows));
    if (leftColumn === null || rightColumn === null) return Math.max(1, (leftColumn ?? rightColumn)?.domain ?? 1);
    return joinDomain(leftColumn, rightColumn);
  });
  if (domains.length === 1) return 1 / (domains[0] as number);
  const product = domains.reduce((result, domain) => result * domain, 1);
  const combinations = Math.min(
    combinationsOf(
      pairs.map((pair) => pair.left),
      left,
    ),
    combinationsOf(
      pairs.map((pair) => pair.right),
      right,
    ),
  );
  return 1 / Math.max(1, Math.min(product, Math.max(...domains, combinations)));
}

/** A table has no more combinations of its columns than rows; of several tables' columns nothing is known. */
function combinationsOf(keys: readonly Expression[], side: JoinSide): number {
  const rows = keys.map((key) => columnOf(key, side.columns)?.tableRows ?? Infinity);
  return rows.every((count) => count === rows[0]) ? (rows[0] as number) : Infinity;
}

/** The part of the pairs that pass conditions other than equated keys. */
export function residualSelectivity(parts: readonly Expression[], left: JoinSide, right: JoinSide): number {
  if (parts.length === 0) return 1;
  const columns = new Map([...left.columns, ...right.columns]);
  return parts.reduce((product, part) => product * selectivity(part, columns), 1);
}

/** The part of the left rows that find a match among the right rows. */
export function matchFraction(
  pairs: readonly KeyPair[],
  residual: readonly Expression[],
  left: JoinSide,
  right: JoinSide,
): number {
  if (right.rows < 1) return right.rows;
  const perRow = residualSelectivity(residual, left, right);
  if (pairs.length === 0) return Math.min(1, right.rows * perRow);
  let fraction = 1;
  for (const pair of pairs) {
    const leftColumn = columnOf(pair.left, left.columns);
    const rightColumn = columnOf(pair.right, right.columns);
    if (leftColumn === null || rightColumn === null) continue;
    fraction = Math.min(fraction, rightColumn.distinct / joinDomain(leftColumn, rightColumn));
  }
  const matches = right.rows * keySelectivity(pairs, left, right);
  // Several candidates per key give a residual several chances.
  const chances = Math.max(1, matches / Math.max(fraction, 1e-9));
  return Math.min(1, fraction * (1 - Math.pow(1 - Math.min(1, perRow), chances)));
}
