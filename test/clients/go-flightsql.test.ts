import assert from "node:assert/strict";
import { ensureTpchData } from "../../tpch/make-data.ts";
import { Cluster } from "../../tpch/start-cluster.ts";
import { hasGo, runGoClient } from "../support/go-client.ts";

describe("arrow-go's Flight SQL client", function () {
  this.timeout(700_000);
  let cluster: Cluster | null = null;
  let out: Record<string, unknown>;

  before(async function () {
    if (!hasGo()) this.skip();
    cluster = await Cluster.start({ dataFolder: ensureTpchData(0.01), executors: 2, slots: 1, memory: "300MB" });
    out = await runGoClient(cluster.url);
  });
  after(() => cluster?.stop());

  it("reads rows, NULLs, and endpoints of two executors", () => {
    assert.deepEqual(out["query"], ["0|ALGERIA", "1|ARGENTINA"]);
    assert.deepEqual(out["nulls"], ["(null)|1.5|2020-02-29"]);
    assert.equal(out["large"], 15_000);
  });

  it("reads metadata", () => {
    assert.deepEqual(out["tables"], ["onager|public|nation|TABLE"]);
    assert.deepEqual(out["catalogs"], ["onager"]);
    assert.deepEqual(out["table_types"], ["TABLE", "VIEW"]);
    assert.equal(out["schema"], true);
  });

  it("binds parameters, updates, cancels, and sees typed errors", () => {
    assert.deepEqual(out["prepared"], ["CANADA", "EGYPT"]);
    assert.equal(out["update"], 0);
    assert.deepEqual(out["view"], ["7"]);
    assert.equal(out["error"], "NotFound");
    assert.equal(out["cancelled"], "CANCEL_STATUS_CANCELLED");
  });
});
