import { decimalType, maxDecimal64Precision, maxDecimalPrecision, simpleType } from "../arrow/data-type.ts";
import type { DataType, SimpleKind } from "../arrow/data-type.ts";
import type { Field } from "../arrow/schema.ts";
import type { Interval, Value } from "../arrow/value.ts";
import type { TextSpan } from "../common/engine-error.ts";
import type {
  AggregateCall,
  Expression,
  FrameBound,
  LogicExpression,
  WindowCall,
  WindowFrame,
} from "../expr/expression.ts";
import {
  asRecord,
  byKind,
  count,
  flag,
  lazy,
  listOf,
  mismatch,
  number,
  objectOf,
  oneOf,
  optional,
  orNull,
  text,
} from "./shape.ts";
import type { Shape } from "./shape.ts";

const simpleKinds: ReadonlySet<string> = new Set<SimpleKind>([
  "null",
  "bool",
  "int8",
  "int16",
  "int32",
  "int64",
  "uint8",
  "uint16",
  "uint32",
  "uint64",
  "float32",
  "float64",
  "date",
  "time",
  "timestamp",
  "timestamptz",
  "interval",
  "utf8",
  "binary",
]);

/** Types without parameters come back as their one shared object. */
export const dataTypeShape: Shape<DataType> = {
  check(value, path) {
    const { kind, precision, scale, bits, ...others } = asRecord(value, path);
    if (
      typeof kind === "string" &&
      simpleKinds.has(kind) &&
      precision === undefined &&
      Object.keys(others).length === 0
    )
      return simpleType(kind as SimpleKind);
    if (kind !== "decimal") throw mismatch(path, "a type", kind);
    const digits = count.check(precision, `${path}.precision`);
    const fraction = count.check(scale, `${path}.scale`);
    const width = oneOf(64, 128).check(bits, `${path}.bits`);
    if (digits < 1 || digits > maxDecimalPrecision || fraction > digits)
      throw mismatch(path, "a decimal of 1 to 38 digits", `decimal(${digits},${fraction})`);
    if (width === 128 && digits <= maxDecimal64Precision)
      throw mismatch(`${path}.bits`, "64 for up to 18 digits", width);
    return decimalType(digits, fraction, width);
  },
};

const intervalShape: Shape<Interval> = objectOf<Interval>({
  months: number,
  days: number,
  micros: { check: (value, path) => bigintShape(value, path) },
});

function bigintShape(value: unknown, path: string): bigint {
  if (typeof value !== "bigint") throw mismatch(path, "a big integer", value);
  return value;
}

export const valueShape: Shape<Value> = {
  check(value, path) {
    if (value === null || ["boolean", "number", "bigint", "string"].includes(typeof value)) return value as Value;
    return value instanceof Uint8Array ? value : intervalShape.check(value, path);
  },
};

export const fieldShape: Shape<Field> = objectOf<Field>({ name: text, type: dataTypeShape, nullable: flag });
export const schemaShape = listOf(fieldShape);

const spanShape: Shape<TextSpan> = objectOf<TextSpan>({ start: count, end: count });
const span = optional(spanShape);

type Of<Kind extends Expression["kind"]> = Extract<Expression, { readonly kind: Kind }>;

type Logic<Kind extends "and" | "or"> = { readonly kind: Kind; readonly args: readonly Expression[] };
type StageExpression =
  | Exclude<Expression, LogicExpression | { readonly kind: "column" | "parameter" }>
  | Logic<"and">
  | Logic<"or">;

/** Expressions of physical plans: a column by id or a parameter that was not bound is refused. */
export const expressionShape: Shape<Expression> = lazy(() => anyExpression);
const expressions = listOf(expressionShape);

const anyExpression: Shape<Expression> = byKind<StageExpression>({
  literal: objectOf<Of<"literal">>({ kind: oneOf("literal"), type: dataTypeShape, value: valueShape, span }),
  input: objectOf<Of<"input">>({ kind: oneOf("input"), index: count, type: dataTypeShape, nullable: flag }),
  call: objectOf<Of<"call">>({ kind: oneOf("call"), name: text, args: expressions, type: dataTypeShape, span }),
  and: objectOf<Logic<"and">>({ kind: oneOf("and"), args: expressions }),
  or: objectOf<Logic<"or">>({ kind: oneOf("or"), args: expressions }),
  cast: objectOf<Of<"cast">>({ kind: oneOf("cast"), arg: expressionShape, type: dataTypeShape, span }),
  case: objectOf<Of<"case">>({
    kind: oneOf("case"),
    branches: listOf(objectOf<Of<"case">["branches"][number]>({ when: expressionShape, then: expressionShape })),
    otherwise: expressionShape,
    type: dataTypeShape,
  }),
  in_list: objectOf<Of<"in_list">>({ kind: oneOf("in_list"), arg: expressionShape, values: listOf(valueShape) }),
});

export const aggregateShape: Shape<AggregateCall> = objectOf<AggregateCall>({
  name: text,
  args: expressions,
  distinct: flag,
  filter: orNull(expressionShape),
  type: dataTypeShape,
});

type Bound<Kind extends FrameBound["kind"]> = Kind extends "offset" | "value"
  ? Extract<FrameBound, { readonly kind: Kind }>
  : { readonly kind: Kind };

const frameBound: Shape<FrameBound> = byKind<
  Bound<"offset"> | Bound<"value"> | Bound<"unbounded_preceding"> | Bound<"current_row"> | Bound<"unbounded_following">
>({
  offset: objectOf<Bound<"offset">>({ kind: oneOf("offset"), offset: number }),
  value: objectOf<Bound<"value">>({
    kind: oneOf("value"),
    key: expressionShape,
    value: expressionShape,
    descending: flag,
  }),
  unbounded_preceding: objectOf<Bound<"unbounded_preceding">>({ kind: oneOf("unbounded_preceding") }),
  current_row: objectOf<Bound<"current_row">>({ kind: oneOf("current_row") }),
  unbounded_following: objectOf<Bound<"unbounded_following">>({ kind: oneOf("unbounded_following") }),
});

export const windowCallShape: Shape<WindowCall> = objectOf<WindowCall>({
  name: text,
  args: expressions,
  filter: orNull(expressionShape),
  frame: objectOf<WindowFrame>({
    unit: oneOf("rows", "range", "groups"),
    start: frameBound,
    end: frameBound,
    exclude: oneOf("nothing", "current_row", "group", "ties"),
  }),
  type: dataTypeShape,
});
