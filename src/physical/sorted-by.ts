import type { PhysicalNode, PhysicalSortKey } from "./physical-node.ts";
import { inputAt } from "./planned.ts";

/** The order in which a task puts out the node's rows, as keys over its own positions; none = no order is known. */
export function sortedBy(node: PhysicalNode): readonly PhysicalSortKey[] {
  switch (node.kind) {
    case "sort":
    case "top_n":
      return columnKeys(node.keys);
    case "filter":
    case "window":
    case "limit":
      // A window's own columns come behind those of its input, which keep their positions.
      return sortedBy(node.input);
    case "project": {
      const keys: PhysicalSortKey[] = [];
      for (const key of sortedBy(node.input)) {
        const { expression } = key;
        const index = node.expressions.findIndex(
          (other) => other.kind === "input" && expression.kind === "input" && other.index === expression.index,
        );
        if (index < 0) break;
        keys.push({ ...key, expression: inputAt(node.schema, index) });
      }
      return keys;
    }
    case "exchange":
      return node.distribution.kind === "single" ? columnKeys(node.distribution.mergeKeys ?? []) : [];
    default:
      return [];
  }
}

/** The keys up to the first that is not a column. */
function columnKeys(keys: readonly PhysicalSortKey[]): readonly PhysicalSortKey[] {
  const first = keys.findIndex(({ expression }) => expression.kind !== "input");
  return first < 0 ? keys : keys.slice(0, first);
}
