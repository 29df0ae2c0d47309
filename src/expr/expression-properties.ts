import type { DataType } from "../arrow/data-type.ts";
import { sameLayout, simpleType, typeName } from "../arrow/data-type.ts";
import type { Value } from "../arrow/value.ts";
import { unreachable } from "../common/assert.ts";
import type { ColumnId, Expression } from "./expression.ts";
import { formatValue } from "./format-value.ts";

const boolType = simpleType("bool");

export function typeOf(expression: Expression): DataType {
  switch (expression.kind) {
    case "and":
    case "or":
    case "in_list":
      return boolType;
    default:
      return expression.type;
  }
}

const neverNull = new Set([
  "is_null",
  "is_not_null",
  "is_true",
  "is_not_true",
  "is_false",
  "is_not_false",
  "is_unknown",
  "is_not_unknown",
  "is_distinct_from",
  "is_not_distinct_from",
]);
const nullWhenAllAre = new Set(["coalesce", "greatest", "least"]);

/** Whether the value may be NULL; exact enough for plans: false is a promise, true is not. */
export function isNullable(expression: Expression): boolean {
  switch (expression.kind) {
    case "literal":
      return expression.value === null;
    case "column":
    case "input":
      return expression.nullable;
    case "parameter":
      return true;
    case "call":
      if (neverNull.has(expression.name)) return false;
      if (nullWhenAllAre.has(expression.name)) return expression.args.every(isNullable);
      return expression.name === "nullif" || expression.args.some(isNullable);
    case "and":
    case "or":
      return expression.args.some(isNullable);
    case "cast":
      return isNullable(expression.arg);
    case "case":
      return isNullable(expression.otherwise) || expression.branches.some((branch) => isNullable(branch.then));
    case "in_list":
      return isNullable(expression.arg) || expression.values.includes(null);
    default:
      return unreachable(expression, "expression");
  }
}

/** The direct parts of an expression, in order of evaluation. */
export function childrenOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case "call":
    case "and":
    case "or":
      return expression.args;
    case "cast":
    case "in_list":
      return [expression.arg];
    case "case":
      return [...expression.branches.flatMap((branch) => [branch.when, branch.then]), expression.otherwise];
    default:
      return [];
  }
}

/** A copy with each part replaced by `fn(part)`, bottom-up. What does not change stays the same object. */
export function mapExpression(expression: Expression, fn: (part: Expression) => Expression): Expression {
  return fn(mapChildren(expression, (child) => mapExpression(child, fn)));
}

/** A copy whose direct parts are `fn(part)`. */
export function mapChildren(expression: Expression, fn: (child: Expression) => Expression): Expression {
  switch (expression.kind) {
    case "call":
    case "and":
    case "or": {
      const args = expression.args.map(fn);
      return args.every((arg, index) => arg === expression.args[index]) ? expression : { ...expression, args };
    }
    case "cast":
    case "in_list": {
      const arg = fn(expression.arg);
      return arg === expression.arg ? expression : { ...expression, arg };
    }
    case "case": {
      let changed = false;
      const visit = (child: Expression): Expression => {
        const result = fn(child);
        changed ||= result !== child;
        return result;
      };
      const branches = expression.branches.map(({ when, then }) => ({ when: visit(when), then: visit(then) }));
      const otherwise = visit(expression.otherwise);
      return changed ? { ...expression, branches, otherwise } : expression;
    }
    default:
      return expression;
  }
}

/** Calls `fn` with each part, outermost first. */
export function forEachExpression(expression: Expression, fn: (part: Expression) => void): void {
  fn(expression);
  for (const child of childrenOf(expression)) forEachExpression(child, fn);
}

export function columnIds(expression: Expression): Set<ColumnId> {
  const ids = new Set<ColumnId>();
  forEachExpression(expression, (part) => {
    if (part.kind === "column") ids.add(part.id);
  });
  return ids;
}

export function inputIndexes(expression: Expression): Set<number> {
  const indexes = new Set<number>();
  forEachExpression(expression, (part) => {
    if (part.kind === "input") indexes.add(part.index);
  });
  return indexes;
}

/** Structural equality, types' layout included; positions in the text and column names do not count. */
export function expressionEquals(left: Expression, right: Expression): boolean {
  if (left === right) return true;
  if (left.kind !== right.kind || !sameLayout(typeOf(left), typeOf(right))) return false;
  switch (left.kind) {
    case "literal":
      return valueEquals(left.value, (right as typeof left).value);
    case "column":
      return left.id === (right as typeof left).id;
    case "input":
    case "parameter":
      return left.index === (right as typeof left).index;
    case "call":
      if (left.name !== (right as typeof left).name) return false;
      break;
    case "in_list": {
      const values = (right as typeof left).values;
      if (left.values.length !== values.length) return false;
      if (!left.values.every((value, index) => valueEquals(value, values[index]!))) return false;
      break;
    }
    default:
      break;
  }
  const leftChildren = childrenOf(left);
  const rightChildren = childrenOf(right);
  return (
    leftChildren.length === rightChildren.length &&
    leftChildren.every((child, index) => expressionEquals(child, rightChildren[index]!))
  );
}

/** Identity of two values of one type (NULL is NULL, NaN is NaN, -0 is not 0). */
export function valueEquals(left: Value, right: Value): boolean {
  if (typeof left !== "object" || left === null || typeof right !== "object" || right === null)
    return Object.is(left, right);
  if (left instanceof Uint8Array) return right instanceof Uint8Array && Buffer.compare(left, right) === 0;
  if (right instanceof Uint8Array) return false;
  return left.months === right.months && left.days === right.days && left.micros === right.micros;
}

/** The parts of an AND (nested ones flattened); an expression that is no AND is its own only part. */
export function conjuncts(expression: Expression): Expression[] {
  return expression.kind === "and" ? expression.args.flatMap(conjuncts) : [expression];
}

/** null for no expressions. */
export function andAll(expressions: readonly Expression[]): Expression | null {
  const args = expressions.flatMap(conjuncts);
  return args.length <= 1 ? (args[0] ?? null) : { kind: "and", args };
}

/** null for no expressions. */
export function orAll(expressions: readonly Expression[]): Expression | null {
  const args = expressions.flatMap((part) => (part.kind === "or" ? part.args : [part]));
  return args.length <= 1 ? (args[0] ?? null) : { kind: "or", args };
}

const infix: Readonly<Record<string, readonly [symbol: string, precedence: number]>> = {
  eq: ["=", 4],
  ne: ["<>", 4],
  lt: ["<", 4],
  le: ["<=", 4],
  gt: [">", 4],
  ge: [">=", 4],
  is_distinct_from: ["IS DISTINCT FROM", 4],
  is_not_distinct_from: ["IS NOT DISTINCT FROM", 4],
  like: ["LIKE", 5],
  ilike: ["ILIKE", 5],
  concat: ["||", 6],
  add: ["+", 7],
  subtract: ["-", 7],
  multiply: ["*", 8],
  divide: ["/", 8],
  modulo: ["%", 8],
};

/** Readable text close to SQL: for EXPLAIN, messages and derived column names. Input positions print as `#n`. */
export function formatExpression(expression: Expression): string {
  return format(expression, 0);
}

function format(expression: Expression, outer: number): string {
  const wrap = (precedence: number, text: string): string => (precedence < outer ? `(${text})` : text);
  switch (expression.kind) {
    case "literal":
      return formatLiteral(expression.type, expression.value);
    case "column":
      return expression.name;
    case "input":
      return `#${expression.index}`;
    case "parameter":
      return `$${expression.index}`;
    case "and":
      return wrap(2, expression.args.map((arg) => format(arg, 3)).join(" AND "));
    case "or":
      return wrap(1, expression.args.map((arg) => format(arg, 2)).join(" OR "));
    case "cast":
      return `CAST(${format(expression.arg, 0)} AS ${typeName(expression.type)})`;
    case "in_list": {
      const type = typeOf(expression.arg);
      const values = expression.values.map((value) => formatLiteral(type, value));
      return wrap(5, `${format(expression.arg, 6)} IN (${values.join(", ")})`);
    }
    case "case": {
      const branches = expression.branches.map(({ when, then }) => `WHEN ${format(when, 0)} THEN ${format(then, 0)}`);
      return `CASE ${branches.join(" ")} ELSE ${format(expression.otherwise, 0)} END`;
    }
    case "call":
      return formatCall(expression.name, expression.args, wrap);
    default:
      return unreachable(expression, "expression");
  }
}

function formatCall(
  name: string,
  args: readonly Expression[],
  wrap: (precedence: number, text: string) => string,
): string {
  const [first, second] = args;
  const operator = infix[name];
  if (operator !== undefined && args.length === 2) {
    const [symbol, precedence] = operator;
    return wrap(precedence, `${format(first!, precedence)} ${symbol} ${format(second!, precedence + 1)}`);
  }
  if (name === "not") return wrap(3, `NOT ${format(first!, 4)}`);
  if (name === "negate") return wrap(9, `-${format(first!, 10)}`);
  if (name.startsWith("is_") && args.length === 1)
    return wrap(4, `${format(first!, 5)} ${name.toUpperCase().replaceAll("_", " ")}`);
  return `${name}(${args.map((arg) => format(arg, 0)).join(", ")})`;
}

function formatLiteral(type: DataType, value: Value): string {
  if (value === null) return "NULL";
  const text = formatValue(type, value);
  switch (type.kind) {
    case "utf8":
    case "null":
      return `'${text.replaceAll("'", "''")}'`;
    case "date":
    case "time":
    case "timestamp":
    case "timestamptz":
    case "interval":
    case "binary":
      return `${typeName(type)} '${text}'`;
    default:
      return text;
  }
}
