import { simpleType, typeName } from "../arrow/data-type.ts";
import { unreachable } from "../common/assert.ts";
import { EngineError, type TextSpan } from "../common/engine-error.ts";
import { isAggregate } from "../expr/aggregate-registry.ts";
import { at, coerceTo, commonType } from "../expr/coerce.ts";
import type { Expression } from "../expr/expression.ts";
import { andAll, orAll, typeOf } from "../expr/expression-properties.ts";
import { resolveFunction } from "../expr/function-registry.ts";
import { isWindowFunction } from "../expr/window-registry.ts";
import type { SqlExpression, SqlExpressionOf } from "../sql/ast.ts";
import { bindAggregate } from "./bind-aggregate.ts";
import { bindCast } from "./bind-cast.ts";
import { bindInList, bindOperator, compareRows, falseLiteral, negateIf } from "./bind-comparison.ts";
import { columnOf, type ExpressionPlace } from "./bind-context.ts";
import { formatTemplate } from "./bind-format.ts";
import { bindNumber } from "./bind-number.ts";
import { bindWindow } from "./bind-window.ts";
import { bindExists, bindQuantified, bindRowSubquery, bindScalarSubquery } from "./bind-subquery.ts";

const bool = simpleType("bool");
const maxParameter = 65535;

/** Names, types and subqueries of one expression; untyped literals at the top stay of type "null". */
export function bindExpression(node: SqlExpression, place: ExpressionPlace): Expression {
  const bind = (child: SqlExpression): Expression => bindExpression(child, place);
  const { span } = node;
  switch (node.kind) {
    case "number":
      return bindNumber(node.text, span);
    case "string":
      return { kind: "literal", type: simpleType("null"), value: node.value, span };
    case "boolean":
      return { kind: "literal", type: bool, value: node.value, span };
    case "null":
      return { kind: "literal", type: simpleType("null"), value: null, span };
    case "column":
      return columnOf(place.scope.resolve(node.parts, span), span);
    case "star":
      throw new EngineError("syntax_error", "* can only stand in a select list or in count(*)", { span });
    case "parameter":
      return bindParameter(node.index, span, place);
    case "operator":
      return bindBinary(node, place);
    case "and":
    case "or": {
      const args = node.args.map((arg) => requireBool(bind(arg), node.kind.toUpperCase(), arg.span));
      return (node.kind === "and" ? andAll(args) : orAll(args)) ?? falseLiteral();
    }
    case "not":
      return resolveFunction("not", [requireBool(bind(node.arg), "NOT", node.arg.span)], span);
    case "test":
      return bindTest(node, place);
    case "distinct_from":
      return at(span, () =>
        resolveFunction(
          node.negated ? "is_not_distinct_from" : "is_distinct_from",
          [bind(node.left), bind(node.right)],
          span,
        ),
      );
    case "like":
      return bindLike(node, place);
    case "between":
      return bindBetween(node, place);
    case "in_list":
      return negateIf(node.negated, bindList(node.arg, node.items, span, place));
    case "quantified_list":
      return bindQuantifiedList(node, place);
    case "function":
      return bindFunction(node, place);
    case "cast":
      return bindCast(bind(node.arg), node.type);
    case "case":
      return bindCase(node, place);
    case "row":
      throw new EngineError("feature_not_supported", "row values are supported in comparisons and IN only", { span });
    case "subquery":
      return bindScalarSubquery(node.query, span, place);
    case "exists":
      return bindExists(node.query, span, place);
    case "quantified":
      return bindQuantified(node, bindRow(node.left, place), place);
    default:
      return unreachable(node, "expression");
  }
}

/** The expression as a condition; `what` names the clause for the message. */
export function requireBool(expression: Expression, what: string, span: TextSpan): Expression {
  const type = typeOf(expression);
  if (type.kind === "null") return coerceTo(expression, bool, "implicit", span);
  if (type.kind === "bool") return expression;
  const message = `argument of ${what} must be type boolean, not type ${typeName(type)}`;
  throw new EngineError("datatype_mismatch", message, { span });
}

/** Expressions in one common type, for CASE, VALUES and the like. */
export function unifyTypes(expressions: readonly Expression[], what: string, span: TextSpan): readonly Expression[] {
  const type = commonType(expressions.map(typeOf));
  if (type === null) {
    const names = [
      ...new Set(expressions.map((expression) => typeName(typeOf(expression))).filter((name) => name !== "unknown")),
    ];
    throw new EngineError("datatype_mismatch", `${what} types ${names.join(" and ")} cannot be matched`, { span });
  }
  return expressions.map((expression) => coerceTo(expression, type, "implicit"));
}

function bindParameter(index: number, span: TextSpan, { context }: ExpressionPlace): Expression {
  if (index < 1 || index > maxParameter)
    throw new EngineError("undefined_parameter", `there is no parameter $${index}`, { span });
  context.parameters.add(index);
  return { kind: "parameter", index, type: context.parameterTypes.get(index) ?? simpleType("null"), span };
}

function bindRow(node: SqlExpression, place: ExpressionPlace): readonly Expression[] {
  return node.kind === "row" ? node.items.map((item) => bindExpression(item, place)) : [bindExpression(node, place)];
}

function bindBinary(node: SqlExpressionOf<"operator">, place: ExpressionPlace): Expression {
  const [left, right] = node.args;
  if (left?.kind === "row" && right?.kind === "row") {
    return compareRows(node.operator, bindRow(left, place), bindRow(right, place), node.span);
  }
  if (left?.kind === "row" && right?.kind === "subquery") {
    return compareRows(node.operator, bindRow(left, place), bindRowSubquery(right.query, right.span, place), node.span);
  }
  return bindOperator(
    node.operator,
    node.args.map((arg) => bindExpression(arg, place)),
    node.span,
  );
}

function bindTest(node: SqlExpressionOf<"test">, place: ExpressionPlace): Expression {
  const arg = bindExpression(node.arg, place);
  if (node.test === "is_null" || node.test === "is_not_null") return resolveFunction(node.test, [arg], node.span);
  return resolveFunction(
    node.test,
    [requireBool(arg, node.test.replaceAll("_", " ").toUpperCase(), node.arg.span)],
    node.span,
  );
}

function bindLike(node: SqlExpressionOf<"like">, place: ExpressionPlace): Expression {
  const parts = [node.value, node.pattern, ...(node.escape === null ? [] : [node.escape])];
  const args = parts.map((part) => bindExpression(part, place));
  const symbol = node.ignoreCase ? "~~*" : "~~";
  return negateIf(
    node.negated,
    at(node.span, () => resolveFunction(symbol, args, node.span)),
  );
}

function bindBetween(node: SqlExpressionOf<"between">, place: ExpressionPlace): Expression {
  const { span } = node;
  const [arg, low, high] = [node.arg, node.low, node.high].map((part) => bindRow(part, place));
  const within = (from: readonly Expression[], to: readonly Expression[]): Expression =>
    andAll([compareRows(">=", arg!, from, span), compareRows("<=", arg!, to, span)]) ?? falseLiteral();
  const ascending = within(low!, high!);
  return negateIf(node.negated, node.symmetric ? (orAll([ascending, within(high!, low!)]) ?? ascending) : ascending);
}

function bindList(
  arg: SqlExpression,
  items: readonly SqlExpression[],
  span: TextSpan,
  place: ExpressionPlace,
): Expression {
  if (arg.kind !== "row") {
    const left = bindExpression(arg, place);
    return bindInList(
      left,
      items.map((item) => bindExpression(item, place)),
      span,
    );
  }
  const left = bindRow(arg, place);
  return orAll(items.map((item) => compareRows("=", left, bindRow(item, place), span))) ?? falseLiteral();
}

function bindQuantifiedList(node: SqlExpressionOf<"quantified_list">, place: ExpressionPlace): Expression {
  if (node.quantifier === "any" && node.operator === "=" && node.items.length > 0)
    return bindList(node.left, node.items, node.span, place);
  const left = bindExpression(node.left, place);
  const comparisons = node.items.map((item) =>
    bindOperator(node.operator, [left, bindExpression(item, place)], node.span),
  );
  const isAny = node.quantifier === "any";
  return (isAny ? orAll(comparisons) : andAll(comparisons)) ?? falseLiteral(!isAny);
}

function bindFunction(node: SqlExpressionOf<"function">, place: ExpressionPlace): Expression {
  const { name, span } = node;
  if (name === "grouping") return bindGrouping(node, place);
  if (node.over !== undefined) return bindWindow(node, place, { bindExpression, requireBool });
  if (isWindowFunction(name) && node.withinGroup !== true)
    throw new EngineError("windowing_error", `window function ${name} requires an OVER clause`, { span });
  if (isAggregate(name) || node.withinGroup === true) return bindAggregate(node, place, bindExpression, requireBool);
  if (node.star || node.distinct || node.filter !== null || node.orderBy !== undefined) {
    const what = node.star ? "*" : node.distinct ? "DISTINCT" : node.filter !== null ? "FILTER" : "ORDER BY";
    throw new EngineError("undefined_function", `${what} specified, but ${name} is not an aggregate function`, {
      span,
    });
  }
  const args = node.args.map((arg) => bindExpression(arg, place));
  if (["coalesce", "greatest", "least"].includes(name))
    return resolveFunction(name, unifyTypes(args, name.toUpperCase(), span), span);
  const [first, second] = args;
  if (name === "nullif" && first !== undefined && second !== undefined && typeOf(first).kind === "null") {
    return resolveFunction(name, unifyTypes(args, "NULLIF", span), span);
  }
  return at(span, () => {
    if (name === "overlay") return overlay(args, span);
    if (name === "format") return formatTemplate(args, span);
    // substring(text FROM pattern)
    const isPattern = name === "substring" && args.length === 2 && ["utf8", "null"].includes(typeOf(second!).kind);
    if (name === "age" && args.length === 1) return ageNow(first!, span);
    return resolveFunction(isPattern ? "substring_pattern" : name, args, span);
  });
}

function bindGrouping({ args, span }: SqlExpressionOf<"function">, place: ExpressionPlace): Expression {
  const { aggregates, clause } = place.scope;
  if (aggregates === null || aggregates.inArguments)
    throw new EngineError("grouping_error", `grouping operations are not allowed in ${clause}`, { span });
  return aggregates.groupingBits(
    args.map((arg) => bindExpression(arg, place)),
    span,
  );
}

/** `age(t)` counts from the midnight of the statement's day. */
function ageNow(start: Expression, span: TextSpan): Expression {
  const timestamp = simpleType(typeOf(start).kind === "timestamptz" ? "timestamptz" : "timestamp");
  const today = coerceTo(resolveFunction("current_date", [], span), timestamp, "implicit", span);
  return resolveFunction("age", [today, start], span);
}

/** `overlay(text PLACING new FROM start [FOR count])`: what stands before, the new text, and what stands behind. */
function overlay(args: readonly Expression[], span: TextSpan): Expression {
  const [text, replacement, start, count] = args;
  if (text === undefined || replacement === undefined || start === undefined)
    return resolveFunction("overlay", args, span);
  const one: Expression = { kind: "literal", type: simpleType("int32"), value: 1 };
  const call = (name: string, ...parts: readonly Expression[]): Expression => resolveFunction(name, parts, span);
  const end = call("add", start, count ?? call("length", replacement));
  return call(
    "||",
    call("||", call("substring", text, one, call("subtract", start, one)), replacement),
    call("substring", text, end),
  );
}

function bindCase(node: SqlExpressionOf<"case">, place: ExpressionPlace): Expression {
  const { span } = node;
  const arg = node.arg === null ? null : bindExpression(node.arg, place);
  const whens = node.branches.map(({ when }) => {
    const condition = bindExpression(when, place);
    return arg === null
      ? requireBool(condition, "CASE/WHEN", when.span)
      : bindOperator("=", [arg, condition], when.span);
  });
  const thens = node.branches.map(({ then }) => bindExpression(then, place));
  const otherwise: Expression =
    node.otherwise === null
      ? { kind: "literal", type: simpleType("null"), value: null, span }
      : bindExpression(node.otherwise, place);
  const results = unifyTypes([...thens, otherwise], "CASE", span);
  const branches = whens.map((when, index) => ({ when, then: results[index]! }));
  return { kind: "case", branches, otherwise: results.at(-1)!, type: typeOf(results[0]!) };
}
