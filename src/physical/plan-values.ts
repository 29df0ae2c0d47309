import type { Schema } from "../arrow/schema.ts";
import type { Value } from "../arrow/value.ts";
import type { Expression } from "../expr/expression.ts";
import { isNullable, typeOf } from "../expr/expression-properties.ts";
import type { Column, ValuesNode } from "../logical/logical-node.ts";
import type { PhysicalNode } from "./physical-node.ts";
import { alignColumns } from "./plan-union.ts";
import { estimateOf, makePlanned, noFacts, single } from "./planned.ts";
import type { ColumnFacts, Planned } from "./planned.ts";
import { narrowDecimals } from "./narrow-decimals.ts";
import { rangeOfValue, unionRanges } from "./value-range.ts";

/** Constant rows. A row that the optimiser could not fold (its evaluation fails) is computed when the query runs. */
export function planValues(node: ValuesNode): Planned {
  const { columns, rows } = node;
  if (!rows.every((row) => row.every((item) => item.kind === "literal"))) return planComputedRows(columns, rows);
  const facts = columns.map((column, index): ColumnFacts => {
    const values = rows.map((row) => literalValue(row[index]!));
    const lengths = values.map((value) => (typeof value === "string" ? value.length : 0));
    return {
      range: unionRanges(values.map(rangeOfValue)),
      stringBytes: column.type.kind === "utf8" ? Math.max(0, ...lengths) : 0,
    };
  });
  const schema: Schema = columns.map(({ name, type, nullable }) => ({ name, type, nullable }));
  const values = rows.map((row) => row.map(literalValue));
  return makePlanned(
    { kind: "values", rows: values, schema, estimate: estimateOf(rows.length, schema, facts) },
    columns,
    facts,
    single,
  );
}

function literalValue(expression: Expression): Value {
  return expression.kind === "literal" ? expression.value : null;
}

function planComputedRows(columns: readonly Column[], rows: readonly (readonly Expression[])[]): Planned {
  const inputs = rows.map((row) => {
    const oneRow: PhysicalNode = { kind: "values", rows: [[]], schema: [], estimate: { rows: 1, bytes: 1 } };
    const items = row.map((item) => narrowDecimals(item, () => undefined));
    const facts = items.map(({ range }): ColumnFacts => ({ ...noFacts, range }));
    const schema: Schema = items.map(({ expression }, index) => ({
      name: columns[index]!.name,
      type: typeOf(expression),
      nullable: isNullable(expression),
    }));
    const expressions = items.map((item) => item.expression);
    return makePlanned(
      { kind: "project", input: oneRow, expressions, schema, estimate: estimateOf(1, schema, facts) },
      columns,
      facts,
      single,
    );
  });
  if (inputs.length === 1) return inputs[0]!;
  const { inputs: aligned, schema, facts } = alignColumns(inputs, columns);
  const union: PhysicalNode = {
    kind: "union",
    inputs: aligned.map((input) => input.node),
    schema,
    estimate: estimateOf(rows.length, schema, facts),
  };
  return makePlanned(union, columns, facts, single);
}
