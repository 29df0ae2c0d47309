import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startStandalone, type Standalone } from "../../src/cli/start-standalone.ts";
import { EngineError } from "../../src/common/engine-error.ts";
import { makeLogger } from "../../src/common/logger.ts";
import { FlightConnection } from "../../src/flight/flight-connection.ts";
import { flightMethods, method, rawCodec } from "../../src/flight/flight-methods.ts";
import { commandDescriptor, FlightSqlClient } from "../../src/flight/flight-sql-client.ts";
import { encodeAny, encodeProto } from "../../src/flight/proto-codec.ts";
import { ensureTpchData } from "../../tpch/make-data.ts";

const service = "arrow.flight.protocol.FlightService";
const sql = "arrow.flight.protocol.sql.";

/** The calls with raw bytes in place of messages. */
const raw = {
  GetFlightInfo: method(service, "GetFlightInfo", "unary", rawCodec, rawCodec),
  PollFlightInfo: method(service, "PollFlightInfo", "unary", rawCodec, rawCodec),
  GetSchema: method(service, "GetSchema", "unary", rawCodec, rawCodec),
  DoGet: method(service, "DoGet", "server", rawCodec, rawCodec),
  DoAction: method(service, "DoAction", "server", rawCodec, rawCodec),
  ListFlights: method(service, "ListFlights", "server", rawCodec, rawCodec),
  DoPut: method(service, "DoPut", "both", rawCodec, rawCodec),
  Handshake: method(service, "Handshake", "both", rawCodec, rawCodec),
} as const;
type Call = keyof typeof raw;

/** Mistakes of the caller; anything else (internal, unavailable, a deadline) would be ours. */
const callersFaults = new Set(
  `
    invalid_argument syntax_error undefined_table undefined_column undefined_function
    not_found feature_not_supported unauthenticated undefined_object undefined_parameter
    datatype_mismatch invalid_text_representation query_canceled
  `
    .trim()
    .split(/\s+/),
);

const timeoutMs = 10_000;

/** A small generator (mulberry32), so that a seed names the same cases everywhere. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

describe("malformed input", function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), "onager-malformed-"));
  let node: Standalone;
  let connection: FlightConnection;
  let ticket: Uint8Array;
  const seed = Number(process.env["SEED"] ?? randomBytes(4).readUInt32LE());
  const random = randomOf(seed);

  before(async () => {
    node = await startStandalone(
      {
        host: "127.0.0.1",
        port: 0,
        advertiseHost: "127.0.0.1",
        dataDirs: [ensureTpchData(0.01)],
        tables: [],
        slots: 1,
        memoryBytes: 300 * 1024 ** 2,
        workDirectory: folder,
        diskBytes: 1024 ** 3,
        logLevel: "error",
        schedulers: [],
        state: "memory",
      },
      makeLogger("error"),
    );
    connection = new FlightConnection("127.0.0.1", node.port);
    const info = await connection.unary(
      flightMethods.GetFlightInfo,
      commandDescriptor(`${sql}CommandGetTableTypes`, {}),
    );
    ticket = encodeProto("arrow.flight.protocol.Ticket", info.endpoint[0]!.ticket!);
  });
  after(async () => {
    connection?.close();
    await node?.close(0);
    rmSync(folder, { recursive: true, force: true });
  });

  /** Null when the server answered, which a lucky mutation allows. */
  const send = async (call: Call, ...messages: Buffer[]): Promise<string | null> => {
    const definition = raw[call];
    try {
      if (!definition.responseStream) await connection.unary(definition, messages[0]!, { timeoutMs });
      else if (definition.requestStream) await connection.exchange(definition, messages, { timeoutMs });
      else await connection.collect(definition, messages[0]!, { timeoutMs });
      return null;
    } catch (error) {
      const { code, message } = EngineError.from(error);
      assert.ok(!message.includes("\n    at "), `a stack trace left the server: ${message}`);
      return code;
    }
  };
  const assertRefused = async (call: Call, ...messages: Buffer[]): Promise<void> => {
    const code = await send(call, ...messages);
    assert.ok(code !== null && callersFaults.has(code), `${call}: ${code}`);
  };
  const assertAlive = async (): Promise<void> => {
    const client = await FlightSqlClient.connect(node.url);
    try {
      const rows: unknown[] = [];
      for await (const row of (await client.query("select count(*) from nation")).rows) rows.push(row);
      assert.deepEqual(rows, [[25n]]);
    } finally {
      await client.close();
    }
  };
  const statement = (text: string): Buffer => descriptorOf(encodeAny(`${sql}CommandStatementQuery`, { query: text }));

  it(`mutated messages get typed errors, and the server lives (seed ${seed})`, async () => {
    const valid: readonly (readonly [Call, Buffer])[] = [
      ["GetFlightInfo", statement("select n_name from nation where n_nationkey = 3")],
      ["PollFlightInfo", statement("select n_name from nation where n_nationkey = 3")],
      ["GetSchema", statement("select 1")],
      [
        "GetFlightInfo",
        descriptorOf(encodeAny(`${sql}CommandGetTables`, { tableTypes: ["TABLE"], includeSchema: true })),
      ],
      ["DoGet", Buffer.from(ticket)],
      [
        "DoAction",
        encodeProto("arrow.flight.protocol.Action", {
          type: "CreatePreparedStatement",
          body: encodeAny(`${sql}ActionCreatePreparedStatementRequest`, { query: "select 1" }),
        }),
      ],
      ["DoPut", flightData(statement("create or replace view malformed as select 1"), randomBytes(40))],
      ["Handshake", encodeProto("arrow.flight.protocol.HandshakeRequest", { protocolVersion: 0, payload: ticket })],
      ["ListFlights", encodeProto("arrow.flight.protocol.Criteria", { expression: ticket })],
    ];
    const rssBefore = process.memoryUsage().rss;
    for (let round = 0; round < 30; round++) {
      for (const [call, bytes] of valid) {
        const mutated = mutate(bytes, random);
        const code = await send(call, mutated);
        assert.ok(
          code === null || callersFaults.has(code),
          `seed ${seed}: ${call} ${mutated.toString("hex")}: ${code}`,
        );
      }
    }
    await assertAlive();
    assert.ok(process.memoryUsage().rss - rssBefore < 200 * 1024 ** 2);
  });

  it("wrong Any types, foreign tickets and unknown actions are refused", async () => {
    for (const call of ["GetFlightInfo", "GetSchema", "PollFlightInfo"] as const) {
      await assertRefused(call, descriptorOf(Buffer.from("select 1")));
      await assertRefused(call, descriptorOf(Buffer.alloc(0)));
      await assertRefused(
        call,
        descriptorOf(encodeAny(`${sql}ActionClosePreparedStatementRequest`, { preparedStatementHandle: ticket })),
      );
      await assertRefused(
        call,
        descriptorOf(encodeAny(`${sql}CommandPreparedStatementQuery`, { preparedStatementHandle: ticket })),
      );
    }
    for (const foreign of [Buffer.alloc(0), Buffer.from("ticket"), randomBytes(64), Buffer.alloc(1 << 20, 1)])
      await assertRefused("DoGet", encodeProto("arrow.flight.protocol.Ticket", { ticket: foreign }));
    for (const type of ["", "NoSuchAction", "BeginTransaction", "CreatePreparedStatement", "CancelQuery"])
      await assertRefused("DoAction", encodeProto("arrow.flight.protocol.Action", { type, body: randomBytes(9) }));
    await assertRefused("DoPut");
    await assertRefused("DoPut", Buffer.alloc(0));
    await assertRefused("DoPut", flightData(statement("create view x as select 1"), Buffer.from("no schema at all")));
    await assertAlive();
  });

  it("lengths beyond the message, and text that is not UTF-8", async () => {
    // Field 2 of a descriptor claims 2 GiB less one; a string of Latin-1 bytes stands where SQL should.
    await assertRefused("GetFlightInfo", Buffer.from("12ffffffff07", "hex"));
    await assertRefused("GetFlightInfo", Buffer.from("12ffffffffffffffffff01", "hex"));
    await assertRefused("DoGet", Buffer.from("0affffffff0f00", "hex"));
    await assertRefused("DoPut", Buffer.from("c23effffffff0700", "hex"));
    const latin = encodeAny(`${sql}CommandStatementQuery`, { query: "select ????" });
    await assertRefused("GetFlightInfo", descriptorOf(Buffer.from(latin.map((byte) => (byte === 0x3f ? 0xe9 : byte)))));
    await assertRefused("GetFlightInfo", statement("select '\0'"));
    await assertAlive();
  });

  it("a message beyond the limit", async () => {
    assert.equal(await send("GetFlightInfo", Buffer.alloc(65 * 1024 * 1024)), "out_of_memory");
    await assertAlive();
  });

  it("long and deep statements", async () => {
    await assertRefused("GetFlightInfo", statement("x".repeat(100_000)));
    await assertRefused("GetFlightInfo", statement(`select ${"(".repeat(10_000)}1${")".repeat(10_000)}`));
    await assertRefused("GetFlightInfo", statement(`select ${"not ".repeat(50_000)} true from`));
    await assertRefused("GetFlightInfo", statement(`select ${"- ".repeat(30_000)}`));
    await assertRefused("GetFlightInfo", statement(`${"select * from (".repeat(5_000)}select 1`));
    await assertRefused("GetFlightInfo", statement(`select '${"x".repeat(100_000)}`));
    assert.equal(await send("GetFlightInfo", statement(`select '${"x".repeat(100_000)}'`)), null);
    await assertAlive();
  });
});

function descriptorOf(cmd: Uint8Array): Buffer {
  return encodeProto("arrow.flight.protocol.FlightDescriptor", { type: 2, cmd, path: [] });
}

function flightData(descriptor: Uint8Array, header: Uint8Array): Buffer {
  const field = (tag: number, bytes: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from([tag, (bytes.byteLength & 0x7f) | 0x80, bytes.byteLength >> 7]), bytes]);
  return Buffer.concat([field(0x0a, descriptor), field(0x12, header)]);
}

/** Cuts off, flips bits, repeats, or puts in bytes. */
function mutate(bytes: Buffer, random: (below: number) => number): Buffer {
  const copy = Buffer.from(bytes);
  switch (random(4)) {
    case 0:
      return copy.subarray(0, random(copy.byteLength));
    case 1:
      for (let flips = 1 + random(4); flips > 0; flips--) copy[random(copy.byteLength)]! ^= 1 << random(8);
      return copy;
    case 2:
      return Buffer.concat([copy, copy.subarray(random(copy.byteLength))]);
    default: {
      const at = random(copy.byteLength);
      return Buffer.concat([
        copy.subarray(0, at),
        Buffer.from(Array.from({ length: 1 + random(8) }, () => random(256))),
        copy.subarray(at),
      ]);
    }
  }
}
