import type { Expr, ExpressionMaker, Scope } from "./expression-facts.ts";
import { textLengthMax } from "./number-expressions.ts";
import { list, sql, type Sql } from "./sql-tree.ts";

export function textExpression(maker: ExpressionMaker, scope: Scope, depth: number): Expr {
  const { random } = maker;
  const first = maker.expr("text", scope, depth);
  const of = (text: string, parts: readonly Sql[], bound = first.bound, duck = text): Expr => ({
    family: "text",
    bound,
    sql: sql("text", text, parts, duck),
  });
  const text = (): Expr => maker.expr("text", scope, depth);
  const count = (max: number): number => random.between(0, max);
  switch (random.below(14)) {
    case 0:
    case 1: {
      const second = text();
      return first.bound + second.bound > textLengthMax
        ? first
        : of("({0} || {1})", [first.sql, second.sql], first.bound + second.bound);
    }
    case 2: {
      const second = text();
      return first.bound + second.bound > textLengthMax
        ? first
        : of("concat({0})", [list("args", ", ", [first.sql, second.sql])], first.bound + second.bound);
    }
    case 3:
      return of(`${random.pick(["upper", "lower"])}({0})`, [first.sql]);
    case 4:
      return of(`substring({0}, ${random.between(1, 6)}, ${count(8)})`, [first.sql]);
    case 5:
      return of(`substring({0} from ${random.between(1, 12)})`, [first.sql]);
    case 6:
      return of(`${random.pick(["left", "right"])}({0}, ${random.between(-3, 6)})`, [first.sql]);
    case 7:
      return of(`${random.pick(["trim", "ltrim", "rtrim"])}({0})`, [first.sql]);
    case 8: {
      const [from, to] = [maker.literal("text"), maker.literal("text")];
      return first.bound * 15 > textLengthMax
        ? first
        : of("replace({0}, {1}, {2})", [first.sql, from.sql, to.sql], first.bound * 15);
    }
    case 9:
      return of(
        `${random.pick(["lpad", "rpad"])}({0}, ${count(16)}, '${random.pick(["*", "xy", "é"])}')`,
        [first.sql],
        16,
      );
    case 10:
      return of("reverse({0})", [first.sql]);
    case 11:
      return of("cast({0} as varchar)", [maker.expr(random.pick(["int", "date", "bool"]), scope, depth).sql], 24);
    case 12:
      return of(`split_part({0}, '${random.pick(["b", " ", "e"])}', ${random.between(1, 3)})`, [first.sql]);
    default:
      return first.bound * 3 > textLengthMax ? first : of(`repeat({0}, ${count(3)})`, [first.sql], first.bound * 3);
  }
}

export function dateExpression(maker: ExpressionMaker, scope: Scope, depth: number): Expr {
  const { random } = maker;
  const first = maker.expr("date", scope, depth);
  const of = (text: string, parts: readonly Expr[]): Expr => ({
    family: "date",
    bound: 1,
    sql: sql(
      "date",
      text,
      parts.map((part) => part.sql),
    ),
  });
  switch (random.below(4)) {
    case 0: {
      const int = maker.expr("int", scope, depth);
      if (int.bound > 10_000 || first.bound === Infinity) return first;
      return of(`({0} ${random.pick(["+", "-"])} cast({1} as integer))`, [first, int]);
    }
    case 1:
      return of("cast({0} as date)", [maker.expr("ts", scope, depth)]);
    case 2:
      if (first.bound === Infinity) return first;
      return of(
        `cast({0} ${random.pick(["+", "-"])} interval '${random.pick(["1 month", "3 days", "1 year", "40 days", "5 months"])}' as date)`,
        [first],
      );
    default:
      return first;
  }
}

export function timestampExpression(maker: ExpressionMaker, scope: Scope, depth: number): Expr {
  const { random } = maker;
  const first = maker.expr("ts", scope, depth);
  const of = (text: string, parts: readonly Expr[], bound = 1): Expr => ({
    family: "ts",
    bound,
    sql: sql(
      "ts",
      text,
      parts.map((part) => part.sql),
    ),
  });
  switch (random.below(5)) {
    case 0:
    case 1: {
      const amount = random.chance(30) ? maker.columnOrLiteral("interval", scope) : maker.literal("interval");
      return first.bound === Infinity ? first : of(`({0} ${random.pick(["+", "-"])} {1})`, [first, amount]);
    }
    case 2: {
      const date = maker.expr("date", scope, depth);
      return of("cast({0} as timestamp)", [date], date.bound);
    }
    case 3:
      return of(
        `date_trunc('${random.pick(["year", "month", "day", "hour", "week", "quarter", "minute"])}', {0})`,
        [first],
        first.bound,
      );
    default:
      return of("cast({0} as timestamp)", [maker.expr("tz", scope, depth)]);
  }
}

/** Days and times of one sign only: DuckDB takes -1 day +12:00 and -12:00 for different intervals, PostgreSQL for equal ones. */
export function intervalExpression(maker: ExpressionMaker, scope: Scope, depth: number): Expr {
  const { random } = maker;
  const of = (text: string, parts: readonly Expr[]): Expr => ({
    family: "interval",
    bound: 1,
    sql: sql(
      "interval",
      text,
      parts.map((part) => part.sql),
    ),
  });
  if (random.chance(50)) return of("({0} - {1})", [maker.expr("ts", scope, depth), maker.expr("ts", scope, depth)]);
  return of("({0} + {1})", [maker.literal("interval"), maker.literal("interval")]);
}
