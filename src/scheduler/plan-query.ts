import type { Schema } from "../arrow/schema.ts";
import type { Value } from "../arrow/value.ts";
import { bindParameters } from "../bind/bind-parameters.ts";
import type { Estimator } from "../logical/estimator.ts";
import type { BoundStatement, LogicalNode } from "../logical/logical-node.ts";
import { printLogicalPlan } from "../logical/print-plan.ts";
import { distinctCount, estimateRows } from "../optimize/estimate.ts";
import { optimize } from "../optimize/optimizer.ts";
import { isUniqueKey } from "../optimize/unique-keys.ts";
import { defaultPhysicalOptions } from "../physical/physical-options.ts";
import type { PhysicalOptions } from "../physical/physical-options.ts";
import { planPhysical } from "../physical/plan-physical.ts";
import type { PhysicalPlan } from "../physical/plan-physical.ts";
import { formatCount, printPhysicalPlan } from "../physical/print-physical.ts";
import { addRuntimeFilters } from "../stage/add-runtime-filters.ts";
import { cutStages } from "../stage/cut-stages.ts";
import { printStages } from "../stage/print-stages.ts";
import type { StageGraph } from "../stage/stage.ts";

export type PlanQueryOptions = {
  /** Slots of the whole cluster, at least 1. */
  readonly slots: number;
  /** Partitions of every exchange; 0 = chosen from the number of bytes. */
  readonly targetPartitions: number;
  readonly broadcastBytesMax: number;
  /** Queries that read no more than this run as one task. */
  readonly smallQueryBytesMax: number;
  /** Rounds that a recursive query may take. */
  readonly recursionMax?: number;
  readonly runtimeFilters?: boolean;
  readonly disabledRules: ReadonlySet<string> | readonly string[];
};

export type PlanStep = {
  readonly name: "bind parameters" | "optimise" | "physical plan" | "stages";
  readonly elapsedMs: number;
};

/** A query on its way from a bound statement to stages, every step of it kept for EXPLAIN. */
export type PlannedQuery = {
  readonly logical: LogicalNode;
  readonly optimized: LogicalNode;
  readonly physical: PhysicalPlan;
  readonly graph: StageGraph;
  readonly schema: Schema;
  readonly ordered: boolean;
  readonly steps: readonly PlanStep[];
};

/** The optimiser's estimates, for those who may not import it. */
export const statisticsEstimator: Estimator = { rows: estimateRows, distinct: distinctCount, isUnique: isUniqueKey };

/**
 * The whole planning of a bound query: parameters, optimiser, physical plan, stages. Throws EngineError for parameters
 * that do not fit and for what no plan can express.
 */
export function planQuery(
  statement: BoundStatement & { kind: "query" },
  parameters: readonly Value[],
  options: PlanQueryOptions,
): PlannedQuery {
  const steps: PlanStep[] = [];
  const timed = <T>(name: PlanStep["name"], run: () => T): T => {
    const startedMs = performance.now();
    const result = run();
    steps.push({ name, elapsedMs: performance.now() - startedMs });
    return result;
  };
  const physicalOptions = toPhysicalOptions(options);
  const outputs = statement.outputs.map(({ name, column }) => ({ ...column, name }));
  const logical = timed("bind parameters", () => bindParameters(statement.plan, parameters));
  const optimized = timed("optimise", () => optimize(logical, { disabled: new Set(options.disabledRules) }));
  const physical = timed("physical plan", () => planPhysical(optimized, outputs, statisticsEstimator, physicalOptions));
  const graph = timed("stages", () => {
    const cut = cutStages(physical, statement.ordered, physicalOptions);
    return options.runtimeFilters === true ? addRuntimeFilters(cut, physical.scans) : cut;
  });
  return { logical, optimized, physical, graph, schema: graph.schema, ordered: graph.ordered, steps };
}

function toPhysicalOptions(options: PlanQueryOptions): PhysicalOptions {
  const { slots, targetPartitions, broadcastBytesMax, smallQueryBytesMax } = options;
  return {
    ...defaultPhysicalOptions,
    slots: Math.max(1, slots),
    broadcastBytesMax,
    smallInputBytes: smallQueryBytesMax,
    recursionMax: options.recursionMax ?? defaultPhysicalOptions.recursionMax,
    partitionCount: targetPartitions === 0 ? null : targetPartitions,
  };
}

/** The texts of EXPLAIN, each plan with its estimated rows. */
export function planTexts(planned: PlannedQuery): {
  readonly logical: string;
  readonly optimized: string;
  readonly physical: string;
  readonly stages: string;
} {
  return {
    logical: printLogicalPlan(planned.logical),
    optimized: printLogicalPlan(planned.optimized, (node) => `(~${formatCount(estimateRows(node))} rows)`),
    physical: printPhysicalPlan(planned.physical.root),
    stages: printStages(planned.graph),
  };
}
