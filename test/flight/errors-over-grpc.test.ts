import assert from "node:assert/strict";
import { status, type ServiceError } from "@grpc/grpc-js";
import { EngineError, errorCodes, type ErrorCode } from "../../src/common/engine-error.ts";
import { silentLogger } from "../../src/common/logger.ts";
import { makeExecutorHandlers } from "../../src/flight/executor-flight.ts";
import { FlightPeers } from "../../src/flight/flight-client.ts";
import { startFlightServer, type FlightServer } from "../../src/flight/flight-server.ts";
import { FlightSqlClient } from "../../src/flight/flight-sql-client.ts";
import { cutForStatus } from "../../src/flight/grpc-status.ts";
import { FakeCluster, failureOf } from "../support/fake-cluster.ts";

const codes = Object.keys(errorCodes) as ErrorCode[];

describe("errors over gRPC", () => {
  let cluster: FakeCluster;
  let client: FlightSqlClient;
  let executor: FlightServer;
  const peers = new FlightPeers();

  before(async () => {
    cluster = await FakeCluster.start();
    client = await FlightSqlClient.connect(cluster.url);
    const flight = makeExecutorHandlers({
      schemaOf: (ticket) => {
        throw failureOf(ticket.jobId as ErrorCode);
      },
      async *read() {},
    });
    executor = await startFlightServer({ host: "127.0.0.1", port: 0, services: { flight }, logger: silentLogger });
  });
  after(async () => {
    await client.close();
    peers.close();
    await executor.close(0);
    await cluster.close();
  });

  for (const code of codes) {
    it(`${code} keeps its details, and its gRPC status`, async () => {
      const expected = failureOf(code);
      const check = (thrown: unknown): true => {
        assert.ok(thrown instanceof EngineError);
        assert.equal(thrown.code, code);
        assert.equal(thrown.message, expected.message);
        assert.deepEqual(thrown.details, expected.details);
        assert.equal((thrown.cause as ServiceError).code, status[errorCodes[code].grpc]);
        return true;
      };
      await assert.rejects(client.query(`select fail ${code}`), check);
      const ticket = { jobId: code, stageId: 0, task: 0, attempt: 0, partition: 0, executorId: "e" };
      const read = peers.read("127.0.0.1", executor.port, ticket, new AbortController().signal);
      await assert.rejects(read.next(), check);
    });
  }

  it("cuts long texts to what every client accepts in headers", () => {
    assert.equal(cutForStatus("short\r\ntext"), "short\ntext");
    for (const text of ["x".repeat(10_000), "ü".repeat(10_000), "😀".repeat(10_000), "%".repeat(10_000)]) {
      assert.ok(encodeURIComponent(cutForStatus(text)).length < 3_200);
    }
  });
});
