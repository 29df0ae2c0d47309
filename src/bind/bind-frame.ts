import { isInteger, isNumeric, isTemporal, simpleType, typeName } from "../arrow/data-type.ts";
import type { DataType } from "../arrow/data-type.ts";
import type { Interval } from "../arrow/value.ts";
import { EngineError, type TextSpan } from "../common/engine-error.ts";
import { asDecimalType, at, coerceTo, commonType } from "../expr/coerce.ts";
import type { Expression, FrameBound, SortKey, WindowFrame } from "../expr/expression.ts";
import { columnIds, typeOf } from "../expr/expression-properties.ts";
import { foldConstants } from "../expr/fold-constants.ts";
import { compareValues } from "../expr/interpreter/compare-values.ts";
import type { FrameClause, FrameEdge, SqlExpression } from "../sql/ast.ts";
import { bindOperator } from "./bind-comparison.ts";

const interval = simpleType("interval");
const noInterval: Interval = { months: 0, days: 0, micros: 0n };

/** From the partition's first row to the current row's last peer. */
const defaultFrame: WindowFrame = {
  unit: "range",
  start: { kind: "unbounded_preceding" },
  end: { kind: "current_row" },
  exclude: "nothing",
};

/** `bind` gives the expression of an offset, which must be a constant. */
export function bindFrame(
  clause: FrameClause | null,
  orderBy: readonly SortKey[],
  span: TextSpan,
  bind: (node: SqlExpression) => Expression,
): WindowFrame {
  if (clause === null) return defaultFrame;
  const { unit, start, end, exclude } = clause;
  if (unit === "groups" && orderBy.length === 0)
    throw new EngineError("windowing_error", "GROUPS mode requires an ORDER BY clause", { span });
  const edge = (bound: FrameEdge, which: string): FrameBound => {
    if (!("offset" in bound)) return bound;
    const offset = constantOffset(bind(bound.offset), unit, bound.offset.span);
    if (unit === "range") return valueBound(bound.kind, offset, orderBy, bound.offset.span, span, which);
    return {
      kind: "offset",
      offset: rowCount(offset, which, bound.offset.span) * (bound.kind === "preceding" ? -1 : 1),
    };
  };
  return { unit, start: edge(start, "starting"), end: edge(end, "ending"), exclude };
}

function constantOffset(offset: Expression, unit: string, span: TextSpan): Expression {
  if (columnIds(offset).size > 0) {
    const message = `argument of ${unit.toUpperCase()} must not contain variables`;
    throw new EngineError("windowing_error", message, { span });
  }
  const constant = at(span, () => foldConstants(offset));
  if (constant.kind === "literal") return constant;
  throw new EngineError("feature_not_supported", "a frame offset that is not a constant is not supported", { span });
}

function rowCount(offset: Expression, which: string, span: TextSpan): number {
  const count = at(span, () => foldConstants(coerceTo(offset, simpleType("int64"), "assignment", span)));
  const value = count.kind === "literal" ? count.value : null;
  checkOffset(value === null, typeof value === "bigint" && value < 0n, which, span);
  // No partition has more rows than this.
  return Math.min(Number(value), 2 ** 40);
}

function checkOffset(isNull: boolean, isNegative: boolean, which: string, span: TextSpan): void {
  if (isNull) throw new EngineError("invalid_parameter_value", `frame ${which} offset must not be null`, { span });
  if (isNegative)
    throw new EngineError("invalid_parameter_value", `frame ${which} offset must not be negative`, { span });
}

function valueBound(
  kind: "preceding" | "following",
  offset: Expression,
  orderBy: readonly SortKey[],
  offsetSpan: TextSpan,
  span: TextSpan,
  which: string,
): FrameBound {
  const [key] = orderBy;
  if (key === undefined || orderBy.length > 1) {
    const message = "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column";
    throw new EngineError("windowing_error", message, { span });
  }
  const keyType = typeOf(key.expression);
  const typed = typedOffset(offset, keyType, offsetSpan);
  checkRangeOffset(typed, which, offsetSpan);
  const base = wideKey(key.expression);
  // Preceding rows have smaller keys, unless the order is descending.
  const operator = (kind === "preceding") === key.descending ? "+" : "-";
  const value = at(offsetSpan, () => bindOperator(operator, [base, typed], offsetSpan));
  const type = commonType([typeOf(base), typeOf(value)]);
  if (type === null) throw unsupportedRange(keyType, typeOf(offset), offsetSpan);
  return {
    kind: "value",
    key: coerceTo(base, type, "explicit", offsetSpan),
    value: coerceTo(value, type, "explicit", offsetSpan),
    descending: key.descending,
  };
}

/** An untyped offset is an interval where the key is a time, else it is of the key's type. */
function typedOffset(offset: Expression, keyType: DataType, span: TextSpan): Expression {
  const takesInterval = isTemporal(keyType) || keyType.kind === "interval";
  const type = typeOf(offset);
  if (type.kind === "null")
    return foldConstants(coerceTo(offset, takesInterval ? interval : keyType, "implicit", span));
  const fits = takesInterval ? type.kind === "interval" : isNumeric(keyType) && isNumeric(type);
  if (!fits) throw unsupportedRange(keyType, type, span);
  return offset;
}

function unsupportedRange(keyType: DataType, offsetType: DataType, span: TextSpan): EngineError {
  const types = `column type ${typeName(keyType)} and offset type ${typeName(offsetType)}`;
  const message = `RANGE with offset PRECEDING/FOLLOWING is not supported for ${types}`;
  return new EngineError("feature_not_supported", message, { span });
}

function checkRangeOffset(offset: Expression, which: string, span: TextSpan): void {
  const value = offset.kind === "literal" ? offset.value : null;
  const isNegative = value !== null && compareValues(typeOf(offset), value, zeroOf(typeOf(offset))) < 0;
  checkOffset(value === null, false, which, span);
  if (isNegative)
    throw new EngineError("invalid_parameter_value", "invalid preceding or following size in window function", {
      span,
    });
}

function zeroOf(type: DataType): number | bigint | Interval {
  if (type.kind === "interval") return noInterval;
  return type.kind === "int64" || type.kind === "uint64" || type.kind === "decimal" ? 0n : 0;
}

/** The key in a type in which adding an offset leaves no range: what lies beyond the key's own type is just far away. */
function wideKey(key: Expression): Expression {
  const type = typeOf(key);
  if (type.kind === "date") return coerceTo(key, simpleType("timestamp"), "explicit");
  if (type.kind === "time") return bindOperator("-", [key, midnight], { start: 0, end: 0 });
  if (type.kind === "int64" || type.kind === "uint64") return coerceTo(key, asDecimalType(type), "explicit");
  return isInteger(type) ? coerceTo(key, simpleType("int64"), "explicit") : key;
}

const midnight: Expression = { kind: "literal", type: simpleType("time"), value: 0n };
