import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { makeLogger } from "../../src/common/logger.ts";
import { FlightPeers } from "../../src/flight/flight-client.ts";
import type { FlightHandlers } from "../../src/flight/flight-handlers.ts";
import { startFlightServer } from "../../src/flight/flight-server.ts";
import { ensureIntegrationClient, hasGo, runDefaultScenario, runScenario } from "../support/go-client.ts";
import { expirationTime } from "./scenarios/expiration-time.ts";
import { flightSqlExtension } from "./scenarios/flight-sql-extension.ts";
import { flightSql, ingestion } from "./scenarios/flight-sql.ts";
import { putAndGet } from "./scenarios/put-and-get.ts";
import { sessionOptions } from "./scenarios/session-options.ts";
import {
  appMetadata,
  authBasicProto,
  middleware,
  ordered,
  pollFlightInfo,
  reuseConnection,
} from "./scenarios/simple-scenarios.ts";

const scenarios: Readonly<Record<string, () => FlightHandlers | Promise<FlightHandlers>>> = {
  "auth:basic_proto": authBasicProto,
  middleware,
  ordered,
  "expiration_time:do_get": expirationTime,
  "expiration_time:list_actions": expirationTime,
  "expiration_time:cancel_flight_info": expirationTime,
  "expiration_time:renew_flight_endpoint": expirationTime,
  "location:reuse_connection": reuseConnection,
  session_options: sessionOptions,
  poll_flight_info: pollFlightInfo,
  app_metadata_flight_info_endpoint: appMetadata,
  flight_sql: flightSql,
  "flight_sql:extension": flightSqlExtension,
  "flight_sql:ingestion": ingestion,
};

describe("Archery's Flight scenarios, with arrow-go's integration client", function () {
  this.timeout(700_000);
  let program: string;

  before(async function () {
    if (!hasGo()) this.skip();
    program = await ensureIntegrationClient();
  });

  it("batches of a file, with metadata", async () => {
    let port = 0;
    const file = fileURLToPath(new URL("scenarios/batches.json", import.meta.url));
    const peers = new FlightPeers();
    const server = await startFlightServer({
      host: "127.0.0.1",
      port: 0,
      services: { flight: putAndGet(() => port) },
      logger: makeLogger("error"),
    });
    port = server.port;
    try {
      await runDefaultScenario(program, file, port);
      // The client drops its own verdict on the rows that come back, so they are counted here.
      let messages = 0;
      for await (const _ of peers.readRaw("127.0.0.1", port, Buffer.from(file), new AbortController().signal))
        messages++;
      assert.equal(messages, 4);
    } finally {
      peers.close();
      await server.close(0);
    }
  });

  for (const [name, make] of Object.entries(scenarios)) {
    it(name, async () => {
      const server = await startFlightServer({
        host: "127.0.0.1",
        port: 0,
        services: { flight: await make() },
        logger: makeLogger("error"),
      });
      try {
        await runScenario(program, name, server.port);
      } finally {
        await server.close(0);
      }
    });
  }
});
