import assert from "node:assert/strict";
import { SqlInfo } from "../../src/gen/protos.ts";
import { FakeCluster } from "../support/fake-cluster.ts";
import { ensurePythonClients, runPythonClient } from "../support/python-clients.ts";

type Column = readonly [name: string, type: string, nullable: boolean];

describe("pyarrow.flight on one connection", function () {
  this.timeout(300_000);
  let cluster: FakeCluster;
  let out: Record<string, unknown>;

  before(async () => {
    ensurePythonClients();
    cluster = await FakeCluster.start();
    out = (await runPythonClient("pyarrow_flight.py", [cluster.url])) as Record<string, unknown>;
  });
  after(() => cluster.close());

  it("reads every ticket through the scheduler", () => {
    assert.equal(out["rows"], 12);
    assert.equal(out["total_records"], 12);
    const executor = `grpc+tcp://127.0.0.1:${cluster.executorPort}`;
    assert.deepEqual(out["locations"], Array(3).fill([executor, "arrow-flight-reuse-connection://?"]));
  });

  it("cancels the query when it stops reading", async () => {
    for (let waited = 0; cluster.cancelled.length === 0 && waited < 100; waited++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    const endless = [...cluster.queries.values()].find((query) => query.endless);
    assert.deepEqual(cluster.cancelled, [endless?.queryId]);
  });

  it("gets every SqlInfo in the right branch", () => {
    const info = out["sql_info"] as Record<string, unknown>;
    assert.deepEqual(
      Object.keys(info)
        .map(Number)
        .sort((a, b) => a - b),
      Object.values(SqlInfo).sort((a, b) => a - b),
    );
    assert.equal(info["0"], "Onager");
    assert.equal(info["8"], 0);
    assert.equal(info["9"], true);
    assert.equal(info["504"], '"');
    assert.ok((info["510"] as string[]).includes("substring"));
    assert.equal(info["562"], 0);
    assert.deepEqual(out["some_info"], [0, 8]);
    assert.match(
      String(out["sql_info_type"]),
      /^dense_union<string_value: string not null=0, bool_value: bool not null=1, bigint_value: int64 not null=2, int32_bitmask: int32 not null=3, string_list: list<item: string> not null=4/,
    );
  });

  it("gets the metadata tables as the protocol describes them", () => {
    assert.deepEqual(out["CommandGetCatalogs"], [[["catalog_name", "string", false]], [{ catalog_name: "onager" }]]);
    assert.deepEqual(out["CommandGetDbSchemas"], [
      [
        ["catalog_name", "string", true],
        ["db_schema_name", "string", false],
      ],
      [{ catalog_name: "onager", db_schema_name: "public" }],
    ]);
    assert.deepEqual(out["CommandGetTableTypes"], [
      [["table_type", "string", false]],
      [{ table_type: "TABLE" }, { table_type: "VIEW" }],
    ]);
    const [keys, rows] = out["CommandGetPrimaryKeys"] as [Column[], unknown[]];
    assert.deepEqual(
      keys.map(([name]) => name),
      ["catalog_name", "db_schema_name", "table_name", "column_name", "key_sequence", "key_name"],
    );
    assert.deepEqual(rows, []);
    for (const command of ["CommandGetExportedKeys", "CommandGetImportedKeys", "CommandGetCrossReference"]) {
      const [columns, none] = out[command] as [Column[], unknown[]];
      assert.equal(columns.length, 13);
      assert.deepEqual(columns.at(-1), ["delete_rule", "uint8", false]);
      assert.deepEqual(none, []);
    }
    const [types, columns] = out["xdbc_types"] as [string[], Column[]];
    assert.equal(columns.length, 19);
    assert.ok(types.includes("decimal") && types.includes("timestamp with time zone"));
  });

  it("filters tables by pattern, type, catalog and schema", () => {
    const [columns, rows] = out["tables"] as [Column[], { table_name: string; table_type: string }[]];
    assert.deepEqual(columns, [
      ["catalog_name", "string", true],
      ["db_schema_name", "string", true],
      ["table_name", "string", false],
      ["table_type", "string", false],
    ]);
    assert.deepEqual(
      rows.map((row) => [row.table_name, row.table_type]),
      [
        ["big_numbers", "VIEW"],
        ["numbers", "TABLE"],
      ],
    );
    assert.deepEqual(out["tables_pattern"], ["numbers"]);
    assert.deepEqual(out["tables_escaped"], ["big_numbers"]);
    assert.deepEqual(out["tables_views"], ["big_numbers"]);
    for (const none of ["other_catalog", "no_catalog", "other_schema"])
      assert.deepEqual(out[`tables_${none}`], [], none);
    assert.deepEqual((out["tables_with_schema"] as Column[])[4], ["table_schema", "binary", false]);
  });

  it("lists its actions and refuses the rest clearly", () => {
    assert.ok((out["actions"] as string[]).includes("CreatePreparedStatement"));
    assert.deepEqual(out["flights"], []);
    const expected: Readonly<Record<string, readonly [string, RegExp]>> = {
      substrait: ["ArrowNotImplementedError", /Substrait plans are not supported/],
      ingest: ["ArrowNotImplementedError", /bulk ingestion is not supported/],
      transaction: ["ArrowNotImplementedError", /transactions are not supported/],
      foreign_ticket: ["ArrowInvalid", /this ticket was not issued by Onager/],
      foreign_command: ["ArrowInvalid", /no Flight SQL command/],
      syntax_error: ["ArrowInvalid", /syntax error at or near "selec"\nLINE 1, column 1\nselec 1\n\^\^\^\^\^/],
    };
    for (const [name, [kind, message]] of Object.entries(expected)) {
      const [actualKind, text] = out[name] as [string, string];
      assert.equal(actualKind, kind, text);
      assert.match(text, message);
    }
  });

  it("gets a bearer token for any user", () => {
    assert.match(String(out["basic"]), /^Bearer \S{20,}$/);
  });
});
