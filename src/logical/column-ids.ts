import type { ColumnId } from "../expr/expression.ts";
import type { LogicalNode } from "./logical-node.ts";
import { outputColumns } from "./output-columns.ts";
import { children } from "./rewrite.ts";

/** Hands out the column ids of one statement; whoever adds columns to its plan is given the same allocator. */
export class ColumnIds {
  #next: ColumnId;

  constructor(first: ColumnId = 1) {
    this.#next = first;
  }

  /** An id that no column of the statement has. */
  next(): ColumnId {
    return this.#next++;
  }

  /** An allocator that starts behind every id that the plan produces. */
  static after(plan: LogicalNode): ColumnIds {
    let highest = 0;
    const visit = (node: LogicalNode): void => {
      for (const { id } of outputColumns(node)) highest = Math.max(highest, id);
      // A column that its node produces and the parent drops still counts: every node is looked at.
      for (const child of children(node)) visit(child);
    };
    visit(plan);
    return new ColumnIds(highest + 1);
  }
}
