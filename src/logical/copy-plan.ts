import type { ColumnId, Expression } from "../expr/expression.ts";
import type { ColumnIds } from "./column-ids.ts";
import type { ApplyForm, Column, LogicalNode } from "./logical-node.ts";
import { mapChildren } from "./rewrite.ts";
import { columnReference, substituteInPlan } from "./substitute-columns.ts";

/**
 * A copy of the plan in which every produced column has a new id, so that both may stand in one statement. `columns`
 * leads from the old ids to the new columns. References to columns that the plan does not produce stay.
 */
export function copyPlan(
  node: LogicalNode,
  ids: ColumnIds,
): { readonly plan: LogicalNode; readonly columns: ReadonlyMap<ColumnId, Column> } {
  const columns = new Map<ColumnId, Column>();
  const fresh = <T extends Column>(column: T): T => {
    const known = columns.get(column.id);
    const copy = { ...column, id: known?.id ?? ids.next() };
    if (known === undefined)
      columns.set(column.id, { id: copy.id, name: column.name, type: column.type, nullable: column.nullable });
    return copy;
  };
  const renamed = renameProduced(node, fresh);
  const references = new Map<ColumnId, Expression>([...columns].map(([id, column]) => [id, columnReference(column)]));
  return { plan: substituteInPlan(renamed, references), columns };
}

function renameProduced(node: LogicalNode, fresh: <T extends Column>(column: T) => T): LogicalNode {
  return mapChildren(renameOwn(node, fresh), (child) => renameProduced(child, fresh));
}

function renameOwn(node: LogicalNode, fresh: <T extends Column>(column: T) => T): LogicalNode {
  switch (node.kind) {
    case "scan":
      return { ...node, columns: node.columns.map(fresh) };
    case "values":
    case "union":
    case "set_operation":
    case "recursive":
    case "work_table":
      return { ...node, columns: node.columns.map(fresh) };
    case "project":
      return { ...node, items: node.items.map((item) => ({ ...item, column: fresh(item.column) })) };
    case "aggregate":
      return {
        ...node,
        groups: node.groups.map((group) => ({ ...group, column: fresh(group.column) })),
        aggregates: node.aggregates.map((aggregate) => ({ ...aggregate, column: fresh(aggregate.column) })),
      };
    case "window":
      return { ...node, functions: node.functions.map(({ column, call }) => ({ column: fresh(column), call })) };
    case "join":
      return node.markColumn === null ? node : { ...node, markColumn: fresh(node.markColumn) };
    case "apply":
      return { ...node, form: renameForm(node.form, fresh) };
    default:
      return node;
  }
}

function renameForm(form: ApplyForm, fresh: <T extends Column>(column: T) => T): ApplyForm {
  return form.kind === "lateral" ? form : { ...form, column: fresh(form.column) };
}
