import type { ColumnIds } from "../logical/column-ids.ts";
import type { LogicalNode } from "../logical/logical-node.ts";

export type RuleContext = {
  readonly ids: ColumnIds;
  /** The statement's time in microseconds since the epoch: now() is the same wherever it stands and whoever runs it. */
  readonly nowMicros: bigint;
};

/** One rewriting of a whole plan that keeps its rows and its output columns' ids. */
export type Rule = {
  /** What EXPLAIN shows and by which the rule can be switched off. */
  readonly name: string;
  readonly apply: (plan: LogicalNode, context: RuleContext) => LogicalNode;
};
