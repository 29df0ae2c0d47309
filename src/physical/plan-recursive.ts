import type { Schema } from "../arrow/schema.ts";
import type { Column, LogicalNode, RecursiveNode, WorkTableNode } from "../logical/logical-node.ts";
import { outputColumns } from "../logical/output-columns.ts";
import type { PhysicalRecursive, PhysicalWorkTable } from "./physical-node.ts";
import type { PlanContext } from "./plan-context.ts";
import { toSingle } from "./plan-exchange.ts";
import { alignColumns, selectColumns } from "./plan-union.ts";
import { estimateOf, makePlanned, noFacts, single } from "./planned.ts";
import type { Planned } from "./planned.ts";

/** Rows that a work table is taken to have: nothing is known of it. */
const workTableRows = 1000;

/** The recursion in one task; `context` plans without exchanges, since the step runs once for every round. */
export function planRecursive(context: PlanContext, node: RecursiveNode): Planned {
  const { workId, distinct, columns } = node;
  // The work table's layout is that of the types alone, so both terms must have it.
  const layout = workTableOf(columns, workId);
  const terms = [node.anchor, node.step].map((term) => planTerm(context, term));
  const { inputs, schema } = alignColumns([layout, ...terms], columns);
  const facts = columns.map(() => noFacts);
  const recursive: PhysicalRecursive = {
    kind: "recursive",
    workId,
    anchor: inputs[1]!.node,
    step: inputs[2]!.node,
    distinct,
    roundsMax: context.options.recursionMax,
    schema,
    estimate: estimateOf(context.estimator.rows(node), schema, facts),
  };
  return makePlanned(recursive, columns, facts, single);
}

/** A term's columns in their order, since the recursion goes by positions. */
function planTerm(context: PlanContext, term: LogicalNode): Planned {
  const columns = outputColumns(term);
  return selectColumns(toSingle(context.plan(term, new Set(columns.map(({ id }) => id)))), columns);
}

export function planWorkTable({ columns, workId }: WorkTableNode): Planned {
  return workTableOf(columns, workId);
}

function workTableOf(columns: readonly Column[], workId: number): Planned {
  const schema: Schema = columns.map(({ name, type }) => ({ name, type, nullable: true }));
  const facts = columns.map(() => noFacts);
  const table: PhysicalWorkTable = {
    kind: "work_table",
    workId,
    schema,
    estimate: estimateOf(workTableRows, schema, facts),
  };
  return makePlanned(table, columns, facts, single);
}
