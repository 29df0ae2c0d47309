import assert from "node:assert/strict";
import { ensureTpchData } from "../../tpch/make-data.ts";
import { Cluster } from "../../tpch/start-cluster.ts";
import { ensureJdbcClient, hasJava, runJdbcClient } from "../support/jdbc-client.ts";

describe("Arrow's JDBC driver", function () {
  this.timeout(180_000);
  let cluster: Cluster | null = null;
  let out: ReadonlyMap<string, readonly unknown[]>;

  before(async function () {
    if (!hasJava()) this.skip();
    await ensureJdbcClient();
    cluster = await Cluster.start({ dataFolder: ensureTpchData(0.01), executors: 2, slots: 1, memory: "300MB" });
    out = await runJdbcClient(cluster.url, { useEncryption: "false" });
  });
  after(() => cluster?.stop());

  it("reads DatabaseMetaData", () => {
    assert.deepEqual(out.get("product"), ["Onager", '"', false, true, true, true]);
    assert.deepEqual(out.get("catalogs"), [["onager"]]);
    assert.deepEqual(out.get("table_types"), [["TABLE"], ["VIEW"]]);
    assert.deepEqual(out.get("tables"), [["onager", "public", "nation", "TABLE"]]);
    assert.deepEqual(out.get("columns"), [
      ["nation", "n_nationkey", -5, "bigint", 1, "YES"],
      ["nation", "n_name", 12, "varchar", 2, "YES"],
      ["nation", "n_regionkey", -5, "bigint", 3, "YES"],
      ["nation", "n_comment", 12, "varchar", 4, "YES"],
    ]);
    assert.deepEqual(out.get("primary_keys"), []);
  });

  it("reads values of every type", () => {
    const numbers = "BOOLEAN SMALLINT INTEGER BIGINT FLOAT DECIMAL DECIMAL";
    const others = "VARCHAR DATE TIMESTAMP JAVA_OBJECT INTEGER VARCHAR DECIMAL";
    assert.deepEqual(out.get("type_names"), `${numbers} ${others}`.split(" "));
    const [times, large] = [["2020-02-29", "2020-02-29T12:34:56.123456"], "-123456789012345678.5"];
    assert.deepEqual(out.get("types"), [
      true,
      1,
      2,
      3,
      "1.5",
      "2.5",
      "12.34",
      "text ü",
      ...times,
      true,
      true,
      null,
      large,
    ]);
  });

  it("binds parameters, changes views, and sees the columns of an empty result", () => {
    assert.deepEqual(out.get("prepared_3"), [["CANADA"]]);
    assert.deepEqual(out.get("prepared_4"), []);
    assert.deepEqual(out.get("update"), [0]);
    assert.deepEqual(out.get("view"), [[7]]);
    assert.deepEqual(out.get("empty"), []);
  });

  it("reads the endpoints of two executors", () => {
    assert.deepEqual(out.get("large"), [15_000, 60_175]);
  });

  it("shows errors with their place", () => {
    assert.match(String(out.get("error")?.[0]), /table "no_such_table" does not exist\nLINE 1, column 15\n/);
  });
});
