import type { DataType } from "../arrow/data-type.ts";
import { simpleType } from "../arrow/data-type.ts";
import { EngineError, type TextSpan } from "../common/engine-error.ts";
import { coerceTo, commonType } from "./coerce.ts";
import type { Expression } from "./expression.ts";
import { typeOf } from "./expression-properties.ts";
import { undefinedFunction } from "./undefined-function.ts";

const int32 = simpleType("int32");
const int64 = simpleType("int64");
const float64 = simpleType("float64");
const utf8 = simpleType("utf8");

type Signature = {
  /** Fewest and most arguments. */
  readonly counts: readonly [number, number];
  /** null = that of the first argument. */
  readonly result: DataType | null;
};

const signatures: ReadonlyMap<string, Signature> = new Map<string, Signature>([
  ["row_number", { counts: [0, 0], result: int64 }],
  ["rank", { counts: [0, 0], result: int64 }],
  ["dense_rank", { counts: [0, 0], result: int64 }],
  ["percent_rank", { counts: [0, 0], result: float64 }],
  ["cume_dist", { counts: [0, 0], result: float64 }],
  ["ntile", { counts: [1, 1], result: int32 }],
  ["lag", { counts: [1, 3], result: null }],
  ["lead", { counts: [1, 3], result: null }],
  ["first_value", { counts: [1, 1], result: null }],
  ["last_value", { counts: [1, 1], result: null }],
  ["nth_value", { counts: [2, 2], result: null }],
]);

/** Functions that only stand before OVER. */
export function isWindowFunction(name: string): boolean {
  return signatures.has(name);
}

export function windowFunctionNames(): readonly string[] {
  return [...signatures.keys()];
}

export type ResolvedWindowFunction = {
  readonly args: readonly Expression[];
  readonly type: DataType;
  readonly nullable: boolean;
};

/** Whether a function's value may be NULL though no argument of it is. */
const neverNull: ReadonlySet<string> = new Set([
  "row_number",
  "rank",
  "dense_rank",
  "percent_rank",
  "cume_dist",
  "count",
]);

export function isWindowNullable(name: string): boolean {
  return !neverNull.has(name);
}

/** The arguments coerced, and the result's type. Throws undefined_function. */
export function resolveWindowFunction(
  name: string,
  args: readonly Expression[],
  span: TextSpan | undefined,
): ResolvedWindowFunction {
  const signature = signatures.get(name);
  const fail = (): EngineError => undefinedFunction(name, args, windowFunctionNames(), span);
  if (signature === undefined || args.length < signature.counts[0] || args.length > signature.counts[1]) throw fail();
  const nullable = isWindowNullable(name);
  const count = (arg: Expression): Expression => {
    try {
      return coerceTo(arg, int32, "implicit", span);
    } catch (error) {
      if (error instanceof EngineError && error.code === "datatype_mismatch") throw fail();
      throw error;
    }
  };
  if (signature.result !== null) return { args: args.map(count), type: signature.result, nullable };
  const [value, offset, fallback] = args;
  if (value === undefined) throw fail();
  const values = fallback === undefined ? [value] : [value, fallback];
  const common = commonType(values.map(typeOf));
  if (common === null) throw fail();
  const type = common.kind === "null" ? utf8 : common;
  const [first, last] = values.map((arg) => coerceTo(arg, type, "implicit", span));
  const coerced = [first!, ...(offset === undefined ? [] : [count(offset)]), ...(last === undefined ? [] : [last])];
  return { args: coerced, type, nullable };
}
