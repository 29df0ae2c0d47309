import type { DataType } from "../arrow/data-type.ts";
import { isNumeric, sameType, simpleType, typeName } from "../arrow/data-type.ts";
import type { Value } from "../arrow/value.ts";
import { EngineError } from "../common/engine-error.ts";
import { castValue } from "../expr/cast-value.ts";
import { at, exactLiteral } from "../expr/coerce.ts";
import type { Expression, LiteralExpression, ParameterExpression } from "../expr/expression.ts";
import { mapExpression } from "../expr/expression-properties.ts";
import type { LogicalNode } from "../logical/logical-node.ts";
import { mapNodeExpressions, rewriteBottomUp } from "../logical/rewrite.ts";
import { bindNumber } from "./bind-number.ts";
import { checkRowCount } from "./bind-query.ts";

/**
 * The plan with each parameter replaced by its value. Values are those of the parameter's type (a bigint for a decimal
 * is unscaled, a number for a date counts days), or of another kind and then converted: a number or bigint by its
 * value, a string by parsing it. `types` say otherwise: they are the values' own types. Throws undefined_parameter for a
 * missing value, and invalid_parameter_value for a number that the conversion would change.
 */
export function bindParameters(plan: LogicalNode, values: readonly Value[], types?: readonly DataType[]): LogicalNode {
  const replace = (part: Expression): Expression => {
    if (part.kind !== "parameter") return part;
    const value = values[part.index - 1];
    if (value === undefined) {
      const where = part.span === undefined ? {} : { span: part.span };
      throw new EngineError("undefined_parameter", `no value for parameter $${part.index}`, where);
    }
    return at(part.span, () => parameterLiteral(part, value, types?.[part.index - 1]));
  };
  return rewriteBottomUp(plan, (node) => {
    const bound = mapNodeExpressions(node, (expression) => mapExpression(expression, replace));
    if (bound.kind === "limit") {
      if (bound.limit !== null) checkRowCount(bound.limit, "LIMIT");
      if (bound.offset !== null) checkRowCount(bound.offset, "OFFSET");
      // LIMIT NULL is no limit.
      return { ...bound, limit: nullToNone(bound.limit), offset: nullToNone(bound.offset) };
    }
    return bound;
  });
}

function nullToNone(expression: Expression | null): Expression | null {
  return expression?.kind === "literal" && expression.value === null ? null : expression;
}

function parameterLiteral(parameter: ParameterExpression, value: Value, type: DataType | undefined): Expression {
  const wanted = parameter.type;
  const own =
    type === undefined || type.kind === "null"
      ? guessLiteral(value, wanted)
      : ({ kind: "literal", type, value } as const);
  const where = parameter.span === undefined ? {} : { span: parameter.span };
  if (wanted.kind === "null" || sameType(own.type, wanted)) return { ...own, ...where };
  if (own.value === null) return { kind: "literal", type: wanted, value: null, ...where };
  const source = typeof own.value === "string" && isNumeric(wanted) ? numberIn(own.value, own) : own;
  if (isNumeric(source.type) && isNumeric(wanted)) return exactNumber(parameter, source, wanted);
  return { kind: "literal", type: wanted, value: castValue(source.value, source.type, wanted), ...where };
}

function guessLiteral(value: Value, wanted: DataType): LiteralExpression {
  return {
    kind: "literal",
    type: guessType(value, wanted),
    value: typeof value === "number" && isInt64Number(value, wanted) ? BigInt(value) : value,
  };
}

function isInt64Number(value: number, wanted: DataType): boolean {
  return wanted.kind !== "date" && Number.isSafeInteger(value) && !Object.is(value, -0);
}

function guessType(value: Value, wanted: DataType): DataType {
  switch (typeof value) {
    case "boolean":
      return simpleType("bool");
    case "number":
      if (wanted.kind === "date" && Number.isInteger(value)) return wanted;
      return simpleType(isInt64Number(value, wanted) ? "int64" : "float64");
    case "bigint":
      return ["decimal", "time", "timestamp", "timestamptz", "uint64"].includes(wanted.kind)
        ? wanted
        : simpleType("int64");
    case "string":
      return simpleType("utf8");
    default:
      if (value === null) return wanted;
      return simpleType(value instanceof Uint8Array ? "binary" : "interval");
  }
}

/** Text for a numeric parameter as an exact number, where it is one. */
function numberIn(text: string, otherwise: LiteralExpression): LiteralExpression {
  const trimmed = text.trim();
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed) ? bindNumber(trimmed.replace("+", "")) : otherwise;
}

function exactNumber(parameter: ParameterExpression, literal: LiteralExpression, wanted: DataType): Expression {
  const isFloat = wanted.kind === "float64" || wanted.kind === "float32";
  const exact = isFloat ? null : exactLiteral(literal, wanted);
  if (exact !== null) return { ...exact, ...(parameter.span === undefined ? {} : { span: parameter.span }) };
  const converted = castValue(literal.value, literal.type, wanted);
  if (isFloat) return { kind: "literal", type: wanted, value: converted };
  // Rounding 0.055 to a column's two digits would answer another question than the one asked.
  const message = `the value of parameter $${parameter.index} is not exact as ${typeName(wanted)}`;
  throw new EngineError("invalid_parameter_value", message);
}
