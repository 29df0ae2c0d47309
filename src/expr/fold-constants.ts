import { negatedPredicates } from "./negated-predicates.ts";
import { integerDigits } from "../arrow/data-type.ts";
import { isInteger, simpleType } from "../arrow/data-type.ts";
import type { DataType } from "../arrow/data-type.ts";
import type { Value } from "../arrow/value.ts";
import { EngineError } from "../common/engine-error.ts";
import { castValue } from "./cast-value.ts";
import { childrenOf, isNullable, mapExpression, typeOf, valueEquals } from "./expression-properties.ts";
import type {
  CallExpression,
  CaseExpression,
  Expression,
  InListExpression,
  LiteralExpression,
  LogicExpression,
} from "./expression.ts";
import { evaluate } from "./interpreter/evaluate.ts";
import { isVolatileFunction } from "./volatile-functions.ts";

const bool = simpleType("bool");

/**
 * Computes what is constant, and takes casts off columns that are compared with constants. `nowMicros`, the statement's
 * time in microseconds since the epoch, replaces now() and its like; without it they stay. An expression whose
 * constant evaluation fails stays as it is: the error surfaces only if a row needs its value.
 */
export function foldConstants(expression: Expression, nowMicros?: bigint): Expression {
  return mapExpression(expression, (part) => foldOne(part, nowMicros));
}

function foldOne(part: Expression, nowMicros: bigint | undefined): Expression {
  switch (part.kind) {
    case "and":
    case "or":
      return foldLogic(part);
    case "case":
      return foldCase(part);
    case "call":
      return foldCall(part, nowMicros);
    case "cast":
      return part.arg.kind === "literal" ? computed(part, nowMicros) : part;
    case "in_list":
      return part.arg.kind === "literal" ? computed(part, nowMicros) : uncastList(part);
    default:
      return part;
  }
}

function computed(part: Expression, nowMicros: bigint | undefined): Expression {
  try {
    const context = nowMicros === undefined ? undefined : { nowMicros };
    const value = evaluate(part, () => null, context);
    const span = "span" in part && part.span !== undefined ? { span: part.span } : {};
    return { kind: "literal", type: typeOf(part), value, ...span };
  } catch (thrown) {
    if (thrown instanceof EngineError) return part;
    throw thrown;
  }
}

const clockFunctions = new Set(["now", "current_date", "localtimestamp", "localtime"]);

/** Whether a function's value is the statement's time: one for all its calls, and another one for each statement. */
export function isClockFunction(name: string): boolean {
  return clockFunctions.has(name);
}
const seesNulls = new Set([
  ..."is_null is_not_null is_true is_not_true is_false is_not_false is_distinct_from is_not_distinct_from".split(" "),
  ..."coalesce greatest least".split(" "),
]);

function foldCall(call: CallExpression, nowMicros: bigint | undefined): Expression {
  if (clockFunctions.has(call.name)) return nowMicros === undefined ? call : computed(call, nowMicros);
  if (isVolatileFunction(call.name)) return call;
  if (call.args.every((arg) => arg.kind === "literal")) return computed(call, nowMicros);
  // The other arguments' errors need not surface: SQL lets an engine skip them.
  if (!seesNulls.has(call.name) && call.args.some((arg) => arg.kind === "literal" && arg.value === null)) {
    return { kind: "literal", type: call.type, value: null };
  }
  if (call.name === "is_null" && !isNullable(call.args[0]!)) return { kind: "literal", type: bool, value: false };
  if (call.name === "is_not_null" && !isNullable(call.args[0]!)) return { kind: "literal", type: bool, value: true };
  if (call.name === "coalesce") return foldCoalesce(call);
  if (call.name === "not") return foldNot(call);
  return comparisons.has(call.name) ? uncastComparison(call) : call;
}

function foldCoalesce(call: CallExpression): Expression {
  const args = call.args.filter((arg) => arg.kind !== "literal" || arg.value !== null);
  const last = args.findIndex((arg) => !isNullable(arg));
  const kept = last === -1 ? args : args.slice(0, last + 1);
  if (kept.length === 0) return { kind: "literal", type: call.type, value: null };
  if (kept.length === 1) return kept[0]!;
  return kept.length === call.args.length ? call : { ...call, args: kept };
}

function foldNot(call: CallExpression): Expression {
  const arg = call.args[0]!;
  if (arg.kind !== "call") return call;
  if (arg.name === "not") return arg.args[0]!;
  const opposite = negatedPredicates[arg.name];
  return opposite === undefined ? call : { ...arg, name: opposite };
}

function foldLogic(part: LogicExpression): Expression {
  const decisive = part.kind === "or";
  const args: Expression[] = [];
  for (const arg of part.args.flatMap((one) => (one.kind === part.kind ? one.args : [one]))) {
    if (arg.kind === "literal" && arg.value === decisive) return { kind: "literal", type: bool, value: decisive };
    if (arg.kind !== "literal" || arg.value === null) args.push(arg);
  }
  if (args.length === 0) return { kind: "literal", type: bool, value: !decisive };
  if (args.every((arg) => arg.kind === "literal")) return { kind: "literal", type: bool, value: null };
  return args.length === 1 ? args[0]! : { ...part, args };
}

function foldCase(part: CaseExpression): Expression {
  const branches: { when: Expression; then: Expression }[] = [];
  for (const branch of part.branches) {
    if (branch.when.kind !== "literal") {
      branches.push(branch);
    } else if (branch.when.value === true) {
      return branches.length === 0 ? branch.then : { ...part, branches, otherwise: branch.then };
    }
  }
  return branches.length === 0 ? part.otherwise : { ...part, branches };
}

const comparisons = new Set(["eq", "ne", "lt", "le", "gt", "ge", "is_distinct_from", "is_not_distinct_from"]);

/**
 * `cast(x) op constant` becomes `x op constant'` where the cast keeps every value and its order and the constant has an
 * exact counterpart in x's type: a date column compared with a timestamp at midnight, a decimal or integer column
 * compared with a wider number. Scans can then evaluate and prune by it.
 */
function uncastComparison(call: CallExpression): Expression {
  const [left, right] = call.args as readonly [Expression, Expression];
  if (left.kind === "cast" && right.kind === "literal") {
    const constant = counterpart(right, typeOf(left.arg), left.type);
    if (constant !== null) return { ...call, args: [left.arg, constant] };
  }
  if (right.kind === "cast" && left.kind === "literal") {
    const constant = counterpart(left, typeOf(right.arg), right.type);
    if (constant !== null) return { ...call, args: [constant, right.arg] };
  }
  return call;
}

/** The same for lists; constants that no value of x becomes fall away. */
function uncastList(list: InListExpression): Expression {
  const { arg } = list;
  if (arg.kind !== "cast" || !keepsOrder(typeOf(arg.arg), arg.type)) return list;
  const values: Value[] = [];
  for (const value of list.values) {
    const constant: LiteralExpression = { kind: "literal", type: arg.type, value };
    const narrowed = value === null ? constant : counterpart(constant, typeOf(arg.arg), arg.type);
    if (narrowed !== null) values.push(narrowed.value);
  }
  // An empty list would be false even for NULL.
  return values.length === 0 ? list : { ...list, arg: arg.arg, values };
}

function counterpart(constant: LiteralExpression, from: DataType, to: DataType): LiteralExpression | null {
  if (constant.value === null || !keepsOrder(from, to)) return null;
  // Comparisons take -0 for 0, which is what comes back from an integer.
  const wanted = constant.value === 0 ? 0 : constant.value;
  try {
    const value = castValue(wanted, to, from);
    return valueEquals(castValue(value, from, to), wanted) ? { ...constant, type: from, value } : null;
  } catch {
    // Out of the narrower type's range: the comparison stays as it is.
    return null;
  }
}

/** Whether a cast maps values to values one to one, in order, and never fails. */
function keepsOrder(from: DataType, to: DataType): boolean {
  if (from.kind === "date") return to.kind === "timestamp" || to.kind === "timestamptz";
  if (to.kind === "decimal") {
    if (from.kind === "decimal")
      return to.scale >= from.scale && to.precision - to.scale >= from.precision - from.scale;
    return isInteger(from) && to.precision - to.scale >= integerDigits[from.kind]!;
  }
  if (isInteger(from) && isInteger(to)) {
    const bits = (type: DataType): number => Number(type.kind.replace(/\D/g, ""));
    const isUnsigned = (type: DataType): boolean => type.kind.startsWith("u");
    return bits(to) > bits(from) && (isUnsigned(from) || !isUnsigned(to));
  }
  if (to.kind === "float64") return from.kind === "float32" || (isInteger(from) && /8$|16|32/.test(from.kind));
  return false;
}

/** Whether an expression refers to nothing that varies by row. */
export function isConstant(expression: Expression): boolean {
  if (expression.kind === "column" || expression.kind === "input") return false;
  return childrenOf(expression).every(isConstant);
}
