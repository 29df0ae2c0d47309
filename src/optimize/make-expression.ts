import { negatedPredicates } from "../expr/negated-predicates.ts";
import { simpleType } from "../arrow/data-type.ts";
import type { DataType } from "../arrow/data-type.ts";
import type { Value } from "../arrow/value.ts";
import type { Expression } from "../expr/expression.ts";
import { isNullable } from "../expr/expression-properties.ts";

export const boolType = simpleType("bool");
export const trueLiteral: Expression = { kind: "literal", type: boolType, value: true };
export const falseLiteral: Expression = { kind: "literal", type: boolType, value: false };

export function literal(type: DataType, value: Value): Expression {
  return { kind: "literal", type, value };
}

/** A call of a boolean function. */
export function predicateCall(name: string, ...args: Expression[]): Expression {
  return { kind: "call", name, args, type: boolType };
}

/** The negation; one that stands there already is taken away, comparisons turn round (NULL stays NULL in each case). */
export function negate(expression: Expression): Expression {
  if (expression.kind === "literal" && typeof expression.value === "boolean")
    return expression.value ? falseLiteral : trueLiteral;
  if (expression.kind === "call") {
    if (expression.name === "not") return expression.args[0] as Expression;
    const opposite = negatedPredicates[expression.name];
    if (opposite !== undefined) return { ...expression, name: opposite };
  }
  return predicateCall("not", expression);
}

/** Equality that also joins NULL with NULL; plain equality where neither side can be NULL, since joins hash that best. */
export function sameValue(left: Expression, right: Expression): Expression {
  return predicateCall(isNullable(left) || isNullable(right) ? "is_not_distinct_from" : "eq", left, right);
}

/** The boolean, with NULL taken as false. */
export function isTrue(expression: Expression): Expression {
  return isNullable(expression) ? predicateCall("is_true", expression) : expression;
}

export function isBooleanLiteral(expression: Expression, value: boolean): boolean {
  return expression.kind === "literal" && expression.value === value;
}

/** A predicate that no row passes whatever the row: FALSE or NULL. */
export function neverHolds(expression: Expression): boolean {
  return expression.kind === "literal" && (expression.value === false || expression.value === null);
}
