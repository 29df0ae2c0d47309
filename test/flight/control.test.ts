import assert from "node:assert/strict";
import { silentLogger } from "../../src/common/logger.ts";
import { connectControl } from "../../src/flight/control-client.ts";
import { startFlightServer, type FlightServer } from "../../src/flight/flight-server.ts";
import { connectInProcess } from "../../src/flight/in-process-control.ts";
import type {
  ExecutorMessage,
  ExecutorSideConnection,
  SchedulerMessage,
  SchedulerSideConnection,
} from "../../src/stage/control-message.ts";

const task = { jobId: "j1", stageId: 0, task: 2, attempt: 1 };
const error = {
  code: "fetch_failed" as const,
  message: "gone",
  details: { fetchFailed: { executorId: "e2", stageId: 0, partition: 0 }, file: "f" },
};

const fromExecutor: readonly ExecutorMessage[] = [
  {
    kind: "register",
    executor: {
      executorId: "e1",
      host: "h",
      port: 5,
      slots: 2,
      memoryBytes: 2 ** 36,
      version: "1",
      protocolVersion: 1,
    },
    running: [task],
  },
  { kind: "heartbeat", running: [], storeBytes: 2 ** 40 },
  { kind: "task_started", task },
  {
    kind: "task_finished",
    task,
    partitions: [{ partition: 0, rowCount: 2 ** 40, byteSize: 0 }],
    operators: [
      {
        name: "scan",
        rowCount: 1,
        batchCount: 1,
        selfMicros: 1.5,
        peakBytes: 0,
        counters: { scannedBytes: 2 ** 45, waitMicros: 0.25 },
      },
    ],
  },
  { kind: "task_failed", task, error },
  { kind: "result_read", task },
  { kind: "draining" },
];

const fromScheduler: readonly SchedulerMessage[] = [
  { kind: "registered", heartbeatIntervalMs: 1000 },
  { kind: "stage", jobId: "j1", stageId: 0, plan: Uint8Array.of(1, 2, 3) },
  {
    kind: "launch",
    task,
    splits: [{ scanId: 0, splits: [{ path: "/a b/ü.parquet", firstRow: 0, lastRow: 2 ** 41, byteSize: 7 }] }],
    inputs: [{ stageId: 0, partition: 0, sources: [{ task, executorId: "e2", host: "h2", port: 9 }] }],
  },
  { kind: "cancel_job", jobId: "j1", error },
  { kind: "release_job", jobId: "j1" },
  { kind: "refused", error },
];

type Pair = { readonly scheduler: SchedulerSideConnection; readonly executor: ExecutorSideConnection };

function collect<T>(
  connection: { onMessage(listener: (message: T) => void): void },
  count: number,
): Promise<readonly T[]> {
  const seen: T[] = [];
  return new Promise((resolve) => {
    connection.onMessage((message) => {
      seen.push(message);
      if (seen.length === count) resolve(seen);
    });
  });
}

function closed(connection: { onClose(listener: (error: Error | null) => void): void }): Promise<Error | null> {
  return new Promise((resolve) => connection.onClose(resolve));
}

function plain(messages: readonly unknown[]): unknown {
  return JSON.parse(
    JSON.stringify(messages, (_key, value: unknown) =>
      value instanceof Uint8Array
        ? [...value]
        : value instanceof Object && "type" in value && value.type === "Buffer"
          ? (value as { data?: unknown }).data
          : value,
    ),
  );
}

function behavesLikeAConnection(connect: () => Promise<Pair>): void {
  it("carries every message, in order and whole", async () => {
    const { scheduler, executor } = await connect();
    const atScheduler = collect(scheduler, fromExecutor.length);
    const atExecutor = collect(executor, fromScheduler.length);
    for (const message of fromExecutor) executor.send(message);
    for (const message of fromScheduler) scheduler.send(message);
    assert.deepEqual(plain(await atScheduler), plain(fromExecutor));
    assert.deepEqual(plain(await atExecutor), plain(fromScheduler));
    executor.close();
  });

  it("tells both ends when the executor hangs up, once, and drops what is sent then", async () => {
    const { scheduler, executor } = await connect();
    let calls = 0;
    scheduler.onClose(() => calls++);
    const both = Promise.all([closed(executor), closed(scheduler)]);
    executor.close();
    assert.deepEqual(await both, [null, null]);
    executor.send({ kind: "draining" });
    scheduler.send({ kind: "release_job", jobId: "x" });
    executor.close();
    scheduler.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(calls <= 1);
  });

  it("tells the executor when the scheduler hangs up, after what was sent before", async () => {
    const { scheduler, executor } = await connect();
    const last = collect(executor, 1);
    const end = closed(executor);
    scheduler.send(fromScheduler.at(-1)!);
    scheduler.close();
    assert.equal((await last)[0]!.kind, "refused");
    assert.equal(await end, null);
  });
}

describe("control connection in process", () => {
  behavesLikeAConnection(async () => connectInProcess());
});

describe("control connection over gRPC", () => {
  let server: FlightServer;
  let onExecutor: (connection: SchedulerSideConnection) => void = () => {};

  before(async () => {
    const control = { onExecutor: (connection: SchedulerSideConnection) => onExecutor(connection) };
    server = await startFlightServer({ host: "127.0.0.1", port: 0, services: { control }, logger: silentLogger });
  });
  after(() => server.close(0));

  behavesLikeAConnection(async () => {
    const accepted = new Promise<SchedulerSideConnection>((resolve) => (onExecutor = resolve));
    const executor = connectControl("127.0.0.1", server.port);
    return { scheduler: await accepted, executor };
  });

  it("tells the executor that nobody listens, or that the scheduler died", async () => {
    const none = connectControl("127.0.0.1", 1);
    none.onMessage(() => {});
    assert.equal(((await closed(none)) as { code?: string } | null)?.code, "unavailable");

    const control = { onExecutor: (connection: SchedulerSideConnection) => connection.onMessage(() => {}) };
    const dying = await startFlightServer({ host: "127.0.0.1", port: 0, services: { control }, logger: silentLogger });
    const executor = connectControl("127.0.0.1", dying.port);
    executor.send({ kind: "draining" });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const end = closed(executor);
    await dying.close(0);
    assert.equal(await end, null);
  });

  it("says clearly that a port is taken", async () => {
    const again = startFlightServer({ host: "127.0.0.1", port: server.port, services: {}, logger: silentLogger });
    await assert.rejects(again, { code: "unavailable", message: `port ${server.port} of 127.0.0.1 is in use already` });
  });
});
