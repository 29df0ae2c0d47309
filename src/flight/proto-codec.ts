import protobuf from "protobufjs/light.js";
import { EngineError } from "../common/engine-error.ts";
import { protoDescriptor, type ProtoMessages } from "../gen/protos.ts";

export type ProtoName = keyof ProtoMessages;

const root = protobuf.Root.fromJSON(protoDescriptor);
const types = new Map<ProtoName, protobuf.Type>();

function typeOf(name: ProtoName): protobuf.Type {
  let type = types.get(name);
  if (type === undefined) types.set(name, (type = root.lookupType(name)));
  return type;
}

/** 64-bit integers as numbers; unset plain fields as their default; unset messages and oneof members absent. */
const conversion: protobuf.IConversionOptions = { longs: Number, defaults: true, oneofs: false };

export function encodeProto<Name extends ProtoName>(name: Name, message: ProtoMessages[Name]): Buffer {
  const type = typeOf(name);
  const bytes = type.encode(type.fromObject(message as Record<string, unknown>)).finish();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Throws invalid_argument for bytes that are not such a message. Unknown fields are skipped, as protobuf asks. */
export function decodeProto<Name extends ProtoName>(name: Name, bytes: Uint8Array): ProtoMessages[Name] {
  const type = typeOf(name);
  let message: protobuf.Message;
  try {
    message = type.decode(bytes);
  } catch (error) {
    throw new EngineError("invalid_argument", `the bytes received are not a ${name} message`, {}, error);
  }
  return dropUnset(type.toObject(message, conversion)) as ProtoMessages[Name];
}

/** protobufjs reports an unset sub-message as null; our types leave it out. */
function dropUnset(value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(dropUnset);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null)
      .map(([key, member]) => [key, dropUnset(member)]),
  );
}

const typeUrlPrefix = "type.googleapis.com/";

/** A message wrapped in google.protobuf.Any, as Flight SQL's commands and actions travel. */
export function encodeAny<Name extends ProtoName>(name: Name, message: ProtoMessages[Name]): Buffer {
  const value = encodeProto(name, message);
  return Buffer.from(
    new protobuf.Writer()
      .uint32(0x0a)
      .string(typeUrlPrefix + name)
      .uint32(0x12)
      .bytes(value)
      .finish(),
  );
}

export type AnyMessage = { readonly typeName: string; readonly value: Uint8Array };

/** Null for bytes that are not an Any with a type URL, such as raw commands of other protocols. */
export function decodeAny(bytes: Uint8Array): AnyMessage | null {
  let typeUrl = "";
  let value: Uint8Array = new Uint8Array(0);
  try {
    const reader = protobuf.Reader.create(bytes);
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag === 0x0a) typeUrl = reader.string();
      else if (tag === 0x12) value = reader.bytes();
      else reader.skipType(tag & 7);
    }
  } catch {
    return null;
  }
  const slash = typeUrl.lastIndexOf("/");
  return slash < 0 ? null : { typeName: typeUrl.slice(slash + 1), value };
}
