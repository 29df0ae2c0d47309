import type { AggregateCall, ColumnId, Expression } from "../expr/expression.ts";
import { isNullable, mapExpression } from "../expr/expression-properties.ts";
import type { AggregateNode, Column, LogicalNode, ScanNode, UnionNode, ValuesNode } from "../logical/logical-node.ts";
import { outputColumns } from "../logical/output-columns.ts";
import { children, mapNodeExpressions, withChildren } from "../logical/rewrite.ts";
import type { Rule } from "./rule.ts";

/**
 * Derives anew, from the scans up, which columns may be NULL. Rules that make or remove outer joins leave stale flags
 * behind, and the compiler of expressions relies on the flags; footers that count no NULL make a column certain.
 */
export const refreshNullability: Rule = { name: "refresh-nullability", apply: (plan) => refresh(plan, new Map()) };

type Nullability = ReadonlyMap<ColumnId, boolean>;

function refresh(node: LogicalNode, outer: Nullability): LogicalNode {
  let inputs: LogicalNode[];
  if (node.kind === "apply") {
    const input = refresh(node.input, outer);
    inputs = [input, refresh(node.subquery, new Map([...outer, ...nullabilityOf([input])]))];
  } else {
    inputs = children(node).map((child) => refresh(child, outer));
  }
  const renewed = node.kind === "scan" ? refreshScan(node) : withChildren(node, inputs);
  const known = new Map([...outer, ...nullabilityOf(renewed.kind === "scan" ? [renewed] : inputs)]);
  // A join's condition sees the columns of its inputs before the join pads them with NULLs.
  const own = mapNodeExpressions(renewed, (expression) => refreshExpression(expression, known));
  return refreshColumns(own);
}

function nullabilityOf(nodes: readonly LogicalNode[]): Map<ColumnId, boolean> {
  return new Map(nodes.flatMap((node) => outputColumns(node).map((column) => [column.id, column.nullable] as const)));
}

function refreshExpression(expression: Expression, known: Nullability): Expression {
  return mapExpression(expression, (part) => {
    if (part.kind !== "column") return part;
    const nullable = known.get(part.id) ?? part.nullable;
    return nullable === part.nullable ? part : { ...part, nullable };
  });
}

function refreshScan(node: ScanNode): ScanNode {
  const columns = node.columns.map((column) =>
    column.nullable && node.table.statistics[column.sourceIndex]?.nullCount === 0
      ? { ...column, nullable: false }
      : column,
  );
  return columns.every((column, index) => column === node.columns[index]) ? node : { ...node, columns };
}

function refreshColumns(node: LogicalNode): LogicalNode {
  switch (node.kind) {
    case "values":
      return refreshValues(node);
    case "project":
      return {
        ...node,
        items: node.items.map(({ column, expression }) => ({
          column: withNullable(column, isNullable(expression)),
          expression,
        })),
      };
    case "aggregate":
      return refreshAggregate(node);
    case "union":
      return refreshUnion(node);
    case "set_operation": {
      const left = outputColumns(node.left);
      return {
        ...node,
        columns: node.columns.map((column, index) => withNullable(column, left[index]?.nullable ?? true)),
      };
    }
    case "join":
      if (node.markColumn === null) return node;
      return {
        ...node,
        markColumn: withNullable(
          node.markColumn,
          node.nullAware && (node.condition === null || isNullable(node.condition)),
        ),
      };
    default:
      return node;
  }
}

function refreshValues(node: ValuesNode): ValuesNode {
  return {
    ...node,
    columns: node.columns.map((column, index) =>
      withNullable(
        column,
        node.rows.some((row) => isNullable(row[index] as Expression)),
      ),
    ),
  };
}

function refreshUnion(node: UnionNode): UnionNode {
  const inputs = node.inputs.map(outputColumns);
  return {
    ...node,
    columns: node.columns.map((column, index) =>
      withNullable(
        column,
        inputs.some((columns) => columns[index]?.nullable ?? true),
      ),
    ),
  };
}

function refreshAggregate(node: AggregateNode): AggregateNode {
  const hasGroups = node.groups.length > 0;
  return {
    ...node,
    groups: node.groups.map(({ column, expression }) => ({
      column: withNullable(column, isNullable(expression)),
      expression,
    })),
    aggregates: node.aggregates.map(({ column, call }) => ({
      column: withNullable(column, isCallNullable(call, hasGroups)),
      call,
    })),
  };
}

/** A group has a row at least, so these are NULL only where no argument of the group passes. */
function isCallNullable(call: AggregateCall, hasGroups: boolean): boolean {
  if (call.name === "count") return false;
  const certain = ["sum", "avg", "min", "max", "any_value", "bool_and", "bool_or"].includes(call.name);
  return !certain || !hasGroups || call.filter !== null || call.args.some(isNullable);
}

function withNullable(column: Column, nullable: boolean): Column {
  return column.nullable === nullable ? column : { ...column, nullable };
}
