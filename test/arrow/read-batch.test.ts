import assert from "node:assert/strict";
import * as arrow from "apache-arrow";
import {
  decodeSchema,
  encodeClientSchema,
  encodePlainSchema,
  schemaOfWireFields,
} from "../../src/arrow/arrow-schema.ts";
import { sameType } from "../../src/arrow/data-type.ts";
import { decodeBatch, decodeClientBatch, decodeIpcStream } from "../../src/arrow/read-batch.ts";
import type { Schema } from "../../src/arrow/schema.ts";
import { encodeRows } from "../../src/arrow/write-batch.ts";
import { EngineError } from "../../src/common/engine-error.ts";
import { allTypes } from "../shuffle/all-types.ts";

const schema: Schema = allTypes.map(({ name, type }) => ({ name, type, nullable: true }));

describe("record batches of values", () => {
  it("keep every type, with and without NULLs", () => {
    for (const count of [0, 1, 100]) {
      const rows = Array.from({ length: count }, (_, i) =>
        allTypes.map(({ value }, column) => ((i + column) % 5 === 0 ? null : value(i))),
      );
      const { header, body, rowCount } = encodeRows(schema, rows);
      assert.equal(rowCount, count);
      assert.deepEqual(decodeClientBatch(schema, header, body), rows);
    }
  });

  it("keep the schema", () => {
    for (const message of [encodeClientSchema(schema), encodePlainSchema(schema)]) {
      const fields = decodeSchema(message);
      assert.deepEqual(
        fields.map(({ name }) => name),
        schema.map(({ name }) => name),
      );
      assert.ok(schemaOfWireFields(fields).every(({ type }, index) => sameType(type, schema[index]!.type)));
    }
  });

  it("are read in Arrow types that we do not write", () => {
    const vectors = {
      seconds: arrow.vectorFromArray([1000, null], new arrow.TimestampSecond()),
      nanos: arrow.makeVector({
        type: new arrow.TimestampNanosecond("Europe/Berlin"),
        data: new BigInt64Array([1999n, -1n]),
      }),
      day: arrow.vectorFromArray([new Date(86_400_000), null], new arrow.DateMillisecond()),
      large: arrow.vectorFromArray(["a", "a longer string"], new arrow.LargeUtf8()),
      clock: arrow.makeVector({ type: new arrow.TimeMillisecond(), data: new Int32Array([5, 6]) }),
      duration: arrow.makeVector({ type: new arrow.DurationMillisecond(), data: new BigInt64Array([5n, 6n]) }),
    };
    const stream = arrow.tableToIPC(new arrow.Table(vectors), "stream");
    const { schema: read, rows } = decodeIpcStream(stream);
    assert.deepEqual(
      read.map(({ type }) => type.kind),
      ["timestamp", "timestamptz", "date", "utf8", "time", "interval"],
    );
    assert.deepEqual(rows, [
      [1_000_000n, 1n, 1, "a", 5000n, { months: 0, days: 0, micros: 5000n }],
      [null, -1n, null, "a longer string", 6000n, { months: 0, days: 0, micros: 6000n }],
    ]);
  });

  it("are refused when malformed or of a type without a match", () => {
    const isRefused =
      (code: string) =>
      (thrown: unknown): boolean =>
        thrown instanceof EngineError && thrown.code === code;
    const { header, body } = encodeRows(schema, [allTypes.map(({ value }) => value(1))]);
    const fields = decodeSchema(encodeClientSchema(schema));
    assert.throws(() => decodeBatch(fields, header, body.subarray(0, 40)), isRefused("invalid_argument"));
    assert.throws(() => decodeBatch(fields, header.subarray(0, 60), body), isRefused("invalid_argument"));
    assert.throws(() => decodeSchema(header), isRefused("invalid_argument"));
    assert.throws(() => decodeSchema(new Uint8Array(3)), isRefused("invalid_argument"));
    const list = arrow.tableToIPC(
      new arrow.Table({
        list: arrow.vectorFromArray([[1]], new arrow.List(new arrow.Field("item", new arrow.Int32()))),
      }),
    );
    assert.throws(() => decodeIpcStream(list), isRefused("feature_not_supported"));
  });
});
