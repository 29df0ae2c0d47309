import { EngineError } from "../common/engine-error.ts";

export type MessageHeader = {
  readonly kind: "schema" | "dictionary" | "record_batch" | "other";
  readonly bodyByteSize: number;
  /** Of a record batch; else 0. */
  readonly rowCount: number;
};

const kinds: Readonly<Record<number, MessageHeader["kind"]>> = { 1: "schema", 2: "dictionary", 3: "record_batch" };

/**
 * Reads the few fields of a bare flatbuffer Message that routing needs: its kind, body length and row count. Message is
 * the table {version, header_type, header, bodyLength}, RecordBatch the table {length, …}.
 */
export function messageHeaderOf(header: Uint8Array): MessageHeader {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  try {
    const message = view.getUint32(0, true);
    const kind = kinds[view.getUint8(fieldAt(view, message, 1))] ?? "other";
    const bodyAt = fieldOffset(view, message, 3);
    const bodyByteSize = bodyAt === 0 ? 0 : Number(view.getBigInt64(message + bodyAt, true));
    if (kind !== "record_batch") return { kind, bodyByteSize, rowCount: 0 };
    const tableAt = fieldAt(view, message, 2);
    const batch = tableAt + view.getUint32(tableAt, true);
    const lengthAt = fieldOffset(view, batch, 0);
    return { kind, bodyByteSize, rowCount: lengthAt === 0 ? 0 : Number(view.getBigInt64(batch + lengthAt, true)) };
  } catch (error) {
    throw new EngineError("invalid_argument", "the bytes received are not an Arrow message", {}, error);
  }
}

/** Offset of a field within its table; 0 when the table leaves it at its default. */
function fieldOffset(view: DataView, table: number, field: number): number {
  const vtable = table - view.getInt32(table, true);
  const entry = 4 + field * 2;
  return entry < view.getUint16(vtable, true) ? view.getUint16(vtable + entry, true) : 0;
}

function fieldAt(view: DataView, table: number, field: number): number {
  const offset = fieldOffset(view, table, field);
  if (offset === 0) throw new RangeError("field missing");
  return table + offset;
}

/** A schema message as FlightInfo and SchemaResult carry it: continuation marker, length, flatbuffer padded to 8. */
export function encapsulate(header: Uint8Array): Uint8Array {
  const padded = (header.byteLength + 7) & ~7;
  const bytes = new Uint8Array(8 + padded);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0xffffffff, true);
  view.setUint32(4, padded, true);
  bytes.set(header, 8);
  return bytes;
}

/** The bare flatbuffer of an encapsulated message; empty for no bytes, which some servers send for no schema. */
export function unwrapEncapsulated(bytes: Uint8Array): Uint8Array {
  if (bytes.byteLength < 8) return new Uint8Array(0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const marked = view.getUint32(0, true) === 0xffffffff;
  const start = marked ? 8 : 4;
  const size = view.getUint32(marked ? 4 : 0, true);
  if (start + size > bytes.byteLength) throw new EngineError("invalid_argument", "truncated Arrow schema");
  return bytes.slice(start, start + size);
}

export type IpcMessage = { readonly header: Uint8Array; readonly body: Uint8Array };

/** The messages of an Arrow IPC stream, as views of it. */
export function splitIpcStream(stream: Uint8Array): readonly IpcMessage[] {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  const messages: IpcMessage[] = [];
  let at = 0;
  while (at + 8 <= stream.byteLength) {
    const marked = view.getUint32(at, true) === 0xffffffff;
    const size = view.getUint32(marked ? at + 4 : at, true);
    if (size === 0) break;
    const headerAt = at + (marked ? 8 : 4);
    const header = stream.subarray(headerAt, headerAt + size);
    const bodyAt = headerAt + size;
    const bodyEnd = bodyAt + messageHeaderOf(header).bodyByteSize;
    messages.push({ header, body: stream.subarray(bodyAt, bodyEnd) });
    at = (bodyEnd + 7) & ~7;
  }
  return messages;
}
