import assert from "node:assert/strict";
import fc from "fast-check";
import { simpleType } from "../../src/arrow/data-type.ts";
import { encodePlainSchema } from "../../src/arrow/arrow-schema.ts";
import { encodeRows } from "../../src/arrow/write-batch.ts";
import { frameFlightData, parseFlightData, serializeFlightData, toSharedBatch } from "../../src/flight/flight-data.ts";
import { encapsulate, messageHeaderOf, splitIpcStream, unwrapEncapsulated } from "../../src/flight/ipc-message.ts";
import { decodeProto, encodeProto } from "../../src/flight/proto-codec.ts";

function bytesOf(parts: Parameters<typeof serializeFlightData>[0]): Uint8Array {
  const serialized = serializeFlightData(parts);
  const target = new Uint8Array(serialized.byteLength + 5);
  serialized.copy(target, 5);
  return target.subarray(5);
}

const schema = [{ name: "n", type: simpleType("int32"), nullable: true }];

describe("FlightData by hand", () => {
  it("is what protobuf makes of the same parts, at every size", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.constantFrom(127, 128, 16_383, 16_384, 70_000).map((size) => new Uint8Array(size).fill(7)),
    );
    fc.assert(
      fc.property(bytes, bytes, (header, body) => {
        const message = bytesOf({ header, body });
        for (const form of [{ header, body }, message]) {
          const framed = Buffer.concat(frameFlightData(form));
          assert.deepEqual([framed[0], framed.readUInt32BE(1)], [0, message.byteLength]);
          assert.deepEqual(new Uint8Array(framed.subarray(5)), new Uint8Array(message));
        }
        const decoded = decodeProto("arrow.flight.protocol.FlightData", message);
        assert.deepEqual(new Uint8Array(decoded.dataHeader), header);
        assert.deepEqual(new Uint8Array(decoded.dataBody), body);
        const parsed = parseFlightData(message);
        assert.deepEqual(
          [parsed.header, parsed.body, parsed.descriptor, parsed.appMetadata],
          [header, body, null, null],
        );
      }),
      { numRuns: 200 },
    );
  });

  it("reads what protobuf writes, with descriptor and metadata, in any order", () => {
    const descriptor = { type: 2, cmd: Buffer.from("x"), path: [] };
    const message = encodeProto("arrow.flight.protocol.FlightData", {
      flightDescriptor: descriptor,
      dataHeader: Buffer.from("header"),
      appMetadata: Buffer.from("meta"),
      dataBody: Buffer.from("body"),
    });
    const parts = parseFlightData(message);
    assert.deepEqual(decodeProto("arrow.flight.protocol.FlightDescriptor", parts.descriptor!).cmd, descriptor.cmd);
    assert.equal(Buffer.from(parts.appMetadata!).toString(), "meta");
    assert.equal(Buffer.from(parts.body).toString(), "body");
  });

  it("refuses malformed messages", () => {
    for (const bytes of [[0x12], [0x12, 5, 1], [0x13], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]]) {
      assert.throws(() => parseFlightData(Uint8Array.from(bytes)), { code: "invalid_argument" });
    }
    const rejected = fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        toSharedBatch(parseFlightData(bytes));
      } catch (error) {
        assert.equal((error as { code?: string }).code, "invalid_argument");
      }
    });
    fc.assert(rejected, { numRuns: 2_000 });
  });

  it("copies a batch into shared memory with its row count and an aligned body; a schema is none", () => {
    const batch = encodeRows(schema, [[1], [null], [3]]);
    const message = bytesOf(batch);
    const shared = toSharedBatch(parseFlightData(message))!;
    assert.equal(shared.rowCount, 3);
    assert.ok(shared.body.buffer instanceof SharedArrayBuffer);
    assert.equal(shared.body.byteOffset % 8, 0);
    assert.deepEqual(Buffer.from(shared.body), Buffer.from(batch.body));
    assert.equal(
      toSharedBatch(parseFlightData(bytesOf({ header: encodePlainSchema(schema), body: new Uint8Array(0) }))),
      null,
    );
  });
});

describe("IPC messages", () => {
  it("wraps, unwraps and splits", () => {
    const header = encodePlainSchema(schema);
    const batch = encodeRows(schema, [[1], [2]]);
    assert.equal(messageHeaderOf(header).kind, "schema");
    assert.deepEqual(messageHeaderOf(batch.header), {
      kind: "record_batch",
      rowCount: 2,
      bodyByteSize: batch.body.byteLength,
    });
    const wrapped = encapsulate(header);
    assert.equal(wrapped.byteLength % 8, 0);
    assert.deepEqual(unwrapEncapsulated(wrapped).subarray(0, header.byteLength), new Uint8Array(header));
    const stream = Buffer.concat([
      wrapped,
      encapsulate(batch.header),
      batch.body,
      Buffer.from([255, 255, 255, 255, 0, 0, 0, 0]),
    ]);
    const messages = splitIpcStream(stream);
    assert.deepEqual(
      messages.map((message) => messageHeaderOf(message.header).kind),
      ["schema", "record_batch"],
    );
    assert.deepEqual(Buffer.from(messages[1]!.body), Buffer.from(batch.body));
    assert.equal(unwrapEncapsulated(new Uint8Array(0)).byteLength, 0);
  });
});
