import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync, mkdirSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineError } from "../../src/common/engine-error.ts";
import type { EncodedBatch } from "../../src/shuffle/encoded-batch.ts";
import { type OutputKey, ShuffleStore } from "../../src/shuffle/shuffle-store.ts";

const bodyBytes = 1000;

function makeBatch(number: number): EncodedBatch {
  const shared = new SharedArrayBuffer(16 + bodyBytes);
  const header = new Uint8Array(shared, 0, 16).fill(number);
  return { header, body: new Uint8Array(shared, 16, bodyBytes).fill(number + 1), rowCount: number };
}

function keyOf(partition = 0, options: Partial<OutputKey> = {}): OutputKey {
  return { jobId: "job", stageId: 1, task: 2, attempt: 0, partition, ...options };
}

async function readAll(store: ShuffleStore, key: OutputKey): Promise<number[]> {
  const numbers: number[] = [];
  for await (const batch of store.read(key)) {
    assert.ok(batch.header.every((byte) => byte === batch.rowCount % 256) && batch.header.byteLength === 16);
    assert.ok(batch.body.every((byte) => byte === (batch.rowCount + 1) % 256) && batch.body.byteLength === bodyBytes);
    numbers.push(batch.rowCount);
  }
  return numbers;
}

const hasCode =
  (code: string) =>
  (thrown: unknown): boolean =>
    thrown instanceof EngineError && thrown.code === code;

describe("ShuffleStore", () => {
  const directory = join(mkdtempSync(join(tmpdir(), "onager-store-")), "shuffle");
  let store: ShuffleStore;

  function open(memoryBytesMax: number, diskBytesMax = 1e9, startWaitMsMax = 20): void {
    store = new ShuffleStore({ memoryBytesMax, directory, diskBytesMax, startWaitMsMax });
  }

  afterEach(async () => {
    await store.close();
    assert.ok(!existsSync(directory));
    assert.equal(store.byteSize, 0);
  });
  after(() => rmSync(join(directory, ".."), { recursive: true, force: true }));

  it("gives partitions in the order they were put, from memory", async () => {
    open(1e6);
    for (let i = 0; i < 10; i++) store.put(keyOf(i % 2), makeBatch(i));
    assert.equal(store.inMemory(keyOf(0)), null);
    assert.equal(store.finishTask(keyOf()), null);
    assert.deepEqual(await readAll(store, keyOf(0)), [0, 2, 4, 6, 8]);
    assert.deepEqual(
      store.inMemory(keyOf(1))?.map(({ rowCount }) => rowCount),
      [1, 3, 5, 7, 9],
    );
    assert.deepEqual(store.inMemory(keyOf(7)), []);
    assert.deepEqual(await readAll(store, keyOf(7)), []);
    assert.equal(store.byteSize, 10 * (16 + bodyBytes));
  });

  it("lets rows be read while they are written, even before the task begins", async () => {
    open(1e6, 1e9, 5000);
    const reading = readAll(store, keyOf());
    await new Promise((resolve) => setTimeout(resolve, 5));
    store.begin(keyOf());
    for (let i = 0; i < 5; i++) {
      store.put(keyOf(), makeBatch(i));
      await new Promise((resolve) => setImmediate(resolve));
    }
    store.finishTask(keyOf());
    assert.deepEqual(await reading, [0, 1, 2, 3, 4]);
  });

  it("moves the oldest to disk when memory is full, and removes files with their job", async () => {
    open(10_000);
    const expected: number[] = [];
    for (let i = 0; i < 200; i++) {
      store.put(keyOf(i % 3), makeBatch(i));
      if (i % 3 === 1) expected.push(i);
      assert.ok(store.memoryByteSize <= 12_500);
      if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    store.finishTask(keyOf());
    assert.ok(store.diskByteSize > 150 * bodyBytes);
    assert.equal(store.inMemory(keyOf(1)), null);
    assert.deepEqual(await readAll(store, keyOf(1)), expected);
    assert.equal(readdirSync(directory).length, 1);
    store.put(keyOf(0, { jobId: "other" }), makeBatch(1));
    store.releaseJob("job");
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual(readdirSync(directory), []);
    assert.equal(store.byteSize, 16 + bodyBytes);
  });

  it("fails the query that needs more than memory and disk have, and no other", async () => {
    open(10_000, 20_000);
    store.put(keyOf(0, { jobId: "small" }), makeBatch(1));
    store.finishTask(keyOf(0, { jobId: "small" }));
    assert.throws(() => {
      for (let i = 0; i < 100; i++) store.put(keyOf(), makeBatch(i));
    }, hasCode("disk_full"));
    assert.equal(store.failTask(keyOf(), new EngineError("disk_full", "full")).code, "disk_full");
    await assert.rejects(readAll(store, keyOf()), hasCode("disk_full"));
    assert.deepEqual(await readAll(store, keyOf(0, { jobId: "small" })), [1]);
    store.releaseJob("job");
    for (let i = 0; i < 15; i++) store.put(keyOf(0, { jobId: "next" }), makeBatch(i));
    store.finishTask(keyOf(0, { jobId: "next" }));
    assert.deepEqual(
      await readAll(store, keyOf(0, { jobId: "next" })),
      Array.from({ length: 15 }, (_, i) => i),
    );
  });

  it("tells readers of failed, unknown and released tasks why", async () => {
    open(1e6);
    store.put(keyOf(), makeBatch(0));
    const first = store.failTask(keyOf(), new EngineError("division_by_zero", "division by zero"));
    assert.equal(first.code, "division_by_zero");
    assert.equal(store.failTask(keyOf(), new EngineError("internal", "later")).code, "division_by_zero");
    assert.equal(store.finishTask(keyOf())?.code, "division_by_zero");
    store.put(keyOf(), makeBatch(1));
    assert.equal(store.byteSize, 0);
    await assert.rejects(readAll(store, keyOf()), hasCode("division_by_zero"));
    await assert.rejects(readAll(store, keyOf(0, { attempt: 9 })), hasCode("not_found"));
    store.begin(keyOf(0, { task: 5 }));
    const reading = assert.rejects(readAll(store, keyOf(0, { task: 5 })), hasCode("not_found"));
    await new Promise((resolve) => setImmediate(resolve));
    store.releaseJob("job");
    await reading;
  });

  it("stops a read that is cancelled", async () => {
    open(1e6);
    store.begin(keyOf());
    const abort = new AbortController();
    const reading = (async () => {
      for await (const _ of store.read(keyOf(), abort.signal)) assert.fail("there is no batch");
    })();
    setImmediate(() => abort.abort());
    await assert.rejects(reading, hasCode("query_canceled"));
  });

  it("removes what an earlier process left", () => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, "1.shuffle"), "old");
    open(1e6);
    assert.deepEqual(readdirSync(directory), []);
  });
});
