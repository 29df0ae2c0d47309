import type { DataType } from "../arrow/data-type.ts";
import { sameType } from "../arrow/data-type.ts";
import type { ParameterExpression } from "../expr/expression.ts";
import { forEachExpression } from "../expr/expression-properties.ts";
import type { LogicalNode } from "../logical/logical-node.ts";
import { forEachNode, nodeExpressions } from "../logical/rewrite.ts";

/**
 * The type of each parameter: the one that its first typed use in the text asks for. `agree` is false when another
 * use was bound with a different type, or with none.
 */
export function inferParameterTypes(
  plan: LogicalNode,
  known: ReadonlyMap<number, DataType>,
): { readonly types: ReadonlyMap<number, DataType>; readonly agree: boolean } {
  const uses: ParameterExpression[] = [];
  forEachNode(plan, (node) => {
    for (const expression of nodeExpressions(node)) {
      forEachExpression(expression, (part) => {
        if (part.kind === "parameter") uses.push(part);
      });
    }
  });
  uses.sort((left, right) => (left.span?.start ?? 0) - (right.span?.start ?? 0));
  const types = new Map(known);
  for (const { index, type } of uses) {
    // Text is also what an output column of unknown type becomes, so another use says more.
    const weak = types.get(index)?.kind === "utf8" && !known.has(index);
    if (type.kind !== "null" && (!types.has(index) || weak)) types.set(index, type);
  }
  const agree = uses.every(({ index, type }) => {
    const chosen = types.get(index);
    return chosen === undefined || sameType(chosen, type);
  });
  return { types, agree };
}
