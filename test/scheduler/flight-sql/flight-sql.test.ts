import assert from "node:assert/strict";
import { decimalType, simpleType } from "../../../src/arrow/data-type.ts";
import type { ServiceError } from "@grpc/grpc-js";
import { EngineError } from "../../../src/common/engine-error.ts";
import { FlightPeers } from "../../../src/flight/flight-client.ts";
import { readEndpoints } from "../../../src/flight/read-endpoints.ts";
import { FlightConnection } from "../../../src/flight/flight-connection.ts";
import { flightMethods } from "../../../src/flight/flight-methods.ts";
import { commandDescriptor, FlightSqlClient, type QueryResult } from "../../../src/flight/flight-sql-client.ts";
import { parseFlightUrl } from "../../../src/flight/flight-url.ts";
import { decodeProto, encodeProto } from "../../../src/flight/proto-codec.ts";
import { SetSessionOptionsResultErrorValue } from "../../../src/gen/protos.ts";
import type { Value } from "../../../src/arrow/value.ts";
import { FakeCluster } from "../../support/fake-cluster.ts";

async function rowsOf(result: QueryResult): Promise<readonly (readonly Value[])[]> {
  const rows = [];
  for await (const row of result.rows) rows.push(row);
  return rows;
}

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition() && waited < 200; waited++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(condition());
}

const parameterSchema = [simpleType("int64"), simpleType("utf8"), decimalType(15, 2), simpleType("date")].map(
  (type, index) => ({
    name: `$${index + 1}`,
    type,
    nullable: true,
  }),
);

describe("Flight SQL", () => {
  let cluster: FakeCluster;
  let client: FlightSqlClient;

  beforeEach(async () => {
    cluster = await FakeCluster.start();
    client = await FlightSqlClient.connect(cluster.url);
  });
  afterEach(async () => {
    await client.close();
    await cluster.close();
  });

  it("reads the rows of all endpoints in order, at the executor", async () => {
    const result = await client.query("select numbers 2500 7");
    assert.deepEqual(
      result.schema.map((field) => field.name),
      ["n", "t", "d"],
    );
    const rows = await rowsOf(result);
    assert.deepEqual(
      rows.map(([n]) => n),
      Array.from({ length: 17_500 }, (_, index) => BigInt(index)),
    );
    assert.equal(cluster.executorReads, 7);
  });

  it("reads through the scheduler when the executor's address cannot be reached", async () => {
    const real = cluster.addressOf.bind(cluster);
    const { info } = await client.query("select numbers 3 1");
    const elsewhere = {
      ...info,
      endpoint: info.endpoint.map((one) => ({ ...one, location: [{ uri: "grpc+tcp://127.0.0.1:1" }] })),
    };
    assert.ok(real("e1"));
    const peers = new FlightPeers();
    let rowCount = 0;
    const reading = { peers, front: parseFlightUrl(cluster.url), headers: {}, signal: new AbortController().signal };
    for await (const batch of readEndpoints(elsewhere.endpoint, reading)) rowCount += batch.rowCount;
    assert.equal(rowCount, 3);
    peers.close();
  });

  it("says that rows are lost with their executor", async () => {
    const result = await client.query("select numbers 3 1");
    await cluster.stopExecutor();
    await assert.rejects(rowsOf(result), { code: "unavailable" });
  });

  it("shows where an error of a running task came from, when the scheduler passes the rows through", async () => {
    const { info } = await client.query("select broken");
    const ticket = info.endpoint[0]?.ticket?.ticket;
    assert.ok(ticket);
    const { host, port } = parseFlightUrl(cluster.url);
    const peers = new FlightPeers();
    const stream = peers.readRaw(host, port, ticket, new AbortController().signal);
    const error = await (async () => {
      for await (const _message of stream);
    })().catch((thrown: unknown) => thrown);
    assert.ok(error instanceof EngineError);
    assert.equal(error.code, "division_by_zero");
    assert.equal(
      (error.cause as ServiceError).details,
      "division by zero\nLINE 1, column 8\nselect broken\n       ^^^^^^",
    );
    peers.close();
  });

  it("prepares, binds and runs with parameters; a handle is good until it is closed", async () => {
    const prepared = await client.prepare("select $1, $2, $3, $4");
    assert.deepEqual(
      prepared.parameters.map((field) => field.type),
      parameterSchema.map((field) => field.type),
    );
    assert.equal(prepared.isUpdate, false);
    const values = [5n, "five", 125n, 18_000];
    for (const row of [values, [null, null, null, null]]) {
      const result = await client.queryPrepared(prepared, { schema: parameterSchema, values: row });
      assert.deepEqual(await rowsOf(result), [row]);
    }
    await client.closePrepared(prepared);
    await client.closePrepared(prepared);
    await assert.rejects(client.queryPrepared(prepared, null), { code: "not_found" });
  });

  it("converts bound values to the statement's types, or refuses them", async () => {
    const bind = async (
      types: readonly Parameters<typeof simpleType>[0][],
      values: readonly Value[],
    ): Promise<readonly Value[]> => {
      const schema = types.map((kind, index) => ({ name: `p${index}`, type: simpleType(kind), nullable: true }));
      const [row] = await rowsOf(await client.query("select $1, $2, $3, $4", { parameters: { schema, values } }));
      return row!;
    };
    assert.deepEqual(await bind(["int8", "utf8", "int32", "utf8"], [5, "x", 3, "2020-01-02"]), [5n, "x", 300n, 18_263]);
    assert.deepEqual(await bind(["utf8", "int64", "float64", "timestamp"], ["7", 8n, 1.25, 86_400_000_000n]), [
      7n,
      "8",
      125n,
      1,
    ]);
    const refused: readonly (readonly [string, () => Promise<unknown>, string])[] = [
      ["1.5 as bigint", () => bind(["float64", "utf8", "int32", "date"], [1.5, "", 0, 0]), "invalid_parameter_value"],
      [
        "half past midnight as date",
        () => bind(["int64", "utf8", "int32", "timestamp"], [1n, "", 0, 1n]),
        "invalid_parameter_value",
      ],
      [
        "text that is no number",
        () => bind(["utf8", "utf8", "int32", "date"], ["x", "", 0, 0]),
        "invalid_text_representation",
      ],
      ["a boolean as date", () => bind(["int64", "utf8", "int32", "bool"], [1n, "", 0, true]), "datatype_mismatch"],
    ];
    for (const [what, run, code] of refused) await assert.rejects(run(), { code }, what);
    const tooFew = client.query("select $1, $2, $3, $4", {
      parameters: { schema: parameterSchema.slice(0, 2), values: [1n, "x"] },
    });
    await assert.rejects(tooFew, { code: "undefined_parameter" });
  });

  it("runs statements without rows in each of the ways that clients choose", async () => {
    assert.equal(await client.update("create a"), 0);
    assert.deepEqual(await rowsOf(await client.query("create b")), []);
    const prepared = await client.prepare("create c");
    assert.equal(prepared.isUpdate, true);
    assert.deepEqual(await rowsOf(await client.queryPrepared(prepared, null)), []);
    assert.deepEqual((await client.queryWithProgress("create d", () => {})).schema, []);
    assert.deepEqual(
      cluster.executed.map(({ sql }) => sql),
      ["create a", "create b", "create c", "create d"],
    );
    await assert.rejects(client.update("select numbers 1 1"), { code: "invalid_argument" });
  });

  it("tells progress while a query runs", async () => {
    const seen: number[] = [];
    const result = await client.queryWithProgress("select numbers 2 1", (fraction) => seen.push(fraction));
    assert.equal((await rowsOf(result)).length, 2);
    assert.ok(seen.length > 0 && seen.every((fraction, index) => fraction <= 1 && fraction >= (seen[index - 1] ?? 0)));
    assert.equal(await client.progress(result.info), 1);
    await assert.rejects(
      client.queryWithProgress("select fail disk_full", () => {}),
      { code: "disk_full" },
    );
  });

  it("cancels a query whose client stops waiting, polling or reading", async () => {
    for (const start of [
      (signal: AbortSignal) => client.query("select slow", { signal }),
      (signal: AbortSignal) => client.queryWithProgress("select endless", () => {}, signal),
      async (signal: AbortSignal) => rowsOf(await client.query("select endless", { signal })),
    ]) {
      const before = cluster.cancelled.length;
      const controller = new AbortController();
      const running = start(controller.signal);
      setTimeout(() => controller.abort(), 80);
      await assert.rejects(running, { code: "query_canceled" });
      // A stream at the executor is the executor's to cancel.
      if (cluster.queries.size < 3) await until(() => cluster.cancelled.length > before);
    }
  });

  it("cancels by FlightInfo, twice without an error, and knows what it does not know", async () => {
    const { info } = await client.query("select endless");
    assert.equal(await client.cancel(info), true);
    assert.equal(await client.cancel(info), true);
    const stranger = {
      ...info,
      endpoint: [],
      appMetadata: encodeProto("onager.flight.v1.QueryReference", { queryId: "none" }),
    };
    await assert.rejects(client.cancel(stranger), { code: "not_found" });
  });

  it("lists tables with their columns", async () => {
    const tables = await client.getTables();
    assert.deepEqual(
      tables.map(({ name, type, schema }) => [name, type, schema.length]),
      [
        ["big_numbers", "VIEW", 1],
        ["numbers", "TABLE", 3],
      ],
    );
    assert.deepEqual(
      (await client.getTables({ namePattern: "num%" })).map(({ name }) => name),
      ["numbers"],
    );
  });

  it("says where an address is wrong", async () => {
    await assert.rejects(FlightSqlClient.connect("http://x"), { code: "invalid_argument" });
    await assert.rejects(FlightSqlClient.connect("grpc://127.0.0.1:1"), { code: "unavailable" });
  });
});

describe("Flight SQL sessions", () => {
  const set = (options: Readonly<Record<string, string>>): { type: string; body: Buffer } => ({
    type: "SetSessionOptions",
    body: encodeProto("arrow.flight.protocol.SetSessionOptionsRequest", {
      sessionOptions: Object.fromEntries(Object.entries(options).map(([name, stringValue]) => [name, { stringValue }])),
    }),
  });

  it("keep settings by token, by cookie, or by connection", async () => {
    const cluster = await FakeCluster.start();
    const { host, port } = parseFlightUrl(cluster.url);
    const connections: FlightConnection[] = [];
    const connect = (): FlightConnection => {
      const connection = new FlightConnection(host, port);
      connections.push(connection);
      return connection;
    };
    const settingOf = async (
      connection: FlightConnection,
      headers: Readonly<Record<string, string>> = {},
    ): Promise<string | undefined> => {
      const [result] = await connection.collect(
        flightMethods.DoAction,
        { type: "GetSessionOptions", body: new Uint8Array(0) },
        { headers },
      );
      return decodeProto("arrow.flight.protocol.GetSessionOptionsResult", result!.body).sessionOptions[
        "target_partitions"
      ]?.stringValue;
    };
    const [first, second] = [connect(), connect()];
    const token = { authorization: "Bearer abc" };
    await first.collect(flightMethods.DoAction, set({ target_partitions: "7" }), { headers: token });
    assert.equal(await settingOf(second, token), "7");
    assert.equal(await settingOf(second), "0");
    await first.collect(flightMethods.DoAction, set({ target_partitions: "9" }));
    assert.equal(await settingOf(first), "9");
    assert.equal(await settingOf(second), "0");
    await second.collect(flightMethods.DoAction, { type: "CloseSession", body: new Uint8Array(0) }, { headers: token });
    assert.equal(await settingOf(first, token), "0");
    for (const connection of connections) connection.close();
    await cluster.close();
  });

  it("tell each wrong option", async () => {
    const cluster = await FakeCluster.start();
    const { host, port } = parseFlightUrl(cluster.url);
    const connection = new FlightConnection(host, port);
    const request = set({
      catalog: "onager",
      schema: "elsewhere",
      unheard_of: "1",
      target_partitions: "many",
      broadcast_bytes_max: "5",
    });
    const [result] = await connection.collect(flightMethods.DoAction, request);
    const { INVALID_NAME, INVALID_VALUE } = SetSessionOptionsResultErrorValue;
    assert.deepEqual(decodeProto("arrow.flight.protocol.SetSessionOptionsResult", result!.body).errors, {
      schema: { value: INVALID_VALUE },
      unheard_of: { value: INVALID_NAME },
      target_partitions: { value: INVALID_VALUE },
    });
    const unknown = connection.unary(
      flightMethods.GetFlightInfo,
      commandDescriptor("arrow.flight.protocol.sql.CommandStatementQuery", {
        query: "select numbers 1 1",
        transactionId: Buffer.from("t"),
      }),
    );
    await assert.rejects(unknown, { code: "feature_not_supported", message: "transactions are not supported" });
    connection.close();
    await cluster.close();
  });
});
