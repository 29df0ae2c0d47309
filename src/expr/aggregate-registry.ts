import type { DataType } from "../arrow/data-type.ts";
import { decimalType, isFloat, isInteger, maxDecimalPrecision, simpleType, typeName } from "../arrow/data-type.ts";
import { must } from "../common/assert.ts";
import { EngineError, type TextSpan } from "../common/engine-error.ts";
import { coerceTo } from "./coerce.ts";
import { typeOf } from "./expression-properties.ts";
import type { AggregateCall, Expression, SortKey } from "./expression.ts";
import { generalAggregateNames, isGeneralAggregate, resolveGeneralAggregate } from "./general-aggregate-registry.ts";
import { undefinedFunction } from "./undefined-function.ts";

const int64 = simpleType("int64");
const float64 = simpleType("float64");
const bool = simpleType("bool");

/** Names users write, to the names that plans hold. */
const canonicalNames: ReadonlyMap<string, string> = new Map([
  ["count", "count"],
  ["sum", "sum"],
  ["avg", "avg"],
  ["mean", "avg"],
  ["min", "min"],
  ["max", "max"],
  ["bool_and", "bool_and"],
  ["every", "bool_and"],
  ["bool_or", "bool_or"],
  ["any_value", "any_value"],
  ["stddev", "stddev_samp"],
  ["stddev_samp", "stddev_samp"],
  ["stddev_pop", "stddev_pop"],
  ["variance", "var_samp"],
  ["var_samp", "var_samp"],
  ["var_pop", "var_pop"],
]);

const generalNames: ReadonlySet<string> = new Set(generalAggregateNames());

export function isAggregate(name: string): boolean {
  return canonicalNames.has(name.toLowerCase()) || generalNames.has(name.toLowerCase());
}

export function aggregateNames(): readonly string[] {
  return [...canonicalNames.keys(), ...generalNames];
}

export type AggregateOptions = {
  readonly distinct: boolean;
  readonly filter: Expression | null;
  /** ORDER BY in the arguments, or that of WITHIN GROUP. */
  readonly orderBy?: readonly SortKey[];
  readonly withinGroup?: boolean;
  readonly span?: TextSpan;
};

/**
 * The call with its arguments coerced and its result type. `name` of the result is canonical: count, sum, avg, min,
 * max, bool_and, bool_or, any_value, stddev_samp, stddev_pop, var_samp, var_pop or one of
 * general-aggregate-registry.ts. An order changes nothing for those that are not of the latter.
 */
export function resolveAggregate(name: string, args: readonly Expression[], options: AggregateOptions): AggregateCall {
  const canonical = canonicalNames.get(name.toLowerCase());
  const fail = (): EngineError => undefinedFunction(name, args, aggregateNames(), options.span);
  if (canonical === undefined || options.withinGroup === true) {
    const { orderBy = [], withinGroup = false } = options;
    const general = resolveGeneralAggregate(name, args, { ...options, orderBy, withinGroup });
    if (general === null) throw fail();
    return general;
  }
  if (args.length > 1 || (args.length === 0 && canonical !== "count")) throw fail();
  const [arg] = args;
  // DISTINCT changes nothing for these.
  const distinct = options.distinct && !["min", "max", "bool_and", "bool_or", "any_value"].includes(canonical);
  const call = (type: DataType, argument: Expression | undefined = arg): AggregateCall => ({
    name: canonical,
    args: argument === undefined ? [] : [argument],
    distinct,
    filter: options.filter,
    type,
  });
  if (arg === undefined) {
    if (options.distinct) throw fail();
    return call(int64);
  }
  switch (canonical) {
    case "count":
      return call(int64);
    case "sum":
      return resolveSum(arg, call, fail);
    case "avg":
      return resolveAverage(arg, call, fail);
    case "min":
    case "max":
    case "any_value":
      return resolveSame(arg, call);
    case "bool_and":
    case "bool_or":
      if (typeOf(arg).kind !== "bool" && typeOf(arg).kind !== "null") throw fail();
      return call(bool, coerceTo(arg, bool, "implicit"));
    default:
      if (!isInteger(typeOf(arg)) && !isFloat(typeOf(arg)) && typeOf(arg).kind !== "decimal") throw fail();
      return call(float64, coerceTo(arg, float64, "implicit"));
  }
}

type MakeCall = (type: DataType, argument?: Expression) => AggregateCall;

function resolveSum(arg: Expression, call: MakeCall, fail: () => EngineError): AggregateCall {
  const type = typeOf(arg);
  if (type.kind === "int64" || type.kind === "uint64") return call(decimalType(maxDecimalPrecision, 0));
  if (isInteger(type)) return call(int64);
  if (type.kind === "decimal") return call(decimalType(maxDecimalPrecision, type.scale));
  if (isFloat(type)) return call(float64);
  if (type.kind === "interval") {
    throw new EngineError("feature_not_supported", `sum(${typeName(type)}) is not supported`);
  }
  throw fail();
}

function resolveAverage(arg: Expression, call: MakeCall, fail: () => EngineError): AggregateCall {
  const type = typeOf(arg);
  if (isFloat(type)) return call(float64);
  if (isInteger(type)) return call(decimalType(maxDecimalPrecision, 16));
  if (type.kind === "decimal") return call(decimalType(maxDecimalPrecision, Math.max(16, type.scale)));
  throw fail();
}

function resolveSame(arg: Expression, call: MakeCall): AggregateCall {
  const type = typeOf(arg);
  return type.kind === "null" ? call(simpleType("utf8"), coerceTo(arg, simpleType("utf8"), "implicit")) : call(type);
}

/** The columns that hold a partial aggregate: what `partial` puts out and `final` merges. */
export function stateTypes(call: AggregateCall): readonly DataType[] {
  const argument = call.args[0] === undefined ? int64 : typeOf(call.args[0]);
  switch (call.name) {
    case "count":
      return [int64];
    case "sum":
      return [call.type];
    case "avg":
      return [sumStateOf(argument), int64];
    case "stddev_samp":
    case "stddev_pop":
    case "var_samp":
    case "var_pop":
      return [int64, float64, float64];
    default:
      return [isGeneralAggregate(call.name) ? simpleType("binary") : must(call.type, "an aggregate has a type")];
  }
}

function sumStateOf(argument: DataType): DataType {
  if (isFloat(argument)) return float64;
  if (argument.kind === "decimal") return decimalType(maxDecimalPrecision, argument.scale);
  return argument.kind === "int64" || argument.kind === "uint64" ? decimalType(maxDecimalPrecision, 0) : int64;
}
