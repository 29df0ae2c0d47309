import { mergedFacts, type Expr, type ExpressionMaker, type Scope } from "./expression-facts.ts";
import { sql } from "./sql-tree.ts";

/** The largest values that arithmetic may reach, far from every overflow. */
const intBoundMax = 1e12;
const decBoundMax = 1e14;
export const textLengthMax = 400;
/** All decimals fit decimal(38,10), which DuckDB's common types of wider ones do not keep. */
const decWholeMax = 28;
const decScaleMax = 10;

export function intExpression(maker: ExpressionMaker, scope: Scope, depth: number): Expr {
  const { random } = maker;
  const of = (text: string, parts: readonly Expr[], bound: number, duck = text): Expr => ({
    family: "int",
    bound,
    sql: sql(
      "int",
      text,
      parts.map((part) => part.sql),
      duck,
    ),
  });
  const first = maker.expr("int", scope, depth);
  switch (random.below(12)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return intArithmetic(maker, first, maker.expr("int", scope, depth));
    case 4: {
      const second = maker.expr("int", scope, depth);
      if (first.bound === Infinity || second.bound === Infinity) return first;
      return of(
        `(cast({0} as bigint) ${random.pick(["/", "%"])} nullif(cast({1} as bigint), 0))`,
        [first, second],
        Math.max(first.bound, second.bound),
      );
    }
    case 5:
      return first.bound === Infinity ? first : of(`abs({0})`, [first], first.bound);
    case 6:
      return first.bound === Infinity ? first : of(`(- cast({0} as bigint))`, [first], first.bound);
    case 7:
      return of("length({0})", [maker.expr("text", scope, depth)], textLengthMax);
    case 8: {
      const temporal = maker.expr(random.pick(["date", "ts"]), scope, depth);
      return of(
        `cast(extract(${random.pick(["year", "month", "day", "quarter", "dow", "doy", "week", "isodow"])} from {0}) as bigint)`,
        [temporal],
        10_000,
      );
    }
    case 9: {
      const [from, to] = [maker.expr("date", scope, depth), maker.expr("date", scope, depth)];
      return of("({0} - {1})", [from, to], 4_000_000);
    }
    case 10: {
      const dec = maker.expr("dec", scope, depth);
      if (dec.bound > 1e9) return first;
      return of(
        `cast({0} as ${random.pick(["bigint", "bigint", "integer"])})`,
        [dec],
        dec.bound + 1,
        "cast({0} as bigint)",
      );
    }
    default:
      return random.chance(50)
        ? of("strpos({0}, {1})", [maker.expr("text", scope, depth), maker.expr("text", scope, depth)], textLengthMax)
        : of("cast({0} as integer)", [maker.expr("bool", scope, depth)], 1);
  }
}

function intArithmetic(maker: ExpressionMaker, first: Expr, second: Expr): Expr {
  const operator = maker.random.pick(["+", "-", "*", "+", "-"]);
  const bound = operator === "*" ? first.bound * second.bound : first.bound + second.bound;
  if (!(bound <= intBoundMax)) return first;
  const small = bound <= 100 && first.unsigned === undefined && second.unsigned === undefined;
  const text = small ? `({0} ${operator} {1})` : `(cast({0} as bigint) ${operator} cast({1} as bigint))`;
  return { family: "int", bound, sql: sql("int", text, [first.sql, second.sql]) };
}

export function decimalExpression(maker: ExpressionMaker, scope: Scope, depth: number): Expr {
  const { random } = maker;
  const first = maker.expr("dec", scope, depth);
  const { precision = 38, scale = 10 } = first;
  const rounded = (text: string, digits: number): Expr => ({
    family: "dec",
    bound: first.bound + 1,
    precision: precision + 1,
    scale: digits,
    sql: sql("dec", text, [first.sql]),
  });
  switch (random.below(8)) {
    case 0:
    case 1:
    case 2:
      return decimalSum(maker, first, maker.expr("dec", scope, depth));
    case 3:
      return decimalProduct(first, maker.expr("dec", scope, depth));
    case 4: {
      const int = maker.expr("int", scope, depth);
      if (int.bound > 1e9) return first;
      const cast = sql("dec", "cast({0} as decimal(14,2))", [int.sql]);
      return { family: "dec", bound: int.bound, precision: 14, scale: 2, sql: cast };
    }
    case 5: {
      if (first.bound === Infinity || scale === 0 || precision - scale >= decWholeMax) return first;
      const digits = random.below(scale);
      return rounded(`round({0}, ${digits})`, digits);
    }
    case 6:
      if (first.bound === Infinity) return first;
      return { ...first, sql: sql("dec", random.pick(["abs({0})", "(- {0})"]), [first.sql]) };
    default:
      if (first.bound === Infinity || precision - scale >= decWholeMax) return first;
      return rounded(`${random.pick(["floor", "ceil"])}({0})`, 0);
  }
}

function decimalSum(maker: ExpressionMaker, first: Expr, second: Expr): Expr {
  const bound = first.bound + second.bound;
  const wide = mergedFacts(first, second);
  const { precision = 38, scale = 10 } = wide;
  if (!(bound <= decBoundMax) || precision - scale >= decWholeMax) return first;
  const text = `({0} ${maker.random.pick(["+", "-"])} {1})`;
  return { ...wide, bound, precision: precision + 1, sql: sql("dec", text, [first.sql, second.sql]) };
}

function decimalProduct(first: Expr, second: Expr): Expr {
  const bound = first.bound * second.bound;
  const precision = (first.precision ?? 38) + (second.precision ?? 38);
  const scale = (first.scale ?? 10) + (second.scale ?? 10);
  if (!(bound <= decBoundMax) || scale > decScaleMax || precision - scale > decWholeMax) return first;
  return { family: "dec", bound, precision, scale, sql: sql("dec", "({0} * {1})", [first.sql, second.sql]) };
}

/** Values are quarters, so that sums are exact in any order. */
export function floatExpression(maker: ExpressionMaker, scope: Scope, depth: number): Expr {
  const { random } = maker;
  const first = maker.expr("float", scope, depth);
  const of = (text: string, parts: readonly Expr[], bound: number): Expr => ({
    family: "float",
    bound,
    sql: sql(
      "float",
      text,
      parts.map((part) => part.sql),
    ),
  });
  if (first.bound > 1e6) return first;
  switch (random.below(5)) {
    case 0:
    case 1: {
      const second = maker.expr("float", scope, depth);
      if (second.bound > 1e6) return first;
      return of(
        `(cast({0} as double precision) ${random.pick(["+", "-"])} {1})`,
        [first, second],
        first.bound + second.bound,
      );
    }
    case 2: {
      const int = maker.expr("int", scope, depth);
      return int.bound > 1e6 ? first : of("cast({0} as double precision)", [int], int.bound);
    }
    case 3:
      return of(random.pick(["abs({0})", "(- {0})"]), [first], first.bound);
    default:
      return of(`${random.pick(["floor", "ceil"])}({0})`, [first], first.bound + 1);
  }
}
