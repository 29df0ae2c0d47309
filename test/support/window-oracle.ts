import type { Value } from "../../src/arrow/value.ts";
import type { Expression, FrameBound, SortKey, WindowCall } from "../../src/expr/expression.ts";
import { typeOf } from "../../src/expr/expression-properties.ts";
import { compareValues } from "../../src/expr/interpreter/compare-values.ts";

type Row = readonly Value[];
export type OracleWindow = {
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly SortKey[];
  readonly valueOf: (expression: Expression, row: Row) => Value;
};

/** The call's value for each row, in the order of `rows`, by the definition of windows: every frame is looked at anew. */
export function windowColumn(call: WindowCall, rows: readonly Row[], window: OracleWindow): readonly Value[] {
  const results = new Map<Row, Value>();
  const partitions = new Map<string, Row[]>();
  for (const row of rows) {
    const key = keyText(window.partitionBy.map((expression) => window.valueOf(expression, row)));
    const partition = partitions.get(key);
    if (partition === undefined) partitions.set(key, [row]);
    else partition.push(row);
  }
  for (const partition of partitions.values()) {
    const sorted = partition.toSorted((left, right) => compareRows(window, left, right));
    const groups: number[] = [];
    sorted.forEach((row, index) => {
      const isFirst = index === 0 || compareRows(window, row, sorted[index - 1]!) !== 0;
      groups.push((groups.at(-1) ?? 0) + (isFirst ? 1 : 0));
    });
    sorted.forEach((row, index) => results.set(row, new Place(call, sorted, groups, index, window).value()));
  }
  return rows.map((row) => results.get(row)!);
}

class Place {
  readonly #call: WindowCall;
  readonly #rows: readonly Row[];
  /** The number of each row's peers, from 1. */
  readonly #groups: readonly number[];
  readonly #index: number;
  readonly #window: OracleWindow;

  constructor(call: WindowCall, rows: readonly Row[], groups: readonly number[], index: number, window: OracleWindow) {
    this.#groups = groups;
    this.#call = call;
    this.#rows = rows;
    this.#index = index;
    this.#window = window;
  }

  value(): Value {
    const [rows, index] = [this.#rows, this.#index];
    const firstPeer = this.#groups.indexOf(this.#groups[index]!);
    const lastPeer = this.#groups.lastIndexOf(this.#groups[index]!);
    const arg = (at: number, row: Row = rows[index]!): Value => this.#window.valueOf(this.#call.args[at]!, row);
    switch (this.#call.name) {
      case "row_number":
        return BigInt(index + 1);
      case "rank":
        return BigInt(firstPeer + 1);
      case "dense_rank":
        return BigInt(this.#groups[index]!);
      case "percent_rank":
        return rows.length === 1 ? 0 : firstPeer / (rows.length - 1);
      case "cume_dist":
        return (lastPeer + 1) / rows.length;
      case "ntile":
        return this.#tile(arg(0, rows[0]!));
      case "lag":
      case "lead": {
        const offset = this.#call.args.length > 1 ? arg(1) : 1;
        if (offset === null) return null;
        const target = index + (this.#call.name === "lag" ? -1 : 1) * Number(offset);
        if (rows[target] !== undefined) return arg(0, rows[target]);
        return this.#call.args.length > 2 ? arg(2) : null;
      }
      default:
        return this.#overFrame();
    }
  }

  #tile(buckets: Value): Value {
    if (buckets === null) return null;
    const sizes = Array.from(
      { length: Number(buckets) },
      (_, bucket) =>
        Math.floor(this.#rows.length / Number(buckets)) + (bucket < this.#rows.length % Number(buckets) ? 1 : 0),
    );
    let end = 0;
    return sizes.findIndex((size) => this.#index < (end += size)) + 1;
  }

  #overFrame(): Value {
    const frame = this.#frame();
    const { name, args, filter } = this.#call;
    const read = (expression: Expression, row: Row): Value => this.#window.valueOf(expression, row);
    if (name === "first_value" || name === "last_value" || name === "nth_value") {
      const nth = name === "nth_value" ? read(args[1]!, this.#rows[this.#index]!) : 1;
      if (nth === null) return null;
      const row = name === "last_value" ? frame.at(-1) : frame[Number(nth) - 1];
      return row === undefined ? null : read(args[0]!, row);
    }
    const kept = frame.filter((row) => filter === null || read(filter, row) === true);
    const [argument] = args;
    if (argument === undefined) return BigInt(kept.length);
    return aggregate(
      this.#call,
      argument,
      kept.map((row) => read(argument, row)).filter((value) => value !== null),
    );
  }

  #frame(): readonly Row[] {
    const { start, end, exclude } = this.#call.frame;
    return this.#rows.filter((_, at) => {
      if (!this.#isBehindStart(start, at) || !this.#isBeforeEnd(end, at)) return false;
      if (exclude === "current_row") return at !== this.#index;
      if (exclude === "group") return !this.#isPeer(at);
      return exclude !== "ties" || at === this.#index || !this.#isPeer(at);
    });
  }

  #isBehindStart(bound: FrameBound, at: number): boolean {
    return this.#isWithin(bound, at, false);
  }

  #isBeforeEnd(bound: FrameBound, at: number): boolean {
    return this.#isWithin(bound, at, true);
  }

  #isWithin(bound: FrameBound, at: number, isEnd: boolean): boolean {
    const { unit } = this.#call.frame;
    const sign = isEnd ? -1 : 1;
    if (bound.kind === "unbounded_preceding" || bound.kind === "unbounded_following") return true;
    if (bound.kind === "value") return this.#isWithinValue(bound, at, sign);
    const offset = bound.kind === "offset" ? bound.offset : 0;
    if (unit === "rows") return sign * (at - (this.#index + offset)) >= 0;
    return sign * (this.#groups[at]! - (this.#groups[this.#index]! + offset)) >= 0;
  }

  #isWithinValue(bound: FrameBound & { readonly kind: "value" }, at: number, sign: number): boolean {
    const value = this.#window.valueOf(bound.value, this.#rows[this.#index]!);
    const key = this.#window.valueOf(bound.key, this.#rows[at]!);
    if (value === null) return sign * (at - this.#index) >= 0 || this.#isPeer(at);
    // NULLs lie before all keys or behind them, and so do they for a bound.
    if (key === null) return this.#window.orderBy[0]!.nullsFirst === sign < 0;
    return sign * (bound.descending ? -1 : 1) * compareValues(typeOf(bound.key), key, value) >= 0;
  }

  #isPeer(at: number): boolean {
    return this.#groups[at] === this.#groups[this.#index];
  }
}

function aggregate(call: WindowCall, argument: Expression, values: readonly Exclude<Value, null>[]): Value {
  if (call.name === "count") return BigInt(values.length);
  if (values.length === 0) return null;
  const type = typeOf(argument);
  const ordered = values.toSorted((left, right) => compareValues(type, left, right));
  const total = (): bigint => values.reduce<bigint>((sum, value) => sum + BigInt(value as bigint), 0n);
  const mean = values.reduce<number>((sum, value) => sum + Number(value), 0) / values.length;
  switch (call.name) {
    case "min":
    case "bool_and":
      return ordered[0]!;
    case "max":
    case "bool_or":
      return ordered.at(-1)!;
    case "any_value":
      return values[0]!;
    case "sum":
      return call.type.kind === "float64" ? values.reduce<number>((sum, value) => sum + Number(value), 0) : total();
    case "avg": {
      if (call.type.kind !== "decimal") return mean;
      const scale = type.kind === "decimal" ? type.scale : 0;
      const [scaled, count] = [total() * 10n ** BigInt(call.type.scale - scale), BigInt(values.length)];
      const magnitude = scaled < 0n ? -scaled : scaled;
      const rounded = (2n * magnitude + count) / (2n * count);
      return scaled < 0n ? -rounded : rounded;
    }
    default: {
      const divisor = values.length - (call.name.endsWith("_samp") ? 1 : 0);
      if (divisor === 0) return null;
      const variance = values.reduce<number>((sum, value) => sum + (Number(value) - mean) ** 2, 0) / divisor;
      return call.name.startsWith("stddev") ? Math.sqrt(variance) : variance;
    }
  }
}

function compareRows({ orderBy, valueOf }: OracleWindow, left: Row, right: Row): number {
  for (const { expression, descending, nullsFirst } of orderBy) {
    const [first, second] = [valueOf(expression, left), valueOf(expression, right)];
    if (first === null && second === null) continue;
    if (first === null || second === null) return (first === null) === nullsFirst ? -1 : 1;
    const order = compareValues(typeOf(expression), first, second);
    if (order !== 0) return descending ? -order : order;
  }
  return 0;
}

function keyText(key: Row): string {
  return JSON.stringify(key, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
}
