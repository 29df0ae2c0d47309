import assert from "node:assert/strict";
import * as arrow from "apache-arrow";
import { decodeSchema, encodeClientSchema, encodeShuffleSchema } from "../../src/arrow/arrow-schema.ts";
import { decodeBatch as decodeWireBatch, decodeClientBatch } from "../../src/arrow/read-batch.ts";
import type { Schema } from "../../src/arrow/schema.ts";
import { simpleType } from "../../src/arrow/data-type.ts";
import type { Value } from "../../src/arrow/value.ts";
import { EngineError } from "../../src/common/engine-error.ts";
import { loadKernels } from "../../src/kernel/load-kernels.ts";
import { SlotMemory } from "../../src/kernel/slot-memory.ts";
import { BatchBuilder, type WireForm } from "../../src/shuffle/batch-builder.ts";
import { decodeBatch, sliceBatch } from "../../src/shuffle/decode-batch.ts";
import { type EncodedBatch, encodedBodyBytesMax } from "../../src/shuffle/encoded-batch.ts";
import { makeBatch, readBatch } from "../support/operator-harness.ts";
import { allTypes } from "./all-types.ts";

const memory = new SlotMemory(128 * 1024 * 1024, { poison: true });
const kernels = loadKernels(memory);
const schema: Schema = allTypes.map(({ name, type }) => ({ name, type, nullable: true }));

function makeRows(count: number, nullEvery: number): Value[][] {
  return Array.from({ length: count }, (_, i) =>
    allTypes.map(({ value }, column) => (nullEvery > 0 && (i + column) % nullEvery === 0 ? null : value(i))),
  );
}

/** Encodes rows that arrive in batches of `batchRows`, every second one with a selection. */
function encode(form: WireForm, of: Schema, rows: readonly Value[][], batchRows: number): EncodedBatch {
  const builder = new BatchBuilder(memory, kernels, of, form, 16 * 1024 * 1024);
  const region = memory.region();
  for (let first = 0; first < rows.length; first += batchRows) {
    const batch = makeBatch(memory, region, of, rows.slice(first, first + batchRows), (first / batchRows) % 2 === 1);
    assert.equal(builder.fitting(batch.vectors, batch.selection, batch.rowCount), batch.rowCount);
    builder.append(batch.vectors, batch.selection, batch.rowCount);
    region.reset();
  }
  const encoded = builder.encode();
  assert.equal(builder.rowCount, 0);
  builder.free();
  assert.equal(memory.usedBytes, 0);
  return encoded;
}

/** Both messages as an IPC stream, for readers other than ours. */
function toStream(schemaMessage: Uint8Array, batch: EncodedBatch): Uint8Array {
  const frame = (header: Uint8Array): Uint8Array[] => {
    const padded = Math.ceil(header.byteLength / 8) * 8;
    const prefix = new Uint8Array(8);
    new DataView(prefix.buffer).setUint32(0, 0xffffffff, true);
    new DataView(prefix.buffer).setUint32(4, padded, true);
    return [prefix, header.slice(), new Uint8Array(padded - header.byteLength)];
  };
  return Buffer.concat([...frame(schemaMessage), ...frame(batch.header), batch.body]);
}

for (const nullEvery of [0, 1, 3]) {
  for (const [rowCount, batchRows] of [
    [0, 1],
    [1, 1],
    [63, 10],
    [64, 64],
    [65, 7],
    [5000, 700],
  ] as const) {
    describe(`a message of ${rowCount} rows, ${nullEvery === 0 ? "no" : `every ${nullEvery}th`} value NULL`, () => {
      const rows = makeRows(rowCount, nullEvery);

      it("comes back from the shuffle form", () => {
        const encoded = encode("shuffle", schema, rows, batchRows);
        const region = memory.region();
        const batch = decodeBatch(memory, kernels, schema, encoded, region);
        assert.equal(encoded.rowCount, rowCount);
        assert.deepEqual(readBatch(memory, batch), rows);
        if (rowCount > 64) assert.deepEqual(readBatch(memory, sliceBatch(batch, 64, rowCount - 64)), rows.slice(64));
        region.free();
      });

      it("is valid Arrow in the shuffle form", () => {
        const encoded = encode("shuffle", schema, rows, batchRows);
        const fields = decodeSchema(encodeShuffleSchema(schema));
        const read = decodeWireBatch(fields, encoded.header, encoded.body);
        const interval = schema.findIndex(({ type }) => type.kind === "interval");
        assert.deepEqual(
          read.map((row) => row.with(interval, null)),
          rows.map((row) => row.with(interval, null)),
        );
        const table = arrow.tableFromIPC(toStream(encodeShuffleSchema(schema), encoded));
        assert.equal(table.numRows, rowCount);
        for (const name of ["utf8", "long utf8", "int64", "bool"]) {
          assert.deepEqual(
            [...table.getChild(name)!],
            rows.map((row) => row[schema.findIndex((field) => field.name === name)]),
          );
        }
      });

      it("comes back from the client form without having been collected", () => {
        const region = memory.region();
        const batch = makeBatch(memory, region, schema, rows);
        const builder = new BatchBuilder(memory, kernels, schema, "client", 1024);
        const encoded = builder.encodeWhole(batch.vectors, rowCount);
        const isTooSmall = rowCount < 3;
        assert.equal(encoded === null, isTooSmall);
        if (encoded !== null) assert.deepEqual(decodeClientBatch(schema, encoded.header, encoded.body), rows);
        builder.free();
        region.free();
        assert.equal(memory.usedBytes, 0);
      });

      it("comes back from the client form", () => {
        const encoded = encode("client", schema, rows, batchRows);
        assert.deepEqual(decodeClientBatch(schema, encoded.header, encoded.body), rows);
        const table = arrow.tableFromIPC(toStream(encodeClientSchema(schema), encoded));
        assert.equal(table.numRows, rowCount);
        for (const name of ["utf8", "long utf8", "int64", "bool", "float64"]) {
          assert.deepEqual(
            [...table.getChild(name)!],
            rows.map((row) => row[schema.findIndex((field) => field.name === name)]),
          );
        }
      });
    });
  }
}

describe("BatchBuilder", () => {
  it("encodes a batch as it is only where the message has a good size and no rows come first", () => {
    const of: Schema = [{ name: "text", type: simpleType("utf8"), nullable: true }];
    const region = memory.region();
    const builder = new BatchBuilder(memory, kernels, of, "client", 64 * 1024);
    const texts = (count: number, size: number): Value[][] => Array.from({ length: count }, () => ["x".repeat(size)]);
    const batch = makeBatch(memory, region, of, texts(5000, 5));
    const large = makeBatch(memory, region, of, texts(5000, 500));
    const rowsOf = (encoded: EncodedBatch | null): number | undefined => encoded?.rowCount;
    assert.equal(rowsOf(builder.encodeWhole(batch.vectors, 5000)), 5000);
    assert.equal(rowsOf(builder.encodeWhole(batch.vectors, 500)), undefined, "small");
    assert.equal(rowsOf(builder.encodeWhole(large.vectors, 5000)), undefined, "large");
    builder.append(batch.vectors, 0, 1);
    assert.equal(rowsOf(builder.encodeWhole(batch.vectors, 5000)), undefined, "out of order");
    const shuffle = new BatchBuilder(memory, kernels, of, "shuffle", 64 * 1024);
    assert.equal(rowsOf(shuffle.encodeWhole(batch.vectors, 5000)), undefined, "views would have to be rewritten");
    for (const each of [builder, shuffle, region]) each.free();
  });

  it("takes rows until a message is full, and a row larger than a message alone", () => {
    const of: Schema = [{ name: "text", type: simpleType("utf8"), nullable: true }];
    const region = memory.region();
    const builder = new BatchBuilder(memory, kernels, of, "client", 1024 * 1024);
    const batch = makeBatch(
      memory,
      region,
      of,
      Array.from({ length: 100 }, (_, i) => [String(i).repeat(50_000)]),
    );
    let done = 0;
    let messages = 0;
    const texts: Value[] = [];
    while (done < 100) {
      const indices = region.allocate(400);
      for (let i = done; i < 100; i++) memory.u32[indices / 4 + i - done] = i;
      const fits = builder.fitting(batch.vectors, indices, 100 - done);
      builder.append(batch.vectors, indices, fits);
      done += fits;
      if (fits > 0 && done < 100) continue;
      const encoded = builder.encode();
      messages++;
      assert.ok(encoded.body.byteLength <= encodedBodyBytesMax);
      texts.push(...decodeClientBatch(of, encoded.header, encoded.body).flat());
    }
    assert.ok(messages > 5);
    assert.deepEqual(
      texts,
      Array.from({ length: 100 }, (_, i) => String(i).repeat(50_000)),
    );
    const huge = makeBatch(memory, region, of, [["x".repeat(5_000_000)]]);
    assert.equal(builder.fitting(huge.vectors, 0, 1), 1);
    builder.append(huge.vectors, 0, 1);
    assert.ok(builder.isFull);
    assert.equal(builder.encode().body.byteLength, 5_000_000 + 16);
    builder.free();
    region.free();
    assert.equal(memory.usedBytes, 0);
  });

  it("counts rows without columns", () => {
    const builder = new BatchBuilder(memory, kernels, [], "shuffle", 1024);
    builder.append([], 0, 100);
    const encoded = builder.encode();
    assert.equal(encoded.rowCount, 100);
    const region = memory.region();
    assert.deepEqual(decodeBatch(memory, kernels, [], encoded, region), { rowCount: 100, vectors: [], selection: 0 });
    region.free();
  });

  it("refuses an interval that a client could not read", () => {
    const of: Schema = [{ name: "i", type: simpleType("interval"), nullable: true }];
    const rows = [[{ months: 0, days: 0, micros: 2n ** 62n }]];
    assert.throws(
      () => encode("client", of, rows, 1),
      (thrown) => thrown instanceof EngineError && thrown.code === "datetime_field_overflow",
    );
  });
});
