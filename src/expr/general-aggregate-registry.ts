import type { DataType } from "../arrow/data-type.ts";
import { isInteger, isNumeric, simpleType } from "../arrow/data-type.ts";
import { EngineError, type TextSpan } from "../common/engine-error.ts";
import { coerceTo, commonType, implicitCost } from "./coerce.ts";
import { expressionEquals, typeOf } from "./expression-properties.ts";
import type { AggregateCall, Expression, SortKey } from "./expression.ts";
import { formatOrder } from "./general/row-order.ts";

const float64 = simpleType("float64");
const int64 = simpleType("int64");
const utf8 = simpleType("utf8");

/** Names users write, to the names that plans hold, of aggregates whose state is not a few fixed-width values. */
const canonicalNames: ReadonlyMap<string, string> = new Map([
  ...(
    "string_agg corr covar_pop covar_samp regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx " +
    "regr_sxy regr_syy bit_and bit_or bit_xor approx_count_distinct approx_percentile min_by max_by"
  )
    .split(" ")
    .map((name): [string, string] => [name, name]),
  ["listagg", "string_agg"],
  ["group_concat", "string_agg"],
  ["approx_quantile", "approx_percentile"],
  ["approx_percentile_cont", "approx_percentile"],
  ["approx_median", "approx_median"],
  ["approx_distinct", "approx_count_distinct"],
  ["median", "median"],
  ["arg_min", "min_by"],
  ["arg_max", "max_by"],
]);

/** Aggregates that take their rows' order from WITHIN GROUP. */
const orderedSetNames: ReadonlyMap<string, string> = new Map([
  ["percentile_cont", "percentile_cont"],
  ["percentile_disc", "percentile_disc"],
  ["mode", "mode"],
  ["rank", "hypothetical_rank"],
  ["dense_rank", "hypothetical_dense_rank"],
  ["percent_rank", "hypothetical_percent_rank"],
  ["cume_dist", "hypothetical_cume_dist"],
]);

const generalNames: ReadonlySet<string> = new Set([...canonicalNames.values(), ...orderedSetNames.values()]);

/** Whether a name that plans hold is one of these. */
export function isGeneralAggregate(canonicalName: string): boolean {
  return generalNames.has(canonicalName);
}

/** Names that always stand for these aggregates; those of hypothetical ranks are window functions without WITHIN GROUP. */
export function generalAggregateNames(): readonly string[] {
  return [...canonicalNames.keys(), "percentile_cont", "percentile_disc", "mode"];
}

export function isOrderedSetAggregate(name: string): boolean {
  return orderedSetNames.has(name.toLowerCase());
}

export type GeneralOptions = {
  readonly distinct: boolean;
  readonly filter: Expression | null;
  /** ORDER BY in the arguments, or that of WITHIN GROUP. */
  readonly orderBy: readonly SortKey[];
  readonly withinGroup: boolean;
  readonly span?: TextSpan;
};

type Resolution = { readonly name: string; readonly args: readonly Expression[]; readonly type: DataType };

/**
 * The call with its arguments coerced; sort keys follow them, and then a literal that says how they sort (row-order.ts).
 * Null when no such aggregate takes these arguments.
 */
export function resolveGeneralAggregate(
  name: string,
  args: readonly Expression[],
  options: GeneralOptions,
): AggregateCall | null {
  const lower = name.toLowerCase();
  const resolved = options.withinGroup
    ? resolveOrderedSet(orderedSetNames.get(lower), args, options)
    : resolvePlain(canonicalNames.get(lower), args, options);
  return resolved === null ? null : { ...resolved, distinct: false, filter: options.filter };
}

function resolvePlain(
  name: string | undefined,
  args: readonly Expression[],
  options: GeneralOptions,
): Resolution | null {
  const [first, second] = args;
  if (name === undefined || first === undefined) return null;
  const type = typeOf(first);
  const order = (keys: readonly SortKey[]): Expression => orderLiteral(options.distinct, keys);
  switch (name) {
    case "string_agg":
      return resolveStringAgg(args, options);
    case "median":
      return args.length === 1 && isNumeric(type)
        ? {
            name: "percentile_cont",
            args: [coerceTo(first, float64, "implicit"), fraction(0.5), order([ascending(first)])],
            type: float64,
          }
        : null;
    case "approx_median":
      return args.length === 1 ? percentile(first, fraction(0.5)) : null;
    case "approx_percentile":
      return second === undefined || args.length > 2 ? null : percentile(first, second);
    case "approx_count_distinct":
      return args.length === 1 ? { name, args: [settled(first)], type: int64 } : null;
    case "bit_and":
    case "bit_or":
    case "bit_xor":
      return args.length === 1 && isInteger(type) ? { name, args: [first, order([])], type } : null;
    case "min_by":
    case "max_by":
      return second === undefined || args.length > 2
        ? null
        : { name, args: [settled(first), settled(second)], type: typeOf(settled(first)) };
    default:
      return resolvePair(name, args, options);
  }
}

function resolvePair(name: string, args: readonly Expression[], { distinct, span }: GeneralOptions): Resolution | null {
  const numbers = args.map(toFloat);
  if (numbers.length !== 2 || numbers.includes(null)) return null;
  if (distinct) throw unsupported(`${name}(DISTINCT …) is not supported`, span);
  return { name, args: numbers as Expression[], type: name === "regr_count" ? int64 : float64 };
}

function percentile(value: Expression, share: Expression): Resolution | null {
  const parts = [toFloat(value), toFloat(share)];
  return parts.includes(null) ? null : { name: "approx_percentile", args: parts as Expression[], type: float64 };
}

function resolveStringAgg(args: readonly Expression[], options: GeneralOptions): Resolution | null {
  const { distinct, orderBy, span } = options;
  const [text, delimiter] = args;
  if (text === undefined || args.length > 2 || implicitCost(typeOf(text), utf8) === null) return null;
  if (distinct) {
    const isArgument = (key: SortKey): boolean => args.some((arg) => expressionEquals(arg, key.expression));
    if (!orderBy.every(isArgument)) {
      const message = "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list";
      throw new EngineError("grouping_error", message, span === undefined ? {} : { span });
    }
  }
  const separator: Expression = delimiter ?? { kind: "literal", type: utf8, value: "," };
  if (implicitCost(typeOf(separator), utf8) === null) return null;
  const texts = [text, separator].map((part) => coerceTo(part, utf8, "implicit"));
  const keys = orderBy.map(({ expression }) => settled(expression));
  return { name: "string_agg", args: [...texts, ...keys, orderLiteral(distinct, orderBy)], type: utf8 };
}

function resolveOrderedSet(
  name: string | undefined,
  args: readonly Expression[],
  { orderBy, distinct, span }: GeneralOptions,
): Resolution | null {
  if (name === undefined) return null;
  if (distinct) throw unsupported("DISTINCT with WITHIN GROUP is not supported", span);
  const order = orderLiteral(false, orderBy);
  if (name.startsWith("hypothetical_")) return resolveHypothetical(name, args, orderBy, order);
  const [key] = orderBy;
  if (key === undefined || orderBy.length > 1) return null;
  const value = settled(key.expression);
  if (name === "mode") {
    return args.length === 0 ? { name, args: [value, fraction(0), order], type: typeOf(value) } : null;
  }
  const share = args.length === 1 ? toFloat(args[0]!) : null;
  if (share === null) return null;
  if (name === "percentile_disc") return { name, args: [value, share, order], type: typeOf(value) };
  const number = toFloat(value);
  return number === null ? null : { name, args: [number, share, order], type: float64 };
}

function resolveHypothetical(
  name: string,
  args: readonly Expression[],
  orderBy: readonly SortKey[],
  order: Expression,
): Resolution | null {
  if (args.length !== orderBy.length || args.length === 0) return null;
  const pairs = args.map((arg, index): readonly [Expression, Expression] | null => {
    const key = orderBy[index]!.expression;
    const type = commonType([typeOf(key), typeOf(arg)]);
    return type === null ? null : [coerceTo(arg, type, "implicit"), coerceTo(key, type, "implicit")];
  });
  const known = pairs.filter((pair) => pair !== null);
  if (known.length < pairs.length) return null;
  const isCount = name === "hypothetical_rank" || name === "hypothetical_dense_rank";
  return {
    name,
    args: [...known.map(([asked]) => asked), ...known.map(([, key]) => key), order],
    type: isCount ? int64 : float64,
  };
}

function toFloat(expression: Expression): Expression | null {
  if (expression.kind === "literal" && expression.value === null) return { ...expression, type: float64 };
  return implicitCost(typeOf(expression), float64) === null ? null : coerceTo(expression, float64, "implicit");
}

function settled(expression: Expression): Expression {
  return typeOf(expression).kind === "null" ? coerceTo(expression, utf8, "implicit") : expression;
}

function ascending(expression: Expression): SortKey {
  return { expression, descending: false, nullsFirst: false };
}

function fraction(value: number): Expression {
  return { kind: "literal", type: float64, value };
}

function orderLiteral(distinct: boolean, keys: readonly SortKey[]): Expression {
  return { kind: "literal", type: utf8, value: formatOrder(distinct, keys) };
}

function unsupported(message: string, span: TextSpan | undefined): EngineError {
  return new EngineError("feature_not_supported", message, span === undefined ? {} : { span });
}
