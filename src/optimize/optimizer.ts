import { assert } from "../common/assert.ts";
import { ColumnIds } from "../logical/column-ids.ts";
import type { LogicalNode } from "../logical/logical-node.ts";
import { outputColumns } from "../logical/output-columns.ts";
import { forEachNode } from "../logical/rewrite.ts";
import { foldConstants } from "./fold-constants.ts";
import { leftJoinsToAntiJoins } from "./left-joins-to-anti-joins.ts";
import { marksToSemiJoins } from "./marks-to-semi-joins.ts";
import { narrowInputs } from "./narrow-inputs.ts";
import { orderJoins } from "./order-joins.ts";
import { propagateEmpty } from "./propagate-empty.ts";
import { pruneColumns } from "./prune-columns.ts";
import { pushDownLimits } from "./push-down-limits.ts";
import { pushDownPredicates } from "./push-down-predicates.ts";
import { reduceAggregates } from "./reduce-aggregates.ts";
import { refreshNullability } from "./refresh-nullability.ts";
import { removeRedundantOrder } from "./remove-redundant-order.ts";
import type { Rule } from "./rule.ts";
import { simplifyOuterJoins } from "./simplify-outer-joins.ts";
import { splitDistinctAggregates } from "./split-distinct-aggregates.ts";
import { unnestSubqueries } from "./unnest-subqueries.ts";
import { verifyPlan } from "./verify-plan.ts";

/** The rules in the order in which they run; some run again once others have made room for them. */
const rules: readonly Rule[] = [
  refreshNullability,
  foldConstants,
  unnestSubqueries,
  refreshNullability,
  pruneColumns,
  simplifyOuterJoins,
  refreshNullability,
  pushDownPredicates,
  pruneColumns,
  marksToSemiJoins,
  leftJoinsToAntiJoins,
  foldConstants,
  pushDownPredicates,
  propagateEmpty,
  orderJoins,
  pruneColumns,
  reduceAggregates,
  splitDistinctAggregates,
  removeRedundantOrder,
  pruneColumns,
  pushDownLimits,
  narrowInputs,
  refreshNullability,
];

export type OptimizeOptions = {
  /** Names of rules to leave out, for finding out which one is at fault. unnest-subqueries cannot be left out. */
  readonly disabled?: ReadonlySet<string>;
  /** The statement's time, microseconds since the epoch; by default the time of the call. */
  readonly nowMicros?: bigint;
  /** Told after each rule that changed the plan: its number and name, the new plan, and the milliseconds it took. */
  readonly trace?: (step: OptimizeStep) => void;
};

export type OptimizeStep = {
  readonly number: number;
  readonly rule: string;
  readonly plan: LogicalNode;
  readonly elapsedMs: number;
};

/** The names of all rules, each once, in order of first use. */
export const ruleNames: readonly string[] = [...new Set(rules.map((rule) => rule.name))];

/**
 * An equivalent plan without applies: same rows (in the same order, where the plan is sorted), same output columns.
 * Throws feature_not_supported for the few correlated subqueries that no joins can express.
 */
export function optimize(plan: LogicalNode, options: OptimizeOptions = {}): LogicalNode {
  const nowMicros = options.nowMicros ?? BigInt(Date.now()) * 1000n;
  const context = { ids: ColumnIds.after(plan), nowMicros };
  const columns = outputColumns(plan);
  verifyPlan(plan);
  let current = plan;
  for (const [index, rule] of rules.entries()) {
    if (options.disabled?.has(rule.name) === true && rule !== unnestSubqueries) continue;
    const startedMs = performance.now();
    const next = rule.apply(current, context);
    if (next === current) continue;
    verifyPlan(next);
    verifyOutput(columns, next, rule.name);
    current = next;
    options.trace?.({ number: index + 1, rule: rule.name, plan: next, elapsedMs: performance.now() - startedMs });
  }
  forEachNode(current, (node) => assert(node.kind !== "apply", "a subquery is left after the optimiser"));
  return current;
}

function verifyOutput(columns: ReturnType<typeof outputColumns>, plan: LogicalNode, rule: string): void {
  const output = outputColumns(plan);
  const same = output.length >= columns.length && columns.every(({ id }) => output.some((column) => column.id === id));
  assert(same, () => `rule ${rule} lost an output column`);
}
