import { foldConstants as foldExpression } from "../expr/fold-constants.ts";
import type { Expression } from "../expr/expression.ts";
import { andAll, conjuncts, expressionEquals, mapExpression, orAll } from "../expr/expression-properties.ts";
import type { LogicalNode } from "../logical/logical-node.ts";
import { mapNodeExpressions, rewriteBottomUp } from "../logical/rewrite.ts";
import { addPredicate } from "./infer-predicates.ts";
import { isBooleanLiteral, negate } from "./make-expression.ts";
import type { Rule } from "./rule.ts";

/**
 * Computes constants and gives predicates the form that later rules look for: negations pushed down to comparisons,
 * conjuncts that all branches of an OR share taken out of it, filters that let everything pass removed.
 */
export const foldConstants: Rule = {
  name: "fold-constants",
  apply: (plan, { nowMicros }) =>
    rewriteBottomUp(plan, (node) =>
      simplifyFilter(mapNodeExpressions(node, (expression) => simplifyExpression(expression, nowMicros))),
    ),
};

function simplifyFilter(node: LogicalNode): LogicalNode {
  if (node.kind === "filter") return isBooleanLiteral(node.predicate, true) ? node.input : node;
  if (node.kind === "scan" && node.predicate !== null && isBooleanLiteral(node.predicate, true))
    return { ...node, predicate: null };
  if (node.kind === "join" && node.condition !== null && isBooleanLiteral(node.condition, true))
    return { ...node, condition: null };
  return node;
}

/** The expression with constants computed and AND, OR and NOT in their simplest form; same value for every row. */
export function simplifyExpression(expression: Expression, nowMicros: bigint): Expression {
  return mapExpression(mapExpression(foldExpression(expression, nowMicros), simplifyLogic), (part) =>
    part.kind === "or" ? factorOut(part.args) : part,
  );
}

function simplifyLogic(part: Expression): Expression {
  // De Morgan's laws hold in three-valued logic; conjuncts can be pushed down, a negated OR cannot.
  if (part.kind === "call" && part.name === "not") {
    const arg = part.args[0] as Expression;
    if (arg.kind === "and" || arg.kind === "or") {
      return {
        kind: arg.kind === "and" ? "or" : "and",
        args: arg.args.map((each) => simplifyLogic({ ...part, args: [each] })),
      };
    }
    return negate(arg);
  }
  if (part.kind !== "and" && part.kind !== "or") return part;
  const args: Expression[] = [];
  for (const arg of part.args) for (const each of arg.kind === part.kind ? arg.args : [arg]) addPredicate(args, each);
  return args.length === 1 ? (args[0] as Expression) : { kind: part.kind, args };
}

/** (a AND x) OR (a AND y) is a AND (x OR y): the common part can be pushed down or be a join's key. */
function factorOut(branches: readonly Expression[]): Expression {
  const parts = branches.map(conjuncts);
  const [first = [], ...others] = parts;
  const common = first.filter((part) =>
    others.every((branch) => branch.some((other) => expressionEquals(other, part))),
  );
  const whole: Expression = { kind: "or", args: branches };
  if (common.length === 0) return whole;
  const rests = parts.map((branch) =>
    andAll(branch.filter((part) => !common.some((other) => expressionEquals(other, part)))),
  );
  // A branch that is nothing but the common part makes the others irrelevant: a OR (a AND x) is a.
  const rest = rests.some((branch) => branch === null) ? null : orAll(rests.filter((branch) => branch !== null));
  return andAll(rest === null ? common : [...common, rest]) ?? whole;
}
