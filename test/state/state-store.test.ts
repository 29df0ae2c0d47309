import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryStore } from "../../src/state/memory-store.ts";
import { SqliteStore } from "../../src/state/sqlite-store.ts";
import { bytes, plain, storeContract } from "./store-contract.ts";

storeContract("MemoryStore", () => new MemoryStore());

describe("SqliteStore", () => {
  const folder = mkdtempSync(join(tmpdir(), "onager-test-"));
  let count = 0;
  after(() => rmSync(folder, { recursive: true }));
  storeContract("SqliteStore", () => new SqliteStore(join(folder, `${count++}.sqlite`)));

  it("keeps its records when it is opened again", async () => {
    const path = join(folder, "again.sqlite");
    const first = new SqliteStore(path);
    first.write([{ kind: "job", key: "a", value: bytes(1) }]);
    await first.close();
    const second = new SqliteStore(path);
    assert.deepEqual(plain(await second.load("job")), [["a", [1]]]);
    await second.close();
  });

  it("names the file that it cannot open", () => {
    assert.throws(() => new SqliteStore(join(folder, "missing", "x.sqlite")), /missing\/x\.sqlite/);
  });
});
