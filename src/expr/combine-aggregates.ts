import { sameType } from "../arrow/data-type.ts";
import type { DataType } from "../arrow/data-type.ts";
import { typeOf } from "./expression-properties.ts";
import type { AggregateCall, Expression } from "./expression.ts";

/** How the results for parts of a group combine to that of the group. */
const combiners: Readonly<Record<string, string>> = {
  count: "sum",
  sum: "sum",
  min: "min",
  max: "max",
  any_value: "any_value",
  bool_and: "bool_and",
  bool_or: "bool_or",
};

/** The aggregate that combines the call's results for parts of a group; null where there is none. */
export function combinerOf(call: AggregateCall): string | null {
  return call.distinct ? null : (combiners[call.name] ?? null);
}

/** A sum of counts is a wider number than a count, and NULL where there is nothing to add up. */
export function restoreResult(name: string, type: DataType, combined: Expression): Expression {
  const typed: Expression = sameType(typeOf(combined), type) ? combined : { kind: "cast", arg: combined, type };
  if (name !== "count") return typed;
  return { kind: "call", name: "coalesce", args: [typed, { kind: "literal", type, value: 0n }], type };
}
