import { type DataType, decimalType, simpleType } from "../../src/arrow/data-type.ts";
import type { Value } from "../../src/arrow/value.ts";

/** A column of each type, with values that reach its ends and strings on both sides of twelve bytes. */
export const allTypes: readonly {
  readonly name: string;
  readonly type: DataType;
  readonly value: (index: number) => Value;
}[] = [
  { name: "bool", type: simpleType("bool"), value: (i) => i % 3 === 0 },
  { name: "int8", type: simpleType("int8"), value: (i) => ((i + 128) % 256) - 128 },
  { name: "int16", type: simpleType("int16"), value: (i) => (i % 65536) - 32768 },
  { name: "int32", type: simpleType("int32"), value: (i) => i - 2147483648 },
  {
    name: "int64",
    type: simpleType("int64"),
    value: (i) => (i % 2 === 0 ? -(2n ** 63n) + BigInt(i) : 2n ** 63n - 1n - BigInt(i)),
  },
  { name: "uint8", type: simpleType("uint8"), value: (i) => 255 - (i % 256) },
  { name: "uint16", type: simpleType("uint16"), value: (i) => 65535 - (i % 65536) },
  { name: "uint32", type: simpleType("uint32"), value: (i) => 4294967295 - i },
  { name: "uint64", type: simpleType("uint64"), value: (i) => 2n ** 64n - 1n - BigInt(i) },
  { name: "float32", type: simpleType("float32"), value: (i) => Math.fround(i / 7 - 100) },
  { name: "float64", type: simpleType("float64"), value: (i) => (i % 10 === 9 ? Infinity : i / 7 - 100) },
  { name: "decimal64", type: decimalType(12, 2), value: (i) => BigInt(i) * 12345n - 999999n },
  { name: "decimal64 of 38 digits", type: decimalType(38, 4, 64), value: (i) => -BigInt(i) * 10n ** 12n },
  {
    name: "decimal128",
    type: decimalType(38, 10),
    value: (i) => (i % 2 === 0 ? 1n : -1n) * (10n ** 38n - 1n - BigInt(i)),
  },
  { name: "date", type: simpleType("date"), value: (i) => i - 20000 },
  { name: "time", type: simpleType("time"), value: (i) => BigInt(i) * 1_000_001n },
  { name: "timestamp", type: simpleType("timestamp"), value: (i) => BigInt(i) * 10n ** 12n - 5n },
  { name: "timestamptz", type: simpleType("timestamptz"), value: (i) => -BigInt(i) },
  {
    name: "interval",
    type: simpleType("interval"),
    value: (i) => ({ months: i - 5, days: 3 - i, micros: BigInt(i) * 1_000_003n }),
  },
  { name: "utf8", type: simpleType("utf8"), value: (i) => "äöü".repeat(i % 6) + i },
  { name: "long utf8", type: simpleType("utf8"), value: (i) => `more than twelve bytes, ${i}` },
  { name: "binary", type: simpleType("binary"), value: (i) => new Uint8Array(i % 30).fill(i) },
  { name: "unknown", type: simpleType("null"), value: () => null },
];
