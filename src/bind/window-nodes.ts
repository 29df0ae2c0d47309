import type { ColumnId } from "../expr/expression.ts";
import { columnIds, expressionEquals } from "../expr/expression-properties.ts";
import { mapWindowExpressions } from "../expr/window-call.ts";
import { freeColumns } from "../logical/free-columns.ts";
import type { LogicalNode, WindowNode } from "../logical/logical-node.ts";
import { applyAll } from "./bind-context.ts";
import { sameKey, sameSpecification } from "./bind-window.ts";
import { type Grouping, overGroups } from "./group-replacement.ts";
import type { BoundWindow, PendingApply } from "./scope.ts";

type Specification = Omit<WindowNode, "kind" | "input">;

/** Puts subqueries and windows on top of a plan; subqueries that compare with a window's value come above it. */
export function addWindows(
  plan: LogicalNode,
  windows: readonly BoundWindow[],
  applies: readonly PendingApply[],
): LogicalNode {
  const ids = new Set(windows.map(({ column }) => column.id));
  const above = applies.filter((apply) => usesColumns(apply, ids));
  const below = applies.filter((apply) => !above.includes(apply));
  const withWindows = inSharedOrder(specifications(windows)).reduce<LogicalNode>(
    (input, specification) => ({ kind: "window", input, ...specification }),
    applyAll(plan, below),
  );
  return applyAll(withWindows, above);
}

/** The window over an aggregation's output. */
export function windowOverGroups(window: BoundWindow, grouping: Grouping): BoundWindow {
  const change = (expression: Parameters<typeof overGroups>[0]) => overGroups(expression, grouping);
  return {
    column: window.column,
    call: mapWindowExpressions(window.call, change),
    partitionBy: window.partitionBy.map(change),
    orderBy: window.orderBy.map((key) => ({ ...key, expression: change(key.expression) })),
  };
}

function usesColumns({ subquery, form }: PendingApply, ids: ReadonlySet<ColumnId>): boolean {
  const used = [...freeColumns(subquery), ...(form.kind === "quantified" ? columnIds(form.comparison) : [])];
  return used.some((id) => ids.has(id));
}

function specifications(windows: readonly BoundWindow[]): readonly Specification[] {
  const found: { partitionBy: BoundWindow["partitionBy"]; orderBy: BoundWindow["orderBy"]; members: BoundWindow[] }[] =
    [];
  for (const window of windows) {
    const known = found.find((other) => sameSpecification(other, window));
    if (known === undefined)
      found.push({ partitionBy: window.partitionBy, orderBy: window.orderBy, members: [window] });
    else known.members.push(window);
  }
  return found.map(({ partitionBy, orderBy, members }) => ({
    partitionBy,
    orderBy,
    functions: members.map(({ column, call }) => ({ column, call })),
  }));
}

/** The longest sort first, and right behind it the windows that it serves too. */
function inSharedOrder(given: readonly Specification[]): readonly Specification[] {
  const length = ({ partitionBy, orderBy }: Specification): number => partitionBy.length + orderBy.length;
  let rest = given.toSorted((left, right) => length(right) - length(left));
  const result: Specification[] = [];
  while (rest.length > 0) {
    const longest = rest[0]!;
    const served = rest.filter((other) => other === longest || serves(longest, other));
    result.push(...served);
    rest = rest.filter((other) => !served.includes(other));
  }
  return result;
}

/** Whether rows sorted for one window are sorted for the other. */
function serves(sorted: Specification, other: Specification): boolean {
  const keys = [
    ...sorted.partitionBy.map((expression) => ({ expression, descending: false, nullsFirst: false })),
    ...sorted.orderBy,
  ];
  const first = keys.slice(0, other.partitionBy.length);
  const rest = keys.slice(other.partitionBy.length);
  return (
    other.partitionBy.every((key) => first.some(({ expression }) => expressionEquals(expression, key))) &&
    other.orderBy.every((key, index) => rest[index] !== undefined && sameKey(rest[index], key))
  );
}
