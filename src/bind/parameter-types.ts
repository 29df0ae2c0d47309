import type { DataType } from "../arrow/data-type.ts";
import { isInteger, sameType } from "../arrow/data-type.ts";
import { implicitCost } from "../expr/coerce.ts";
import type { ParameterExpression } from "../expr/expression.ts";
import { forEachExpression } from "../expr/expression-properties.ts";
import type { LogicalNode } from "../logical/logical-node.ts";
import { forEachNode, nodeExpressions } from "../logical/rewrite.ts";

/**
 * The type of each parameter in a plan that was bound without knowing any: the one that its first typed use in the
 * text asks for, or the given one where the use's type could not hold the given type's values. `agree` is false when
 * some use was bound with a different type, or with none.
 */
export function inferParameterTypes(
  plan: LogicalNode,
  given: readonly DataType[],
): { readonly types: ReadonlyMap<number, DataType>; readonly agree: boolean } {
  const uses = parameterUses(plan);
  const types = new Map<number, DataType>();
  for (const { index, type } of uses) {
    const known = types.get(index);
    // Text is also what an output column of unknown type becomes, so another use says more.
    if (type.kind !== "null" && (known === undefined || known.kind === "utf8")) types.set(index, type);
  }
  given.forEach((type, position) => {
    if (type.kind !== "null") types.set(position + 1, settleType(type, types.get(position + 1)));
  });
  const agree = uses.every(({ index, type }) => {
    const chosen = types.get(index);
    return chosen === undefined || sameType(chosen, type);
  });
  return { types, agree };
}

/** In the order of the text. */
function parameterUses(plan: LogicalNode): readonly ParameterExpression[] {
  const uses: ParameterExpression[] = [];
  forEachNode(plan, (node) => {
    for (const expression of nodeExpressions(node)) {
      forEachExpression(expression, (part) => {
        if (part.kind === "parameter") uses.push(part);
      });
    }
  });
  return uses.sort((left, right) => (left.span?.start ?? 0) - (right.span?.start ?? 0));
}

/** Comparing in the column's own type keeps predicates simple, so the use's type wins wherever it can. */
function settleType(given: DataType, used: DataType | undefined): DataType {
  if (used === undefined || used.kind === "utf8") return given;
  if (given.kind === "utf8") return used;
  if (given.kind === "decimal" && used.kind === "decimal" && given.scale > used.scale) return given;
  if (isInteger(given) && isInteger(used)) return used;
  return implicitCost(given, used) === null ? given : used;
}
