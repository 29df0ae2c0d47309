import type { ColumnId } from "../expr/expression.ts";
import type { LogicalNode } from "./logical-node.ts";

/**
 * Estimates over logical plans. The optimiser makes them from column statistics and the physical planner asks for
 * them; it is handed over as an interface, since neither of the two may import the other.
 */
export interface Estimator {
  /** Estimated rows that the node puts out; never negative, not rounded. */
  rows(node: LogicalNode): number;
  /** Estimated distinct values, NULL not counted, of a column that the node puts out. */
  distinct(node: LogicalNode, column: ColumnId): number;
  /** True only where it is certain that no two rows of the node agree in all the columns. */
  isUnique(node: LogicalNode, columns: readonly ColumnId[]): boolean;
}
