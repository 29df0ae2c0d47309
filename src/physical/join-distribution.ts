import type { ColumnId, Expression } from "../expr/expression.ts";
import type { PhysicalJoinType } from "./physical-node.ts";
import type { PhysicalOptions } from "./physical-options.ts";
import { exchangePartitionCount } from "./physical-options.ts";
import { toEveryTask, toPartitions, toSingle } from "./plan-exchange.ts";
import { isSingle, taskCountOf } from "./planned.ts";
import type { Planned } from "./planned.ts";

/** One way to bring the rows of a join together, with what it costs; `place` makes the inputs with their exchanges. */
export type JoinPlacement = {
  readonly cost: number;
  readonly place: () => { readonly probe: Planned; readonly build: Planned };
};

export type JoinInputs = {
  readonly probe: Planned;
  readonly build: Planned;
  /** Pairs of key expressions over positions; empty for a join without equalities. */
  readonly keys: readonly { readonly probe: Expression; readonly build: Expression }[];
  readonly joinType: PhysicalJoinType;
  /** A NULL in the build side concerns every probe row. */
  readonly nullAware: boolean;
};

/** Forms that put out build rows would do so once in each task of a broadcast. */
const broadcastable: ReadonlySet<PhysicalJoinType> = new Set([
  "inner",
  "left",
  "left_semi",
  "left_anti",
  "left_mark",
  "left_single",
]);

/** Encoding, moving and decoding a byte. */
const exchangeCost = 2;
/** Putting a byte of a row into a hash table, and hashing and linking the row, in bytes moved. */
const buildCost = 1;
const buildRowCost = 48;

function buildWork({ node: { estimate } }: Planned): number {
  return estimate.bytes * buildCost + estimate.rows * buildRowCost;
}

/**
 * The ways open to a join. All in one task where both inputs are in one already; else the build side to the probe's
 * tasks (its one task, or each of them), or both sides by hash of the keys, where a side that is partitioned so already
 * stays where it is; without keys the last resort is one task.
 */
export function joinPlacements(inputs: JoinInputs, options: PhysicalOptions): JoinPlacement[] {
  const { probe, build } = inputs;
  const buildBytes = build.node.estimate.bytes;
  if (isSingle(probe) && isSingle(build)) return [{ cost: buildWork(build), place: () => ({ probe, build }) }];
  const placements: JoinPlacement[] = [];
  if (isSingle(probe)) {
    placements.push({
      cost: buildBytes * exchangeCost + buildWork(build) * options.slots,
      place: () => ({ probe, build: toSingle(build) }),
    });
  } else if (broadcastable.has(inputs.joinType)) {
    const isForced = inputs.nullAware || inputs.keys.length === 0;
    const cost = buildBytes + taskCountOf(probe) * ((buildBytes * exchangeCost) / 2 + buildWork(build));
    if (isForced || buildBytes <= options.broadcastBytesMax) {
      placements.push({ cost, place: () => ({ probe, build: toEveryTask(build, probe.partitioning) }) });
    }
  }
  if (!inputs.nullAware && inputs.keys.length > 0) placements.push(byHash(inputs, options));
  if (placements.length === 0) placements.push(inOneTask(inputs));
  return placements;
}

function inOneTask({ probe, build }: JoinInputs): JoinPlacement {
  const bytes = probe.node.estimate.bytes + build.node.estimate.bytes;
  return { cost: bytes * exchangeCost * 4, place: () => ({ probe: toSingle(probe), build: toSingle(build) }) };
}

function byHash(inputs: JoinInputs, options: PhysicalOptions): JoinPlacement {
  const { probe, build, keys } = inputs;
  const probeBytes = probe.node.estimate.bytes;
  const buildBytes = build.node.estimate.bytes;
  const forProbe = existingKeys(
    probe,
    keys.map((key) => key.probe),
  );
  const forBuild = existingKeys(
    build,
    keys.map((key) => key.build),
  );
  const building = buildWork(build);
  if (
    forProbe !== null &&
    forBuild !== null &&
    taskCountOf(probe) === taskCountOf(build) &&
    sameNumbers(forProbe, forBuild)
  ) {
    return { cost: building, place: () => ({ probe, build }) };
  }
  if (forProbe !== null && (forBuild === null || probeBytes >= buildBytes)) {
    const place = (): { probe: Planned; build: Planned } => ({
      probe,
      build: toPartitions(
        build,
        forProbe.map((index) => keys[index]!.build),
        taskCountOf(probe),
      ),
    });
    return { cost: building + buildBytes * exchangeCost, place };
  }
  if (forBuild !== null) {
    const place = (): { probe: Planned; build: Planned } => ({
      probe: toPartitions(
        probe,
        forBuild.map((index) => keys[index]!.probe),
        taskCountOf(build),
      ),
      build,
    });
    return { cost: building + probeBytes * exchangeCost, place };
  }
  const count = exchangePartitionCount(probeBytes + buildBytes, options);
  return {
    cost: building + (probeBytes + buildBytes) * exchangeCost,
    place: () => ({
      probe: toPartitions(
        probe,
        keys.map((key) => key.probe),
        count,
      ),
      build: toPartitions(
        build,
        keys.map((key) => key.build),
        count,
      ),
    }),
  };
}

/**
 * The join keys, by position, that the input is partitioned by: rows with equal values of all join keys are then in
 * one task already. Only bare columns count, since a computed key may hash differently. null: it is not.
 */
export function existingKeys(planned: Planned, keys: readonly Expression[]): number[] | null {
  const { partitioning } = planned;
  if (partitioning.kind !== "partitions" || partitioning.keys === null) return null;
  const ids = keys.map((key): ColumnId | null => (key.kind === "input" ? planned.columns[key.index]!.id : null));
  const found = partitioning.keys.map((key) => ids.findIndex((id) => id !== null && key.has(id)));
  return found.includes(-1) ? null : found;
}

function sameNumbers(left: readonly number[], right: readonly number[]): boolean {
  return left.length === right.length && left.every((value, index) => value === right[index]);
}
