import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync, copyFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { DuckDBInstance } from "@duckdb/node-api";
import { type DataType, decimalType, simpleType } from "../../src/arrow/data-type.ts";
import type { Schema } from "../../src/arrow/schema.ts";
import type { Value } from "../../src/arrow/value.ts";
import { EngineError } from "../../src/common/engine-error.ts";
import { type DuckDatabase, openDuckDatabase } from "../../src/duckdb/duck-database.ts";
import { ParquetTableSource } from "../../src/duckdb/parquet-table-source.ts";
import type { Expression } from "../../src/expr/expression.ts";
import { loadKernels } from "../../src/kernel/load-kernels.ts";
import { SlotMemory } from "../../src/kernel/slot-memory.ts";
import type { ScanRequest } from "../../src/operator/operator.ts";
import { readBatch } from "../support/operator-harness.ts";

const rowCount = 20_000;

/** Column name → our type, DuckDB's expression over the row number i, and the same value in JavaScript. */
const columns: readonly { name: string; type: DataType; sql: string; value: (i: number) => Value }[] = [
  { name: "b", type: simpleType("bool"), sql: "i % 3 = 0", value: (i) => i % 3 === 0 },
  { name: "i8", type: simpleType("int8"), sql: "(i % 256 - 128)::TINYINT", value: (i) => (i % 256) - 128 },
  { name: "i16", type: simpleType("int16"), sql: "(i % 65536 - 32768)::SMALLINT", value: (i) => (i % 65536) - 32768 },
  { name: "i32", type: simpleType("int32"), sql: "(i - 2147483648)::INTEGER", value: (i) => i - 2147483648 },
  {
    name: "i64",
    type: simpleType("int64"),
    sql: "(i - 9223372036854775808)::BIGINT",
    value: (i) => BigInt(i) - 2n ** 63n,
  },
  { name: "u8", type: simpleType("uint8"), sql: "(i % 256)::UTINYINT", value: (i) => i % 256 },
  { name: "u16", type: simpleType("uint16"), sql: "(65535 - i % 65536)::USMALLINT", value: (i) => 65535 - (i % 65536) },
  { name: "u32", type: simpleType("uint32"), sql: "(4294967295 - i)::UINTEGER", value: (i) => 4294967295 - i },
  {
    name: "u64",
    type: simpleType("uint64"),
    sql: "(18446744073709551615 - i::HUGEINT)::UBIGINT",
    value: (i) => 2n ** 64n - 1n - BigInt(i),
  },
  { name: "f32", type: simpleType("float32"), sql: "(i / 8)::FLOAT", value: (i) => Math.fround(i / 8) },
  { name: "f64", type: simpleType("float64"), sql: "i::DOUBLE / 3", value: (i) => i / 3 },
  { name: "d4", type: decimalType(4, 1), sql: "(i % 9999 / 10)::DECIMAL(4, 1)", value: (i) => BigInt(i % 9999) },
  { name: "d9", type: decimalType(9, 2), sql: "(-i * 0.25)::DECIMAL(9, 2)", value: (i) => BigInt(-i * 25) },
  { name: "d9wide", type: decimalType(9, 2, 128), sql: "(-i * 0.25)::DECIMAL(9, 2)", value: (i) => BigInt(-i * 25) },
  {
    name: "d4wide",
    type: decimalType(4, 0, 128),
    sql: "(-(i % 9999))::DECIMAL(4, 0)",
    value: (i) => BigInt(-(i % 9999)),
  },
  { name: "d18", type: decimalType(18, 3), sql: "(i * 1000)::DECIMAL(18, 3)", value: (i) => BigInt(i) * 1_000_000n },
  {
    name: "d18wide",
    type: decimalType(18, 3, 128),
    sql: "(-i * 1000)::DECIMAL(18, 3)",
    value: (i) => BigInt(-i) * 1_000_000n,
  },
  {
    name: "d38",
    type: decimalType(38, 0),
    sql: "(99999999999999999999999999999999999999 - i::HUGEINT)::DECIMAL(38, 0)",
    value: (i) => 10n ** 38n - 1n - BigInt(i),
  },
  { name: "d38narrow", type: decimalType(38, 2, 64), sql: "(-i / 4)::DECIMAL(38, 2)", value: (i) => BigInt(-i * 25) },
  { name: "day", type: simpleType("date"), sql: "DATE '1970-01-01' + (i - 10000)::INTEGER", value: (i) => i - 10000 },
  {
    name: "t",
    type: simpleType("time"),
    sql: "TIME '00:00:00' + to_microseconds(i * 1000003)",
    value: (i) => BigInt(i) * 1000003n,
  },
  {
    name: "ts",
    type: simpleType("timestamp"),
    sql: "make_timestamp((i - 5000) * 1000000007)",
    value: (i) => BigInt(i - 5000) * 1000000007n,
  },
  {
    name: "ts_ms",
    type: simpleType("timestamp"),
    sql: "make_timestamp(i * 1000)::TIMESTAMP_MS",
    value: (i) => BigInt(i) * 1000n,
  },
  {
    name: "ts_ns",
    type: simpleType("timestamp"),
    sql: "make_timestamp(i * 1000)::TIMESTAMP_NS",
    value: (i) => BigInt(i) * 1000n,
  },
  {
    name: "tz",
    type: simpleType("timestamptz"),
    sql: "make_timestamp(i * 1000000)::TIMESTAMPTZ",
    value: (i) => BigInt(i) * 1_000_000n,
  },
  {
    name: "span",
    type: simpleType("interval"),
    sql: "to_months((i % 30)::INTEGER) + to_days((i % 7)::INTEGER) + to_milliseconds(i)",
    value: (i) => ({ months: i % 30, days: i % 7, micros: BigInt(i) * 1000n }),
  },
  { name: "short", type: simpleType("utf8"), sql: "'s' || i % 1000", value: (i) => `s${i % 1000}` },
  { name: "edge", type: simpleType("utf8"), sql: "repeat('x', (i % 15)::INTEGER)", value: (i) => "x".repeat(i % 15) },
  {
    name: "long",
    type: simpleType("utf8"),
    sql: "'größer als zwölf Bytes ' || i",
    value: (i) => `größer als zwölf Bytes ${i}`,
  },
  {
    name: "word",
    type: simpleType("utf8"),
    sql: "['DELIVER IN PERSON', 'NONE', 'TAKE BACK RETURN'][1 + i % 3]",
    value: (i) => ["DELIVER IN PERSON", "NONE", "TAKE BACK RETURN"][i % 3]!,
  },
  { name: 'it\'s "q"', type: simpleType("utf8"), sql: "'it''s ' || i", value: (i) => `it's ${i}` },
  {
    name: "bytes",
    type: simpleType("binary"),
    sql: "encode('b' || i)",
    value: (i) => new TextEncoder().encode(`b${i}`),
  },
];
const isNull = (i: number): boolean => i % 7 === 3 || (i >= 4096 && i < 6200);

describe("ParquetTableSource", () => {
  const directory = mkdtempSync(join(tmpdir(), "onager-scan-"));
  const path = join(directory, "it's [all]* types.parquet");
  const memory = new SlotMemory(256 * 1024 * 1024, { poison: true });
  const kernels = loadKernels(memory);
  let database: DuckDatabase;
  let source: ParquetTableSource;

  before(async () => {
    const instance = await DuckDBInstance.create();
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
    const full = columns.map(({ name, sql }) => `${sql} AS ${quoted(name)}`);
    const nulls = columns.map(
      ({ name, sql }) =>
        `CASE WHEN i % 7 = 3 OR (i >= 4096 AND i < 6200) THEN NULL ELSE ${sql} END AS ${quoted(`n ${name}`)}`,
    );
    await connection.run(
      `COPY (SELECT ${[...full, ...nulls].join(", ")} FROM range(${rowCount}) t(i)) TO '${path.replaceAll("'", "''")}' (FORMAT parquet, ROW_GROUP_SIZE 4096)`,
    );
    await connection.run(
      `COPY (SELECT 1::INTEGER AS i32, 'x' AS f64, TIME '12:00:00' AS "T") TO '${join(directory, "other.parquet")}' (FORMAT parquet)`,
    );
    connection.closeSync();
    database = openDuckDatabase({ memoryBytesMax: 256 * 1024 * 1024 });
    source = new ParquetTableSource(database.handle, memory, kernels, () => {});
  });

  after(() => {
    database.close();
    rmSync(directory, { recursive: true });
  });

  const whole = [{ path, firstRow: 0, lastRow: rowCount - 1, byteSize: 1000 }];

  function scan(names: readonly string[], options: Partial<ScanRequest> = {}): Value[][] {
    const schema: Schema = names.map((name) => ({
      name,
      type: columns.find((column) => `n ${column.name}` === name || column.name === name)!.type,
      nullable: true,
    }));
    const operator = source.scan({ schema, columns: names, pushed: null, splits: whole, tableName: "t", ...options });
    const rows: Value[][] = [];
    try {
      operator.open();
      for (let batch = operator.next(); batch !== null; batch = operator.next()) rows.push(...readBatch(memory, batch));
      assert.equal(operator.next(), null);
    } finally {
      operator.close();
    }
    assert.equal(memory.usedBytes, 0);
    return rows;
  }

  for (const column of columns) {
    it(`reads ${column.name}, with and without NULLs`, () => {
      const rows = scan([column.name, `n ${column.name}`]);
      assert.equal(rows.length, rowCount);
      for (let i = 0; i < rowCount; i++) {
        const expected = column.value(i);
        assert.deepEqual(rows[i], [expected, isNull(i) ? null : expected], `row ${i}`);
      }
    });

    it(`compares ${column.name} with constants`, () => {
      const name = `n ${column.name}`;
      const input: Expression = { kind: "input", index: 0, type: column.type, nullable: true };
      const constant: Expression = { kind: "literal", type: column.type, value: column.value(1234) };
      const expected = Array.from({ length: rowCount }, (_, i) => (isNull(i) ? null : column.value(i)));
      const same = (value: Value): boolean => value !== null && toText(value) === toText(column.value(1234));
      const call = (operation: string): Expression => ({
        kind: "call",
        name: operation,
        args: [input, constant],
        type: simpleType("bool"),
      });
      const equal = scan([name], { pushed: call("eq") });
      assert.equal(equal.length, expected.filter(same).length);
      assert.ok(equal.every(([value]) => same(value!)));
      assert.equal(
        scan([name], { pushed: call("ne") }).length,
        expected.filter((value) => value !== null && !same(value)).length,
      );
      assert.equal(
        scan([name], { pushed: { kind: "in_list", arg: input, values: [column.value(1234), null] } }).length,
        expected.filter(same).length,
      );
      assert.equal(
        scan([name], { pushed: { kind: "call", name: "is_null", args: [input], type: simpleType("bool") } }).length,
        expected.filter((value) => value === null).length,
      );
      const either: Expression = {
        kind: "or",
        args: [call("eq"), { kind: "call", name: "is_null", args: [input], type: simpleType("bool") }],
      };
      assert.equal(
        scan([name], { pushed: either }).length,
        expected.filter((value) => value === null || same(value)).length,
      );
    });
  }

  it("filters before it gathers, so that batches are full and ranges hold", () => {
    const pushed: Expression = {
      kind: "call",
      name: "ge",
      args: [
        { kind: "input", index: 0, type: simpleType("int32"), nullable: false },
        { kind: "literal", type: simpleType("int32"), value: 100 - 2147483648 },
      ],
      type: simpleType("bool"),
    };
    const splits = [
      { path, firstRow: 50, lastRow: 149, byteSize: 1 },
      { path, firstRow: 4090, lastRow: 4099, byteSize: 1 },
    ];
    const rows = scan(["i32", "long", "n long"], { pushed, splits });
    const expected = [
      ...Array.from({ length: 50 }, (_, i) => i + 100),
      ...Array.from({ length: 10 }, (_, i) => i + 4090),
    ];
    assert.deepEqual(
      rows,
      expected.map((i) => [
        i - 2147483648,
        `größer als zwölf Bytes ${i}`,
        isNull(i) ? null : `größer als zwölf Bytes ${i}`,
      ]),
    );
  });

  it("puts out only the columns that are read, whatever the predicate compares", () => {
    const compare = (name: string, first: number, second: number): Expression => ({
      kind: "call",
      name,
      args: [first, second].map((index) => ({ kind: "input", index, type: simpleType("int32"), nullable: false })),
      type: simpleType("bool"),
    });
    const names = ["i32", "n long", "i32"];
    const every = scan(names, { pushed: compare("le", 0, 2) });
    assert.equal(every.length, rowCount);
    for (const read of [[1], [0, 1], [2], []]) {
      const rows = scan(names, { pushed: compare("le", 0, 2), read: new Set(read) });
      assert.equal(rows.length, rowCount);
      assert.deepEqual(
        rows.map((row) => read.map((index) => row[index])),
        every.map((row) => read.map((index) => row[index])),
      );
    }
    assert.equal(scan(names, { pushed: compare("lt", 0, 2), read: new Set([1]) }).length, 0);
    assert.throws(
      () => scan(["i32"], { schema: [{ name: "i32", type: simpleType("utf8"), nullable: true }], read: new Set() }),
      (thrown) => thrown instanceof EngineError && thrown.code === "datatype_mismatch",
    );
  });

  it("counts rows without reading a column", () => {
    const operator = source.scan({ schema: [], columns: [], pushed: null, splits: whole, tableName: "t" });
    operator.open();
    let rows = 0;
    for (let batch = operator.next(); batch !== null; batch = operator.next()) rows += batch.rowCount;
    operator.close();
    assert.equal(rows, rowCount);
  });

  it("refuses a decimal that is outside the bounds that narrowed it", () => {
    const schema: Schema = [{ name: "d38", type: decimalType(38, 0, 64), nullable: true }];
    const operator = source.scan({ schema, columns: ["d38"], pushed: null, splits: whole, tableName: "t" });
    operator.open();
    assert.throws(
      () => operator.next(),
      (thrown) => thrown instanceof EngineError && thrown.code === "corrupt_file" && thrown.message.includes(path),
    );
    operator.close();
    assert.equal(memory.usedBytes, 0);
  });

  it("reads times without a zone as UTC where the table says so", () => {
    const schema: Schema = [
      { name: "ts", type: simpleType("timestamptz"), nullable: true },
      { name: "ts_ms", type: simpleType("timestamptz"), nullable: true },
    ];
    const pushed: Expression = {
      kind: "call",
      name: "lt",
      args: [
        { kind: "input", index: 0, type: simpleType("timestamptz"), nullable: true },
        { kind: "literal", type: simpleType("timestamptz"), value: -4998n * 1000000007n },
      ],
      type: simpleType("bool"),
    };
    const operator = source.scan({ schema, columns: ["ts", "ts_ms"], pushed, splits: whole, tableName: "t" });
    operator.open();
    const rows = readBatch(memory, operator.next()!);
    operator.close();
    assert.deepEqual(rows, [
      [-5000n * 1000000007n, 0n],
      [-4999n * 1000000007n, 1000n],
    ]);
  });

  it("names the file that is gone, damaged, of another type or without a column", () => {
    const fails = (file: string, names: readonly string[], code: string, text: RegExp): void => {
      const splits = [{ path: file, firstRow: 0, lastRow: 1, byteSize: 1 }];
      assert.throws(
        () => scan(names, { splits }),
        (thrown) =>
          thrown instanceof EngineError &&
          thrown.code === code &&
          text.test(thrown.message) &&
          thrown.message.includes(file) &&
          thrown.details.file === file,
        file,
      );
      assert.equal(memory.usedBytes, 0);
    };
    fails(join(directory, "nowhere.parquet"), ["i32"], "undefined_file", /gone/);
    const text = join(directory, "text.parquet");
    writeFileSync(text, "not a Parquet file, but long enough to look at");
    fails(text, ["i32"], "corrupt_file", /damaged/);
    const cut = join(directory, "cut.parquet");
    copyFileSync(path, cut);
    truncateSync(cut, Math.floor(statSync(cut).size / 2));
    fails(cut, ["i32"], "corrupt_file", /damaged/);
    const other = join(directory, "other.parquet");
    fails(other, ["f64"], "datatype_mismatch", /"f64" is varchar .* double precision/);
    fails(other, ["i64"], "datatype_mismatch", /no column "i64"/);
    fails(other, ["t"], "feature_not_supported", /"t" .* cannot be told from its column "T"/);
  });

  it("works on several threads at once, through one database", async () => {
    const splits = [0, 5000, 10_000, 15_000];
    const answers = await Promise.all(
      splits.map((firstRow) => {
        const data = { handle: database.handle, path, firstRow, lastRow: firstRow + 4999 };
        const worker = new Worker(new URL("scan-worker.ts", import.meta.url), { workerData: data });
        return new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
      }),
    );
    const sumFrom = (first: number): number => 5000 * (first - 2147483648) + (4999 * 5000) / 2;
    assert.deepEqual(
      answers,
      splits.map((first) => ({ rows: 5000, sum: sumFrom(first) })),
    );
  });

  it("gives the same instants wherever the process runs", () => {
    const script = new URL("scan-in-zone.ts", import.meta.url).pathname;
    for (const zone of ["America/New_York", "Asia/Kolkata", "UTC"]) {
      const env = { ...process.env, TZ: zone };
      const instants = execFileSync(process.execPath, [script, path], { env, encoding: "utf8" });
      assert.equal(instants, "-2000000014 -1000000007 0", zone);
    }
  });

  it("stops when the task is cancelled", () => {
    const cancelled = new ParquetTableSource(database.handle, memory, kernels, () => {
      throw new EngineError("query_canceled", "cancelled");
    });
    const operator = cancelled.scan({
      schema: [{ name: "i32", type: simpleType("int32"), nullable: true }],
      columns: ["i32"],
      pushed: null,
      splits: whole,
      tableName: "t",
    });
    operator.open();
    assert.throws(() => operator.next(), /cancelled/);
    operator.close();
    assert.equal(memory.usedBytes, 0);
  });
});

function toText(value: Value): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === "bigint" ? `${item}n` : item instanceof Uint8Array ? [...item] : item,
  );
}
