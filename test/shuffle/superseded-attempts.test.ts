import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineError } from "../../src/common/engine-error.ts";
import type { EncodedBatch } from "../../src/shuffle/encoded-batch.ts";
import { ShuffleStore, type OutputKey } from "../../src/shuffle/shuffle-store.ts";

const key = (attempt: number): OutputKey => ({ jobId: "j", stageId: 0, task: 0, attempt, partition: 0 });
const batch = (rowCount: number): EncodedBatch => ({ header: new Uint8Array(8), body: new Uint8Array(16), rowCount });
const broken = new EngineError("io_error", "it broke");

async function readAll(store: ShuffleStore, attempt: number): Promise<number[]> {
  const rows: number[] = [];
  for await (const { rowCount } of store.read(key(attempt))) rows.push(rowCount);
  return rows;
}

describe("readers of an attempt that is given up", () => {
  const parent = mkdtempSync(join(tmpdir(), "onager-test-"));
  let store: ShuffleStore;
  beforeEach(() => {
    const directory = join(parent, "shuffle");
    store = new ShuffleStore({ memoryBytesMax: 1e6, directory, diskBytesMax: 1e6, nextAttemptWaitMsMax: 50 });
    store.begin(key(0));
  });
  afterEach(() => store.close());
  after(() => rmSync(parent, { recursive: true }));

  it("read the next one from its beginning", async () => {
    const rows = readAll(store, 0);
    assert.equal(store.supersede(key(0), broken), broken);
    store.put(key(1), batch(3));
    store.finishTask(key(1));
    assert.deepEqual(await rows, [3]);
  });

  it("fail when they have read rows of it already", async () => {
    store.put(key(0), batch(1));
    const reader = store.read(key(0));
    assert.equal((await reader.next()).value?.rowCount, 1);
    store.supersede(key(0), broken);
    await assert.rejects(reader.next(), { code: "executor_lost" });
  });

  it("are sent to the scheduler when the next one runs elsewhere", async () => {
    store.supersede(key(0), broken);
    await assert.rejects(readAll(store, 0), { code: "executor_lost" });
  });

  it("get the query's error when there is no next one", async () => {
    const rows = readAll(store, 0);
    store.supersede(key(0), broken);
    store.failSuperseded("j", new EngineError("query_canceled", "over"));
    await assert.rejects(rows, { code: "query_canceled" });
  });
});
