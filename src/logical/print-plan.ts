import { unreachable } from "../common/assert.ts";
import type { AggregateCall, Expression, SortKey } from "../expr/expression.ts";
import { formatExpression as formatByName, mapExpression } from "../expr/expression-properties.ts";
import { formatWindowCall } from "../expr/window-call.ts";
import type { ApplyForm, Column, JoinNode, LogicalNode, ScanNode, WindowNode } from "./logical-node.ts";
import { children } from "./rewrite.ts";

/**
 * The plan as an indented tree, one node a line, each above its inputs. `annotate` adds text to a node's line, such as
 * its estimated rows.
 */
export function printLogicalPlan(node: LogicalNode, annotate: (node: LogicalNode) => string = () => ""): string {
  const lines: string[] = [];
  const visit = (current: LogicalNode, depth: number): void => {
    const note = annotate(current);
    lines.push(`${"  ".repeat(depth)}${describeNode(current)}${note === "" ? "" : `  ${note}`}`);
    for (const child of children(current)) visit(child, depth + 1);
  };
  visit(node, 0);
  return lines.join("\n");
}

/** Columns print with their ids: several relations of a statement may have a column of the same name. */
function formatExpression(expression: Expression): string {
  return formatByName(
    mapExpression(expression, (part) => (part.kind === "column" ? { ...part, name: `${part.name}#${part.id}` } : part)),
  );
}

/** One node as text, without its inputs. */
export function describeNode(node: LogicalNode): string {
  switch (node.kind) {
    case "scan":
      return describeScan(node);
    case "values":
      return `values ${list(node.columns.map(columnText))}, ${node.rows.length} rows${node.rows.length === 0 ? "" : ": "}${node.rows
        .slice(0, 5)
        .map((row) => `(${row.map(formatExpression).join(", ")})`)
        .join(", ")}${node.rows.length > 5 ? ", …" : ""}`;
    case "project":
      return `project ${node.items.map((item) => definition(item.column, formatColumnless(item))).join(", ")}`;
    case "filter":
      return `filter ${formatExpression(node.predicate)}`;
    case "join":
      return describeJoin(node);
    case "apply":
      return `apply ${describeForm(node.form)}`;
    case "aggregate": {
      const groups = node.groups.map((group) => definition(group.column, formatColumnless(group)));
      const calls = node.aggregates.map(({ column, call }) => definition(column, formatCall(call)));
      const by = groups.length === 0 ? "" : ` group by ${groups.join(", ")}`;
      return `aggregate${by}${by !== "" && calls.length > 0 ? ";" : ""}${calls.length === 0 ? "" : ` ${calls.join(", ")}`}`;
    }
    case "window":
      return describeWindow(node);
    case "sort":
      return `sort ${node.keys.map(formatSortKey).join(", ")}`;
    case "limit":
      return `limit ${node.limit === null ? "all" : formatExpression(node.limit)}${node.offset === null ? "" : ` offset ${formatExpression(node.offset)}`}`;
    case "union":
      return `union all ${list(node.columns.map(columnText))}`;
    case "set_operation":
      return `${node.operation}${node.all ? " all" : ""} ${list(node.columns.map(columnText))}`;
    case "recursive":
      return `recursive ${node.workId}${node.distinct ? "" : " all"} ${list(node.columns.map(columnText))}`;
    case "work_table":
      return `work_table ${node.name} ${node.workId} ${list(node.columns.map(columnText))}`;
    default:
      return unreachable(node, "logical node");
  }
}

/** An aggregate as it would stand in SQL. */
export function formatCall(call: AggregateCall): string {
  const args = call.args.length === 0 ? "*" : call.args.map(formatExpression).join(", ");
  const filter = call.filter === null ? "" : ` filter (where ${formatExpression(call.filter)})`;
  return `${call.name}(${call.distinct ? "distinct " : ""}${args})${filter}`;
}

/** A sort key as it would stand in SQL; the default place of NULLs (last ascending, first descending) is left out. */
export function formatSortKey(key: SortKey): string {
  const nulls = key.nullsFirst === key.descending ? "" : key.nullsFirst ? " nulls first" : " nulls last";
  return `${formatExpression(key.expression)}${key.descending ? " desc" : ""}${nulls}`;
}

function describeWindow(node: WindowNode): string {
  const calls = node.functions.map(({ column, call }) => definition(column, formatWindowCall(call, formatExpression)));
  const by = node.partitionBy.length === 0 ? "" : ` partition by ${node.partitionBy.map(formatExpression).join(", ")}`;
  const order = node.orderBy.length === 0 ? "" : ` order by ${node.orderBy.map(formatSortKey).join(", ")}`;
  return `window${by}${order}; ${calls.join(", ")}`;
}

function describeScan(node: ScanNode): string {
  const alias = node.alias === node.table.name ? "" : ` as ${node.alias}`;
  const where = node.predicate === null ? "" : ` where ${formatExpression(node.predicate)}`;
  return `scan ${node.table.name}${alias} ${list(node.columns.map(columnText))}${where}`;
}

function describeJoin(node: JoinNode): string {
  const kind = node.joinType === "inner" && node.condition === null ? "cross" : node.joinType;
  const mark = node.markColumn === null ? "" : ` ${columnText(node.markColumn)}`;
  const on = node.condition === null ? "" : ` on ${formatExpression(node.condition)}`;
  return `${kind} join${node.nullAware ? " (null-aware)" : ""}${mark}${on}`;
}

function describeForm(form: ApplyForm): string {
  switch (form.kind) {
    case "scalar":
    case "exists":
      return `${form.kind} ${columnText(form.column)}`;
    case "quantified":
      return `${form.quantifier} ${columnText(form.column)} = ${formatExpression(form.comparison)}`;
    case "lateral":
      return `lateral ${form.joinType}${form.condition === null ? "" : ` on ${formatExpression(form.condition)}`}`;
    default:
      return unreachable(form, "apply form");
  }
}

/** A column that is passed on unchanged prints once, without "= itself". */
function formatColumnless(item: { readonly column: Column; readonly expression: Expression }): string | null {
  const { column, expression } = item;
  return expression.kind === "column" && expression.id === column.id ? null : formatExpression(expression);
}

function definition(column: Column, text: string | null): string {
  return text === null ? columnText(column) : `${columnText(column)} = ${text}`;
}

function columnText(column: Column): string {
  return `${column.name}#${column.id}`;
}

function list(texts: readonly string[]): string {
  return `[${texts.join(", ")}]`;
}
