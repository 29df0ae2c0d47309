import type { ScanUnit } from "../physical/prune-row-groups.ts";

export type SplitUnit = ScanUnit & { readonly scanId: number };

/**
 * Shares units out over at most `taskCount` tasks, by bytes and in file order, so that a task reads neighbours.
 * Neighbouring units of a task become one split. At least one task, though there be no unit; no task is empty else.
 */
export function shareOut(units: readonly SplitUnit[], taskCount: number): SplitUnit[][] {
  const shares: SplitUnit[][] = Array.from({ length: Math.max(1, Math.min(taskCount, units.length)) }, () => []);
  const total = units.reduce((sum, unit) => sum + weight(unit), 0);
  let before = 0;
  let current = 0;
  units.forEach((unit, index) => {
    // A unit belongs where its middle lies; yet no task may be left out, nor may those to come lack a unit.
    const byBytes = Math.floor(((before + weight(unit) / 2) / total) * shares.length);
    const least = shares.length - (units.length - index);
    const most = shares[current]!.length === 0 ? current : current + 1;
    current = Math.min(shares.length - 1, Math.max(current, least, Math.min(byBytes, most)));
    shares[current]!.push(unit);
    before += weight(unit);
  });
  return shares.map(mergeNeighbours);
}

/** Every unit counts, even one whose size is not known. */
function weight(unit: SplitUnit): number {
  return unit.byteSize + 1;
}

function mergeNeighbours(units: readonly SplitUnit[]): SplitUnit[] {
  const merged: SplitUnit[] = [];
  for (const unit of units) {
    const last = merged.at(-1);
    if (
      last !== undefined &&
      last.scanId === unit.scanId &&
      last.path === unit.path &&
      last.lastRow + 1 === unit.firstRow
    ) {
      merged[merged.length - 1] = { ...last, lastRow: unit.lastRow, byteSize: last.byteSize + unit.byteSize };
    } else {
      merged.push(unit);
    }
  }
  return merged;
}
