import type { DataType, DecimalType } from "../arrow/data-type.ts";
import { decimalType, maxDecimalPrecision, sameLayout } from "../arrow/data-type.ts";
import { assert } from "../common/assert.ts";
import type { ColumnId, Expression } from "../expr/expression.ts";
import { andAll, columnIds, conjuncts, isNullable, typeOf } from "../expr/expression-properties.ts";
import { rangeFitsInt64, rescaleRange } from "./value-range.ts";
import type { NarrowedExpression } from "./narrow-decimals.ts";

/** One equality of a join condition whose sides are each over one input. */
export type JoinKey = { readonly left: Expression; readonly right: Expression; readonly nullEqual: boolean };

export type JoinCondition = { readonly keys: readonly JoinKey[]; readonly residual: Expression | null };

/** Splits a condition into equalities between the inputs and the rest. */
export function splitJoinCondition(
  condition: Expression | null,
  leftIds: ReadonlySet<ColumnId>,
  rightIds: ReadonlySet<ColumnId>,
): JoinCondition {
  const keys: JoinKey[] = [];
  const residual: Expression[] = [];
  for (const part of condition === null ? [] : conjuncts(condition)) {
    const key = equality(part, leftIds, rightIds);
    if (key === null) residual.push(part);
    else keys.push(key);
  }
  return { keys, residual: andAll(residual) };
}

function equality(part: Expression, leftIds: ReadonlySet<ColumnId>, rightIds: ReadonlySet<ColumnId>): JoinKey | null {
  if (part.kind !== "call" || (part.name !== "eq" && part.name !== "is_not_distinct_from")) return null;
  const [first, second] = part.args as [Expression, Expression];
  const nullEqual = part.name === "is_not_distinct_from";
  if (isOver(first, leftIds) && isOver(second, rightIds)) return { left: first, right: second, nullEqual };
  if (isOver(second, leftIds) && isOver(first, rightIds)) return { left: second, right: first, nullEqual };
  return null;
}

function isOver(expression: Expression, ids: ReadonlySet<ColumnId>): boolean {
  const used = columnIds(expression);
  return used.size > 0 && [...used].every((id) => ids.has(id));
}

/**
 * Null-aware joins take the keys whose equality is never NULL, or else a single one, since rows with a NULL key have to
 * be compared with all others. The rest joins the residual: AND does not mind the order.
 */
export function certainKeys({ keys, residual }: JoinCondition): JoinCondition {
  if (keys.length <= 1) return { keys, residual };
  const certain = keys.filter((key) => key.nullEqual || (!isNullable(key.left) && !isNullable(key.right)));
  const chosen = certain.length > 0 ? certain : keys.slice(0, 1);
  const others = keys.filter((key) => !chosen.includes(key)).map(keyExpression);
  return { keys: chosen, residual: andAll([...others, ...(residual === null ? [] : [residual])]) };
}

export function keyExpression({ left, right, nullEqual }: JoinKey): Expression {
  return { kind: "call", name: nullEqual ? "is_not_distinct_from" : "eq", args: [left, right], type: { kind: "bool" } };
}

/** Both sides in one layout, so that equal values are equal bytes and hash alike. */
export function alignKeys(left: NarrowedExpression, right: NarrowedExpression): readonly [Expression, Expression] {
  const leftType = typeOf(left.expression);
  const rightType = typeOf(right.expression);
  if (sameLayout(leftType, rightType)) return [left.expression, right.expression];
  assert(
    leftType.kind === "decimal" && rightType.kind === "decimal",
    () => `join keys of types ${leftType.kind} and ${rightType.kind}`,
  );
  const type = commonKeyType(left, leftType, right, rightType);
  return [castTo(left.expression, type), castTo(right.expression, type)];
}

function commonKeyType(
  left: NarrowedExpression,
  leftType: DecimalType,
  right: NarrowedExpression,
  rightType: DecimalType,
): DecimalType {
  const scale = Math.max(leftType.scale, rightType.scale);
  const whole = Math.max(leftType.precision - leftType.scale, rightType.precision - rightType.scale);
  const wide = decimalType(Math.min(maxDecimalPrecision, whole + scale), scale);
  const fits = (side: NarrowedExpression, type: DecimalType): boolean =>
    type.bits === 64 && side.range !== undefined && rangeFitsInt64(rescaleRange(side.range, type.scale, scale));
  return fits(left, leftType) && fits(right, rightType) ? { ...wide, bits: 64 } : wide;
}

function castTo(expression: Expression, type: DataType): Expression {
  return sameLayout(typeOf(expression), type) ? expression : { kind: "cast", arg: expression, type };
}
