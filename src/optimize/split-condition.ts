import type { ColumnId, Expression } from "../expr/expression.ts";
import { columnIds, conjuncts } from "../expr/expression-properties.ts";
import type { KeyPair } from "./join-selectivity.ts";

export type SplitCondition = { readonly pairs: readonly KeyPair[]; readonly residual: readonly Expression[] };

/** Takes a join condition apart into equated keys, each of columns of one side, and all else. */
export function splitCondition(
  condition: Expression | null,
  left: ReadonlySet<ColumnId>,
  right: ReadonlySet<ColumnId>,
): SplitCondition {
  const pairs: KeyPair[] = [];
  const residual: Expression[] = [];
  for (const part of condition === null ? [] : conjuncts(condition)) {
    const pair = keyPair(part, left, right);
    if (pair === null) residual.push(part);
    else pairs.push(pair);
  }
  return { pairs, residual };
}

function keyPair(part: Expression, left: ReadonlySet<ColumnId>, right: ReadonlySet<ColumnId>): KeyPair | null {
  if (part.kind !== "call" || (part.name !== "eq" && part.name !== "is_not_distinct_from")) return null;
  const [first, second] = part.args as [Expression, Expression];
  if (isOver(first, left) && isOver(second, right)) return { left: first, right: second };
  if (isOver(first, right) && isOver(second, left)) return { left: second, right: first };
  return null;
}

/** Whether the expression refers to columns, and to these only. */
export function isOver(expression: Expression, columns: ReadonlySet<ColumnId>): boolean {
  const ids = columnIds(expression);
  return ids.size > 0 && [...ids].every((id) => columns.has(id));
}
