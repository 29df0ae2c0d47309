import type { DataType } from "../../arrow/data-type.ts";
import { isNumeric } from "../../arrow/data-type.ts";
import type { Interval, Value } from "../../arrow/value.ts";
import { assert, must, unreachable } from "../../common/assert.ts";
import { castValue } from "../cast-value.ts";
import { typeOf } from "../expression-properties.ts";
import type { CallExpression, CaseExpression, Expression, LogicExpression } from "../expression.ts";
import { splitMicros } from "../calendar.ts";
import { compareValues } from "./compare-values.ts";
import { furtherFunctions } from "./further-functions.ts";
import {
  absoluteNumber,
  floatFunctions,
  negateNumber,
  numericArithmetic,
  roundNumber,
  signOf,
} from "./numeric-functions.ts";
import {
  extractField,
  makeDate,
  negateInterval,
  temporalArithmetic,
  truncateInterval,
  truncateTimestamp,
} from "./temporal-functions.ts";
import {
  characterOf,
  initcap,
  leftOf,
  lengthOf,
  likeEscape,
  mapCase,
  matchesLike,
  pad,
  repeatText,
  rightOf,
  splitPart,
  substring,
  translate,
  trim,
} from "./text-functions.ts";

/** What an expression may ask besides its inputs: the statement's time in microseconds since the epoch. */
export type EvaluationContext = { readonly nowMicros: bigint };

/**
 * The value of a typed expression whose inputs (`input` expressions) have the values that `inputs` gives. The oracle of the
 * compiled code, and what folds constants: clear rather than fast. Throws the errors that the query would end with.
 */
export function evaluate(
  expression: Expression,
  inputs: (position: number) => Value,
  context?: EvaluationContext,
): Value {
  switch (expression.kind) {
    case "literal":
      return expression.value;
    case "input":
      return inputs(expression.index);
    case "and":
    case "or":
      return evaluateLogic(expression, inputs, context);
    case "cast":
      return castValue(evaluate(expression.arg, inputs, context), typeOf(expression.arg), expression.type);
    case "case":
      return evaluateCase(expression, inputs, context);
    case "in_list": {
      const value = evaluate(expression.arg, inputs, context);
      if (value === null) return expression.values.length === 0 ? false : null;
      const type = typeOf(expression.arg);
      if (expression.values.some((item) => item !== null && compareValues(type, item, value) === 0)) return true;
      return expression.values.includes(null) ? null : false;
    }
    case "call":
      return evaluateCall(expression, inputs, context);
    case "column":
    case "parameter":
      throw new Error(`a ${expression.kind} has no value at run time`);
    default:
      return unreachable(expression, "expression");
  }
}

function evaluateLogic(
  expression: LogicExpression,
  inputs: (position: number) => Value,
  context?: EvaluationContext,
): Value {
  const decisive = expression.kind === "or";
  let result: Value = !decisive;
  for (const arg of expression.args) {
    const value = evaluate(arg, inputs, context);
    if (value === decisive) return decisive;
    if (value === null) result = null;
  }
  return result;
}

function evaluateCase(
  expression: CaseExpression,
  inputs: (position: number) => Value,
  context?: EvaluationContext,
): Value {
  const branch = expression.branches.find(({ when }) => evaluate(when, inputs, context) === true);
  return evaluate(branch === undefined ? expression.otherwise : branch.then, inputs, context);
}

function evaluateCall(call: CallExpression, inputs: (position: number) => Value, context?: EvaluationContext): Value {
  if (call.name === "coalesce") {
    for (const arg of call.args) {
      const value = evaluate(arg, inputs, context);
      if (value !== null) return value;
    }
    return null;
  }
  const values = call.args.map((arg) => evaluate(arg, inputs, context));
  const lenient = lenientFunctions.get(call.name);
  if (lenient !== undefined) return lenient(values, call);
  return values.includes(null) ? null : callStrict(call, values, context);
}

/** A strict function on values that are not NULL. Also what compiled code falls back to for rare functions. */
export function callStrict(call: CallExpression, values: readonly Value[], context?: EvaluationContext): Value {
  const float = floatFunctions.get(call.name);
  if (float !== undefined) return float(values[0] as number, values[1] as number);
  if (["now", "current_date", "localtimestamp", "localtime"].includes(call.name)) {
    const { nowMicros } = must(context, "the statement's time must be known");
    if (call.name === "localtime") return splitMicros(nowMicros).micros;
    return call.name === "current_date" ? splitMicros(nowMicros).days : nowMicros;
  }
  const implementation = strictFunctions.get(call.name);
  assert(implementation !== undefined, () => `no function ${call.name}`);
  return implementation(values, call);
}

type Implementation = (values: readonly Value[], call: CallExpression) => Value;

function argumentType(call: CallExpression, index = 0): DataType {
  return typeOf(must(call.args[index], "an argument is missing"));
}

/** Functions that see NULLs. */
const lenientFunctions: ReadonlyMap<string, Implementation> = new Map<string, Implementation>([
  ["is_null", ([value]) => value === null],
  ["is_not_null", ([value]) => value !== null],
  ["is_true", ([value]) => value === true],
  ["is_not_true", ([value]) => value !== true],
  ["is_false", ([value]) => value === false],
  ["is_not_false", ([value]) => value !== false],
  ["is_distinct_from", ([left, right], call) => isDistinct(argumentType(call), left!, right!)],
  ["is_not_distinct_from", ([left, right], call) => !isDistinct(argumentType(call), left!, right!)],
  ["greatest", (values, call) => extreme(values, call.type, 1)],
  ["least", (values, call) => extreme(values, call.type, -1)],
]);

function isDistinct(type: DataType, left: Value, right: Value): boolean {
  if (left === null || right === null) return left !== right;
  return compareValues(type, left, right) !== 0;
}

function extreme(values: readonly Value[], type: DataType, direction: number): Value {
  let best: Value = null;
  for (const value of values) {
    if (value !== null && (best === null || compareValues(type, value, best) * direction > 0)) best = value;
  }
  return best;
}

function comparison(test: (order: number) => boolean): Implementation {
  return ([left, right], call) => test(compareValues(argumentType(call), left!, right!));
}

function arithmetic(name: string): Implementation {
  return ([left, right], call) => {
    const leftType = argumentType(call);
    const rightType = argumentType(call, 1);
    if (isNumeric(leftType) && isNumeric(rightType))
      return numericArithmetic(name, left!, right!, leftType, rightType, call.type);
    return temporalArithmetic(name, left!, right!, leftType.kind, rightType.kind);
  };
}

const strictFunctions: ReadonlyMap<string, Implementation> = new Map<string, Implementation>([
  ...furtherFunctions,
  ["eq", comparison((order) => order === 0)],
  ["ne", comparison((order) => order !== 0)],
  ["lt", comparison((order) => order < 0)],
  ["le", comparison((order) => order <= 0)],
  ["gt", comparison((order) => order > 0)],
  ["ge", comparison((order) => order >= 0)],
  ["not", ([value]) => value !== true],
  ...["add", "subtract", "multiply", "divide", "modulo"].map((name): [string, Implementation] => [
    name,
    arithmetic(name),
  ]),
  [
    "negate",
    ([value], call) =>
      call.type.kind === "interval" ? negateInterval(value as Interval) : negateNumber(value!, call.type),
  ],
  ["abs", ([value], call) => absoluteNumber(value!, call.type)],
  ["sign", ([value]) => signOf(value!)],
  ...["ceil", "floor", "round", "trunc"].map((name): [string, Implementation] => [
    name,
    ([value, digits], call) =>
      roundNumber(name, value!, (digits as number | undefined) ?? 0, argumentType(call), call.type),
  ]),
  ["concat", (texts) => (texts as string[]).join("")],
  ["length", ([text]) => lengthOf(text as string)],
  ["octet_length", ([text]) => (typeof text === "string" ? Buffer.byteLength(text) : (text as Uint8Array).length)],
  ["lower", ([text]) => mapCase(text as string, false)],
  ["upper", ([text]) => mapCase(text as string, true)],
  ["initcap", ([text]) => initcap(text as string)],
  ["reverse", ([text]) => [...(text as string)].toReversed().join("")],
  [
    "substring",
    ([text, start, count]) => substring(text as string, start as bigint, (count as bigint | undefined) ?? null),
  ],
  ["left", ([text, count]) => leftOf(text as string, count as bigint)],
  ["right", ([text, count]) => rightOf(text as string, count as bigint)],
  ["strpos", ([text, part]) => positionOf(text as string, part as string)],
  ["btrim", ([text, characters]) => trim(text as string, characters as string, true, true)],
  ["ltrim", ([text, characters]) => trim(text as string, characters as string, true, false)],
  ["rtrim", ([text, characters]) => trim(text as string, characters as string, false, true)],
  ["lpad", ([text, width, fill]) => pad(text as string, width as bigint, fill as string, true)],
  ["rpad", ([text, width, fill]) => pad(text as string, width as bigint, fill as string, false)],
  [
    "replace",
    ([text, from, to]) => (from === "" ? text! : (text as string).replaceAll(from as string, () => to as string)),
  ],
  ["repeat", ([text, count]) => repeatText(text as string, count as bigint)],
  ["starts_with", ([text, part]) => (text as string).startsWith(part as string)],
  ["ends_with", ([text, part]) => (text as string).endsWith(part as string)],
  ["contains", ([text, part]) => (text as string).includes(part as string)],
  ["split_part", ([text, delimiter, index]) => splitPart(text as string, delimiter as string, index as bigint)],
  ["translate", ([text, from, to]) => translate(text as string, from as string, to as string)],
  ["ascii", ([text]) => (text as string).codePointAt(0) ?? 0],
  ["chr", ([code]) => characterOf(code as bigint)],
  ["like_escape", ([pattern, escape]) => likeEscape(pattern as string, escape as string)],
  ["like", ([text, pattern]) => matchesLike(text as string, pattern as string)],
  ["ilike", ([text, pattern]) => matchesLike(mapCase(text as string, false), mapCase(pattern as string, false))],
  ["make_date", ([year, month, day]) => makeDate(year as bigint, month as bigint, day as bigint)],
  ["extract", ([field, value], call) => extractField(field as string, value!, argumentType(call, 1).kind)],
  [
    "date_trunc",
    ([unit, value], call) =>
      call.type.kind === "interval"
        ? truncateInterval(unit as string, value as Interval)
        : truncateTimestamp(unit as string, value as bigint),
  ],
]);

function positionOf(text: string, part: string): number {
  const at = text.indexOf(part);
  return at === -1 ? 0 : lengthOf(text.slice(0, at)) + 1;
}
