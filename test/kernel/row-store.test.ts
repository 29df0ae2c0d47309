import assert from "node:assert/strict";
import { decimalType, simpleType } from "../../src/arrow/data-type.ts";
import type { Value } from "../../src/arrow/value.ts";
import { densify, gatherVector, noRow } from "../../src/kernel/gather.ts";
import { hashColumns } from "../../src/kernel/hash.ts";
import { RowLayout } from "../../src/kernel/row-layout.ts";
import { RowStore } from "../../src/kernel/row-store.ts";
import { readValue, writeVector } from "../../src/kernel/vector-values.ts";
import { makeBatch, makeTaskContext, readBatch, schemaOf } from "../support/operator-harness.ts";

const samples: readonly (readonly [string, ReturnType<typeof simpleType>, readonly Value[]])[] = [
  ["bool", simpleType("bool"), [true, false, null]],
  ["int8", simpleType("int8"), [-128, 127, null]],
  ["int16", simpleType("int16"), [-32768, null, 32767]],
  ["int32", simpleType("int32"), [null, -(2 ** 31), 2 ** 31 - 1]],
  ["uint32", simpleType("uint32"), [0, 2 ** 32 - 1, null]],
  ["int64", simpleType("int64"), [-(2n ** 63n), 2n ** 63n - 1n, null]],
  ["uint64", simpleType("uint64"), [0n, 2n ** 64n - 1n, null]],
  ["float32", simpleType("float32"), [1.5, null, -Infinity]],
  ["float64", simpleType("float64"), [Number.MIN_VALUE, NaN, null]],
  ["date", simpleType("date"), [-1, 20000, null]],
  ["timestamp", simpleType("timestamp"), [-1n, 10n ** 15n, null]],
  ["decimal64", decimalType(18, 2), [-(10n ** 17n), null, 5n]],
  ["decimal128", decimalType(38, 2), [-(10n ** 37n), 10n ** 37n, null]],
  [
    "interval",
    simpleType("interval"),
    [{ months: -1, days: 2, micros: -3n }, null, { months: 0, days: 0, micros: 0n }],
  ],
  ["utf8", simpleType("utf8"), ["", "twelve bytes", "a string of more than twelve bytes"]],
  ["binary", simpleType("binary"), [new Uint8Array([1, 2]), null, new Uint8Array(20).fill(7)]],
  ["null", simpleType("null"), [null, null, null]],
];
const schema = schemaOf(...samples.map(([name, type]) => [name, type] as const));
const rows = [0, 1, 2].map((index) => samples.map(([, , values]) => values[index]!));

describe("rows of every type", () => {
  it("come back from vectors, selections and gathers as they went in", () => {
    const { memory, kernels } = makeTaskContext();
    const region = memory.region();
    const batch = makeBatch(memory, region, schema, rows, true);
    assert.deepEqual(readBatch(memory, batch), rows);
    assert.deepEqual(readBatch(memory, densify(kernels, batch, region)), rows);
    const indices = region.allocate(16);
    memory.u32.set([2, noRow, 0, 2], indices / 4);
    const dense = makeBatch(memory, region, schema, rows);
    const gathered = dense.vectors.map((vector) => gatherVector(kernels, vector, indices, 4, region));
    const nulls = samples.map(() => null);
    assert.deepEqual(readBatch(memory, { rowCount: 4, vectors: gathered, selection: 0 }), [
      rows[2],
      nulls,
      rows[0],
      rows[2],
    ]);
  });

  it("come back from a row store after their batch is gone", () => {
    const { memory, kernels } = makeTaskContext();
    const layout = RowLayout.of(
      schema.map((field) => field.type),
      9,
    );
    const store = new RowStore(memory, kernels, layout);
    const kept = memory.region();
    const addresses = kept.allocate(3 * 4 * 5000);
    for (let round = 0; round < 5000; round++) {
      const region = memory.region();
      const { vectors, selection } = makeBatch(memory, region, schema, rows, round % 2 === 1);
      store.append(vectors, 3, addresses + round * 12, selection);
      region.free();
    }
    assert.equal(store.rowCount, 15000);
    const columns = schema.map((_, index) => index);
    const check = kept.allocate(4 * 8000);
    store.addresses(14998, 2, check);
    assert.deepEqual(
      memory.u32.slice(check / 4, check / 4 + 2),
      memory.u32.slice(addresses / 4 + 14998, addresses / 4 + 15000),
    );
    let seen = 0;
    for (const { rows: list, count } of store.scan(8000, check)) {
      const region = memory.region();
      const vectors = store.gather(list, count, columns, region);
      readBatch(memory, { rowCount: count, vectors, selection: 0 }).forEach((row) => {
        if (seen % 997 < 3) assert.deepEqual(row, rows[seen % 3]);
        seen++;
      });
      region.free();
    }
    assert.equal(seen, 15000);
    memory.u32[check / 4] = 0;
    const missing = store.gather(check, 1, columns, kept, true);
    assert.deepEqual(readBatch(memory, { rowCount: 1, vectors: missing, selection: 0 }), [samples.map(() => null)]);
    kept.free();
    store.free();
    assert.equal(memory.usedBytes, 0);
  });

  it("match their equals only", () => {
    const { memory, kernels } = makeTaskContext();
    const store = new RowStore(memory, kernels, RowLayout.of(schema.map((field) => field.type)));
    const region = memory.region();
    const { vectors } = makeBatch(memory, region, schema, rows);
    const addresses = region.allocate(12);
    store.append(vectors, 3, addresses);
    samples.forEach(([name, , values], column) => {
      const [positions, stored, misses] = [region.allocate(36), region.allocate(36), region.allocate(36)];
      for (let pair = 0; pair < 9; pair++) {
        memory.u32[positions / 4 + pair] = Math.floor(pair / 3);
        memory.u32[stored / 4 + pair] = memory.u32[addresses / 4 + (pair % 3)]!;
      }
      const kept = store.match(column, vectors[column]!, positions, stored, 9, misses);
      assert.equal(kept, values.every((value) => value === null) ? 9 : 3, name);
    });
  });
});

describe("hashes", () => {
  function hashesOf(type: ReturnType<typeof simpleType>, values: readonly Value[]): BigUint64Array {
    const { memory, kernels } = makeTaskContext();
    const region = memory.region();
    const out = region.allocate(values.length * 8);
    hashColumns(kernels, [writeVector(memory, region, type, values)], values.length, out);
    return memory.u64.slice(out / 8, out / 8 + values.length);
  }

  it("are the same for equal values", () => {
    const floats = hashesOf(simpleType("float64"), [0, -0, NaN, -NaN, 1]);
    assert.equal(floats[0], floats[1]);
    assert.equal(floats[2], floats[3]);
    assert.notEqual(floats[0], floats[4]);
    const intervals = hashesOf(simpleType("interval"), [
      { months: 1, days: 0, micros: 0n },
      { months: 0, days: 30, micros: 0n },
      { months: 0, days: 31, micros: -86_400_000_000n },
      { months: 0, days: 30, micros: 1n },
    ]);
    assert.equal(intervals[0], intervals[1]);
    assert.equal(intervals[0], intervals[2]);
    assert.notEqual(intervals[0], intervals[3]);
    const strings = hashesOf(simpleType("utf8"), [
      "a long string, number 1",
      "a long string, number 1",
      "a long string, number 2",
      null,
      "",
    ]);
    assert.equal(strings[0], strings[1]);
    assert.equal(new Set(strings).size, 4);
  });

  it("spread small and regular keys over the high and the low bits", () => {
    for (const step of [1n, 8n, 1n << 16n, 1n << 32n, 1n << 50n]) {
      const hashes = hashesOf(
        simpleType("int64"),
        Array.from({ length: 4096 }, (_, index) => BigInt(index) * step),
      );
      for (const shift of [52n, 20n]) {
        const counts = new Uint32Array(4096);
        for (const hash of hashes) counts[Number((hash >> shift) & 4095n)]!++;
        assert.ok(
          Math.max(...counts) <= 12,
          `step ${step}, shift ${shift}: ${Math.max(...counts)} in one of 4,096 slots`,
        );
      }
    }
  });

  it("tell a vector's rows apart from each other by every column", () => {
    const { memory, kernels } = makeTaskContext();
    const region = memory.region();
    const out = region.allocate(32);
    const a = writeVector(memory, region, simpleType("int32"), [1, 2, 1, 2]);
    const b = writeVector(memory, region, simpleType("int32"), [1, 1, 2, 2]);
    hashColumns(kernels, [a, b], 4, out);
    assert.equal(new Set(memory.u64.slice(out / 8, out / 8 + 4)).size, 4);
    assert.equal(readValue(memory, a, 1), 2);
  });
});
