import assert from "node:assert/strict";
import { FlightConnection } from "../../src/flight/flight-connection.ts";
import { method, protoCodec } from "../../src/flight/flight-methods.ts";
import { startFlightServer } from "../../src/flight/flight-server.ts";
import { makeExecutorHandlers } from "../../src/flight/executor-flight.ts";
import { makeLogger } from "../../src/common/logger.ts";

const request = protoCodec("grpc.health.v1.HealthCheckRequest");
const response = protoCodec("grpc.health.v1.HealthCheckResponse");
const check = method("grpc.health.v1.Health", "Check", "unary", request, response);
const watch = method("grpc.health.v1.Health", "Watch", "server", request, response);

describe("gRPC's health protocol", () => {
  it("says serving, unknown, and not serving once the server drains", async () => {
    const flight = makeExecutorHandlers({
      schemaOf: () => new Uint8Array(0),
      async *read() {},
    });
    const server = await startFlightServer({
      host: "127.0.0.1",
      port: 0,
      services: { flight },
      logger: makeLogger("error"),
    });
    const connection = new FlightConnection("127.0.0.1", server.port);
    try {
      for (const service of ["", "arrow.flight.protocol.FlightService"])
        assert.deepEqual(await connection.unary(check, { service }), { status: 1 });
      await assert.rejects(connection.unary(check, { service: "other" }), { code: "not_found" });
      const statuses: number[] = [];
      const stream = connection.openServerStream(watch, { service: "" });
      const unknown = connection.openServerStream(watch, { service: "other" });
      const first = new Promise<void>((resolve) => {
        stream.on("data", ({ status }: { status: number }) => {
          statuses.push(status);
          resolve();
        });
      });
      const ended = new Promise<void>((resolve) => {
        stream.on("end", resolve);
        stream.on("error", () => resolve());
      });
      const [answer] = (await unknown.take(1).toArray()) as { status: number }[];
      assert.equal(answer?.status, 3);
      await first;
      await server.close(100);
      await ended;
      assert.deepEqual(statuses, [1, 2]);
    } finally {
      connection.close();
    }
  });
});
