import type { Expression } from "../expr/expression.ts";
import type { LogicalNode } from "../logical/logical-node.ts";

/** How many rows a node certainly puts out at least and at most; Infinity = unknown. */
export type RowBounds = { readonly min: number; readonly max: number };

const unknown: RowBounds = { min: 0, max: Infinity };

/** Bounds that hold whatever the data; for a correlated plan, for each outer row. */
export function rowBounds(node: LogicalNode): RowBounds {
  switch (node.kind) {
    case "values":
      return { min: node.rows.length, max: node.rows.length };
    case "project":
    case "window":
    case "sort":
      return rowBounds(node.input);
    case "filter":
      return { min: 0, max: rowBounds(node.input).max };
    case "aggregate":
      if (node.groups.length === 0) return { min: 1, max: 1 };
      return { min: Math.min(1, rowBounds(node.input).min), max: rowBounds(node.input).max };
    case "limit":
      return limitBounds(rowBounds(node.input), node.limit, node.offset);
    case "join":
      return joinBounds(node);
    case "union": {
      const bounds = node.inputs.map(rowBounds);
      return {
        min: bounds.reduce((sum, bound) => sum + bound.min, 0),
        max: bounds.reduce((sum, bound) => sum + bound.max, 0),
      };
    }
    case "set_operation":
      return { min: 0, max: rowBounds(node.left).max };
    default:
      return unknown;
  }
}

function limitBounds(input: RowBounds, limit: Expression | null, offset: Expression | null): RowBounds {
  const skipped = offset === null ? 0 : constantCount(offset);
  const kept = limit === null ? Infinity : constantCount(limit);
  if (skipped === null || kept === null) return { min: 0, max: input.max };
  return {
    min: Math.min(kept, Math.max(0, input.min - skipped)),
    max: Math.min(kept, Math.max(0, input.max - skipped)),
  };
}

/** The number that a LIMIT or OFFSET states; Infinity for NULL (= none); null where it is not a literal. */
export function constantCount(expression: Expression): number | null {
  if (expression.kind !== "literal") return null;
  if (expression.value === null) return Infinity;
  return typeof expression.value === "bigint" || typeof expression.value === "number" ? Number(expression.value) : null;
}

function joinBounds(node: Extract<LogicalNode, { kind: "join" }>): RowBounds {
  const left = rowBounds(node.left);
  const right = rowBounds(node.right);
  // 0 × Infinity is 0 rows, not NaN.
  const product = left.max === 0 || right.max === 0 ? 0 : left.max * right.max;
  switch (node.joinType) {
    case "inner":
      return { min: node.condition === null ? left.min * right.min : 0, max: product };
    case "left":
      return { min: left.min, max: Math.max(left.max, product) };
    case "right":
      return { min: right.min, max: Math.max(right.max, product) };
    case "full":
      return { min: Math.max(left.min, right.min), max: Math.max(left.max + right.max, product) };
    case "semi":
    case "anti":
      return { min: 0, max: left.max };
    case "mark":
    case "single":
      return left;
  }
}
