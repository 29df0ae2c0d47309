import assert from "node:assert/strict";
import { FakeCluster } from "../support/fake-cluster.ts";
import { ensurePythonClients, runPythonClient } from "../support/python-clients.ts";

describe("ADBC's Flight SQL driver", function () {
  this.timeout(300_000);
  let cluster: FakeCluster;
  let out: Record<string, unknown>;

  before(async () => {
    ensurePythonClients();
    cluster = await FakeCluster.start();
    out = (await runPythonClient("adbc.py", [cluster.url])) as Record<string, unknown>;
  });
  after(() => cluster.close());

  it("reads all endpoints in order, from the executor", () => {
    assert.deepEqual(out["rows"], [
      [0, null, "0.00"],
      [1, "row 1", "0.25"],
      [2, "row 2", "0.50"],
      [3, "row 3", "0.75"],
      [4, "row 4", "1.00"],
      [5, "row 5", "1.25"],
    ]);
    assert.deepEqual(out["large"], [150_000, (150_000 * 149_999) / 2]);
    assert.ok(cluster.executorReads > 5);
  });

  it("sees the columns of an empty result", () => {
    assert.deepEqual(out["empty"], [[], ["n", "t", "d"]]);
  });

  it("runs statements without rows once, in GetFlightInfo", () => {
    assert.deepEqual(out["update_rows"], []);
    assert.equal(cluster.executed.filter(({ sql }) => sql === "create view v as x").length, 1);
  });

  it("binds parameters in the types that the statement wants, and refuses values that would change", () => {
    assert.deepEqual(out["parameters"], ["7", "seven", "1.25", "2020-01-02"]);
    assert.deepEqual(out["null_parameters"], [null, null, null, null]);
    const [, message] = out["inexact"] as string[];
    assert.match(message!, /INVALID_ARGUMENT.*parameter \$3: 0\.055 cannot be exactly a decimal\(15,2\)/);
  });

  it("shows errors with their place in the statement", () => {
    const [kind, message] = out["syntax_error"] as string[];
    assert.equal(kind, "ProgrammingError");
    assert.match(
      message!,
      /INVALID_ARGUMENT: \[FlightSQL\] syntax error at or near "selec"\nLINE 1, column 1\nselec 1\n\^\^\^\^\^/,
    );
    assert.match((out["failure"] as string[])[1]!, /it went wrong: ünïcode, 100 % and/);
  });

  it("plans without running and reads partitions one by one", () => {
    assert.deepEqual(out["schema"], ["int64", "string", "decimal128(15, 2)"]);
    assert.deepEqual(out["partitions"], [3, 3]);
  });

  it("finds the catalog", () => {
    assert.equal((out["info"] as Record<string, string>)["vendor_name"], "Onager");
    const [catalog] = out["objects"] as {
      catalog_name: string;
      catalog_db_schemas: {
        db_schema_tables: { table_name: string; table_columns: { column_name: string; xdbc_type_name: string }[] }[];
      }[];
    }[];
    assert.equal(catalog!.catalog_name, "onager");
    const tables = catalog!.catalog_db_schemas[0]!.db_schema_tables;
    assert.deepEqual(
      tables.map((table) => table.table_name),
      ["big_numbers", "numbers"],
    );
    assert.deepEqual(
      tables[1]!.table_columns.map((column) => column.xdbc_type_name),
      ["bigint", "varchar", "decimal(15,2)"],
    );
    assert.deepEqual(out["filtered"], ["big_numbers"]);
    assert.deepEqual(out["table_schema"], ["n", "t", "d"]);
    assert.deepEqual(out["table_types"], ["TABLE", "VIEW"]);
    assert.equal(out["catalog"], "onager");
    assert.match((out["wrong_catalog"] as string[])[1]!, /catalog/i);
  });

  it("keeps a session for a user's token", () => {
    assert.equal(out["with_password"], 1);
    const sessions = new Set(cluster.executed.map(({ sessionId }) => sessionId));
    assert.equal(sessions.size, 2);
  });
});
