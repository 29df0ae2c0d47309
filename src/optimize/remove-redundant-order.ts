import type { AggregateNode, LogicalNode } from "../logical/logical-node.ts";
import { mapChildren } from "../logical/rewrite.ts";
import type { Rule } from "./rule.ts";
import { isUniqueKey } from "./unique-keys.ts";

/** Removes sorts whose order nobody sees, and DISTINCTs over rows that are distinct by construction. */
export const removeRedundantOrder: Rule = { name: "remove-redundant-order", apply: (plan) => remove(plan, true) };

/** `isOrderSeen`: whether the order of the node's rows can show in the result. */
function remove(node: LogicalNode, isOrderSeen: boolean): LogicalNode {
  switch (node.kind) {
    case "sort":
      return isOrderSeen ? mapChildren(node, (input) => remove(input, false)) : remove(node.input, false);
    case "project":
    case "filter":
      return mapChildren(node, (input) => remove(input, isOrderSeen));
    case "limit":
      // Which rows a limit keeps is decided by the order below it.
      return mapChildren(node, (input) => remove(input, true));
    case "aggregate": {
      const aggregate = mapChildren(node, (input) => remove(input, false)) as AggregateNode;
      return isDistinctAlready(aggregate)
        ? { kind: "project", input: aggregate.input, items: aggregate.groups }
        : aggregate;
    }
    default:
      return mapChildren(node, (input) => remove(input, false));
  }
}

function isDistinctAlready(node: AggregateNode): boolean {
  if (node.aggregates.length > 0 || node.groups.length === 0) return false;
  const columns = node.groups.flatMap(({ expression }) => (expression.kind === "column" ? [expression.id] : []));
  return isUniqueKey(node.input, columns);
}
