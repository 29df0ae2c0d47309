import { isNumeric, typeName } from "../arrow/data-type.ts";
import { EngineError, type TextSpan } from "../common/engine-error.ts";
import { at, coerceTo, commonType, exactLiteral } from "../expr/coerce.ts";
import type { Expression, LiteralExpression } from "../expr/expression.ts";
import { andAll, orAll, typeOf } from "../expr/expression-properties.ts";
import { resolveFunction } from "../expr/function-registry.ts";

export function negateIf(negated: boolean, expression: Expression): Expression {
  return negated ? resolveFunction("not", [expression]) : expression;
}

export function falseLiteral(value = false): Expression {
  return { kind: "literal", type: { kind: "bool" }, value };
}

const operators = new Set([
  "+",
  "-",
  "*",
  "/",
  "%",
  "^",
  "=",
  "<>",
  "<",
  "<=",
  ">",
  ">=",
  "||",
  "~~",
  "!~~",
  "~~*",
  "!~~*",
  ..."~ ~* !~ !~* & | # << >> -> ->>".split(" "),
]);
const unaryOperators = new Set(["-", "~"]);
/** Operators that are another name of a function. */
const functionOperators: Readonly<Record<string, string>> = {
  "@": "abs",
  "|/": "sqrt",
  "||/": "cbrt",
  "^@": "starts_with",
};

/** A binary or unary operator by its symbol. Throws undefined_function. */
export function bindOperator(operator: string, args: readonly Expression[], span: TextSpan): Expression {
  const [first] = args;
  const isUnary = args.length === 1;
  if (
    isUnary &&
    operator === "+" &&
    first !== undefined &&
    (isNumeric(typeOf(first)) || typeOf(first).kind === "interval")
  )
    return first;
  const named = functionOperators[operator];
  if (named !== undefined && isUnary === (operator !== "^@")) return resolveOperator(named, args, span);
  if (operators.has(operator) && (!isUnary || unaryOperators.has(operator)))
    return resolveOperator(operator, args, span);
  throw noOperator(operator, args, span);
}

function resolveOperator(operator: string, args: readonly Expression[], span: TextSpan): Expression {
  try {
    return at(span, () => resolveFunction(operator, args, span));
  } catch (thrown) {
    // The registry knows operators by their names; users know them by their symbols.
    if (thrown instanceof EngineError && thrown.code === "undefined_function") throw noOperator(operator, args, span);
    throw thrown;
  }
}

function noOperator(operator: string, args: readonly Expression[], span: TextSpan): EngineError {
  const types = args.map((arg) => typeName(typeOf(arg)));
  const call = args.length === 1 ? `${operator} ${types[0]}` : types.join(` ${operator} `);
  const hint = "no operator of that name takes these argument types; you might need explicit casts";
  return new EngineError("undefined_function", `operator does not exist: ${call}`, { span, hint });
}

/** `(a, b) op (c, d)`: equality of all pairs, inequality of some, or the order of the first pair that differs. */
export function compareRows(
  operator: string,
  left: readonly Expression[],
  right: readonly Expression[],
  span: TextSpan,
): Expression {
  if (left.length !== right.length)
    throw new EngineError("syntax_error", "unequal number of entries in row expressions", { span });
  const pairs = left.map((expression, index) => [expression, right[index]!] as const);
  const compare = (symbol: string, [first, second]: readonly [Expression, Expression]) =>
    bindOperator(symbol, [first, second], span);
  if (pairs.length === 1) return compare(operator, pairs[0]!);
  switch (operator) {
    case "=":
      return andAll(pairs.map((pair) => compare("=", pair))) ?? falseLiteral(true);
    case "<>":
      return orAll(pairs.map((pair) => compare("<>", pair))) ?? falseLiteral();
    case "<":
    case "<=":
    case ">":
    case ">=": {
      const strict = operator.slice(0, 1);
      const steps = pairs.map((pair, index) => {
        const before = pairs.slice(0, index).map((earlier) => compare("=", earlier));
        return andAll([...before, compare(index === pairs.length - 1 ? operator : strict, pair)]) ?? falseLiteral();
      });
      return orAll(steps) ?? falseLiteral();
    }
    default:
      throw new EngineError("feature_not_supported", `operator ${operator} between rows is not supported`, { span });
  }
}

/** `arg IN (items)`: a set of constants of arg's type where they all are, else a chain of comparisons. */
export function bindInList(arg: Expression, items: readonly Expression[], span: TextSpan): Expression {
  const compare = (item: Expression): Expression => bindOperator("=", [arg, item], span);
  if (items.length === 1) return compare(items[0]!);
  const literals = items.filter((item) => item.kind === "literal");
  if (literals.length < items.length) return orAll(items.map(compare)) ?? falseLiteral();
  const own = literals.map((item) => asTypeOf(arg, item));
  if (own.every((item) => item !== null)) return inList(arg, own);
  const type = commonType([arg, ...literals].map(typeOf));
  // The comparison with the first item that does not fit says what is wrong.
  if (type === null) return orAll(items.map(compare)) ?? falseLiteral();
  return inList(
    coerceTo(arg, type, "implicit"),
    literals.map((item) => coerceTo(item, type, "implicit")),
  );
}

/** The literal in arg's own type, or null where that would change its value: arg then stays a bare column. */
function asTypeOf(arg: Expression, item: LiteralExpression): Expression | null {
  const type = typeOf(arg);
  if (type.kind === "null") return null;
  if (item.type.kind === "null") return coerceTo(item, type, "implicit");
  return item.type.kind === type.kind && type.kind !== "decimal" ? item : exactLiteral(item, type);
}

function inList(arg: Expression, items: readonly Expression[]): Expression {
  return { kind: "in_list", arg, values: items.map((item) => (item as LiteralExpression).value) };
}
