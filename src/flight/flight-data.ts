import { assert } from "../common/assert.ts";
import { EngineError } from "../common/engine-error.ts";
import type { EncodedBatch } from "../shuffle/encoded-batch.ts";
import { messageHeaderOf } from "./ipc-message.ts";

/**
 * FlightData by hand. The fields are 1 descriptor, 2 data_header, 3 app_metadata, 1000 data_body, all length-delimited, so
 * a message is: 12 len header, 1A len metadata, C2 3E len body. A codec would copy the body twice.
 */
export type FlightDataParts = {
  readonly descriptor: Uint8Array | null;
  readonly header: Uint8Array;
  readonly appMetadata: Uint8Array | null;
  readonly body: Uint8Array;
};

const emptyBytes = new Uint8Array(0);

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

function writeVarint(target: Uint8Array, at: number, value: number): number {
  let offset = at;
  let rest = value;
  while (rest >= 0x80) {
    target[offset++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  target[offset++] = rest;
  return offset;
}

/** What grpc-js needs of a serialized message: it asks for the size, then has it copied behind its five-byte prefix. */
export type SerializedFlightData = { readonly byteLength: number; copy(target: Uint8Array, offset: number): number };

export type OutgoingParts = {
  readonly header: Uint8Array;
  readonly body: Uint8Array;
  /** An encoded FlightDescriptor; only the first message of a DoPut has one. */
  readonly descriptor?: Uint8Array;
};

const descriptorTag = [0x0a];
const headerTag = [0x12];
const bodyTag = [0xc2, 0x3e];

/** A message that is written straight into gRPC's frame: one copy of the body in total. */
export function serializeFlightData({ header, body, descriptor = emptyBytes }: OutgoingParts): SerializedFlightData {
  const byteLength = fieldSize(descriptorTag, descriptor) + fieldSize(headerTag, header) + fieldSize(bodyTag, body);
  return {
    byteLength,
    copy(target, offset) {
      let at = writeField(target, offset, descriptorTag, descriptor);
      at = writeField(target, at, headerTag, header);
      at = writeField(target, at, bodyTag, body);
      assert(at - offset === byteLength, "FlightData has the announced size");
      return byteLength;
    },
  };
}

/** gRPC's prefix: one byte that says "not compressed", and the size. */
const grpcPrefixBytes = 5;

/**
 * A message as it goes over the wire, in pieces: a small new one, and the body or the whole message where it lies. They are
 * given to the HTTP/2 stream together, which copies neither.
 */
export function frameFlightData(
  message: { readonly header: Uint8Array; readonly body: Uint8Array } | Uint8Array,
): readonly Buffer[] {
  if (message instanceof Uint8Array) {
    const prefix = Buffer.alloc(grpcPrefixBytes);
    prefix.writeUInt32BE(message.byteLength, 1);
    return [prefix, asBuffer(message)];
  }
  const { header, body } = message;
  const headerSize = fieldSize(headerTag, header);
  const bodySize = fieldSize(bodyTag, body);
  const prefix = Buffer.alloc(grpcPrefixBytes + headerSize + bodySize - body.byteLength);
  prefix.writeUInt32BE(headerSize + bodySize, 1);
  const at = writeField(prefix, grpcPrefixBytes, headerTag, header);
  if (body.byteLength === 0) return [prefix];
  prefix.set(bodyTag, at);
  writeVarint(prefix, at + bodyTag.length, body.byteLength);
  return [prefix, asBuffer(body)];
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function fieldSize(tag: readonly number[], bytes: Uint8Array): number {
  return bytes.byteLength === 0 ? 0 : tag.length + varintSize(bytes.byteLength) + bytes.byteLength;
}

/** Empty fields are left out, as proto3 does. */
function writeField(target: Uint8Array, offset: number, tag: readonly number[], bytes: Uint8Array): number {
  if (bytes.byteLength === 0) return offset;
  target.set(tag, offset);
  const at = writeVarint(target, offset + tag.length, bytes.byteLength);
  target.set(bytes, at);
  return at + bytes.byteLength;
}

/** Splits one FlightData message into views of `bytes`. Throws invalid_argument when it is malformed. */
export function parseFlightData(bytes: Uint8Array): FlightDataParts {
  let descriptor: Uint8Array | null = null;
  let header: Uint8Array = emptyBytes;
  let appMetadata: Uint8Array | null = null;
  let body: Uint8Array = emptyBytes;
  let at = 0;
  const readVarint = (): number => {
    let value = 0;
    for (let scale = 1; scale < 2 ** 49; scale *= 0x80) {
      const byte = bytes[at++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new EngineError("invalid_argument", "malformed FlightData message");
  };
  while (at < bytes.byteLength) {
    const tag = readVarint();
    const wireType = tag & 7;
    if (wireType === 0) readVarint();
    else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else if (wireType === 2) {
      const size = readVarint();
      if (at + size > bytes.byteLength) throw new EngineError("invalid_argument", "truncated FlightData message");
      const field = bytes.subarray(at, at + size);
      at += size;
      if (tag === 0x0a) descriptor = field;
      else if (tag === 0x12) header = field;
      else if (tag === 0x1a) appMetadata = field;
      else if (tag === 1000 * 8 + 2) body = field;
    } else throw new EngineError("invalid_argument", "malformed FlightData message");
  }
  return { descriptor, header, appMetadata, body };
}

/**
 * The batch of a received message in memory of its own that threads can share, the body on an 8-byte edge: what arrives
 * sits at any offset of gRPC's buffer. Null for messages that are no record batch (schemas).
 */
export function toSharedBatch(parts: FlightDataParts): EncodedBatch | null {
  if (parts.header.byteLength === 0) return null;
  const message = messageHeaderOf(parts.header);
  if (message.kind !== "record_batch") return null;
  const bodyAt = (parts.header.byteLength + 7) & ~7;
  const shared = new SharedArrayBuffer(bodyAt + parts.body.byteLength);
  const header = new Uint8Array(shared, 0, parts.header.byteLength);
  const body = new Uint8Array(shared, bodyAt, parts.body.byteLength);
  header.set(parts.header);
  body.set(parts.body);
  return { header, body, rowCount: message.rowCount };
}
