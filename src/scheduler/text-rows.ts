import { simpleType } from "../arrow/data-type.ts";
import type { Schema } from "../arrow/schema.ts";
import type { Value } from "../arrow/value.ts";
import type { StageGraph } from "../stage/stage.ts";

/**
 * Rows that the scheduler itself knows (EXPLAIN, SHOW), as a query of one task: they take the same way to the client as
 * all other rows.
 */
export function literalRows(schema: Schema, rows: readonly (readonly Value[])[]): StageGraph {
  return {
    schema,
    ordered: true,
    stages: [
      {
        stageId: 0,
        plan: { kind: "values", schema, estimate: { rows: rows.length, bytes: 0 }, rows },
        sink: { kind: "result" },
        inputs: [],
        tasks: [{ partition: 0, splits: [] }],
      },
    ],
  };
}

/** A schema of text columns. */
export function textSchema(...names: readonly string[]): Schema {
  return names.map((name) => ({ name, type: simpleType("utf8"), nullable: true }));
}
