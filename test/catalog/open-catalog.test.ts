import assert from "node:assert/strict";
import { mkdtemp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { DuckDBConnection } from "@duckdb/node-api";
import { decimalType, simpleType } from "../../src/arrow/data-type.ts";
import { openCatalog } from "../../src/catalog/open-catalog.ts";
import type { Catalog, Table } from "../../src/catalog/table.ts";
import { EngineError } from "../../src/common/engine-error.ts";

describe("openCatalog", () => {
  let folder: string;
  let database: DuckDBConnection;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "onager-catalog-"));
    database = await (await DuckDBInstance.create(":memory:")).connect();
  });

  after(async () => {
    database.closeSync();
    await rm(folder, { recursive: true });
  });

  const write = async (query: string, path: string, options = ""): Promise<void> => {
    await mkdir(join(folder, path, ".."), { recursive: true });
    await database.run(`COPY (${query}) TO '${join(folder, path)}' (FORMAT parquet${options})`);
  };

  const tableIn = (catalog: Catalog, name: string): Table => {
    const relation = catalog.find(name);
    assert(relation?.kind === "table");
    return relation.table;
  };

  const failsWith =
    (code: string, ...texts: readonly string[]) =>
    (error: unknown): true => {
      assert(error instanceof EngineError);
      assert.equal(error.code, code);
      for (const text of texts) assert(error.message.includes(text), `"${error.message}" does not hold "${text}"`);
      return true;
    };

  it("makes a table of each subfolder and of each file, in lower case", async () => {
    await write("SELECT 1 AS a", "names/Orders/part-1.parquet");
    await write("SELECT 2 AS a", "names/Orders/part-2.parquet");
    await write("SELECT 3 AS a", "names/Single.parquet");
    await mkdir(join(folder, "names/empty"));
    await writeFile(join(folder, "names/readme.txt"), "no table");
    await writeFile(join(folder, "names/Orders/_SUCCESS"), "");
    const catalog = await openCatalog({
      dataDirs: [join(folder, "names")],
      tables: [{ name: "Given", pathOrGlob: join(folder, "names/Orders/*-2.parquet") }],
    });
    assert.deepEqual(catalog.names(), ["given", "orders", "single"]);
    assert.equal(tableIn(catalog, "orders").rowCount, 2);
    assert.equal(tableIn(catalog, "given").files.length, 1);
    assert.equal(catalog.find("empty"), undefined);
  });

  it("reads types and exact bounds of every kind", async () => {
    const query = `SELECT * FROM (VALUES
      (1::TINYINT, 2::USMALLINT, 3::INTEGER, -4::BIGINT, 18446744073709551615::UBIGINT, 1.5::DECIMAL(9,2), 12345678901234567.89::DECIMAL(19,2),
       1.25::FLOAT, 2.5::DOUBLE, true, DATE '2000-01-02', TIMESTAMP '2000-01-02 03:04:05.678901', 'añb', '\\xAA'::BLOB),
      (2, 4, NULL, 9, 0, -2.25, -0.01, 2, 3, false, DATE '1969-12-31', TIMESTAMP '1969-12-31 23:59:59.999999', 'z', '\\xAB'::BLOB)
    ) AS t(i8, u16, i32, i64, u64, small, large, f32, f64, flag, day, moment, word, bytes)`;
    await write(query, "types/t.parquet");
    const table = tableIn(await openCatalog({ dataDirs: [join(folder, "types")], tables: [] }), "t");
    assert.deepEqual(
      table.schema.map(({ type }) => type),
      [
        ...(["int8", "uint16", "int32", "int64", "uint64"] as const).map(simpleType),
        decimalType(9, 2),
        decimalType(19, 2),
        ...(["float32", "float64", "bool", "date", "timestamp", "utf8", "binary"] as const).map(simpleType),
      ],
    );
    const bounds = table.statistics.map(({ min, max }) => [min, max]);
    assert.deepEqual(bounds.slice(0, 7), [
      [1, 2],
      [2, 4],
      [3, 3],
      [-4n, 9n],
      [0n, 18446744073709551615n],
      [-225n, 150n],
      [-1n, 1234567890123456789n],
    ]);
    assert.deepEqual(bounds.slice(10, 13), [
      [-1, 10958],
      [-1n, 946782245678901n],
      ["añb", "z"],
    ]);
    assert.equal(table.statistics[2]!.nullCount, 1);
  });

  it("reads a UUID as text, whose bounds its bytes do not tell", async () => {
    await write("SELECT '11111111-2222-3333-4444-555555555555'::UUID AS u", "uuid/t.parquet");
    const table = tableIn(await openCatalog({ dataDirs: [join(folder, "uuid")], tables: [] }), "t");
    assert.deepEqual(
      table.schema.map(({ type }) => type),
      [simpleType("utf8")],
    );
    assert.deepEqual([table.statistics[0]!.min, table.statistics[0]!.max], [undefined, undefined]);
  });

  it("merges files: row groups, bounds, null counts and nullability", async () => {
    await write("SELECT range AS k, range % 10 AS g FROM range(5000)", "merge/t/1.parquet", ", ROW_GROUP_SIZE 2048");
    await write("SELECT range + 5000 AS k, NULL::BIGINT AS g FROM range(1000)", "merge/t/2.parquet");
    const table = tableIn(await openCatalog({ dataDirs: [join(folder, "merge")], tables: [] }), "t");
    assert.equal(table.rowCount, 6000);
    assert.deepEqual(
      table.files.map((file) => file.rowGroups.map((group) => [group.firstRow, group.rowCount])),
      [
        [
          [0, 2048],
          [2048, 2048],
          [4096, 904],
        ],
        [[0, 1000]],
      ],
    );
    assert.deepEqual(table.files[0]!.rowGroups[1]!.columns[0]!.min, 2048n);
    const [key, group] = table.statistics;
    assert.deepEqual([key!.min, key!.max, key!.distinctCount], [0n, 5999n, 6000]);
    assert.deepEqual([group!.min, group!.max, group!.nullCount, group!.distinctCount], [0n, 9n, 1000, 10]);
  });

  it("estimates distinct strings from dictionaries", async () => {
    await write(
      "SELECT 'city ' || (range * 7919 % 200) AS city, 'comment ' || range AS comment FROM range(20000)",
      "distinct/t.parquet",
    );
    const table = tableIn(await openCatalog({ dataDirs: [join(folder, "distinct")], tables: [] }), "t");
    assert.equal(table.statistics[0]!.distinctCount, 200);
    assert(table.statistics[1]!.distinctCount! >= 2000);
  });

  it("leaves out nested columns and says which", async () => {
    await write("SELECT [1, 2] AS many, {'x': 1} AS both, 7 AS plain", "nested/t.parquet");
    const table = tableIn(await openCatalog({ dataDirs: [join(folder, "nested")], tables: [] }), "t");
    assert.deepEqual(
      table.schema.map(({ name }) => name),
      ["plain"],
    );
    assert.equal(table.statistics[0]!.min, 7);
    assert.deepEqual(table.unsupportedColumns, [
      { name: "many", typeName: "list" },
      { name: "both", typeName: "struct" },
    ]);
  });

  it("names file, column and both types where files differ", async () => {
    await write("SELECT 1::INTEGER AS a, 2 AS b", "differ/t/1.parquet");
    await write("SELECT 1::BIGINT AS a, 2 AS b", "differ/t/2.parquet");
    await write("SELECT 1 AS fine", "differ/other.parquet");
    const catalog = await openCatalog({ dataDirs: [join(folder, "differ")], tables: [] });
    assert.throws(() => catalog.find("t"), failsWith("invalid_definition", "2.parquet", '"a"', "bigint", "integer"));
    assert.deepEqual(catalog.names(), ["other"]);
    assert.deepEqual(
      catalog.problems.map(({ name }) => name),
      ["t"],
    );
  });

  it("names missing folders, missing paths and corrupt files", async () => {
    await assert.rejects(
      openCatalog({ dataDirs: [join(folder, "missing")], tables: [] }),
      failsWith("undefined_file", join(folder, "missing")),
    );
    await assert.rejects(
      openCatalog({ dataDirs: [], tables: [{ name: "t", pathOrGlob: join(folder, "no-*.parquet") }] }),
      failsWith("undefined_file", "no-*.parquet"),
    );
    await write("SELECT range AS a FROM range(1000)", "corrupt/whole.parquet");
    const whole = await readFile(join(folder, "corrupt/whole.parquet"));
    await writeFile(join(folder, "corrupt/truncated.parquet"), whole.subarray(0, whole.length - 20));
    await writeFile(join(folder, "corrupt/text.parquet"), "this is not Parquet at all, but it is long enough");
    await writeFile(join(folder, "corrupt/empty.parquet"), "");
    const broken = Buffer.from(whole);
    broken.fill(0xff, whole.length - 60, whole.length - 8);
    await writeFile(join(folder, "corrupt/footer.parquet"), broken);
    const catalog = await openCatalog({ dataDirs: [join(folder, "corrupt")], tables: [] });
    for (const name of ["truncated", "text", "empty", "footer"])
      assert.throws(() => catalog.find(name), failsWith("corrupt_file", `${name}.parquet`));
    assert.deepEqual(catalog.names(), ["whole"]);
  });

  it("refuses two tables of one name", async () => {
    await write("SELECT 1 AS a", "twice/T.parquet");
    await write("SELECT 1 AS a", "twice/t/1.parquet");
    await assert.rejects(
      openCatalog({ dataDirs: [join(folder, "twice")], tables: [] }),
      failsWith("duplicate_object", '"t"'),
    );
  });

  it("keeps views apart from tables", async () => {
    const catalog = await openCatalog({ dataDirs: [join(folder, "names")], tables: [] });
    const view = { name: "v", sql: "select 1", columnNames: null };
    catalog.createView(view, false);
    assert.deepEqual(catalog.find("v"), { kind: "view", view });
    assert.throws(() => catalog.createView(view, false), failsWith("duplicate_object", '"v"'));
    catalog.createView({ ...view, sql: "select 2" }, true);
    assert.throws(
      () => catalog.createView({ ...view, name: "orders" }, true),
      failsWith("duplicate_object", '"orders"'),
    );
    assert.throws(() => catalog.dropView("orders", true), failsWith("undefined_object", '"orders"'));
    catalog.dropView("v", false);
    assert.throws(() => catalog.dropView("v", false), failsWith("undefined_object", '"v"'));
    catalog.dropView("v", true);
  });

  it("follows files that change, appear and go, and keeps what did not", async () => {
    await write("SELECT 1 AS a", "live/same.parquet");
    await write("SELECT 1 AS a", "live/changes.parquet");
    const catalog = await openCatalog({ dataDirs: [join(folder, "live")], tables: [] });
    const same = tableIn(catalog, "same");
    await write("SELECT range AS a FROM range(100)", "live/changes.parquet");
    await write("SELECT 1 AS a", "live/fresh.parquet");
    await catalog.refresh();
    assert.equal(tableIn(catalog, "changes").rowCount, 100);
    assert.equal(tableIn(catalog, "same"), same);
    await rm(join(folder, "live/fresh.parquet"));
    await catalog.refresh();
    assert.deepEqual(catalog.names(), ["changes", "same"]);
  });
});
