import { simpleType } from "../arrow/data-type.ts";
import type { LimitNode, LogicalNode } from "../logical/logical-node.ts";
import { rewriteTopDown, withChildren } from "../logical/rewrite.ts";
import { literal } from "./make-expression.ts";
import { constantCount, rowBounds } from "./row-bounds.ts";
import type { Rule } from "./rule.ts";

/**
 * Moves a LIMIT below projects (next to its sort, which then keeps the first rows only), and repeats it below UNION ALL
 * and joins that put out each left row at least once.
 */
export const pushDownLimits: Rule = {
  name: "push-down-limits",
  apply: (plan) => rewriteTopDown(plan, (node) => (node.kind === "limit" ? pushLimit(node) : node)),
};

function pushLimit(node: LimitNode): LogicalNode {
  const { input } = node;
  if (input.kind === "project") return { ...input, input: pushLimit({ ...node, input: input.input }) };
  const rows = neededRows(node);
  if (rows === null) return node;
  if (input.kind === "union")
    return {
      ...node,
      input: withChildren(
        input,
        input.inputs.map((one) => limited(one, rows)),
      ),
    };
  if (
    input.kind === "join" &&
    (input.joinType === "left" || input.joinType === "single" || input.joinType === "mark")
  ) {
    return { ...node, input: { ...input, left: limited(input.left, rows) } };
  }
  return node;
}

/** Rows that the limit reads, those it skips included; null for all or for an unknown number. */
function neededRows(node: LimitNode): number | null {
  const limit = node.limit === null ? null : constantCount(node.limit);
  const offset = node.offset === null ? 0 : constantCount(node.offset);
  if (limit === null || offset === null || limit + offset > Number.MAX_SAFE_INTEGER) return null;
  return limit + offset;
}

function limited(node: LogicalNode, rows: number): LogicalNode {
  if (rowBounds(node).max <= rows) return node;
  return { kind: "limit", input: node, limit: literal(simpleType("int64"), BigInt(rows)), offset: null };
}
