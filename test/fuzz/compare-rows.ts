import type { Cell } from "./canonical-value.ts";
import type { Rows } from "./engines.ts";

/** What differs, or null. `ordered` compares row by row, else as multisets. Numbers may differ in their last digits. */
export function differenceOf(actual: Rows, expected: Rows, ordered: boolean): string | null {
  if (actual.length !== expected.length)
    return `${actual.length} rows instead of ${expected.length}${firstExtra(actual, expected)}`;
  const [left, right] = ordered ? [actual, expected] : [actual.toSorted(byKey), expected.toSorted(byKey)];
  const unequal = left
    .keys()
    .filter((index) => !sameRow(left[index]!, right[index]!))
    .toArray();
  if (unequal.length === 0) return null;
  if (ordered) return `row ${unequal[0]}: ${show(left[unequal[0]!]!)} instead of ${show(right[unequal[0]!]!)}`;
  // Rows whose numbers differ a little may be sorted apart: what is left is matched one by one.
  const open = unequal.map((index) => right[index]!);
  for (const index of unequal) {
    const found = open.findIndex((row) => sameRow(left[index]!, row));
    if (found < 0) return `row ${show(left[index]!)} is not expected; missing: ${show(open[0]!)}`;
    open.splice(found, 1);
  }
  return null;
}

function firstExtra(actual: Rows, expected: Rows): string {
  const counts = new Map<string, number>();
  for (const row of expected) counts.set(show(row), (counts.get(show(row)) ?? 0) + 1);
  for (const row of actual) counts.set(show(row), (counts.get(show(row)) ?? 0) - 1);
  const texts = [...counts].filter(([, count]) => count !== 0).slice(0, 3);
  return texts.map(([row, count]) => `; ${count > 0 ? "missing" : "extra"} ${Math.abs(count)} × ${row}`).join("");
}

function sameRow(left: readonly Cell[], right: readonly Cell[]): boolean {
  return left.length === right.length && left.every((cell, index) => sameCell(cell, right[index]!));
}

/** Where one side has a float, and the other perhaps a decimal, both are compared as floats. */
function sameCell(left: Cell, right: Cell): boolean {
  if (left === right) return true;
  if (left === null || right === null || (typeof left === "string" && typeof right === "string")) return false;
  const [first, second] = [Number(left), Number(right)];
  if (Number.isNaN(first) || Number.isNaN(second)) return Number.isNaN(first) && Number.isNaN(second);
  return first === second || Math.abs(first - second) <= 1e-9 * Math.max(Math.abs(first), Math.abs(second)) + 1e-12;
}

const keys = new WeakMap<readonly Cell[], string>();

function byKey(left: readonly Cell[], right: readonly Cell[]): number {
  const [first, second] = [keyOf(left), keyOf(right)];
  return first < second ? -1 : first > second ? 1 : 0;
}

function keyOf(row: readonly Cell[]): string {
  let key = keys.get(row);
  if (key === undefined) {
    key = row.map((cell) => (cell === null ? "∅" : keyCell(cell))).join("\u0001");
    keys.set(row, key);
  }
  return key;
}

function keyCell(cell: string | number): string {
  const number = Number(cell);
  return typeof cell === "number" || (cell.length > 0 && cell.length < 40 && !Number.isNaN(number))
    ? (number + 0).toPrecision(6)
    : cell;
}

function show(row: readonly Cell[]): string {
  return `(${row.map((cell) => (cell === null ? "NULL" : typeof cell === "string" ? `'${cell}'` : String(cell))).join(", ")})`;
}
