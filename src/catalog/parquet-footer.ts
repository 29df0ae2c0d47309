import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { parquetMetadata } from "hyparquet";
import type { ColumnMetaData, FileMetaData, SchemaElement } from "hyparquet";
import { deserializeTCompactProtocol } from "hyparquet/src/thrift.js";
import type { Field } from "../arrow/schema.ts";
import type { Value } from "../arrow/value.ts";
import { EngineError } from "../common/engine-error.ts";
import { readBounds } from "./parquet-statistics.ts";
import type { RawBounds } from "./parquet-statistics.ts";
import { parquetType } from "./parquet-type.ts";
import type { ColumnStatistics, DataFile, RowGroup } from "./table.ts";

/** What a file's footer says, in our types. `schema` leaves out what we cannot read; `unsupported` names it. */
export type ParquetFooter = {
  readonly file: DataFile;
  readonly schema: readonly Field[];
  readonly unsupported: readonly { readonly name: string; readonly typeName: string }[];
  /** Distinct values in a sampled row group, by column position; undefined where its dictionary does not tell. */
  readonly samples: readonly (DistinctSample | undefined)[];
};

/** A row group with `valueCount` values between `min` and `max` had `distinctCount` different ones. */
export type DistinctSample = {
  readonly valueCount: number;
  readonly distinctCount: number;
  readonly min?: Value;
  readonly max?: Value;
};

type Leaf = { readonly field: Field; readonly element: SchemaElement; readonly columnIndex: number };

const tailBytes = 64 * 1024;
const magic = 0x31524150;
/** Enough for a dictionary page's header, which holds a few small numbers. */
const pageHeaderBytes = 256;

/** Reads the footer only: the tail of the file, and the headers of a few dictionaries. */
export async function readParquetFooter(path: string): Promise<ParquetFooter> {
  let handle: FileHandle;
  try {
    handle = await open(path, "r");
  } catch (cause) {
    throw new EngineError("undefined_file", `cannot open file "${path}"`, { file: path }, cause);
  }
  try {
    const { size, mtimeMs } = await handle.stat();
    const bytes = await readTail(handle, path, size);
    const { leaves, unsupported, metadata, bounds } = parse(path, bytes);
    const groups = rowGroups(metadata, leaves, bounds);
    return {
      file: { path, byteSize: size, modifiedMs: mtimeMs, rowCount: Number(metadata.num_rows), rowGroups: groups },
      schema: leaves.map((leaf) => leaf.field),
      unsupported,
      samples: await Promise.all(
        leaves.map((leaf, position) =>
          sampleDictionary(handle, metadata, leaf, groups[sampledGroup(groups.length)]?.columns[position]),
        ),
      ),
    };
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw new EngineError("io_error", `cannot read file "${path}"`, { file: path }, error);
  } finally {
    await handle.close();
  }
}

function corrupt(path: string, why: string, cause?: unknown): EngineError {
  return new EngineError("corrupt_file", `file "${path}" is not a valid Parquet file: ${why}`, { file: path }, cause);
}

/** The bytes from the footer's start to the end of the file. */
async function readTail(handle: FileHandle, path: string, size: number): Promise<Uint8Array> {
  if (size < 12) throw corrupt(path, `it has ${size} bytes only`);
  const tail = await readRange(handle, Math.max(0, size - tailBytes), size);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  if (view.getUint32(tail.byteLength - 4, true) !== magic) throw corrupt(path, "it does not end in PAR1");
  const footerBytes = view.getUint32(tail.byteLength - 8, true) + 8;
  if (footerBytes > size - 4) throw corrupt(path, "its footer would be longer than the file");
  return footerBytes <= tail.byteLength ? tail : await readRange(handle, size - footerBytes, size);
}

async function readRange(handle: FileHandle, start: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - start);
  let done = 0;
  while (done < bytes.byteLength) {
    const { bytesRead } = await handle.read(bytes, done, bytes.byteLength - done, start + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

type ParsedFooter = {
  readonly metadata: FileMetaData;
  readonly leaves: readonly Leaf[];
  readonly unsupported: ParquetFooter["unsupported"];
  readonly bounds: readonly (readonly RawBounds[])[];
};

function parse(path: string, bytes: Uint8Array): ParsedFooter {
  try {
    const metadata = parquetMetadata(bytes, { geoparquet: false });
    const { leaves, unsupported } = topLevelColumns(metadata.schema);
    return { metadata, leaves, unsupported, bounds: readRawBounds(bytes) };
  } catch (cause) {
    throw corrupt(path, "its footer cannot be decoded", cause);
  }
}

/** hyparquet gives decimal bounds as floating point numbers; we need the bytes. By row group, then column. */
function readRawBounds(bytes: Uint8Array): RawBounds[][] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(bytes.byteLength - 8, true);
  const metadata = deserializeTCompactProtocol({ view, offset: bytes.byteLength - 8 - length });
  return list(metadata["field_4"]).map((group) =>
    list(struct(group)["field_1"]).map((column) => {
      const statistics = struct(struct(struct(column)["field_3"])["field_12"]);
      return {
        oldMax: binary(statistics["field_1"]),
        oldMin: binary(statistics["field_2"]),
        maxValue: binary(statistics["field_5"]),
        minValue: binary(statistics["field_6"]),
      };
    }),
  );
}

type Struct = Readonly<Record<string, unknown>>;
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const struct = (value: unknown): Struct => (typeof value === "object" && value !== null ? (value as Struct) : {});
const binary = (value: unknown): Uint8Array | undefined => (value instanceof Uint8Array ? value : undefined);

/** The flat columns of the schema's root, which is listed in depth-first order; nested ones are unsupported. */
function topLevelColumns(schema: readonly SchemaElement[]): {
  readonly leaves: Leaf[];
  readonly unsupported: { name: string; typeName: string }[];
} {
  const leaves: Leaf[] = [];
  const unsupported: { name: string; typeName: string }[] = [];
  let position = 1;
  let columnIndex = 0;
  while (position < schema.length) {
    const element = schema[position]!;
    const end = subtreeEnd(schema, position);
    const leafCount = schema.slice(position, end).filter((part) => part.type !== undefined).length;
    const type = end === position + 1 && element.repetition_type !== "REPEATED" ? parquetType(element) : null;
    if (type === null) unsupported.push({ name: element.name, typeName: describeType(element) });
    else
      leaves.push({
        field: { name: element.name, type, nullable: element.repetition_type !== "REQUIRED" },
        element,
        columnIndex,
      });
    columnIndex += leafCount;
    position = end;
  }
  return { leaves, unsupported };
}

function subtreeEnd(schema: readonly SchemaElement[], start: number): number {
  let pending = 1;
  let position = start;
  while (pending > 0 && position < schema.length) {
    pending += (schema[position]!.num_children ?? 0) - 1;
    position += 1;
  }
  return position;
}

function describeType(element: SchemaElement): string {
  const annotation = element.logical_type?.type ?? element.converted_type;
  if (element.type === undefined) return annotation === undefined ? "struct" : annotation.toLowerCase();
  if (element.repetition_type === "REPEATED") return "list";
  return (annotation ?? element.type).toLowerCase();
}

function rowGroups(
  metadata: FileMetaData,
  leaves: readonly Leaf[],
  bounds: readonly (readonly RawBounds[])[],
): RowGroup[] {
  let firstRow = 0;
  return metadata.row_groups.map((group, groupIndex) => {
    const rowCount = Number(group.num_rows);
    const columns = leaves.map((leaf): ColumnStatistics => {
      const chunk = group.columns[leaf.columnIndex]?.meta_data;
      return chunk === undefined ? {} : chunkStatistics(leaf, chunk, bounds[groupIndex]?.[leaf.columnIndex] ?? {});
    });
    const byteSize = group.columns.reduce(
      (sum, column) => sum + Number(column.meta_data?.total_compressed_size ?? 0n),
      0,
    );
    const result: RowGroup = { firstRow, rowCount, byteSize, columns };
    firstRow += rowCount;
    return result;
  });
}

function chunkStatistics({ field, element }: Leaf, chunk: ColumnMetaData, raw: RawBounds): ColumnStatistics {
  const nullCount = chunk.statistics?.null_count ?? (field.nullable ? undefined : 0n);
  const averageByteSize =
    field.type.kind === "utf8" || field.type.kind === "binary"
      ? averageBytes(chunk, Number(nullCount ?? 0n), raw)
      : undefined;
  return {
    ...readBounds(field.type, element, raw),
    ...(nullCount === undefined ? {} : { nullCount: Number(nullCount) }),
    ...(averageByteSize === undefined ? {} : { averageByteSize }),
    storedByteSize: Number(chunk.total_compressed_size),
  };
}

/** Average bytes of a string: as stated, else from the plain encoding's size (4 bytes of length each), else a guess. */
function averageBytes(chunk: ColumnMetaData, nullCount: number, raw: RawBounds): number | undefined {
  const valueCount = Number(chunk.num_values) - nullCount;
  if (valueCount <= 0) return undefined;
  const stated = chunk.size_statistics?.unencoded_byte_array_data_bytes;
  if (stated !== undefined) return Number(stated) / valueCount;
  if (!chunk.encodings.some((encoding) => encoding.includes("DICTIONARY"))) {
    return Math.max(0, Number(chunk.total_uncompressed_size) / valueCount - 4);
  }
  if (raw.minValue === undefined || raw.maxValue === undefined) return undefined;
  return (raw.minValue.byteLength + raw.maxValue.byteLength) / 2;
}

function sampledGroup(groupCount: number): number {
  return Math.floor(groupCount / 2);
}

/**
 * A dictionary lists a row group's distinct values, and its page's header counts them: one small read. It counts only
 * where every data page uses the dictionary; writers that gave up on it saw too many different values.
 */
async function sampleDictionary(
  handle: FileHandle,
  metadata: FileMetaData,
  leaf: Leaf,
  statistics: ColumnStatistics = {},
): Promise<DistinctSample | undefined> {
  const group = metadata.row_groups[sampledGroup(metadata.row_groups.length)];
  const chunk = group?.columns[leaf.columnIndex]?.meta_data;
  const offset = chunk?.dictionary_page_offset;
  if (chunk === undefined || offset === undefined || offset === 0n) return undefined;
  const { min, max } = statistics;
  const bounds = { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
  const valueCount = Number(chunk.num_values) - (statistics.nullCount ?? 0);
  if (
    chunk.encoding_stats?.some(
      (page) => page.page_type.startsWith("DATA_PAGE") && !page.encoding.includes("DICTIONARY"),
    ) === true
  ) {
    return { valueCount, distinctCount: valueCount, ...bounds };
  }
  // Without page counts PLAIN may stand for the dictionary itself or for pages after it: then nothing is known.
  if (chunk.encoding_stats === undefined && chunk.encodings.includes("PLAIN")) return undefined;
  const bytes = await readRange(handle, Number(offset), Number(offset) + pageHeaderBytes);
  try {
    const header = deserializeTCompactProtocol({ view: new DataView(bytes.buffer, 0, bytes.byteLength), offset: 0 });
    const distinctCount = struct(header["field_7"])["field_1"];
    return typeof distinctCount === "number" && distinctCount <= valueCount
      ? { valueCount, distinctCount, ...bounds }
      : undefined;
  } catch {
    // Only a hint: an unreadable page is reported by whoever reads its rows.
    return undefined;
  }
}
