import * as arrow from "apache-arrow";
import { must } from "../common/assert.ts";
import type { EncodedBatch } from "../shuffle/encoded-batch.ts";
import { splitIpcStream } from "./ipc-message.ts";

/**
 * The two tables of Flight SQL whose columns are nested: SqlInfo (a dense union) and XdbcTypeInfo (a list). The engine's own
 * types have no nesting, so these are built with Apache Arrow's library.
 */
export type EncodedTable = { readonly schemaHeader: Uint8Array; readonly batches: readonly EncodedBatch[] };

/** One value of SqlInfo; the branch of the union is part of the protocol, per id. */
export type SqlInfoValue =
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "int64"; readonly value: bigint }
  | { readonly kind: "int32"; readonly value: number }
  | { readonly kind: "texts"; readonly value: readonly string[] }
  | { readonly kind: "conversions"; readonly value: ReadonlyMap<number, readonly number[]> };

export type SqlInfoEntry = { readonly id: number; readonly info: SqlInfoValue };

const branches = ["text", "bool", "int64", "int32", "texts", "conversions"] as const;

const textList = new arrow.List(new arrow.Field("item", new arrow.Utf8(), true));
const intList = new arrow.List(new arrow.Field("item", new arrow.Int32(), true));
const mapEntries = new arrow.Struct<{ key: arrow.Int32; value: arrow.List<arrow.Int32> }>([
  new arrow.Field("key", new arrow.Int32(), false),
  new arrow.Field("value", intList, true),
]);
const conversionMap = new arrow.Map_<arrow.Int32, arrow.List<arrow.Int32>>(
  new arrow.Field("entries", mapEntries, false),
);

const sqlInfoUnion = new arrow.DenseUnion(
  [0, 1, 2, 3, 4, 5],
  [
    new arrow.Field("string_value", new arrow.Utf8(), false),
    new arrow.Field("bool_value", new arrow.Bool(), false),
    new arrow.Field("bigint_value", new arrow.Int64(), false),
    new arrow.Field("int32_bitmask", new arrow.Int32(), false),
    new arrow.Field("string_list", textList, false),
    new arrow.Field("int32_to_int32_list_map", conversionMap, false),
  ],
);
const sqlInfoSchema = new arrow.Schema([
  new arrow.Field("info_name", new arrow.Uint32(), false),
  new arrow.Field("value", sqlInfoUnion, false),
]);

export function encodeSqlInfo(entries: readonly SqlInfoEntry[]): EncodedTable {
  const ids = arrow.makeData({ type: new arrow.Uint32(), data: Uint32Array.from(entries, (entry) => entry.id) });
  const counts = new Int32Array(branches.length);
  const typeIds = Int8Array.from(entries, (entry) => branches.indexOf(entry.info.kind));
  const valueOffsets = Int32Array.from(typeIds, (branch) => {
    const offset = counts[branch] ?? 0;
    counts[branch] = offset + 1;
    return offset;
  });
  const infos = entries.map((entry) => entry.info);
  const value = arrow.makeData({
    type: sqlInfoUnion,
    length: entries.length,
    typeIds,
    valueOffsets,
    children: [
      textData(infos.flatMap((info) => (info.kind === "text" ? [info.value] : []))),
      boolData(infos.flatMap((info) => (info.kind === "bool" ? [info.value] : []))),
      arrow.makeData({
        type: new arrow.Int64(),
        data: BigInt64Array.from(infos.flatMap((info) => (info.kind === "int64" ? [info.value] : []))),
      }),
      int32Data(infos.flatMap((info) => (info.kind === "int32" ? [info.value] : []))),
      textListData(infos.flatMap((info) => (info.kind === "texts" ? [info.value] : []))),
      conversionData(infos.flatMap((info) => (info.kind === "conversions" ? [info.value] : []))),
    ],
  });
  return encodeTable(sqlInfoSchema, entries.length, [ids, value]);
}

/** A row of XdbcTypeInfo; what is the same for all types of ours is not in it. */
export type XdbcType = {
  readonly typeName: string;
  readonly dataType: number;
  readonly columnSize: number | null;
  readonly literalPrefix: string | null;
  readonly literalSuffix: string | null;
  readonly createParameters: readonly string[];
  readonly caseSensitive: boolean;
  readonly searchable: number;
  readonly unsigned: boolean | null;
  readonly fixedPrecisionScale: boolean;
  readonly minimumScale: number | null;
  readonly maximumScale: number | null;
  readonly sqlDataType: number;
  readonly datetimeSubcode: number | null;
  readonly numericRadix: number | null;
};

export function encodeXdbcTypes(types: readonly XdbcType[]): EncodedTable {
  const nullable = 1;
  const parameterList = new arrow.List(new arrow.Field("item", new arrow.Utf8(), false));
  const texts = (values: readonly (string | null)[]): arrow.Data => vectorData(values, new arrow.Utf8());
  const ints = (values: readonly (number | null)[]): arrow.Data => vectorData(values, new arrow.Int32());
  const bools = (values: readonly (boolean | null)[]): arrow.Data => vectorData(values, new arrow.Bool());
  const columns: readonly (readonly [string, boolean, arrow.Data])[] = [
    ["type_name", false, texts(types.map((type) => type.typeName))],
    ["data_type", false, ints(types.map((type) => type.dataType))],
    ["column_size", true, ints(types.map((type) => type.columnSize))],
    ["literal_prefix", true, texts(types.map((type) => type.literalPrefix))],
    ["literal_suffix", true, texts(types.map((type) => type.literalSuffix))],
    [
      "create_params",
      true,
      textListData(
        types.map((type) => type.createParameters),
        parameterList,
      ),
    ],
    ["nullable", false, ints(types.map(() => nullable))],
    ["case_sensitive", false, bools(types.map((type) => type.caseSensitive))],
    ["searchable", false, ints(types.map((type) => type.searchable))],
    ["unsigned_attribute", true, bools(types.map((type) => type.unsigned))],
    ["fixed_prec_scale", false, bools(types.map((type) => type.fixedPrecisionScale))],
    ["auto_increment", true, bools(types.map(() => false))],
    ["local_type_name", true, texts(types.map((type) => type.typeName))],
    ["minimum_scale", true, ints(types.map((type) => type.minimumScale))],
    ["maximum_scale", true, ints(types.map((type) => type.maximumScale))],
    ["sql_data_type", false, ints(types.map((type) => type.sqlDataType))],
    ["datetime_subcode", true, ints(types.map((type) => type.datetimeSubcode))],
    ["num_prec_radix", true, ints(types.map((type) => type.numericRadix))],
    ["interval_precision", true, ints(types.map(() => null))],
  ];
  const schema = new arrow.Schema(
    columns.map(([name, isNullable, data]) => new arrow.Field(name, data.type, isNullable)),
  );
  return encodeTable(
    schema,
    types.length,
    columns.map(([, , data]) => data),
  );
}

function vectorData<T extends arrow.DataType>(values: readonly (T["TValue"] | null)[], type: T): arrow.Data<T> {
  // Without rows the builder makes no chunk at all.
  if (values.length === 0)
    return arrow.makeVector({ type, length: 0, nullCount: 0 } as Parameters<typeof arrow.makeVector>[0])
      .data[0] as arrow.Data<T>;
  return must(arrow.vectorFromArray([...values], type).data[0], "one chunk") as arrow.Data<T>;
}

function int32Data(values: readonly number[]): arrow.Data<arrow.Int32> {
  return arrow.makeData({ type: new arrow.Int32(), data: Int32Array.from(values) });
}

function textData(values: readonly string[]): arrow.Data<arrow.Utf8> {
  const parts = values.map((value) => Buffer.from(value));
  return arrow.makeData({
    type: new arrow.Utf8(),
    length: values.length,
    nullCount: 0,
    valueOffsets: offsetsOf(parts),
    data: new Uint8Array(Buffer.concat(parts)),
  });
}

function boolData(values: readonly boolean[]): arrow.Data<arrow.Bool> {
  const bits = new Uint8Array((values.length + 63) >> 3);
  values.forEach((value, index) => {
    if (value) bits[index >> 3]! |= 1 << (index & 7);
  });
  return arrow.makeData({ type: new arrow.Bool(), length: values.length, nullCount: 0, data: bits });
}

function textListData(lists: readonly (readonly string[])[], type = textList): arrow.Data<arrow.List<arrow.Utf8>> {
  return arrow.makeData({
    type,
    length: lists.length,
    nullCount: 0,
    valueOffsets: offsetsOf(lists),
    child: textData(lists.flat()),
  });
}

function conversionData(maps: readonly ReadonlyMap<number, readonly number[]>[]): arrow.Data {
  const entries = maps.flatMap((map) => [...map]);
  const lists = entries.map(([, values]) => values);
  const values = arrow.makeData({
    type: intList,
    length: lists.length,
    nullCount: 0,
    valueOffsets: offsetsOf(lists),
    child: int32Data(lists.flat()),
  });
  const child = arrow.makeData({
    type: mapEntries,
    length: entries.length,
    nullCount: 0,
    children: [int32Data(entries.map(([key]) => key)), values],
  });
  const offsets = offsetsOf(maps.map((map) => [...map]));
  return arrow.makeData({ type: conversionMap, length: maps.length, nullCount: 0, valueOffsets: offsets, child });
}

function offsetsOf(parts: readonly { readonly length: number }[]): Int32Array {
  const offsets = new Int32Array(parts.length + 1);
  parts.forEach((part, index) => (offsets[index + 1] = (offsets[index] ?? 0) + part.length));
  return offsets;
}

function encodeTable(schema: arrow.Schema, rowCount: number, columns: readonly arrow.Data[]): EncodedTable {
  const struct = arrow.makeData({
    type: new arrow.Struct(schema.fields),
    length: rowCount,
    nullCount: 0,
    children: [...columns],
  });
  const batch = new arrow.RecordBatch(schema, struct);
  const stream = arrow.RecordBatchStreamWriter.writeAll(new arrow.Table(schema, [batch])).toUint8Array(true);
  const [first, ...rest] = splitIpcStream(stream);
  const batches = rest.map(({ header, body }) => ({ header, body, rowCount }));
  return {
    schemaHeader: must(first, "a stream starts with its schema").header,
    batches: rowCount === 0 ? [] : batches,
  };
}
