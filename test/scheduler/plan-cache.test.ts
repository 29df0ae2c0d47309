import assert from "node:assert/strict";
import { bindStatement } from "../../src/bind/bind-statement.ts";
import type { Catalog } from "../../src/catalog/table.ts";
import { dependsOnTime, PlanCache, readyQuery } from "../../src/scheduler/plan-cache.ts";
import { literalRows, textSchema } from "../../src/scheduler/text-rows.ts";
import { loadParser, parse } from "../../src/sql/parse.ts";
import type { Session } from "../../src/scheduler/query-service.ts";

const query = readyQuery(literalRows(textSchema("a"), [["x"]]));
const session = (settings: readonly (readonly [string, string])[] = [], more: Partial<Session> = {}): Session => ({
  sessionId: "s",
  settings: new Map(settings),
  ...more,
});

describe("PlanCache", () => {
  it("knows a statement by all that its plan follows from", () => {
    const cache = new PlanCache();
    const access = { canRead: () => true, canWrite: () => true } as unknown as NonNullable<Session["access"]>;
    const keys = [
      cache.keyOf("select $1", [1], session(), 1, 2),
      cache.keyOf("select  $1", [1], session(), 1, 2),
      cache.keyOf("select $1", [1n], session(), 1, 2),
      cache.keyOf("select $1", ["1"], session(), 1, 2),
      cache.keyOf("select $1", [null], session(), 1, 2),
      cache.keyOf("select $1", ["null"], session(), 1, 2),
      cache.keyOf("select $1", [], session(), 1, 2),
      cache.keyOf("select $1", [1], session([["target_partitions", "3"]]), 1, 2),
      cache.keyOf("select $1", [1], session(), 1, 4),
      cache.keyOf("select $1", [1], session([], { user: "ann" }), 1, 2),
      cache.keyOf("select $1", [1], session([], { access }), 1, 2),
      cache.keyOf("select $1", [1], session([], { access: { ...access } }), 1, 2),
    ];
    assert.equal(new Set(keys).size, keys.length);
    const settings = [
      ["a", "1"],
      ["b", "2"],
    ] as const;
    assert.equal(
      cache.keyOf("q", [], session(settings), 1, 2),
      cache.keyOf("q", [], session(settings.toReversed()), 1, 2),
    );
    assert.equal(cache.keyOf("select $1", [new Uint8Array(1)], session(), 1, 2), null);
  });

  it("forgets all when the catalog is another one, and the least recently used when it is full", () => {
    const cache = new PlanCache();
    const key = (text: string, version: number): string => cache.keyOf(text, [], session(), version, 2)!;
    const first = key("first", 1);
    cache.rememberPlan(first, query);
    assert.equal(cache.plan(key("first", 1)), query);
    assert.equal(cache.plan(key("first", 2)), undefined);
    cache.rememberPlan(first, query);
    for (let index = 0; index < 300; index++) {
      cache.rememberPlan(key(`${index}`, 2), query);
      assert.equal(cache.plan(first), query);
    }
    assert.equal(cache.plan(key("0", 2)), undefined);
    assert.equal(cache.plan(key("299", 2)), query);
  });
});

describe("dependsOnTime()", () => {
  before(loadParser);

  const catalog: Catalog = { find: () => undefined, names: () => [] };
  const check = (sql: string): boolean => {
    const statement = bindStatement(parse(sql)[0]!, { catalog, sql });
    assert(statement.kind === "query");
    return dependsOnTime(statement.plan);
  };
  for (const sql of [
    "select now()",
    "select current_date + 1",
    "select 1 where current_timestamp > timestamp '2020-01-01'",
    "select (select max(x) from (values (now())) v(x))",
    "select 1 from (values (1)) v(a) join (values (2)) w(b) on extract(year from now()) = a",
    "select age(timestamp '2020-01-01')",
  ])
    it(`finds it in ${sql}`, () => assert(check(sql)));
  it("finds none elsewhere", () => assert(!check("select 1 + a from (values (1)) v(a)")));
});
