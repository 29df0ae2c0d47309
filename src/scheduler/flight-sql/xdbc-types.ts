import {
  decimalType,
  maxDecimalPrecision,
  simpleType,
  typeName,
  type DataType,
  type SimpleKind,
} from "../../arrow/data-type.ts";
import type { XdbcType } from "../../flight/nested-tables.ts";
import { XdbcDataType, XdbcDatetimeSubcode } from "../../gen/protos.ts";

const searchableBasic = 2;
const searchableFull = 3;

const common = {
  literalPrefix: null,
  literalSuffix: null,
  createParameters: [],
  caseSensitive: false,
  searchable: searchableBasic,
  unsigned: null,
  fixedPrecisionScale: false,
  minimumScale: null,
  maximumScale: null,
  datetimeSubcode: null,
  numericRadix: null,
} satisfies Partial<XdbcType>;

const quoted = { literalPrefix: "'", literalSuffix: "'" };

function integer(kind: SimpleKind, dataType: number, columnSize: number, unsigned: boolean): XdbcType {
  return {
    ...common,
    typeName: typeName(simpleType(kind)),
    dataType,
    sqlDataType: dataType,
    columnSize,
    unsigned,
    minimumScale: 0,
    maximumScale: 0,
    numericRadix: 10,
  };
}

function float(kind: SimpleKind, dataType: number, bits: number): XdbcType {
  return {
    ...common,
    typeName: typeName(simpleType(kind)),
    dataType,
    sqlDataType: dataType,
    columnSize: bits,
    unsigned: false,
    numericRadix: 2,
  };
}

function other(type: DataType, dataType: number, columnSize: number | null, more: Partial<XdbcType> = {}): XdbcType {
  return { ...common, typeName: typeName(type), dataType, sqlDataType: dataType, columnSize, ...more };
}

/** Date and time types share one SQL type and differ by subcode. */
function datetime(kind: SimpleKind, dataType: number, columnSize: number, datetimeSubcode: number): XdbcType {
  const prefix = `${kind === "timestamptz" ? "timestamp with time zone" : kind} '`;
  return other(simpleType(kind), dataType, columnSize, {
    sqlDataType: XdbcDataType.XDBC_DATETIME,
    datetimeSubcode,
    literalPrefix: prefix,
    literalSuffix: "'",
  });
}

const T = XdbcDataType;
const noLimit = 0x7fff_ffff;

/** The types that a statement can name, for CommandGetXdbcTypeInfo: ordered by type code, the closest match first. */
export const xdbcTypes: readonly XdbcType[] = [
  other(simpleType("bool"), T.XDBC_BIT, 1),
  integer("int8", T.XDBC_TINYINT, 3, false),
  integer("uint8", T.XDBC_TINYINT, 3, true),
  integer("int64", T.XDBC_BIGINT, 19, false),
  integer("uint64", T.XDBC_BIGINT, 20, true),
  other(simpleType("binary"), T.XDBC_VARBINARY, noLimit, { ...quoted, searchable: searchableBasic }),
  other({ ...decimalType(maxDecimalPrecision, 0) }, T.XDBC_DECIMAL, maxDecimalPrecision, {
    typeName: "decimal",
    createParameters: ["precision", "scale"],
    unsigned: false,
    minimumScale: 0,
    maximumScale: maxDecimalPrecision,
    numericRadix: 10,
  }),
  integer("int32", T.XDBC_INTEGER, 10, false),
  integer("uint32", T.XDBC_INTEGER, 10, true),
  integer("int16", T.XDBC_SMALLINT, 5, false),
  integer("uint16", T.XDBC_SMALLINT, 5, true),
  float("float32", T.XDBC_REAL, 24),
  float("float64", T.XDBC_DOUBLE, 53),
  other(simpleType("interval"), T.XDBC_INTERVAL, null, { literalPrefix: "interval '", literalSuffix: "'" }),
  other(simpleType("utf8"), T.XDBC_VARCHAR, noLimit, { ...quoted, caseSensitive: true, searchable: searchableFull }),
  datetime("date", T.XDBC_DATE, 10, XdbcDatetimeSubcode.XDBC_SUBCODE_DATE),
  datetime("time", T.XDBC_TIME, 15, XdbcDatetimeSubcode.XDBC_SUBCODE_TIME),
  datetime("timestamp", T.XDBC_TIMESTAMP, 26, XdbcDatetimeSubcode.XDBC_SUBCODE_TIMESTAMP),
  datetime("timestamptz", T.XDBC_TIMESTAMP, 32, XdbcDatetimeSubcode.XDBC_SUBCODE_TIMESTAMP_WITH_TIMEZONE),
].sort((left, right) => left.dataType - right.dataType);
