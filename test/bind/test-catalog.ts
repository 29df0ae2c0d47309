import { type DataType, decimalType, simpleType, type SimpleKind } from "../../src/arrow/data-type.ts";
import type { Catalog, Relation, Table } from "../../src/catalog/table.ts";

/** `name type[?], …`: a question mark makes a column nullable; `decimal` is decimal(15,2), `text` utf8. */
function makeTable(name: string, columns: string): Table {
  const schema = columns.split(",").map((column) => {
    const [field, kind] = column.trim().split(" ") as [string, string];
    return { name: field, type: typeOf(kind.replace("?", "")), nullable: kind.endsWith("?") };
  });
  return { name, schema, files: [], rowCount: 0, statistics: schema.map(() => ({})) };
}

function typeOf(kind: string): DataType {
  if (kind === "decimal") return decimalType(15, 2);
  return simpleType(kind === "text" ? "utf8" : (kind as SimpleKind));
}

const tables: Readonly<Record<string, string>> = {
  t: "a int32, b int64?, s text?, d date, x decimal, f float64?, flag bool?",
  u: "a int32, c int32?, s text, ts timestamp",
  w: "a int64, k text",
  Mixed: "Case int32, lower int32",
  region: "r_regionkey int32, r_name text, r_comment text",
  nation: "n_nationkey int32, n_name text, n_regionkey int32, n_comment text",
  supplier:
    "s_suppkey int32, s_name text, s_address text, s_nationkey int32, s_phone text, s_acctbal decimal, s_comment text",
  part: "p_partkey int32, p_name text, p_mfgr text, p_brand text, p_type text, p_size int32, p_container text, p_retailprice decimal, p_comment text",
  partsupp: "ps_partkey int32, ps_suppkey int32, ps_availqty int32, ps_supplycost decimal, ps_comment text",
  customer:
    "c_custkey int32, c_name text, c_address text, c_nationkey int32, c_phone text, c_acctbal decimal, c_mktsegment text, c_comment text",
  orders:
    "o_orderkey int64, o_custkey int32, o_orderstatus text, o_totalprice decimal, o_orderdate date, o_orderpriority text, o_clerk text, o_shippriority int32, o_comment text",
  lineitem:
    "l_orderkey int64, l_partkey int32, l_suppkey int32, l_linenumber int32, l_quantity decimal, l_extendedprice decimal, l_discount decimal, l_tax decimal, l_returnflag text, l_linestatus text, l_shipdate date, l_commitdate date, l_receiptdate date, l_shipinstruct text, l_shipmode text, l_comment text",
};

/** Small tables `t`, `u`, `w`, `Mixed`, the TPC-H schema, and the given views. */
export function testCatalog(
  views: Readonly<Record<string, { readonly sql: string; readonly columnNames?: readonly string[] }>> = {},
): Catalog {
  const relations = new Map<string, Relation>();
  for (const [name, columns] of Object.entries(tables))
    relations.set(name, { kind: "table", table: makeTable(name, columns) });
  for (const [name, { sql, columnNames }] of Object.entries(views)) {
    relations.set(name, { kind: "view", view: { name, sql, columnNames: columnNames ?? null } });
  }
  return { find: (name) => relations.get(name), names: () => [...relations.keys()].sort() };
}
