import type { ColumnId, Expression } from "../expr/expression.ts";
import { andAll, conjuncts, isNullable } from "../expr/expression-properties.ts";
import type { FilterNode, JoinNode, LogicalNode } from "../logical/logical-node.ts";
import { rewriteBottomUp } from "../logical/rewrite.ts";
import { countUses } from "./column-uses.ts";
import { predicateCall } from "./make-expression.ts";
import type { Rule } from "./rule.ts";

/**
 * A mark join whose mark does nothing but let rows pass becomes a semi join, or an anti join where its negation lets
 * them pass. Runs after predicates were pushed down (the filter then stands right above) and columns pruned.
 */
export const marksToSemiJoins: Rule = {
  name: "marks-to-semi-joins",
  apply: (plan) => {
    const uses = countUses(plan);
    return rewriteBottomUp(plan, (node) => (node.kind === "filter" ? convertFilter(node, uses) : node));
  },
};

function convertFilter(node: FilterNode, uses: ReadonlyMap<ColumnId, number>): LogicalNode {
  const join = node.input;
  if (join.kind !== "join" || join.joinType !== "mark" || join.markColumn === null) return node;
  const mark = join.markColumn;
  if (uses.get(mark.id) !== 1) return node;
  const parts = conjuncts(node.predicate);
  const positive = parts.findIndex((part) => part.kind === "column" && part.id === mark.id);
  const negative = parts.findIndex(
    (part) =>
      part.kind === "call" && part.name === "not" && part.args[0]?.kind === "column" && part.args[0].id === mark.id,
  );
  if (positive < 0 && negative < 0) return node;
  const rest = andAll(parts.filter((_, index) => index !== (positive >= 0 ? positive : negative)));
  const converted = positive >= 0 ? semiJoin(join) : antiJoin(join);
  return rest === null ? converted : { ...node, input: converted, predicate: rest };
}

/** Rows pass where the condition is true for some right row: NULL and false are the same here. */
function semiJoin(join: JoinNode): JoinNode {
  return {
    ...join,
    joinType: "semi",
    markColumn: null,
    nullAware: false,
    condition: join.condition === null ? null : andAll(conjuncts(join.condition).map(withoutIsTrue)),
  };
}

/**
 * Rows pass where the condition is false for every right row. A single comparison stays a null-aware join, which
 * hashes; in a conjunction the parts that are never NULL, or that `is_true` wraps, decide alone whether a right row is
 * considered, so a plain anti join hashes on those and asks of the others only that they are not false.
 */
function antiJoin(join: JoinNode): JoinNode {
  const anti: JoinNode = { ...join, joinType: "anti", markColumn: null, nullAware: false };
  if (!join.nullAware || join.condition === null) return anti;
  const parts = conjuncts(join.condition);
  if (parts.length === 1) return { ...anti, nullAware: isNullable(join.condition) };
  const certain = parts.filter((part) => !isNullable(part)).map(withoutIsTrue);
  const uncertain = andAll(parts.filter(isNullable));
  return {
    ...anti,
    condition: andAll(uncertain === null ? certain : [...certain, predicateCall("is_not_false", uncertain)]),
  };
}

function withoutIsTrue(part: Expression): Expression {
  return part.kind === "call" && part.name === "is_true" ? (part.args[0] as Expression) : part;
}
