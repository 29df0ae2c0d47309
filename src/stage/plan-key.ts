import { must } from "../common/assert.ts";
import type { PhysicalNode } from "../physical/physical-node.ts";
import type { ScanSource } from "../physical/plan-context.ts";
import type { StageSink } from "./stage.ts";

/**
 * A text that two stages share only if they put out the same rows to the same partitions: the plan and the sink
 * without what does not count, which is estimates, names of columns, positions in the statement and numbers of scans.
 */
export function planKey(plan: PhysicalNode, sink: StageSink, scans: readonly ScanSource[]): string {
  return JSON.stringify([plan, sink], (key, value: unknown) => {
    switch (key) {
      case "estimate":
      case "span":
        return undefined;
      case "scanId":
        return scanKey(must(scans[value as number], "a scan has a source"));
      case "schema":
        return (value as PhysicalNode["schema"]).map(({ type, nullable }) => ({ type, nullable }));
      default:
        return plainValue(value);
    }
  });
}

/** The same files and row groups: tables are compared by what is read, not by name. */
function scanKey({ units }: ScanSource): string {
  return JSON.stringify(units.map(({ path, firstRow, lastRow }) => [path, firstRow, lastRow]));
}

function plainValue(value: unknown): unknown {
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString("hex")}`;
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0)))
    return `number ${Object.is(value, -0) ? "-0" : value}`;
  return value;
}
