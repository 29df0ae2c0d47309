import { loadParser } from "../../src/sql/parse.ts";
import { assertOptimizedRows, randomOf } from "../support/optimized-rows.ts";

/** Generates SELECTs over joins and derived tables whose subqueries nest and refer to any outer level. */
class QueryGenerator {
  readonly #random: (bound: number) => number;
  #aliases = 0;

  constructor(seed: number) {
    this.#random = randomOf(seed);
  }

  query(): string {
    const { from, aliases } = this.#from([]);
    const items = [
      ...aliases.map((alias) => `${alias}.*`),
      ...(this.#random(2) === 0 ? [`${this.#scalar(aliases, 1)} x`] : []),
    ];
    return `select ${items.join(", ")} from ${from} where ${this.#predicate(aliases, 2)}`;
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[this.#random(choices.length)] as T;
  }

  #from(outer: readonly string[]): { readonly from: string; readonly aliases: readonly string[] } {
    const first = `q${++this.#aliases}`;
    const left = this.#relation();
    if (this.#random(3) > 0) return { from: `${left} ${first}`, aliases: [first] };
    const second = `q${++this.#aliases}`;
    const condition = `${first}.${this.#name()} = ${second}.${this.#name()}`;
    if (this.#random(4) === 0) {
      const item = this.#pick([
        "a, b, c",
        "max(a) a, count(*) b, count(distinct c) c",
        "distinct b a, a b, c",
        "min(a) a, b, b + 1 c",
      ]);
      const tail = item.startsWith("min") ? " group by b" : "";
      const scope = [`l${second}`, first, ...outer];
      const lateral = `lateral (select ${item} from ${this.#pick(["t", "u", "w"])} l${second} where ${this.#comparison(scope)} and ${this.#comparison(scope)}${tail}) ${second}`;
      return {
        from: `${left} ${first} ${this.#pick(["join", "left join"])} ${lateral} on ${this.#pick([condition, "true"])}`,
        aliases: [first, second],
      };
    }
    const join = this.#pick(["join", "left join", "right join", "full join"]);
    const scope = [first, second, ...(this.#random(4) === 0 ? outer : [])];
    const more = this.#random(3) === 0 ? ` and ${this.#comparison(scope)}` : "";
    const both = `${left} ${first} ${join} ${this.#relation()} ${second} on ${condition}${more}`;
    if (this.#random(2) === 0) return { from: both, aliases: [first, second] };
    const third = `q${++this.#aliases}`;
    const last = `${this.#pick(["join", "left join", "full join"])} ${this.#relation()} ${third} on ${this.#column([first, second])} = ${third}.${this.#name()}`;
    return { from: `${both} ${last}`, aliases: [first, second, third] };
  }

  /** A table, or a derived one with its columns a, b and c. */
  #relation(): string {
    const table = this.#pick(["t", "u", "w"]);
    const other = this.#pick(["t", "u", "w"]);
    const where = this.#random(2) === 0 ? "" : ` where ${this.#name()} ${this.#operator()} ${this.#random(4)}`;
    switch (this.#random(12)) {
      case 0:
        return `(select a, max(b) b, count(distinct c) c from ${table}${where} group by a)`;
      case 1:
        return `(select a, b, c from ${table}${where} ${this.#pick(["union all", "union", "except", "intersect", "except all"])} select b, c, a from ${other})`;
      case 2:
        return `(select distinct a, b, a c from ${table}${where})`;
      case 3:
        return `(select a, b, c from ${table}${where} order by a, b, c limit ${this.#random(4)} offset ${this.#random(2)})`;
      case 4:
        return `(select a + 1 a, case when b > 1 then b end b, coalesce(c, 2) c from ${table}${where})`;
      case 5:
        return `(select sum(a) a, count(*) b, count(distinct b) c from ${table}${where})`;
      default:
        return table;
    }
  }

  #name(): string {
    return this.#pick(["a", "b", "c"]);
  }

  #column(aliases: readonly string[]): string {
    return `${this.#pick(aliases)}.${this.#name()}`;
  }

  #operator(): string {
    return this.#pick(["=", "=", "=", "<>", "<", ">="]);
  }

  #comparison(aliases: readonly string[]): string {
    const right = this.#random(3) === 0 ? String(this.#random(4)) : this.#column(aliases);
    return `${this.#column(aliases)} ${this.#operator()} ${right}`;
  }

  #predicate(aliases: readonly string[], depth: number): string {
    switch (this.#random(depth > 0 ? 9 : 3)) {
      case 0:
        return `${this.#column(aliases)} is ${this.#pick(["", "not "])}null`;
      case 3:
        return `${this.#pick(["", "not "])}exists (${this.#subquery(aliases, depth - 1, "1")})`;
      case 4:
      case 5:
        return `${this.#column(aliases)} ${this.#pick(["in", "not in"])} (${this.#subquery(aliases, depth - 1, null)})`;
      case 6:
        return `${this.#column(aliases)} ${this.#operator()} ${this.#pick(["any", "all"])} (${this.#subquery(aliases, depth - 1, null)})`;
      case 7:
        return `${this.#column(aliases)} ${this.#operator()} ${this.#scalar(aliases, depth - 1)}`;
      case 8: {
        const parts = `${this.#predicate(aliases, depth - 1)} ${this.#pick(["and", "or"])} ${this.#predicate(aliases, depth)}`;
        return this.#random(4) === 0 ? `not (${parts})` : `(${parts})`;
      }
      default:
        return this.#comparison(aliases);
    }
  }

  /** Aggregates only: other scalar subqueries may fail, and what else is evaluated first is open. */
  #scalar(outer: readonly string[], depth: number): string {
    const call = this.#pick([
      "count(*)",
      "count(#)",
      "max(#)",
      "min(#)",
      "coalesce(max(#), 1)",
      "count(distinct #)",
      "max(#) + count(*)",
    ]);
    return `(${this.#subquery(outer, depth, call)})`;
  }

  /** `item` with a column for each #; null for any column, perhaps of a grouping. */
  #subquery(outer: readonly string[], depth: number, item: string | null): string {
    const { from, aliases } = this.#from(outer);
    const all = [...outer, ...aliases];
    const isMixed = this.#random(4) === 0;
    const column = isMixed ? `${this.#column(aliases)} + ${this.#column(all)}` : this.#column(aliases);
    const where =
      this.#random(5) === 0
        ? ""
        : ` where ${this.#column(aliases)} ${this.#operator()} ${this.#column(all)} and ${this.#predicate(all, depth)}`;
    if (item !== null) return `select ${item.replaceAll("#", column)} from ${from}${where}`;
    const tail = this.#pick([
      "",
      "",
      ` group by ${column}`,
      ` group by ${column} having count(*) > 1`,
      ` union all select 2`,
    ]);
    return `select ${column} from ${from}${where}${tail}`;
  }
}

describe("optimize, on generated queries", () => {
  before(loadParser);

  for (let block = 0; block < 10; block++) {
    it(`keeps the rows of queries ${block * 40} to ${block * 40 + 39}`, () => {
      for (let seed = block * 40; seed < block * 40 + 40; seed++) {
        const sql = new QueryGenerator(seed + 1).query();
        for (const data of [1, 2, 3]) assertOptimizedRows(sql, seed * 3 + data);
      }
    }).timeout(60_000);
  }
});
