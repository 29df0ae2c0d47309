import { loadParser } from "../../src/sql/parse.ts";
import { assertOptimizedRows } from "../support/optimized-rows.ts";

/** Windows whose values do not depend on how rows that tie are ordered, where rules could go wrong. */
const queries: readonly string[] = [
  "select a, rank() over (partition by b order by c) from t",
  "select * from (select a, b, rank() over (partition by b order by c) as r from t) s where b = 1 and r < 3",
  "select * from (select a, b, count(*) over (partition by b, c) as n from t) s where b > 0 and a = 1",
  "select * from (select a, b + 1 as k, count(*) over (partition by b + 1) as n from t) s where k = 2",
  "select n from (select a, b, count(*) over () as n, sum(a) over (partition by b) as unused from t) s where a = 1",
  "select a from (select a, rank() over (order by c) as unused from t) s",
  "select t.a, (select max(s.n) from (select count(*) over (partition by u.b) as n from u where u.a = t.a) s) from t",
  "select a from t where exists (select rank() over (order by u.b) from u where u.a = t.b)",
  "select a from t where a in (select sum(u.a) over (partition by u.b) from u where u.c = t.c)",
  "select a, sum(b) over (order by a range between 1 preceding and 1 following) from t where false",
  "select t.a, s.n from t left join (select a, count(*) over (partition by a) as n from u) s on s.a = t.a where s.n > 1",
  "select b, sum(sum(a)) over (partition by b), max(count(*)) over () from t group by b, c",
  "select distinct b, min(a) over (partition by b) from t",
  "select rank() over (order by a) from t union all select dense_rank() over (order by b) from u",
  "select a, s.r from t, lateral (select rank() over (order by u.b) as r from u where u.a = t.a) s",
  "select a, first_value(a) over (partition by a order by b), ntile(1) over (order by b) from t where a is not null",
];

describe("windows and the optimiser's rules", () => {
  before(loadParser);

  for (const sql of queries) {
    it(sql, () => {
      for (let seed = 1; seed <= 20; seed++) assertOptimizedRows(sql, seed);
    });
  }
});
