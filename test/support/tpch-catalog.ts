import { decimalType, simpleType } from "../../src/arrow/data-type.ts";
import type { DataType } from "../../src/arrow/data-type.ts";
import type { Catalog, ColumnStatistics, Table } from "../../src/catalog/table.ts";

/** Days since the epoch. */
function day(text: string): number {
  return Date.parse(`${text}T00:00:00Z`) / 86_400_000;
}

const int32 = simpleType("int32");
const int64 = simpleType("int64");
const date = simpleType("date");
const utf8 = simpleType("utf8");
const money = decimalType(15, 2);

type ColumnFacts = readonly [name: string, type: DataType, statistics: Omit<ColumnStatistics, "nullCount">];

function key(name: string, max: number, distinctCount: number): ColumnFacts {
  return [name, int64, { min: 1n, max: BigInt(max), distinctCount }];
}

function small(name: string, min: number, max: number): ColumnFacts {
  return [name, int32, { min, max, distinctCount: max - min + 1 }];
}

function amount(name: string, min: number, max: number, distinctCount: number): ColumnFacts {
  return [name, money, { min: BigInt(Math.round(min * 100)), max: BigInt(Math.round(max * 100)), distinctCount }];
}

function text(name: string, averageByteSize: number, distinctCount: number): ColumnFacts {
  return [name, utf8, { averageByteSize, distinctCount }];
}

function days(name: string, min: string, max: string): ColumnFacts {
  return [name, date, { min: day(min), max: day(max), distinctCount: day(max) - day(min) + 1 }];
}

function table(name: string, rowCount: number, columns: readonly ColumnFacts[]): Table {
  return {
    name,
    schema: columns.map(([columnName, type]) => ({ name: columnName, type, nullable: false })),
    files: [{ path: `/data/${name}/0.parquet`, byteSize: rowCount * 50, modifiedMs: 0, rowCount, rowGroups: [] }],
    rowCount,
    statistics: columns.map(([, , statistics]) => ({ ...statistics, nullCount: 0 })),
  };
}

/** TPC-H at scale factor 1, as its Parquet footers describe it; distinct counts of foreign keys are their ranges. */
const tables: readonly Table[] = [
  table("region", 5, [key("r_regionkey", 4, 5), text("r_name", 7, 5), text("r_comment", 66, 5)]),
  table("nation", 25, [
    key("n_nationkey", 24, 25),
    text("n_name", 7, 25),
    key("n_regionkey", 4, 5),
    text("n_comment", 74, 25),
  ]),
  table("supplier", 10_000, [
    key("s_suppkey", 10_000, 10_000),
    text("s_name", 18, 10_000),
    text("s_address", 25, 10_000),
    key("s_nationkey", 24, 25),
    text("s_phone", 15, 10_000),
    amount("s_acctbal", -998.22, 9999.72, 9955),
    text("s_comment", 62, 10_000),
  ]),
  table("customer", 150_000, [
    key("c_custkey", 150_000, 150_000),
    text("c_name", 18, 150_000),
    text("c_address", 25, 150_000),
    key("c_nationkey", 24, 25),
    text("c_phone", 15, 150_000),
    amount("c_acctbal", -999.99, 9999.99, 140_187),
    text("c_mktsegment", 9, 5),
    text("c_comment", 73, 149_968),
  ]),
  table("part", 200_000, [
    key("p_partkey", 200_000, 200_000),
    text("p_name", 33, 199_997),
    text("p_mfgr", 14, 5),
    text("p_brand", 8, 25),
    text("p_type", 21, 150),
    small("p_size", 1, 50),
    text("p_container", 8, 40),
    amount("p_retailprice", 901, 2098.99, 20_899),
    text("p_comment", 14, 131_753),
  ]),
  table("partsupp", 800_000, [
    key("ps_partkey", 200_000, 200_000),
    key("ps_suppkey", 10_000, 10_000),
    small("ps_availqty", 1, 9999),
    amount("ps_supplycost", 1, 1000, 99_865),
    text("ps_comment", 124, 799_124),
  ]),
  table("orders", 1_500_000, [
    key("o_orderkey", 6_000_000, 1_500_000),
    key("o_custkey", 149_999, 149_999),
    text("o_orderstatus", 1, 3),
    amount("o_totalprice", 857.71, 555_285.16, 1_464_556),
    days("o_orderdate", "1992-01-01", "1998-08-02"),
    text("o_orderpriority", 8, 5),
    text("o_clerk", 15, 1000),
    small("o_shippriority", 0, 0),
    text("o_comment", 49, 1_482_071),
  ]),
  table("lineitem", 6_001_215, [
    key("l_orderkey", 6_000_000, 6_000_000),
    key("l_partkey", 200_000, 200_000),
    key("l_suppkey", 10_000, 10_000),
    small("l_linenumber", 1, 7),
    amount("l_quantity", 1, 50, 4901),
    amount("l_extendedprice", 901, 104_949.5, 933_900),
    amount("l_discount", 0, 0.1, 11),
    amount("l_tax", 0, 0.08, 9),
    text("l_returnflag", 1, 3),
    text("l_linestatus", 1, 2),
    days("l_shipdate", "1992-01-02", "1998-12-01"),
    days("l_commitdate", "1992-01-31", "1998-10-31"),
    days("l_receiptdate", "1992-01-03", "1998-12-31"),
    text("l_shipinstruct", 12, 4),
    text("l_shipmode", 4, 7),
    text("l_comment", 27, 4_580_667),
  ]),
];

export const tpchCatalog: Catalog = {
  find(name) {
    const found = tables.find((one) => one.name === name);
    return found === undefined ? undefined : { kind: "table", table: found };
  },
  names: () => tables.map(({ name }) => name).sort(),
};
