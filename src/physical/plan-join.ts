import type { Field, Schema } from "../arrow/schema.ts";
import { simpleType } from "../arrow/data-type.ts";
import { must } from "../common/assert.ts";
import type { ColumnId, Expression } from "../expr/expression.ts";
import { columnIds, isNullable } from "../expr/expression-properties.ts";
import type { Column, JoinNode, JoinType, LogicalNode } from "../logical/logical-node.ts";
import { outputColumns } from "../logical/output-columns.ts";
import { joinPlacements } from "./join-distribution.ts";
import type { JoinPlacement } from "./join-distribution.ts";
import { alignKeys, certainKeys, keyExpression, splitJoinCondition } from "./join-keys.ts";
import type { JoinCondition, JoinKey } from "./join-keys.ts";
import type { PhysicalJoinType, PhysicalNode } from "./physical-node.ts";
import type { PlanContext } from "./plan-context.ts";
import { keepColumns } from "./plan-exchange.ts";
import { concatScopes, estimateOf, makePlanned, noFacts, resolve } from "./planned.ts";
import type { ColumnFacts, Partitioning, Planned } from "./planned.ts";

/** A join by which side probes: the physical form when the left side does, and when the right side does. */
const forms: Readonly<Record<JoinType, { readonly left: PhysicalJoinType; readonly right: PhysicalJoinType | null }>> =
  {
    inner: { left: "inner", right: "inner" },
    left: { left: "left", right: "right" },
    right: { left: "right", right: "left" },
    full: { left: "full", right: "full" },
    semi: { left: "left_semi", right: "right_semi" },
    anti: { left: "left_anti", right: "right_anti" },
    mark: { left: "left_mark", right: null },
    single: { left: "left_single", right: null },
  };

type KeyPair = { readonly probe: Expression; readonly build: Expression; readonly nullEqual: boolean };

/** A choice of sides, ready to be costed. */
type Candidate = {
  readonly joinType: PhysicalJoinType;
  readonly probe: Planned;
  readonly build: Planned;
  readonly buildNode: LogicalNode;
  readonly keys: readonly KeyPair[];
  readonly buildColumns: readonly (ColumnId | null)[];
};

/** The cheapest of both sides' roles and all placements, by estimated bytes. */
export function planJoin(context: PlanContext, node: JoinNode, required: ReadonlySet<ColumnId>): Planned {
  const wanted = new Set([...required, ...(node.condition === null ? [] : columnIds(node.condition))]);
  const left = planSide(context, node.left, wanted);
  const right = firstRows(node, planSide(context, node.right, wanted));
  const split = splitJoinCondition(node.condition, idsOf(node.left), idsOf(node.right));
  const nullAware = node.nullAware && mayBeUnknown(split, left, right);
  const condition = nullAware ? certainKeys(split) : split;
  const form = forms[node.joinType];
  const candidates = [makeCandidate(form.left, left, right, node.right, condition.keys)];
  if (form.right !== null && !nullAware)
    candidates.push(makeCandidate(form.right, right, left, node.left, condition.keys.map(swapKey)));
  let best: { readonly candidate: Candidate; readonly placement: JoinPlacement } | null = null;
  for (const candidate of candidates) {
    for (const placement of joinPlacements({ ...candidate, nullAware }, context.options)) {
      if (best === null || placement.cost < best.placement.cost) best = { candidate, placement };
    }
  }
  const { candidate, placement } = must(best, "a join can always be placed");
  return buildJoin(context, node, { ...candidate, ...placement.place() }, condition.residual, nullAware);
}

function planSide(context: PlanContext, side: LogicalNode, wanted: ReadonlySet<ColumnId>): Planned {
  const required = new Set(outputColumns(side).flatMap(({ id }) => (wanted.has(id) ? [id] : [])));
  return keepColumns(context.plan(side, required), required);
}

/** Without a condition it only matters whether there is a right row (for a scalar subquery: a second one). */
function firstRows({ joinType, condition }: JoinNode, right: Planned): Planned {
  const isExistence = joinType === "semi" || joinType === "anti" || joinType === "mark";
  if (condition !== null || (!isExistence && joinType !== "single")) return right;
  const limit = isExistence ? 1 : 2;
  const { node, columns, facts, partitioning, schema } = right;
  if (node.estimate.rows <= limit) return right;
  return makePlanned(
    { kind: "limit", input: node, limit, offset: 0, schema, estimate: estimateOf(limit, schema, facts) },
    columns,
    facts,
    partitioning,
  );
}

function idsOf(node: LogicalNode): Set<ColumnId> {
  return new Set(outputColumns(node).map((column) => column.id));
}

function swapKey({ left, right, nullEqual }: JoinKey): JoinKey {
  return { left: right, right: left, nullEqual };
}

/** Whether the condition can be NULL for some pair of rows; if not, a null-aware join is an ordinary one. */
function mayBeUnknown({ keys, residual }: JoinCondition, left: Planned, right: Planned): boolean {
  const scope = concatScopes(left, right);
  const parts = [...keys.map(keyExpression), ...(residual === null ? [] : [residual])];
  return parts.some((part) => isNullable(resolve(scope, part).expression));
}

/** `keys` have their probe side on the left. */
function makeCandidate(
  joinType: PhysicalJoinType,
  probe: Planned,
  build: Planned,
  buildNode: LogicalNode,
  keys: readonly JoinKey[],
): Candidate {
  const pairs = keys.map((key): KeyPair => {
    const [probeKey, buildKey] = alignKeys(resolve(probe, key.left), resolve(build, key.right));
    return { probe: probeKey, build: buildKey, nullEqual: key.nullEqual };
  });
  const buildColumns = keys.map((key) => (key.right.kind === "column" ? key.right.id : null));
  return { joinType, probe, build, buildNode, keys: pairs, buildColumns };
}

function buildJoin(
  context: PlanContext,
  node: JoinNode,
  candidate: Candidate,
  residual: Expression | null,
  nullAware: boolean,
): Planned {
  const { joinType, probe, build, keys } = candidate;
  const { columns, schema, facts } = joinOutput(candidate, node.markColumn, nullAware);
  const estimate = estimateOf(context.estimator.rows(node), schema, facts);
  const condition = residual === null ? null : resolve(concatScopes(probe, build), residual).expression;
  const shared = { joinType, probe: probe.node, build: build.node, nullAware, schema, estimate };
  const join: PhysicalNode =
    keys.length === 0
      ? { kind: "nested_loop_join", ...shared, condition }
      : { kind: "hash_join", ...shared, keys, residual: condition, buildUnique: isBuildUnique(context, candidate) };
  return makePlanned(join, columns, facts, joinPartitioning(candidate));
}

function isBuildUnique(context: PlanContext, { buildNode, buildColumns }: Candidate): boolean {
  const columns = buildColumns.filter((id) => id !== null);
  return columns.length > 0 && context.estimator.isUnique(buildNode, columns);
}

const probeIsExtended = new Set<PhysicalJoinType>(["right", "full"]);
const buildIsExtended = new Set<PhysicalJoinType>(["left", "full", "left_single"]);

type JoinOutput = {
  readonly columns: readonly Column[];
  readonly schema: Schema;
  readonly facts: readonly ColumnFacts[];
};

function joinOutput({ joinType, probe, build }: Candidate, markColumn: Column | null, nullAware: boolean): JoinOutput {
  if (joinType === "left_semi" || joinType === "left_anti") return probe;
  if (joinType === "right_semi" || joinType === "right_anti") return build;
  if (joinType === "left_mark") {
    const column = must(markColumn, "a mark join has a mark column");
    const field: Field = { name: column.name, type: simpleType("bool"), nullable: nullAware };
    return { columns: [...probe.columns, column], schema: [...probe.schema, field], facts: [...probe.facts, noFacts] };
  }
  return {
    columns: [...probe.columns, ...build.columns],
    schema: [
      ...extend(probe.schema, probeIsExtended.has(joinType)),
      ...extend(build.schema, buildIsExtended.has(joinType)),
    ],
    facts: [...probe.facts, ...build.facts],
  };
}

function extend(schema: Schema, isExtended: boolean): Schema {
  return isExtended ? schema.map((field) => ({ ...field, nullable: true })) : schema;
}

/**
 * The join runs where its probe side is. Keys of a side stay keys unless that side is extended with NULLs, which may be
 * in any partition; an inner join's keys are equal on both sides, so either name will do.
 */
function joinPartitioning({ joinType, probe, build, keys }: Candidate): Partitioning {
  if (probe.partitioning.kind !== "partitions") return probe.partitioning;
  const { partitionCount } = probe.partitioning;
  if (joinType === "full") return { kind: "partitions", partitionCount, keys: null };
  const keepsBuild = joinType === "right" || joinType === "right_semi" || joinType === "right_anti";
  const owner = keepsBuild ? build.partitioning : probe.partitioning;
  const existing = owner.kind === "partitions" ? owner.keys : null;
  if (existing === null || joinType !== "inner") return { kind: "partitions", partitionCount, keys: existing };
  const equalIds = keys.flatMap((key): [ColumnId, ColumnId][] =>
    key.probe.kind === "input" && key.build.kind === "input"
      ? [[probe.columns[key.probe.index]!.id, build.columns[key.build.index]!.id]]
      : [],
  );
  const widened = existing.map(
    (ids) => new Set([...ids, ...equalIds.flatMap(([probeId, buildId]) => (ids.has(probeId) ? [buildId] : []))]),
  );
  return { kind: "partitions", partitionCount, keys: widened };
}
