import type { DataType } from "../../src/arrow/data-type.ts";
import { decimalType, simpleType } from "../../src/arrow/data-type.ts";
import type { Schema } from "../../src/arrow/schema.ts";
import type { Value } from "../../src/arrow/value.ts";
import { EngineError } from "../../src/common/engine-error.ts";
import { coerceTo, commonType } from "../../src/expr/coerce.ts";
import { typeOf } from "../../src/expr/expression-properties.ts";
import type { Expression } from "../../src/expr/expression.ts";
import { resolveFunction } from "../../src/expr/function-registry.ts";

/** A small repeatable source of random numbers (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

export const columnTypes: readonly DataType[] = [
  ...(["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"] as const).map(
    simpleType,
  ),
  decimalType(4, 1),
  decimalType(15, 2),
  decimalType(18, 6),
  decimalType(30, 6),
  decimalType(38, 0),
  ...(["date", "time", "timestamp", "timestamptz", "interval", "utf8", "bool"] as const).map(simpleType),
];

const texts = [
  "",
  "a",
  "ab",
  "abc",
  "special requests",
  "a special set of requests, long",
  "BRASS polished",
  "ünïcödé",
  "日本語テキスト",
  "😀 emoji 😀 text",
  "twelve bytes",
  "thirteen byte",
  "%_\\",
  " padded ",
  "12",
  "-7.5",
  "2020-02-29",
  "true",
  "a\u0000b",
  "aaaaaaaaaaaaaaaaaaaaaaaab",
];
const patterns = [
  "%",
  "a%",
  "%b",
  "%special%requests%",
  "_b%",
  "%ö%",
  "__語%",
  "abc",
  "a\\%b",
  "%_%",
  "%a%b",
  "",
  "%\\_%",
  "😀%_text",
];

export function randomValue(random: Random, type: DataType): Value {
  const integer = (bits: number, signed: boolean): bigint => {
    const span = 2n ** BigInt(bits);
    const low = signed ? -(span / 2n) : 0n;
    switch (random.below(4)) {
      case 0:
        return random.pick([low, low + 1n, low + span - 1n, 0n, 1n]);
      case 1:
        return low + ((BigInt(random.below(2 ** 31)) * BigInt(random.below(2 ** 31)) * 4n) % span);
      default:
        return signed ? BigInt(random.below(21)) - 10n : BigInt(random.below(20));
    }
  };
  switch (type.kind) {
    case "bool":
      return random.chance(50);
    case "int64":
    case "uint64":
      return integer(64, type.kind === "int64");
    case "float32":
    case "float64": {
      const value = random.pick([
        0,
        -0,
        1,
        -1.5,
        0.1,
        1e10,
        -123456.789,
        NaN,
        Infinity,
        -Infinity,
        1e-5,
        2.5,
        3.5,
        -2.5,
        random.below(1000) / 8,
        1e30,
      ]);
      return type.kind === "float32" ? Math.fround(value) : value;
    }
    case "decimal": {
      const bound = 10n ** BigInt(type.precision);
      if (random.chance(20)) return random.pick([bound - 1n, 1n - bound, 0n]);
      const large = BigInt(random.below(2 ** 31)) ** 4n % bound;
      const value = random.chance(50) ? large : BigInt(random.below(10000)) % bound;
      return random.chance(40) ? -value : value;
    }
    case "date":
      return random.chance(10) ? random.pick([-(2 ** 31), 2 ** 31 - 1, 0, -719528]) : random.below(40000) - 10000;
    case "time":
      return BigInt(random.below(86400)) * 1_000_000n + BigInt(random.below(1_000_000));
    case "timestamp":
    case "timestamptz":
      if (random.chance(10)) return random.pick([-(2n ** 63n), 2n ** 63n - 1n, 0n, -1n]);
      return (BigInt(random.below(3_000_000_000)) - 1_000_000_000n) * 1_000_000n + BigInt(random.below(1_000_000));
    case "interval":
      return {
        months: random.below(50) - 25,
        days: random.below(100) - 50,
        micros: BigInt(random.below(2 ** 31) - 2 ** 30) * 1000n,
      };
    case "utf8":
      return random.pick(texts);
    default: {
      const bits = Number(type.kind.replace(/\D/g, ""));
      return Number(integer(bits, !type.kind.startsWith("u")));
    }
  }
}

const functions: readonly (readonly [string, number])[] = [
  ...["+", "-", "*", "/", "%", "add", "multiply"].map((name) => [name, 2] as const),
  ...["=", "<>", "<", "<=", ">", ">=", "is_distinct_from", "is_not_distinct_from", "nullif"].map(
    (name) => [name, 2] as const,
  ),
  ...[
    "-",
    "abs",
    "sign",
    "ceil",
    "floor",
    "round",
    "trunc",
    "not",
    "is_null",
    "is_not_null",
    "is_true",
    "is_not_true",
    "is_false",
    "is_not_false",
  ].map((name) => [name, 1] as const),
  ...[
    "sqrt",
    "exp",
    "ln",
    "sin",
    "length",
    "lower",
    "upper",
    "reverse",
    "ascii",
    "octet_length",
    "btrim",
    "initcap",
    "ltrim",
  ].map((name) => [name, 1] as const),
  ...[
    "coalesce",
    "greatest",
    "least",
    "power",
    "atan2",
    "strpos",
    "left",
    "right",
    "||",
    "starts_with",
    "ends_with",
    "contains",
    "rtrim",
    "like",
    "ilike",
    "repeat",
    "lpad",
  ].map((name) => [name, 2] as const),
  ...["substring", "replace", "concat", "split_part", "greatest", "coalesce", "make_date"].map(
    (name) => [name, 3] as const,
  ),
];
const fields = [
  "year",
  "month",
  "day",
  "quarter",
  "week",
  "isoyear",
  "dow",
  "isodow",
  "doy",
  "decade",
  "century",
  "millennium",
  "hour",
  "minute",
  "second",
  "epoch",
  "microseconds",
];
const units = [
  "year",
  "month",
  "day",
  "quarter",
  "week",
  "decade",
  "century",
  "millennium",
  "hour",
  "minute",
  "second",
  "milliseconds",
];

/** Makes random well-typed expressions over the columns of a schema. */
export class ExpressionMaker {
  readonly #random: Random;
  readonly #schema: Schema;

  constructor(random: Random, schema: Schema) {
    this.#random = random;
    this.#schema = schema;
  }

  any(depth: number): Expression {
    for (;;) {
      const made = this.#attempt(depth);
      if (made !== null) return made;
    }
  }

  bool(depth: number): Expression {
    for (let attempt = 0; attempt < 200; attempt++) {
      const made = this.#attempt(depth);
      if (made !== null && typeOf(made).kind === "bool") return made;
    }
    return { kind: "literal", type: simpleType("bool"), value: true };
  }

  #attempt(depth: number): Expression | null {
    const random = this.#random;
    if (depth <= 0 || random.chance(10)) return this.#leaf();
    try {
      switch (random.below(10)) {
        case 0:
          return {
            kind: random.chance(50) ? "and" : "or",
            args: Array.from({ length: 2 + random.below(2) }, () => this.bool(depth - 1)),
          };
        case 1:
          return this.#case(depth);
        case 2:
          return this.#inList(depth);
        case 3:
          return coerceTo(this.any(depth - 1), random.pick(columnTypes), "explicit");
        case 4: {
          const literal: Expression = {
            kind: "literal",
            type: simpleType("utf8"),
            value: random.pick(random.chance(60) ? fields : units),
          };
          return resolveFunction(random.chance(60) ? "extract" : "date_trunc", [literal, this.any(depth - 1)]);
        }
        case 5: {
          const pattern: Expression = { kind: "literal", type: simpleType("utf8"), value: random.pick(patterns) };
          return resolveFunction(random.chance(70) ? "like" : "ilike", [this.any(depth - 1), pattern]);
        }
        default: {
          const [name, count] = random.pick(functions);
          const args = Array.from({ length: count }, () => this.any(depth - 1));
          // Huge repetitions only test memory.
          if (name === "repeat" || name === "lpad")
            args[1] = { kind: "literal", type: simpleType("int64"), value: BigInt(random.below(9)) };
          if (name === "lpad" || name === "repeat") return resolveFunction(name, args.slice(0, 2));
          return resolveFunction(name, args);
        }
      }
    } catch (thrown) {
      if (thrown instanceof EngineError) return null;
      throw thrown;
    }
  }

  #leaf(): Expression {
    const random = this.#random;
    if (random.chance(70)) {
      const index = random.below(this.#schema.length);
      const { type, nullable } = this.#schema[index]!;
      return { kind: "input", index, type, nullable };
    }
    const type = random.pick(columnTypes);
    return { kind: "literal", type, value: random.chance(8) ? null : randomValue(random, type) };
  }

  #case(depth: number): Expression | null {
    const random = this.#random;
    const thens = Array.from({ length: 1 + random.below(2) }, () => this.any(depth - 1));
    const otherwise = random.chance(60) ? this.any(depth - 1) : null;
    const type = commonType([...thens, ...(otherwise === null ? [] : [otherwise])].map(typeOf));
    if (type === null) return null;
    return {
      kind: "case",
      branches: thens.map((then) => ({ when: this.bool(depth - 1), then: coerceTo(then, type, "implicit") })),
      otherwise: otherwise === null ? { kind: "literal", type, value: null } : coerceTo(otherwise, type, "implicit"),
      type,
    };
  }

  #inList(depth: number): Expression {
    const random = this.#random;
    const arg = this.any(depth - 1);
    const type = typeOf(arg);
    const count = random.chance(50) ? 1 + random.below(4) : 12;
    const values = Array.from({ length: count }, () => (random.chance(5) ? null : randomValue(random, type)));
    return { kind: "in_list", arg, values };
  }
}
