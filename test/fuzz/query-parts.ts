import type { Expr, Facts } from "./expression-facts.ts";
import type { Random } from "./random.ts";
import { clause, leaf, list, nothing, sql, type Sql } from "./sql-tree.ts";

export function itemList(items: readonly Expr[], mayDrop: boolean): Sql {
  const named = items.map((item, index) => sql("item", `{0} as c${index}`, [item.sql]));
  return {
    ...list("items", ", ", named),
    atLeast: mayDrop ? 1 : items.length,
  };
}

export function tagOf(columns: readonly Facts[]): string {
  return `query ${columns.map(({ family }) => family).join(" ")}`;
}

export function factsOf(expr: Expr): Facts {
  const { sql: _, ...facts } = expr;
  return facts;
}

export function plainFacts(facts: Facts): Facts {
  return "sql" in facts ? factsOf(facts as Expr) : facts;
}

export function textOf(node: Sql): string {
  return [node.ours, ...node.parts.map(textOf)].join(" ");
}

/** ORDER BY every column, so that each row has its place, and perhaps a LIMIT. */
export function orderAndLimit(random: Random, columnCount: number, limitPercent: number): Sql {
  const ordinals = random.shuffle(Array.from({ length: columnCount }, (_, index) => index + 1));
  const keys = ordinals.map((ordinal) => {
    const direction = random.pick(["", "", " asc", " desc", " desc"]);
    return leaf("key", `${ordinal}${direction}${random.pick(["", "", " nulls first", " nulls last"])}`);
  });
  const limit = random.chance(limitPercent) ? limitClause(random) : nothing;
  return sql("tail", " order by {0}{1}", [list("keys", ", ", keys, columnCount), limit]);
}

function limitClause(random: Random): Sql {
  const limit = random.pick([0, 1, 2, 5, 10, 10, 100, 100, 1000, 3000]);
  const offset = random.pick([0, 1, 1, 3, 3, 50]);
  return clause(random.pick([` limit ${limit}`, ` limit ${limit} offset ${offset}`, ` offset ${offset}`]), []);
}

/** GROUP BY the keys, or sets of them. */
export function groupByClause(random: Random, keys: readonly Sql[], hasSets: boolean): Sql {
  if (keys.length === 0) return nothing;
  const sets = random.pick(["rollup ({0})", "cube ({0})", "grouping sets (({0}), ())", "grouping sets ({0})"]);
  return clause(` group by ${hasSets ? sets : "{0}"}`, [list("groups", ", ", keys)]);
}
