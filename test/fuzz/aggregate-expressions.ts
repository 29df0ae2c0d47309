import type { Expr, ExpressionMaker, Facts, Scope } from "./expression-facts.ts";
import type { Family } from "./fuzz-tables.ts";
import { clause, nothing, sql } from "./sql-tree.ts";

/** An aggregate call of the family over the input's rows; null where there is none. */
export function aggregateCall(maker: ExpressionMaker, family: Family, input: Scope): Expr | null {
  const { random } = maker;
  const inside: Scope = { columns: input.columns, outer: [], rows: Infinity };
  const arg = (wanted: Family): Expr => maker.expr(wanted, inside, random.between(0, 1));
  const filter = random.chance(20) ? clause(" filter (where {0})", [maker.condition(inside, 1)]) : nothing;
  const distinct = random.chance(25) ? clause("distinct ", []) : nothing;
  const call = (text: string, one: Expr, bound: number, facts: Partial<Facts> = {}): Expr => ({
    family,
    bound,
    ...facts,
    sql: sql(family, `${text}{2}`, [distinct, one.sql, filter]),
  });
  const rows = Math.max(1, input.rows);
  switch (family) {
    case "int": {
      if (random.chance(30)) return { family, bound: rows, sql: sql(family, "count(*){0}", [filter]) };
      if (random.chance(35)) return call("count({0}{1})", arg(maker.family()), rows);
      const one = arg("int");
      if (random.chance(50) && one.bound * rows < 1e15) return call("sum({0}{1})", one, one.bound * rows);
      return {
        ...call(`${random.pick(["min", "max"])}({0}{1})`, one, one.bound),
        ...(one.unsigned === true ? { unsigned: true } : {}),
      };
    }
    case "dec": {
      const one = arg("dec");
      if (random.chance(60) && one.bound * rows < 1e20) {
        const sum = call("sum({0}{1})", one, one.bound * rows, { precision: 38, scale: 10 });
        return { ...sum, sql: sql(family, "cast({0} as decimal(38,10))", [sum.sql]) };
      }
      return call(`${random.pick(["min", "max"])}({0}{1})`, one, one.bound, {
        precision: one.precision ?? 38,
        scale: one.scale ?? 10,
      });
    }
    case "float": {
      const one = arg("float");
      if (random.chance(40) && one.bound < 1e6)
        return call("sum({0}cast({1} as double precision))", one, one.bound * rows);
      return call(`${random.pick(["min", "max"])}({0}{1})`, one, one.bound);
    }
    case "bool":
      return call(`${random.pick(["bool_and", "bool_or"])}({0}{1})`, arg("bool"), 1);
    case "interval":
    case "blob":
      return null;
    default: {
      const one = arg(family);
      return call(`${random.pick(["min", "max"])}({0}{1})`, one, one.bound);
    }
  }
}

/** An average or a deviation: close to the other engine's, not equal. */
export function averageCall(maker: ExpressionMaker, input: Scope): Expr | null {
  const { random } = maker;
  const inside: Scope = { columns: input.columns, outer: [], rows: Infinity };
  const arg = maker.expr(random.pick(["int", "dec", "float"]), inside, random.between(0, 1));
  if (arg.bound > 1e6) return null;
  const distinct = random.chance(20) ? clause("distinct ", []) : nothing;
  const name = random.pick(["avg", "avg", "stddev_samp", "stddev_pop", "var_samp", "var_pop"]);
  return {
    family: "approx",
    bound: Infinity,
    sql: sql("approx", `cast(${name}({0}{1}) as double precision)`, [distinct, arg.sql]),
  };
}
