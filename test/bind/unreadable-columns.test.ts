import assert from "node:assert/strict";
import { simpleType } from "../../src/arrow/data-type.ts";
import { bindStatement } from "../../src/bind/bind-statement.ts";
import type { Catalog, Table } from "../../src/catalog/table.ts";
import { loadParser, parse } from "../../src/sql/parse.ts";

const table: Table = {
  name: "t",
  schema: [{ name: "a", type: simpleType("int32"), nullable: true }],
  files: [],
  rowCount: 0,
  statistics: [{}],
  unsupportedColumns: [{ name: "many", typeName: "list" }],
};
const catalog: Catalog = { find: (name) => (name === "t" ? { kind: "table", table } : undefined), names: () => ["t"] };

describe("columns that cannot be read", () => {
  before(loadParser);

  for (const [sql, start] of [
    ["select many from t", 7],
    ["select t.many from t", 7],
    ["select x.a from t x where x.many is null", 26],
  ] as const) {
    it(`are refused by type and place in ${sql}`, () => {
      const run = (): unknown => bindStatement(parse(sql)[0]!, { catalog, sql });
      assert.throws(run, (error: { code: string; message: string; details: { span: { start: number } } }) => {
        assert.equal(error.code, "feature_not_supported");
        assert.match(error.message, /column "many" of "[tx]" has the type list, which is not supported/);
        assert.equal(error.details.span.start, start);
        return true;
      });
    });
  }

  it("do not stand in the way of others", () => {
    const sql = "select * from t";
    const bound = bindStatement(parse(sql)[0]!, { catalog, sql });
    assert.equal(bound.kind === "query" && bound.outputs.length, 1);
  });
});
