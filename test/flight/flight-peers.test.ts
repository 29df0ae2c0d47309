import assert from "node:assert/strict";
import { EngineError } from "../../src/common/engine-error.ts";
import { silentLogger } from "../../src/common/logger.ts";
import { encodePlainSchema } from "../../src/arrow/arrow-schema.ts";
import { simpleType } from "../../src/arrow/data-type.ts";
import { encodeRows } from "../../src/arrow/write-batch.ts";
import { ByteBudget } from "../../src/flight/byte-budget.ts";
import { makeExecutorHandlers, type PartitionSource } from "../../src/flight/executor-flight.ts";
import { FlightPeers } from "../../src/flight/flight-client.ts";
import { startFlightServer, type FlightServer } from "../../src/flight/flight-server.ts";
import type { EncodedBatch } from "../../src/shuffle/encoded-batch.ts";

const schema = [{ name: "b", type: simpleType("binary"), nullable: false }];
const schemaHeader = encodePlainSchema(schema);
const megabyte = encodeRows(schema, [[new Uint8Array(1_000_000).fill(5)]]);
const small = encodeRows(schema, [[Uint8Array.of(1)], [Uint8Array.of(2)]]);
const ticket = { jobId: "j", stageId: 0, task: 0, attempt: 0, partition: 0, executorId: "e" };
const never = new AbortController().signal;

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

describe("reading from peers", () => {
  const servers: FlightServer[] = [];
  const allPeers: FlightPeers[] = [];

  async function serve(
    read: PartitionSource["read"],
    more: { slowReaderMs?: number; sendBudgetBytes?: number } = {},
  ): Promise<FlightServer> {
    const flight = makeExecutorHandlers({ schemaOf: () => schemaHeader, read });
    const server = await startFlightServer({
      host: "127.0.0.1",
      port: 0,
      services: { flight },
      logger: silentLogger,
      ...more,
    });
    servers.push(server);
    return server;
  }

  function peersWith(options: ConstructorParameters<typeof FlightPeers>[0] = {}): FlightPeers {
    const peers = new FlightPeers(options);
    allPeers.push(peers);
    return peers;
  }

  afterEach(async () => {
    for (const peers of allPeers.splice(0)) peers.close();
    for (const server of servers.splice(0)) await server.close(0);
  });

  it("gives every byte, in order, of many streams over one connection", async () => {
    const server = await serve(async function* () {
      for (let position = 0; position < 20; position++) yield position % 5 === 4 ? megabyte : small;
    });
    const peers = peersWith();
    const readAll = async (): Promise<void> => {
      const batches: EncodedBatch[] = [];
      for await (const batch of peers.read("127.0.0.1", server.port, ticket, never)) batches.push(batch);
      assert.equal(batches.length, 20);
      for (const [position, batch] of batches.entries()) {
        const expected = position % 5 === 4 ? megabyte : small;
        assert.equal(batch.rowCount, expected.rowCount);
        assert.equal(Buffer.compare(Buffer.from(batch.body), Buffer.from(expected.body)), 0);
      }
    };
    await Promise.all(Array.from({ length: 8 }, readAll));
  });

  it("stops the sender while nobody reads, and loses nothing", async () => {
    let made = 0;
    const count = 120;
    const server = await serve(async function* () {
      for (; made < count; made++) yield megabyte;
    });
    const stream = peersWith({ budgetBytes: 1 }).read("127.0.0.1", server.port, ticket, never);
    await stream.next();
    await pause(300);
    const madeAhead = made;
    // The reader's queue, the HTTP/2 window, the sockets' buffers and two messages in flight.
    assert.ok(madeAhead < 40, `${madeAhead} MB were made ahead of the reader`);
    let read = 1;
    for await (const _batch of stream) read++;
    assert.equal(read, count);
  });

  it("lets a stream go on beside one whose reader has stopped", async () => {
    const server = await serve(
      async function* () {
        for (let position = 0; position < 60; position++) yield megabyte;
      },
      { sendBudgetBytes: 3_000_000 },
    );
    const peers = peersWith({ budgetBytes: 3_000_000 });
    const stopped = Array.from({ length: 4 }, () => peers.read("127.0.0.1", server.port, ticket, never));
    await Promise.all(stopped.map((stream) => stream.next()));
    let read = 0;
    for await (const _batch of peers.read("127.0.0.1", server.port, ticket, never)) read++;
    assert.equal(read, 60);
    await Promise.all(stopped.map((stream) => stream.return(undefined)));
  });

  it("tells the source when the reader leaves, and the reader when it is aborted", async () => {
    let aborted = 0;
    const server = await serve(async function* (_ticket, signal) {
      signal.addEventListener("abort", () => aborted++);
      yield small;
      await new Promise(() => {});
    });
    const peers = peersWith();
    for await (const _batch of peers.read("127.0.0.1", server.port, ticket, never)) break;
    const controller = new AbortController();
    const stream = peers.read("127.0.0.1", server.port, ticket, controller.signal);
    await stream.next();
    setTimeout(() => controller.abort(new EngineError("query_canceled", "enough")), 20);
    await assert.rejects(stream.next(), { code: "query_canceled", message: "enough" });
    for (let waited = 0; aborted < 2 && waited < 100; waited++) await pause(10);
    assert.equal(aborted, 2);
  });

  it("does not call a stream aborted that was read to its end", async () => {
    let aborted = 0;
    const server = await serve(async function* (_ticket, signal) {
      signal.addEventListener("abort", () => aborted++);
      yield small;
    });
    for await (const _batch of peersWith().read("127.0.0.1", server.port, ticket, never));
    await pause(50);
    assert.equal(aborted, 0);
  });

  it("fails in the middle with the source's error", async () => {
    const server = await serve(async function* () {
      yield small;
      throw new EngineError("disk_full", "no room", { file: "/x" });
    });
    const stream = peersWith().read("127.0.0.1", server.port, ticket, never);
    assert.equal((await stream.next()).value?.rowCount, 2);
    await assert.rejects(stream.next(), { code: "disk_full", message: "no room", details: { file: "/x" } });
  });

  it("says unavailable for peers that are not there, do not answer, or die", async () => {
    const peers = peersWith({ firstMessageMs: 200 });
    await assert.rejects(peers.read("127.0.0.1", 1, ticket, never).next(), { code: "unavailable" });
    const silent = await startFlightServer({
      host: "127.0.0.1",
      port: 0,
      services: { flight: makeExecutorHandlers({ schemaOf: () => new Promise(() => {}), async *read() {} }) },
      logger: silentLogger,
    });
    servers.push(silent);
    await assert.rejects(peers.read("127.0.0.1", silent.port, ticket, never).next(), { code: "unavailable" });
    const dying = await serve(async function* () {
      yield small;
      await new Promise(() => {});
    });
    const stream = peers.read("127.0.0.1", dying.port, ticket, never);
    await stream.next();
    const failed = assert.rejects(stream.next(), { code: "unavailable" });
    await dying.close(0);
    await failed;
  });

  it("ends the stream of a client that takes nothing", async () => {
    let closed = false;
    const server = await serve(
      async function* () {
        try {
          while (true) yield megabyte;
        } finally {
          closed = true;
        }
      },
      { slowReaderMs: 100 },
    );
    const stream = peersWith({ budgetBytes: 1 }).read("127.0.0.1", server.port, ticket, never);
    await stream.next();
    for (let waited = 0; !closed && waited < 300; waited++) await pause(10);
    assert.ok(closed);
    await assert.rejects(async () => {
      for await (const _batch of stream);
    });
  });

  it("waits for open streams before it shuts down, and takes no new statements meanwhile", async () => {
    let finish = (): void => {};
    const server = await serve(async function* () {
      yield small;
      await new Promise<void>((resolve) => (finish = resolve));
      yield small;
    });
    const stream = peersWith().read("127.0.0.1", server.port, ticket, never);
    await stream.next();
    const closing = server.close(10_000);
    await pause(50);
    finish();
    assert.equal((await stream.next()).value?.rowCount, 2);
    assert.equal((await stream.next()).done, true);
    await closing;
  });
});

describe("byte budget", () => {
  it("admits in turn, and always a stream that holds nothing", async () => {
    const budget = new ByteBudget(10);
    const [first, second] = [budget.openStream(), budget.openStream()];
    await first.take(8);
    await second.take(8);
    const order: string[] = [];
    const more = first.take(4).then(() => order.push("first"));
    const other = second.take(1).then(() => order.push("second"));
    await pause(1);
    assert.deepEqual(order, []);
    second.release(8);
    await other;
    assert.deepEqual(order, ["second"]);
    first.release(8);
    await more;
    assert.equal(budget.usedBytes, 5);
    first.close();
    second.close();
    assert.equal(budget.usedBytes, 0);
  });

  it("wakes a waiting stream that is closed", async () => {
    const budget = new ByteBudget(1);
    const stream = budget.openStream();
    await stream.take(5);
    const waiting = stream.take(5);
    stream.close();
    await waiting;
    assert.equal(budget.usedBytes, 0);
  });
});
