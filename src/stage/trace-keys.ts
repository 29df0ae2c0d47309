import type { PhysicalHashJoin, PhysicalJoinType, PhysicalNode, PhysicalScan } from "../physical/physical-node.ts";
import type { Stage } from "./stage.ts";

/** Which side's rows vanish when no row of the other side has their key. */
export const dropsProbe: ReadonlySet<PhysicalJoinType> = new Set([
  "inner",
  "right",
  "left_semi",
  "right_semi",
  "right_anti",
]);
export const dropsBuild: ReadonlySet<PhysicalJoinType> = new Set(["inner", "left", "left_semi", "right_semi"]);

/** Joins that put out the build side's rows only. */
export const putsOutBuild: ReadonlySet<PhysicalJoinType> = new Set(["right_semi", "right_anti"]);
const putsOutProbe: ReadonlySet<PhysicalJoinType> = new Set(["left_semi", "left_anti", "left_mark"]);

type JoinNode = PhysicalNode & { readonly kind: "hash_join" | "nested_loop_join" };
type Side = { readonly side: "probe" | "build"; readonly index: number };

/** Where an output column of a join comes from; null for the mark. */
function sideOf({ joinType, probe }: JoinNode, index: number): Side | null {
  if (putsOutBuild.has(joinType)) return { side: "build", index };
  if (index < probe.schema.length) return { side: "probe", index };
  return putsOutProbe.has(joinType) ? null : { side: "build", index: index - probe.schema.length };
}

/** A column of an inner join that is a key has the values of its counterpart too. */
function equalSide(join: PhysicalHashJoin, { side, index }: Side): Side | null {
  if (join.joinType !== "inner") return null;
  for (const { probe, build, nullEqual } of join.keys) {
    if (nullEqual || probe.kind !== "input" || build.kind !== "input") continue;
    if (side === "probe" && probe.index === index) return { side: "build", index: build.index };
    if (side === "build" && build.index === index) return { side: "probe", index: probe.index };
  }
  return null;
}

/** The input column that an output column of a node with one input is, unchanged; null where it is computed. */
function inputColumn(
  node: PhysicalNode,
  index: number,
): { readonly input: PhysicalNode; readonly index: number } | null {
  switch (node.kind) {
    case "project": {
      const expression = node.expressions[index]!;
      return expression.kind === "input" ? { input: node.input, index: expression.index } : null;
    }
    case "filter":
    case "sort":
      return { input: node.input, index };
    case "hash_aggregate": {
      const group = node.groups[index];
      return group?.kind === "input" ? { input: node.input, index: group.index } : null;
    }
    default:
      return null;
  }
}

export type KeySource = { readonly stageId: number; readonly column: number };

/** Columns of stages whose keys include all values (but NULL) that column `index` of `node` can have. */
export function keySources(node: PhysicalNode, index: number): KeySource[] {
  if (node.kind === "shuffle_read") return [{ stageId: node.stageId, column: index }];
  if (node.kind === "limit" || node.kind === "top_n") return keySources(node.input, index);
  if (node.kind === "hash_join" || node.kind === "nested_loop_join") {
    const own = sideOf(node, index);
    const equal = own === null || node.kind !== "hash_join" ? null : equalSide(node, own);
    return [own, equal].flatMap((part) => (part === null ? [] : keySources(node[part.side], part.index)));
  }
  const below = inputColumn(node, index);
  return below === null ? [] : keySources(below.input, below.index);
}

export type KeyTarget = {
  readonly stageId: number;
  readonly scan: PhysicalScan;
  readonly column: number;
  /** Other work lies between the scan and the join that drops the rows: the sooner they go the better. */
  readonly isFar: boolean;
};

/**
 * Scans whose rows can be dropped by the value of a column, when the rows of `node` with such a value in column `index`
 * do not matter. Not below a limit, nor in a stage that others read too, nor on the inner side of an outer join.
 */
export function keyTargets(
  stages: readonly Stage[],
  readerCounts: ReadonlyMap<number, number>,
  stageId: number,
  node: PhysicalNode,
  index: number,
  isFar = false,
): KeyTarget[] {
  const follow = (next: PhysicalNode, column: number, far: boolean, at = stageId): KeyTarget[] =>
    keyTargets(stages, readerCounts, at, next, column, far);
  switch (node.kind) {
    case "scan":
      return [{ stageId, scan: node, column: index, isFar }];
    case "shuffle_read":
      return readerCounts.get(node.stageId) === 1 ? follow(stages[node.stageId]!.plan, index, true, node.stageId) : [];
    case "union":
      return node.inputs.flatMap((input) => follow(input, index, isFar));
    case "hash_join": {
      const own = sideOf(node, index);
      if (own === null) return [];
      const isInner = node.joinType === "inner";
      const isKept = own.side === "probe" ? node.joinType.startsWith("left") : node.joinType.startsWith("right");
      const equal = equalSide(node, own);
      return [isInner || isKept ? own : null, equal].flatMap((part) =>
        part === null ? [] : follow(node[part.side], part.index, true),
      );
    }
    default: {
      const below = inputColumn(node, index);
      return below === null ? [] : follow(below.input, below.index, isFar || node.kind === "hash_aggregate");
    }
  }
}
