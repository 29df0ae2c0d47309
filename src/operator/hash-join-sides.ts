import type { DataType } from "../arrow/data-type.ts";
import type { Schema } from "../arrow/schema.ts";
import { inputIndexes, typeOf } from "../expr/expression-properties.ts";
import type { PhysicalHashJoin } from "../physical/physical-node.ts";
import type { SpilledSides } from "./hash-join-spill.ts";

/** Whether probe rows without a match come out. */
export function putsOutUnmatchedProbe({ joinType }: PhysicalHashJoin): boolean {
  return ["left", "full", "left_single", "left_anti", "left_mark"].includes(joinType);
}

/** Whether the table must know which of its rows had a match. */
export function tracksBuildRows(node: PhysicalHashJoin): boolean {
  return node.joinType === "full" || node.joinType.startsWith("right");
}

/** The build columns that are needed once the table is built: for the output, or for the residual. */
export function storedBuildColumns(node: PhysicalHashJoin, probeCount: number, buildCount: number): number[] {
  const all = Array.from({ length: buildCount }, (_, index) => index);
  if (!["left_semi", "left_anti", "left_mark"].includes(node.joinType)) return all;
  if (node.residual === null) return [];
  const read = inputIndexes(node.residual);
  return all.filter((index) => read.has(probeCount + index));
}

/** `buildKeys`: columns of the table. */
export function spilledSides(
  node: PhysicalHashJoin,
  probe: Schema,
  buildTypes: readonly DataType[],
  buildKeys: readonly number[],
): SpilledSides {
  const { joinType, nullAware, residual, keys } = node;
  const probeTypes = probe.map(({ type }) => type);
  const probeKeys = keys.map(({ probe: key }) => (key.kind === "input" ? key.index : probeTypes.push(typeOf(key)) - 1));
  return {
    buildTypes,
    buildKeys,
    probeTypes,
    probeKeys,
    probeColumnCount: probe.length,
    // Rows with NULL keys concern all others, as far as the residual allows.
    canPartition: !(nullAware && residual !== null),
    putsOutUnmatchedProbe: putsOutUnmatchedProbe(node),
    putsOutUnmatchedBuild: joinType === "right" || joinType === "full" || joinType === "right_anti",
    needsProbeFlags: putsOutUnmatchedProbe(node) || joinType === "left_semi",
  };
}
