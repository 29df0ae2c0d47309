import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";

/** What kind of value a column or expression has; expressions are made by family. `approx` is compared with a tolerance. */
export type Family =
  | "bool"
  | "int"
  | "dec"
  | "float"
  | "date"
  | "time"
  | "ts"
  | "tz"
  | "interval"
  | "text"
  | "blob"
  | "approx";

/**
 * `bound` limits the magnitude (of numbers) or the length (of texts), so that arithmetic can be made that does not
 * overflow; Infinity marks extremes, which are only compared. `precision` and `scale` are a decimal's.
 */
export type ColumnFacts = {
  readonly name: string;
  readonly family: Family;
  readonly bound: number;
  readonly precision?: number;
  readonly scale?: number;
  readonly unsigned?: true;
};

type ColumnRecipe = ColumnFacts & { readonly type: string; readonly make: string };

/** A row's number is `i`; h(k) is a number that its number and k decide on. About every sixth value is NULL. */
const nullable = (salt: number, value: string): string => `case when h(${salt}) % 6 <> 0 then ${value} end`;
const oneOf = (salt: number, values: readonly string[]): string =>
  `(list_value(${values.join(", ")}))[(h(${salt}) % ${values.length})::int + 1]`;

const recipes: readonly ColumnRecipe[] = [
  { name: "id", family: "int", bound: 20_000, type: "integer", make: "i" },
  { name: "b", family: "bool", bound: 1, type: "boolean", make: nullable(1, "h(2) % 2 = 0") },
  { name: "i1", family: "int", bound: 10, type: "tinyint", make: nullable(3, "h(4) % 21 - 10") },
  { name: "i2", family: "int", bound: 60, type: "smallint", make: nullable(5, "h(6) % 121 - 60") },
  { name: "i4", family: "int", bound: 20, type: "integer", make: nullable(7, "h(8) % 26 - 5") },
  { name: "i8", family: "int", bound: 1000, type: "bigint", make: nullable(9, "h(10) % 2001 - 1000") },
  { name: "n4", family: "int", bound: 9, type: "integer", make: "h(11) % 10" },
  { name: "u1", family: "int", bound: 12, unsigned: true, type: "utinyint", make: nullable(12, "h(13) % 13") },
  { name: "u2", family: "int", bound: 40, unsigned: true, type: "usmallint", make: nullable(14, "h(15) % 41") },
  { name: "u4", family: "int", bound: 9, unsigned: true, type: "uinteger", make: nullable(16, "h(17) % 10") },
  { name: "u8", family: "int", bound: 30, unsigned: true, type: "ubigint", make: nullable(18, "h(19) % 31") },
  {
    name: "x1",
    family: "int",
    bound: Infinity,
    type: "tinyint",
    make: nullable(20, oneOf(21, ["-128", "127", "0", "-1", "1"])),
  },
  {
    name: "x8",
    family: "int",
    bound: Infinity,
    type: "bigint",
    make: nullable(
      22,
      oneOf(23, ["-9223372036854775808", "9223372036854775807", "0", "-1", "4294967296", "-2147483649"]),
    ),
  },
  {
    name: "y8",
    family: "int",
    bound: Infinity,
    unsigned: true,
    type: "ubigint",
    make: nullable(24, oneOf(25, ["0", "18446744073709551615", "9223372036854775808", "1", "4294967295"])),
  },
  { name: "f4", family: "float", bound: 8, type: "float", make: nullable(26, "(h(27) % 65 - 32) / 4.0") },
  { name: "f8", family: "float", bound: 100, type: "double", make: nullable(28, "(h(29) % 801 - 400) / 4.0") },
  {
    name: "fx",
    family: "float",
    bound: Infinity,
    type: "double",
    make: nullable(
      30,
      `${oneOf(31, ["'nan'", "'inf'", "'-inf'", "'-0.0'", "'0.0'", "'1.7976931348623157e308'", "'5e-324'", "'-1.5'"])}::double`,
    ),
  },
  {
    name: "d1",
    family: "dec",
    bound: 999.99,
    precision: 5,
    scale: 2,
    type: "decimal(5,2)",
    make: nullable(32, "(h(33) % 41 - 20) / 4"),
  },
  {
    name: "d2",
    family: "dec",
    bound: 10_000,
    precision: 18,
    scale: 4,
    type: "decimal(18,4)",
    make: nullable(34, "(h(35) % 20001 - 10000) / 8"),
  },
  {
    name: "d3",
    family: "dec",
    bound: 1e7,
    precision: 38,
    scale: 10,
    type: "decimal(38,10)",
    make: nullable(36, "((h(37) % 101 - 50)::decimal(38,10) * 1000.0001::decimal(10,4))"),
  },
  {
    name: "dx",
    family: "dec",
    bound: Infinity,
    precision: 38,
    scale: 10,
    type: "decimal(38,10)",
    make: nullable(
      38,
      `${oneOf(39, ["'9999999999999999999999999999.9999999999'", "'-9999999999999999999999999999.9999999999'", "'0'", "'0.0000000001'", "'-1'", "'922337203.6854775807'", "'922337203.6854775808'"])}::decimal(38,10)`,
    ),
  },
  { name: "dt", family: "date", bound: 1, type: "date", make: nullable(40, "date '2020-01-01' + (h(41) % 75)::int") },
  {
    name: "dy",
    family: "date",
    bound: Infinity,
    type: "date",
    make: nullable(
      42,
      `${oneOf(43, ["'0001-01-01'", "'9999-12-31'", "'1970-01-01'", "'1969-12-31'", "'2000-02-29'", "'1900-02-28'"])}::date`,
    ),
  },
  {
    name: "tm",
    family: "time",
    bound: 1,
    type: "time",
    make: nullable(
      44,
      `${oneOf(45, ["'00:00:00'", "'23:59:59.999999'", "'12:30:00'", "'12:30:00.5'", "'06:00:01'"])}::time`,
    ),
  },
  {
    name: "ts",
    family: "ts",
    bound: 1,
    type: "timestamp",
    make: nullable(46, "timestamp '2019-12-31 23:59:58.5' + to_seconds((h(47) % 50) * 43200 + (h(48) % 3))"),
  },
  {
    name: "tz",
    family: "tz",
    bound: 1,
    type: "timestamptz",
    make: nullable(49, "(timestamp '2019-12-31 23:59:58' + to_seconds((h(50) % 60) * 21600))::timestamptz"),
  },
  {
    name: "iv",
    family: "interval",
    bound: 1,
    type: "interval",
    make: nullable(
      51,
      `${oneOf(52, ["'1 month'", "'30 days'", "'0 days'", "'25 hours'", "'24 hours'", "'1 day'", "'1 year 2 days 03:04:05'", "'00:00:00.25'"])}::interval`,
    ),
  },
  {
    name: "s",
    family: "text",
    bound: 12,
    type: "varchar",
    make: nullable(
      53,
      oneOf(54, [
        "''",
        "'a'",
        "'b'",
        "'ab'",
        "'abc'",
        "'A'",
        "'aB'",
        "' a '",
        "'a%b'",
        "'a_b'",
        "'12'",
        "'twelve bytes'",
      ]),
    ),
  },
  {
    name: "t",
    family: "text",
    bound: 60,
    type: "varchar",
    make: nullable(
      55,
      oneOf(56, [
        "'thirteen chars'",
        "'thirteen chart'",
        "'a long text of more than thirty-two bytes, twice'",
        "'äöü'",
        "'日本語テキスト'",
        "'日本語'",
        "'é🙂'",
        "''",
        "'Äpfel und Birnen'",
      ]) + " || case when h(57) % 3 = 0 then '' else (h(58) % 7)::varchar end",
    ),
  },
  {
    name: "bl",
    family: "blob",
    bound: 1,
    type: "blob",
    make: nullable(
      59,
      oneOf(60, ["''::blob", "'\\x00'::blob", "'\\x00\\x01'::blob", "'\\xFF'::blob", "'abcdefghijklmnop'::blob"]),
    ),
  },
];

export const fuzzColumns: readonly ColumnFacts[] = recipes;

/** All tables have the same columns, so that a failing query can be tried on a smaller one. */
export const fuzzTables: readonly { readonly name: string; readonly rows: number; readonly files: number }[] = [
  { name: "none", rows: 0, files: 1 },
  { name: "one", rows: 1, files: 1 },
  { name: "few", rows: 12, files: 1 },
  { name: "mid", rows: 300, files: 2 },
  { name: "big", rows: 20_000, files: 3 },
];

const root = fileURLToPath(new URL("../../.cache/fuzz/", import.meta.url));
/** Part of the folder's name: another recipe makes other data. */
const version = "v1";

/** The folder with one folder of Parquet files for each table; made at the first call. */
export async function ensureFuzzTables(): Promise<string> {
  const folder = `${root}${version}`;
  if (existsSync(`${folder}/done`)) return folder;
  const making = `${folder}.${process.pid}`;
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run("set timezone = 'UTC'");
  for (const [index, table] of fuzzTables.entries()) {
    mkdirSync(`${making}/${table.name}`, { recursive: true });
    const columns = recipes.map(
      ({ name, type, make }) => `(${make.replaceAll("h(", `hash_of(i + ${index * 100_000}, `)})::${type} as ${name}`,
    );
    await connection.run("create or replace macro hash_of(i, salt) as (hash(i * 1000 + salt) % 1000003)::bigint");
    const perFile = Math.ceil(table.rows / table.files);
    for (let file = 0; file < table.files; file++) {
      const range = `range(${file * perFile}, ${Math.min(table.rows, (file + 1) * perFile)}) r(i)`;
      await connection.run(
        `copy (select ${columns.join(", ")} from ${range}) to '${making}/${table.name}/${file}.parquet' (row_group_size 2048)`,
      );
    }
  }
  connection.closeSync();
  writeFileSync(`${making}/done`, "");
  rmSync(folder, { recursive: true, force: true });
  renameSync(making, folder);
  return folder;
}
