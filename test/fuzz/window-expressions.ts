import { columnOf, type Column, type Expr, type ExpressionMaker, type Scope } from "./expression-facts.ts";
import type { Family } from "./fuzz-tables.ts";
import { clause, list, nothing, sql, type Sql } from "./sql-tree.ts";

type Order = { readonly keys: readonly Sql[]; readonly isTotal: boolean };

const frameStarts = ["unbounded preceding", "3 preceding", "1 preceding", "current row", "1 following"];
const frameEnds = ["unbounded following", "2 following", "1 following", "current row", "1 preceding"];

/**
 * A window call of the family, or null where there is none. `ids` are columns that tell all rows apart; what depends on the
 * order of equal rows is only made with them at the order's end.
 */
export function windowExpression(
  maker: ExpressionMaker,
  family: Family,
  scope: Scope,
  ids: readonly Column[],
): Expr | null {
  const { random } = maker;
  const isTotal = ids.length > 0 && random.chance(60);
  const order = orderOf(maker, scope, isTotal ? ids : []);
  const partition = Array.from(
    {
      length: random.weighted([
        [3, 0],
        [6, 1],
        [2, 2],
      ]),
    },
    () => columnOf(random.pick(scope.columns)).sql,
  );
  const over = (frame: Sql): Sql =>
    sql("over", " over ({0}{1}{2})", [
      partition.length === 0 ? nothing : clause("partition by {0}", [list("keys", ", ", partition)]),
      order.keys.length === 0 ? nothing : sql("order", " order by {0}", [list("keys", ", ", order.keys)]),
      frame,
    ]);
  const filter = random.chance(12)
    ? clause(" filter (where {0})", [maker.condition({ ...scope, rows: Infinity }, 1)])
    : nothing;
  const arg = (wanted: Family): Expr => maker.expr(wanted, { ...scope, rows: Infinity }, random.below(2));
  if (order.keys.length > 0 && order.isTotal && random.chance(35)) {
    const value = arg(family);
    return {
      ...value,
      sql: sql(family, "{0}{1}", [
        valueCall(maker, family, value),
        over(random.chance(60) ? nothing : frameOf(maker, order)),
      ]),
    };
  }
  if (family === "int" && order.keys.length > 0 && random.chance(50)) {
    const names = ["rank()", "dense_rank()", ...(order.isTotal ? ["row_number()", "ntile(4)", "ntile(7)"] : [])];
    return { family, bound: scope.rows, sql: sql("int", `${random.pick(names)}{0}`, [over(nothing)]) };
  }
  const call = aggregateCall(maker, family, arg, scope.rows);
  return call === null
    ? null
    : { ...call, sql: sql(family, "{0}{1}{2}", [call.sql, filter, over(frameOf(maker, order))]) };
}

function orderOf(maker: ExpressionMaker, scope: Scope, ids: readonly Column[]): Order {
  const { random } = maker;
  const direction = (): string => random.pick(["", "", " desc", " nulls first", " desc nulls last"]);
  const count = random.weighted([
    [2, 0],
    [6, 1],
    [3, 2],
  ]);
  const keys = Array.from({ length: count }, () => {
    const key = random.chance(75)
      ? columnOf(random.pick(scope.columns))
      : maker.expr("text", { ...scope, rows: Infinity }, 1);
    return sql("key", `{0}${direction()}`, [key.sql]);
  });
  return {
    keys: [...keys, ...ids.map((id) => sql("key", `{0}${direction()}`, [columnOf(id).sql]))],
    isTotal: ids.length > 0,
  };
}

function valueCall(maker: ExpressionMaker, family: Family, value: Expr): Sql {
  const { random } = maker;
  switch (random.below(5)) {
    case 0:
      return sql("call", `${random.pick(["lag", "lead"])}({0})`, [value.sql]);
    case 1:
      return sql("call", `${random.pick(["lag", "lead"])}({0}, ${random.between(0, 3)}, {1})`, [
        value.sql,
        maker.literal(family).sql,
      ]);
    case 2:
      return sql("call", `nth_value({0}, ${random.between(1, 4)})`, [value.sql]);
    default:
      return sql("call", `${random.pick(["first_value", "last_value"])}({0})`, [value.sql]);
  }
}

function aggregateCall(
  maker: ExpressionMaker,
  family: Family,
  arg: (family: Family) => Expr,
  rows: number,
): Expr | null {
  const { random } = maker;
  if (family === "interval" || family === "blob") return null;
  const of = (name: string, one: Expr, bound: number): Expr => ({
    ...one,
    family,
    bound,
    sql: sql("call", `${name}({0})`, [one.sql]),
  });
  if (family === "int" && random.chance(30))
    return random.chance(50)
      ? of("count", arg(random.pick(["text", "int"])), rows)
      : { family, bound: rows, sql: sql("call", "count(*)") };
  if (family === "bool") return of(random.pick(["bool_and", "bool_or"]), arg("bool"), 1);
  const one = arg(family);
  if (family === "int" && one.bound * rows < 1e15 && random.chance(60)) return of("sum", one, one.bound * rows);
  if (family === "float" && one.bound < 1e6 && random.chance(60)) {
    return { family, bound: one.bound * rows, sql: sql("call", "sum(cast({0} as double precision))", [one.sql]) };
  }
  return of(random.pick(["min", "max"]), one, one.bound);
}

/** A frame, or none. RANGE without a total order takes equal rows together; ROWS needs one. */
function frameOf(maker: ExpressionMaker, { keys, isTotal }: Order): Sql {
  const { random } = maker;
  if (keys.length === 0 || random.chance(35)) return nothing;
  const modes = isTotal ? ["rows", "rows", "groups", "range"] : ["groups", "range"];
  const mode = random.pick(modes);
  const start = random.below(frameStarts.length);
  const end = random.below(frameEnds.length);
  // A frame may not start after its end.
  const places = [
    frameStarts[start]!,
    start <= 2 || end <= 3 ? frameEnds[Math.min(end, start > 2 ? 2 : 4)]! : "unbounded following",
  ];
  const isPlain = mode === "range";
  const between = isPlain
    ? random.pick([
        "unbounded preceding and current row",
        "current row and unbounded following",
        "unbounded preceding and unbounded following",
      ])
    : places.join(" and ");
  const exclude = random.chance(75)
    ? ""
    : random.pick([" exclude group", " exclude ties", ...(isTotal ? [" exclude current row"] : [])]);
  return clause(` ${mode} between ${between}${exclude}`, []);
}
