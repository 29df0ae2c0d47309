import { isFloat } from "../arrow/data-type.ts";
import type { ColumnExpression, ColumnId, Expression } from "../expr/expression.ts";
import { columnIds, expressionEquals } from "../expr/expression-properties.ts";
import { substituteColumns } from "../logical/substitute-columns.ts";

/** Two columns that a conjunct equates; null for every other predicate. */
export function equatedColumns(predicate: Expression): readonly [ColumnExpression, ColumnExpression] | null {
  if (predicate.kind !== "call" || predicate.name !== "eq") return null;
  const [left, right] = predicate.args;
  return left?.kind === "column" && right?.kind === "column" && left.id !== right.id ? [left, right] : null;
}

/** Columns known to be equal, by way of equalities among the conjuncts; each class has two columns at least. */
export function equalColumnClasses(predicates: readonly Expression[]): readonly (readonly ColumnExpression[])[] {
  const classOf = new Map<ColumnId, ColumnExpression[]>();
  for (const predicate of predicates) {
    const pair = equatedColumns(predicate);
    if (pair === null) continue;
    const [left, right] = pair.map((column) => classOf.get(column.id) ?? [column]) as [
      ColumnExpression[],
      ColumnExpression[],
    ];
    const merged = left === right ? left : [...left, ...right];
    for (const column of merged) classOf.set(column.id, merged);
  }
  return [...new Set(classOf.values())];
}

/**
 * What follows from the conjuncts: a = b and a < 5 give b < 5. Only comparisons with constants are carried over; others
 * would cost more than they save. Floats are left out, since 0 and -0 are equal and yet differ.
 */
export function inferPredicates(predicates: readonly Expression[]): readonly Expression[] {
  const inferred: Expression[] = [];
  for (const members of equalColumnClasses(predicates)) {
    if (members.some((column) => isFloat(column.type))) continue;
    for (const predicate of predicates) {
      const ids = columnIds(predicate);
      const source = members.find((column) => ids.has(column.id));
      if (source === undefined || ids.size !== 1 || !isCheap(predicate)) continue;
      for (const target of members) {
        if (target.id === source.id) continue;
        const copy = substituteColumns(predicate, new Map([[source.id, target]]));
        addPredicate(inferred, copy, predicates);
      }
    }
  }
  return inferred;
}

/** Appends the predicate unless it is there already, or in `others`. */
export function addPredicate(list: Expression[], predicate: Expression, others: readonly Expression[] = []): void {
  if (
    !list.some((known) => expressionEquals(known, predicate)) &&
    !others.some((known) => expressionEquals(known, predicate))
  )
    list.push(predicate);
}

function isCheap(predicate: Expression): boolean {
  if (predicate.kind === "in_list") return predicate.arg.kind === "column";
  if (predicate.kind === "or" || predicate.kind === "and") return predicate.args.every(isCheap);
  const comparisons = ["eq", "lt", "le", "gt", "ge"];
  return (
    predicate.kind === "call" &&
    comparisons.includes(predicate.name) &&
    predicate.args.every((arg) => arg.kind === "column" || arg.kind === "literal")
  );
}
