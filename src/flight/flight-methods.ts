import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import type * as gen from "../gen/protos.ts";
import type { ProtoMessages } from "../gen/protos.ts";
import type { OutgoingFlightData } from "./do-get-writer.ts";
import { serializeFlightData } from "./flight-data.ts";
import { decodeProto, encodeProto, type ProtoName } from "./proto-codec.ts";

type Codec<T> = { readonly serialize: (value: T) => Buffer; readonly deserialize: (bytes: Buffer) => T };

export function protoCodec<Name extends ProtoName>(name: Name): Codec<ProtoMessages[Name]> {
  return { serialize: (value) => encodeProto(name, value), deserialize: (bytes) => decodeProto(name, bytes) };
}

export const rawCodec: Codec<Buffer> = { serialize: (bytes) => bytes, deserialize: (bytes) => bytes };

/** Incoming FlightData stays raw bytes; outgoing is written by hand into gRPC's frame. */
const outgoingFlightDataCodec: Codec<OutgoingFlightData> = {
  serialize(message) {
    if (message instanceof Uint8Array) return Buffer.from(message.buffer, message.byteOffset, message.byteLength);
    // grpc-js only reads byteLength and calls copy(target, 5); it is pinned, and a test would notice a change.
    return serializeFlightData(message) as unknown as Buffer;
  },
  deserialize: (bytes) => bytes,
};

export function method<Request, Response>(
  service: string,
  name: string,
  streams: "unary" | "server" | "both",
  request: Codec<Request>,
  response: Codec<Response>,
): MethodDefinition<Request, Response> {
  return {
    path: `/${service}/${name}`,
    requestStream: streams === "both",
    responseStream: streams !== "unary",
    requestSerialize: request.serialize,
    requestDeserialize: request.deserialize,
    responseSerialize: response.serialize,
    responseDeserialize: response.deserialize,
    originalName: name,
  };
}

const service = "arrow.flight.protocol.FlightService";

/** The methods of the Flight service as grpc-js wants them described. */
export const flightMethods = {
  Handshake: method<gen.HandshakeRequest, gen.HandshakeResponse>(
    service,
    "Handshake",
    "both",
    protoCodec("arrow.flight.protocol.HandshakeRequest"),
    protoCodec("arrow.flight.protocol.HandshakeResponse"),
  ),
  ListFlights: method(
    service,
    "ListFlights",
    "server",
    protoCodec("arrow.flight.protocol.Criteria"),
    protoCodec("arrow.flight.protocol.FlightInfo"),
  ),
  GetFlightInfo: method(
    service,
    "GetFlightInfo",
    "unary",
    protoCodec("arrow.flight.protocol.FlightDescriptor"),
    protoCodec("arrow.flight.protocol.FlightInfo"),
  ),
  PollFlightInfo: method(
    service,
    "PollFlightInfo",
    "unary",
    protoCodec("arrow.flight.protocol.FlightDescriptor"),
    protoCodec("arrow.flight.protocol.PollInfo"),
  ),
  GetSchema: method(
    service,
    "GetSchema",
    "unary",
    protoCodec("arrow.flight.protocol.FlightDescriptor"),
    protoCodec("arrow.flight.protocol.SchemaResult"),
  ),
  DoGet: method<Buffer, OutgoingFlightData>(service, "DoGet", "server", rawCodec, outgoingFlightDataCodec),
  DoPut: method<Buffer, gen.PutResult>(
    service,
    "DoPut",
    "both",
    rawCodec,
    protoCodec("arrow.flight.protocol.PutResult"),
  ),
  DoExchange: method<Buffer, OutgoingFlightData>(service, "DoExchange", "both", rawCodec, outgoingFlightDataCodec),
  DoAction: method(
    service,
    "DoAction",
    "server",
    protoCodec("arrow.flight.protocol.Action"),
    protoCodec("arrow.flight.protocol.Result"),
  ),
  ListActions: method(
    service,
    "ListActions",
    "server",
    protoCodec("arrow.flight.protocol.Empty"),
    protoCodec("arrow.flight.protocol.ActionType"),
  ),
} satisfies ServiceDefinition;
