import type { DataType } from "../../arrow/data-type.ts";
import type { Value } from "../../arrow/value.ts";
import { EngineError } from "../../common/engine-error.ts";
import { compareValues } from "../interpreter/compare-values.ts";
import { type GeneralAggregate, packState, unpackState } from "./general-aggregate.ts";
import { compareRows, type KeyOrder } from "./row-order.ts";

/** A kept row: what a string costs beside its characters, and what any other value costs. */
const entryBytes = 32;
const resultBytesMax = 1 << 30;

function sizeOf(values: readonly Value[]): number {
  let size = entryBytes;
  for (const value of values) size += typeof value === "string" ? value.length * 2 + 16 : 8;
  return size;
}

export type RowsDescription = {
  readonly types: readonly DataType[];
  /** Position of the first sort key. */
  readonly firstKey: number;
  readonly orders: readonly KeyOrder[];
};

/** Keeps rows, and sorts them for the result. */
abstract class KeptRows implements GeneralAggregate {
  protected readonly description: RowsDescription;
  protected rows: (readonly Value[])[] = [];

  constructor(description: RowsDescription) {
    this.description = description;
  }

  add(args: readonly Value[]): number {
    if (!this.isKept(args)) return 0;
    this.rows.push(args);
    return sizeOf(args);
  }

  merge(state: Uint8Array): number {
    const before = this.rows;
    this.rows = before.concat(unpackState<(readonly Value[])[]>(state));
    return state.length * 2;
  }

  state(): Uint8Array {
    return packState(this.rows);
  }

  abstract result(): Value;
  protected abstract isKept(args: readonly Value[]): boolean;

  protected keysOf(row: readonly Value[]): readonly Value[] {
    const { firstKey, orders } = this.description;
    return row.slice(firstKey, firstKey + orders.length);
  }

  protected compare(left: readonly Value[], right: readonly Value[]): number {
    const { types, firstKey, orders } = this.description;
    return compareRows(types.slice(firstKey), orders, this.keysOf(left), this.keysOf(right));
  }

  protected sorted(): (readonly Value[])[] {
    return this.description.orders.length === 0 ? this.rows : this.rows.toSorted((a, b) => this.compare(a, b));
  }
}

/** string_agg: arguments are the text, the delimiter before it, and the sort keys. */
export class JoinedTexts extends KeptRows {
  readonly #distinct: boolean;

  constructor(description: RowsDescription, distinct: boolean) {
    super(description);
    this.#distinct = distinct;
  }

  result(): Value {
    if (this.rows.length === 0) return null;
    const rows = this.#distinct ? this.#withoutDuplicates() : this.sorted();
    let size = 0;
    const parts = rows.map(([text, delimiter], index) => {
      const part = index === 0 || delimiter === null ? (text as string) : `${delimiter as string}${text as string}`;
      size += part.length;
      return part;
    });
    if (size > resultBytesMax) throw new EngineError("numeric_value_out_of_range", "result of string_agg is too long");
    return parts.join("");
  }

  protected isKept([text]: readonly Value[]): boolean {
    return text !== null;
  }

  /** Duplicates are rows with the same text and delimiter; without an order of their own they sort by text. */
  #withoutDuplicates(): (readonly Value[])[] {
    const unique = [...new Map(this.rows.map((row) => [JSON.stringify([row[0], row[1]]), row])).values()];
    if (this.description.orders.length > 0) return unique.toSorted((left, right) => this.compare(left, right));
    const text: DataType = { kind: "utf8" };
    return unique.toSorted((left, right) => compareValues(text, left[0]!, right[0]!));
  }
}

/** percentile_cont, percentile_disc and mode: arguments are the value (also the only key) and the fraction. */
export class OrderedValue extends KeptRows {
  readonly #name: string;
  #fraction: Value | undefined;

  constructor(description: RowsDescription, name: string) {
    super(description);
    this.#name = name;
  }

  override add(args: readonly Value[]): number {
    this.#fraction ??= args[1] ?? null;
    return super.add(args.slice(0, 1));
  }

  override merge(state: Uint8Array): number {
    const { fraction, rows } = unpackState<{ fraction: Value | undefined; rows: (readonly Value[])[] }>(state);
    this.#fraction ??= fraction;
    this.rows = this.rows.concat(rows);
    return state.length * 2;
  }

  override state(): Uint8Array {
    return packState({ fraction: this.#fraction, rows: this.rows });
  }

  result(): Value {
    if (this.#name === "mode") return this.rows.length === 0 ? null : this.#mode();
    const fraction = this.#fraction as number | null | undefined;
    if (fraction === undefined || fraction === null) return null;
    if (!(fraction >= 0 && fraction <= 1))
      throw new EngineError("invalid_parameter_value", `percentile value ${fraction} is not between 0 and 1`);
    if (this.rows.length === 0) return null;
    const values = this.sorted().map(([value]) => value!);
    return this.#name === "percentile_disc" ? discrete(values, fraction) : continuous(values as number[], fraction);
  }

  protected isKept([value]: readonly Value[]): boolean {
    return value !== null;
  }

  protected override keysOf(row: readonly Value[]): readonly Value[] {
    return row;
  }

  /** The most frequent value; of several the first in order. */
  #mode(): Value {
    const rows = this.sorted();
    let best = 0;
    let mode: Value = null;
    for (let start = 0; start < rows.length;) {
      let end = start + 1;
      while (end < rows.length && this.compare(rows[start]!, rows[end]!) === 0) end += 1;
      if (end - start > best) [best, mode] = [end - start, rows[start]![0]!];
      start = end;
    }
    return mode;
  }
}

function discrete(values: readonly Value[], fraction: number): Value {
  return values[Math.max(1, Math.ceil(fraction * values.length)) - 1]!;
}

function continuous(values: readonly number[], fraction: number): number {
  const position = fraction * (values.length - 1);
  const [low, high] = [values[Math.floor(position)]!, values[Math.ceil(position)]!];
  return low === high ? low : low + (high - low) * (position - Math.floor(position));
}

/** rank, dense_rank, percent_rank and cume_dist of a row that is not there: arguments are its keys, then the row's. */
export class HypotheticalRank extends KeptRows {
  readonly #name: string;

  constructor(description: RowsDescription, name: string) {
    super(description);
    this.#name = name;
  }

  result(): Value {
    const [first] = this.rows;
    if (first === undefined) return emptyRank(this.#name);
    const { types, firstKey, orders } = this.description;
    const asked = first.slice(0, firstKey);
    const compareWith = (row: readonly Value[]): number =>
      compareRows(types.slice(firstKey), orders, this.keysOf(row), asked);
    const before = this.sorted().filter((row) => compareWith(row) < 0);
    const count = this.rows.length;
    switch (this.#name) {
      case "hypothetical_rank":
        return BigInt(before.length + 1);
      case "hypothetical_dense_rank": {
        const groups = before.filter((row, index) => index === 0 || this.compare(before[index - 1]!, row) !== 0);
        return BigInt(groups.length + 1);
      }
      case "hypothetical_percent_rank":
        return before.length / count;
      default: {
        const upTo = this.rows.filter((row) => compareWith(row) <= 0).length;
        return (upTo + 1) / (count + 1);
      }
    }
  }

  protected isKept(): boolean {
    return true;
  }
}

function emptyRank(name: string): Value {
  if (name === "hypothetical_percent_rank") return 0;
  return name === "hypothetical_cume_dist" ? 1 : 1n;
}

/** min_by and max_by: the value in the row with the least or greatest key; rows whose key or value is NULL do not count. */
export class ValueAtExtreme implements GeneralAggregate {
  readonly #keyType: DataType;
  readonly #direction: number;
  #best: readonly Value[] | null = null;

  constructor(keyType: DataType, isMax: boolean) {
    this.#keyType = keyType;
    this.#direction = isMax ? 1 : -1;
  }

  add(args: readonly Value[]): number {
    const [value, key] = args;
    if (value === null || key === null) return 0;
    if (this.#best !== null && compareValues(this.#keyType, key!, this.#best[1]!) * this.#direction <= 0) return 0;
    this.#best = args;
    return 0;
  }

  merge(state: Uint8Array): number {
    const other = unpackState<readonly Value[] | null>(state);
    return other === null ? 0 : this.add(other);
  }

  state(): Uint8Array {
    return packState(this.#best);
  }

  result(): Value {
    return this.#best === null ? null : this.#best[0]!;
  }
}
