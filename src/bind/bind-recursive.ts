import { sameType, typeName } from "../arrow/data-type.ts";
import { EngineError } from "../common/engine-error.ts";
import { coerceTo, commonType } from "../expr/coerce.ts";
import type { LogicalNode } from "../logical/logical-node.ts";
import type { Identifier, RelationName } from "../sql/ast.ts";
import { type BindContext, type BoundQuery, columnFor, columnOf, newColumn } from "./bind-context.ts";
import { isReferenced } from "./is-referenced.ts";
import type { CommonTables, VisibleColumn, WorkTable } from "./scope.ts";

/** A reference to a query that refers to itself: `anchor UNION [ALL] step`, where the step reads what was added last. */
export function bindRecursive(common: CommonTables, reference: RelationName, context: BindContext): BoundQuery {
  const { table, outer } = common;
  const { name, span } = table.name;
  const { body, commonTables, orderBy, limit, offset } = table.query;
  if (body.kind !== "set_operation" || body.operation !== "union") {
    const message = `recursive query "${name}" does not have the form non-recursive-term UNION [ALL] recursive-term`;
    throw new EngineError("invalid_definition", message, { span });
  }
  if (commonTables.length > 0 || orderBy.length > 0 || limit !== null || offset !== null) {
    const message = `WITH, ORDER BY, LIMIT and OFFSET in the recursive query "${name}" are not supported`;
    throw new EngineError("feature_not_supported", message, { span, hint: "put them around its terms or its use" });
  }
  if (!isReferenced(body.right, name)) {
    const message = `recursive reference to query "${name}" must not appear within its non-recursive term`;
    throw new EngineError("invalid_definition", message, { span });
  }
  const anchor = context.bindQuery(context, body.left, { outer, commonTables: { ...common, isBeingBound: true } });
  const names = columnNames(anchor, table.columnNames, reference);
  const columns = anchor.columns.map(({ column }, index) => newColumn(context, names[index]!, column.type, true));
  const visible = columns.map((column): VisibleColumn => ({ name: column.name, column }));
  const workId = context.ids.next();
  const work: WorkTable = { workId, columns: visible };
  const step = context.bindQuery(context, body.right, { outer, commonTables: { ...common, work } });
  const plan: LogicalNode = {
    kind: "recursive",
    workId,
    anchor: anchor.plan,
    step: fitted(context, step, anchor, common),
    distinct: !body.all,
    columns,
  };
  return { plan, columns: visible };
}

/** The work table where the step refers to it: columns of its own, since each column is produced in one place. */
export function workTable({ workId, columns }: WorkTable, name: string, context: BindContext): BoundQuery {
  const own = columns.map(({ column }) => newColumn(context, column.name, column.type, true));
  return {
    plan: { kind: "work_table", workId, name, columns: own },
    columns: own.map((column) => ({ name: column.name, column })),
  };
}

function columnNames(anchor: BoundQuery, given: readonly Identifier[], reference: RelationName): readonly string[] {
  if (given.length <= anchor.columns.length) return anchor.columns.map(({ name }, index) => given[index]?.name ?? name);
  const message = `"${reference.name}" has ${anchor.columns.length} columns, but ${given.length} column names are given`;
  throw new EngineError("undefined_column", message, { span: given[anchor.columns.length]!.span });
}

/** The step in the anchor's types, which decide: its rows become the step's input. */
function fitted(context: BindContext, step: BoundQuery, anchor: BoundQuery, { table }: CommonTables): LogicalNode {
  const { name, span } = table.name;
  if (step.columns.length !== anchor.columns.length)
    throw new EngineError("syntax_error", "each UNION query must have the same number of columns", { span });
  const items = step.columns.map(({ column }, index) => {
    const wanted = anchor.columns[index]!.column.type;
    const common = commonType([column.type, wanted]);
    if (common === null || !sameType(common, wanted)) {
      const message =
        `recursive query "${name}" column ${index + 1} has type ${typeName(wanted)} in non-recursive term ` +
        `but type ${typeName(common ?? column.type)} overall`;
      const hint = "cast the output of the non-recursive term to the correct type";
      throw new EngineError("datatype_mismatch", message, { span, hint });
    }
    const expression = coerceTo(columnOf(column), wanted, "implicit");
    return { column: columnFor(context, column.name, expression), expression };
  });
  return { kind: "project", input: step.plan, items };
}
