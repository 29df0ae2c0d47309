import type { ColumnId, Expression } from "../expr/expression.ts";
import { andAll, conjuncts, forEachExpression } from "../expr/expression-properties.ts";
import type { FilterNode, LogicalNode } from "../logical/logical-node.ts";
import { outputColumns } from "../logical/output-columns.ts";
import { rewriteBottomUp } from "../logical/rewrite.ts";
import { countUses } from "./column-uses.ts";
import type { Rule } from "./rule.ts";

/**
 * `left join r on … where r.key is null` asks for the left rows without a match, where r.key is NULL in padded rows
 * only: an anti join, which need not put out matches. Nothing else may refer to r's columns, NULL though they are.
 */
export const leftJoinsToAntiJoins: Rule = {
  name: "left-joins-to-anti-joins",
  apply: (plan) => {
    const uses = countUses(plan);
    return rewriteBottomUp(plan, (node) => (node.kind === "filter" ? convert(node, uses) : node));
  },
};

function convert(node: FilterNode, uses: ReadonlyMap<ColumnId, number>): LogicalNode {
  const join = node.input;
  if (join.kind !== "join" || join.joinType !== "left") return node;
  const right = outputColumns(join.right);
  const parts = conjuncts(node.predicate);
  const test = parts.find((part) => {
    const column = testedForNull(part);
    return column !== null && right.some(({ id, nullable }) => id === column && !nullable);
  });
  if (test === undefined) return node;
  const own = new Map<ColumnId, number>();
  for (const expression of join.condition === null ? [test] : [test, join.condition]) {
    forEachExpression(expression, (part) => part.kind === "column" && own.set(part.id, (own.get(part.id) ?? 0) + 1));
  }
  const below = countUses(join.right);
  // Uses by the right side itself stay; its output, which countUses counts too, is not one of them.
  const isFree = right.every(
    ({ id }) => uses.get(id) === undefined || uses.get(id) === (own.get(id) ?? 0) + (below.get(id) ?? 1) - 1,
  );
  if (!isFree) return node;
  const anti: LogicalNode = { ...join, joinType: "anti" };
  const rest: Expression | null = andAll(parts.filter((part) => part !== test));
  return rest === null ? anti : { ...node, input: anti, predicate: rest };
}

function testedForNull(part: Expression): ColumnId | null {
  if (part.kind !== "call" || part.name !== "is_null") return null;
  const arg = part.args[0];
  return arg?.kind === "column" ? arg.id : null;
}
