import type { Family } from "./fuzz-tables.ts";
import { columnOf, mergedFacts, type Expr, type Facts, type Scope } from "./expression-facts.ts";
import { decimalExpression, floatExpression, intExpression } from "./number-expressions.ts";
import {
  dateExpression,
  intervalExpression,
  textExpression,
  timestampExpression,
} from "./text-and-time-expressions.ts";
import { clause, leaf, list, nothing, sql, type Sql } from "./sql-tree.ts";
import type { Random } from "./random.ts";

const comparisons = ["=", "=", "=", "<>", "<", "<=", ">", ">="];

const sqlTypes: Readonly<Record<Family, string>> = {
  bool: "boolean",
  int: "bigint",
  dec: "decimal(18,4)",
  float: "double precision",
  date: "date",
  time: "time",
  ts: "timestamp",
  tz: "timestamptz",
  interval: "interval",
  text: "varchar",
  blob: "bytea",
  approx: "double precision",
};

/** Makes expressions of a wanted family that no row can make fail. What differs between the engines is in README.md. */
export abstract class ExpressionGenerator {
  readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  /** A condition with a subquery, or null where the scope is too large for one. */
  protected abstract subqueryCondition(scope: Scope, depth: number): Sql | null;
  protected abstract scalarSubquery(family: Family, scope: Scope, depth: number): Expr | null;

  family(): Family {
    return this.random.weighted<Family>([
      [5, "int"],
      [3, "text"],
      [3, "dec"],
      [2, "float"],
      [2, "date"],
      [2, "ts"],
      [2, "bool"],
      [1, "time"],
      [1, "tz"],
      [1, "interval"],
      [1, "blob"],
    ]);
  }

  /** Mostly a family of which the scope has a column. */
  familyIn(scope: Scope): Family {
    const columns = [...scope.columns, ...(scope.ready ?? [])];
    if (columns.length === 0 || this.random.chance(15)) return this.family();
    for (let attempt = 0; attempt < 4; attempt++) {
      const family = this.family();
      if (columns.some((column) => column.family === family)) return family;
    }
    const { family } = this.random.pick(columns);
    return family;
  }

  /** A condition that likely holds for some rows and not for others. */
  filter(scope: Scope, depth: number): Sql {
    const { random } = this;
    const condition = this.condition(scope, depth);
    if (scope.columns.length === 0 || random.chance(35)) return condition;
    const column = random.pick(scope.columns);
    const lenient =
      column.family === "int" && column.bound !== Infinity && random.chance(70)
        ? sql("bool", `({0} ${random.pick(["<", ">=", "<>"])} ${random.between(0, 9)})`, [columnOf(column).sql])
        : sql("bool", `({0} is ${random.pick(["", "not ", "not "])}null)`, [columnOf(column).sql]);
    return random.chance(70) ? sql("bool", "({0} or {1})", [condition, lenient]) : lenient;
  }

  expr(family: Family, scope: Scope, depth: number): Expr {
    const { random } = this;
    if (scope.ready !== undefined && random.chance(40)) {
      const ready = scope.ready.filter((one) => one.family === family);
      if (ready.length > 0) return random.pick(ready);
    }
    if (scope.aggregate !== undefined && random.chance(50)) {
      const call = scope.aggregate(family);
      if (call !== null) return call;
    }
    if (depth <= 0 || random.chance(25)) return this.columnOrLiteral(family, scope);
    if (random.chance(4)) {
      const subquery = this.scalarSubquery(family, scope, depth - 1);
      if (subquery !== null) return subquery;
    }
    if (random.chance(22)) return this.#general(family, scope, depth - 1);
    return this.#specific(family, scope, depth - 1);
  }

  /** A column, or a literal. */
  columnOrLiteral(family: Family, scope: Scope): Expr {
    const own = scope.columns.filter((column) => column.family === family);
    const outer = scope.outer.filter((column) => column.family === family);
    if (outer.length > 0 && (this.random.chance(25) || own.length === 0)) return columnOf(this.random.pick(outer));
    if (own.length > 0 && this.random.chance(90)) return columnOf(this.random.pick(own));
    return this.literal(family);
  }

  literal(family: Family): Expr {
    const { random } = this;
    if (random.chance(6))
      return { sql: leaf(family, `cast(null as ${sqlTypes[family]})`), family, bound: 0, precision: 1, scale: 0 };
    const make = (ours: string, facts: Partial<Facts> = {}, duck = ours): Expr => ({
      sql: leaf(family, ours, duck),
      family,
      bound: 1,
      ...facts,
    });
    switch (family) {
      case "bool":
        return make(random.pick(["true", "false"]));
      case "int": {
        const value = random.chance(10) ? random.pick([100, 1000, 65_536, 2_147_483_647]) : random.between(-5, 15);
        return make(value < 0 ? `(${value})` : String(value), { bound: Math.abs(value) });
      }
      case "dec": {
        const scale = random.pick([1, 2, 2, 4]);
        const value = random.between(-40, 80) / 4;
        return make(`cast(${value} as decimal(${6 + scale},${scale}))`, { bound: 20, precision: 6 + scale, scale });
      }
      case "float":
        return make(`cast(${random.between(-40, 40) / 4} as ${random.pick(["double precision", "real"])})`, {
          bound: 10,
        });
      case "date":
        return make(`date '2020-0${random.between(1, 3)}-${random.between(10, 28)}'`);
      case "time":
        return make(`time '${random.pick(["00:00:00", "12:30:00", "06:00:01", "18:15:30.25"])}'`);
      case "ts":
        return make(
          `timestamp '2020-01-${random.between(10, 20)} ${random.pick(["00:00:00", "11:59:58.5", "23:59:59"])}'`,
        );
      case "tz":
        return make(
          `timestamptz '2020-01-0${random.between(1, 9)} ${random.pick(["00:00:00", "05:59:58", "23:59:58"])}+00'`,
        );
      case "interval":
        return make(
          `interval '${random.pick(["1 day", "2 days", "1 month", "3 hours", "90 minutes", "1 year", "0 days"])}'`,
        );
      case "text":
        return make(
          `'${random.pick(["", "a", "ab", "abc", "A", "b", "12", "thirteen chars", "äöü", "日本語", "é🙂", "twelve bytes", " "])}'`,
          { bound: 14 },
        );
      case "blob":
        return random.chance(50)
          ? make("'\\x00'::bytea", {}, "'\\x00'::blob")
          : make("'\\x6162'::bytea", {}, "'ab'::blob");
      default:
        throw new Error(`no literal of ${family}`);
    }
  }

  /** Forms that any family has. */
  #general(family: Family, scope: Scope, depth: number): Expr {
    const { random } = this;
    const [first, second] = [this.expr(family, scope, depth), this.expr(family, scope, depth)];
    const both = mergedFacts(first, second);
    const when = (): Sql => this.condition(scope, depth);
    switch (random.below(7)) {
      case 0:
        return { ...both, sql: sql(family, "case when {0} then {1} else {2} end", [when(), first.sql, second.sql]) };
      case 1:
        return { ...both, sql: sql(family, "case when {0} then {1} end", [when(), first.sql]) };
      case 2: {
        const third = this.expr(family, scope, depth);
        const parts = [when(), first.sql, when(), second.sql, third.sql];
        return {
          ...mergedFacts(both, third),
          sql: sql(family, "case when {0} then {1} when {2} then {3} else {4} end", parts),
        };
      }
      case 3: {
        const other = this.random.pick(["int", "text", "bool"] as const);
        const operands = [0, 1, 2].map(() => this.expr(other, scope, depth).sql);
        const parts = [...operands, first.sql, second.sql];
        return { ...both, sql: sql(family, "case {0} when {1} then {3} when {2} then {4} end", parts) };
      }
      case 4:
        return { ...both, sql: sql(family, "nullif({0}, {1})", [first.sql, second.sql]) };
      case 5:
        if (family === "bool" || family === "interval" || family === "blob") break;
        return {
          ...both,
          sql: sql(family, `${random.pick(["greatest", "least"])}({0})`, [list("args", ", ", [first.sql, second.sql])]),
        };
      default:
    }
    return { ...both, sql: sql(family, "coalesce({0})", [list("args", ", ", [first.sql, second.sql])]) };
  }

  #specific(family: Family, scope: Scope, depth: number): Expr {
    switch (family) {
      case "bool":
        return { family, bound: 1, sql: this.condition(scope, depth) };
      case "int":
        return intExpression(this, scope, depth);
      case "dec":
        return decimalExpression(this, scope, depth);
      case "float":
        return floatExpression(this, scope, depth);
      case "text":
        return textExpression(this, scope, depth);
      case "date":
        return dateExpression(this, scope, depth);
      case "ts":
        return timestampExpression(this, scope, depth);
      case "interval":
        return intervalExpression(this, scope, depth);
      default:
        return this.columnOrLiteral(family, scope);
    }
  }

  /** A boolean expression, three-valued. */
  condition(scope: Scope, depth: number): Sql {
    const { random } = this;
    if (depth > 0 && random.chance(30)) {
      const parts = [this.condition(scope, depth - 1), this.condition(scope, depth - 1)];
      if (random.chance(20)) parts.push(this.condition(scope, depth - 1));
      const joined = { ...list("bool", random.pick([" and ", " or "]), parts), tag: "conditions" };
      return sql("bool", random.chance(20) ? "(not ({0}))" : "({0})", [joined]);
    }
    if (depth > 0 && random.chance(14)) {
      const condition = this.subqueryCondition(scope, depth - 1);
      if (condition !== null) return condition;
    }
    const family = this.familyIn(scope);
    const first = this.expr(family, scope, depth - 1).sql;
    const second = (): Sql => this.expr(family, scope, depth - 1).sql;
    switch (random.below(12)) {
      case 0:
        return sql("bool", `({0} is ${random.pick(["", "not "])}null)`, [first]);
      case 1:
        return sql("bool", `({0} is ${random.pick(["", "not "])}distinct from {1})`, [first, second()]);
      case 2:
        return sql("bool", `({0} ${random.pick(["", "not "])}between {1} and {2})`, [first, second(), second()]);
      case 3: {
        const items = Array.from({ length: random.between(1, 5) }, () =>
          random.chance(75) ? this.literal(family).sql : second(),
        );
        return sql("bool", `({0} ${random.pick(["", "not "])}in ({1}))`, [first, list("args", ", ", items)]);
      }
      case 4:
        return this.#like(scope, depth - 1);
      case 5:
        if (family !== "bool") break;
        return sql("bool", `({0} is ${random.pick(["", "not "])}${random.pick(["true", "false"])})`, [first]);
      case 6: {
        const text = this.expr("text", scope, depth - 1).sql;
        return sql("bool", `${random.pick(["starts_with", "contains", "ends_with"])}({0}, {1})`, [
          text,
          this.expr("text", scope, depth - 1).sql,
        ]);
      }
      case 7:
        return this.#mixedComparison(scope, depth - 1);
      default:
    }
    return sql("bool", `({0} ${random.pick(comparisons)} {1})`, [first, second()]);
  }

  #like(scope: Scope, depth: number): Sql {
    const { random } = this;
    const pattern = random.pick([
      "a%",
      "%a",
      "%a%",
      "_b%",
      "%",
      "",
      "a_c",
      "%b_%",
      "thirteen char_",
      "%日本%",
      "_ö_",
      "%bytes",
      "%t%w%",
      "é_",
      "__",
    ]);
    const operator = random.pick(["like", "like", "not like", "ilike"]);
    const text = this.expr("text", scope, depth).sql;
    if (random.chance(15))
      return sql("bool", `({0} ${random.pick(["like", "not like"])} {1} escape '#')`, [
        text,
        leaf("pattern", random.pick(["'a#%b'", "'a#_b'", "'%##%'", "'%#%%'"])),
      ]);
    const right = random.chance(15)
      ? this.expr("text", { ...scope, columns: scope.columns.filter(({ ref }) => !/\.[st]$/.test(ref)) }, 0).sql
      : leaf("pattern", `'${pattern}'`);
    return sql("bool", `({0} ${operator} {1})`, [text, right]);
  }

  /** Numbers of different types, or dates and timestamps, compared. */
  #mixedComparison(scope: Scope, depth: number): Sql {
    const { random } = this;
    const operator = random.pick(comparisons);
    if (random.chance(20)) {
      return sql("bool", `({0} ${operator} {1})`, [
        this.expr("date", scope, depth).sql,
        this.expr("ts", scope, depth).sql,
      ]);
    }
    const left = this.expr("int", scope, depth);
    const right = this.expr(random.pick(["dec", "float"]), scope, depth);
    // Beyond 2^53 each engine has its own way from numbers to floats; huge decimals have none to integers.
    if (left.bound > 1e12 || right.bound > 1e12) return sql("bool", `({0} ${operator} 3)`, [left.sql]);
    return random.chance(50)
      ? sql("bool", `({0} ${operator} {1})`, [left.sql, right.sql])
      : sql("bool", `({0} ${operator} {1})`, [right.sql, left.sql]);
  }

  /** A value that is only close to the other engine's: averages, quotients, roots. */
  approximate(scope: Scope, depth: number): Expr | null {
    const { random } = this;
    const numeric = this.expr(random.pick(["int", "dec", "float"]), scope, depth);
    if (numeric.bound > 1e9) return null;
    const of = (text: string, parts: readonly Sql[]): Expr => ({
      family: "approx",
      bound: Infinity,
      sql: sql("approx", text, parts),
    });
    switch (random.below(4)) {
      case 0:
        return of("sqrt(abs(cast({0} as double precision)))", [numeric.sql]);
      case 1: {
        const [dividend, divisor] = [this.expr("dec", scope, 0), this.expr("dec", scope, depth)];
        if (dividend.bound > 1e9 || divisor.bound > 1e9) return null;
        return of("cast({0} / nullif({1}, 0) as double precision)", [dividend.sql, divisor.sql]);
      }
      case 2:
        return of("ln(abs(cast({0} as double precision)) + 1)", [numeric.sql]);
      default:
        return of("power(cast({0} as double precision) / 100, 2)", [numeric.sql]);
    }
  }
}

export function optionalClause(ours: string, part: Sql | null): Sql {
  return part === null ? nothing : clause(ours, [part]);
}
