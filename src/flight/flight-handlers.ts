import type { ActionType, FlightDescriptor, FlightInfo, PollInfo } from "../gen/protos.ts";
import type { Principal } from "../security/authenticator.ts";
import type { EncodedBatch } from "../shuffle/encoded-batch.ts";
import type { FlightDataParts } from "./flight-data.ts";

/** One call, as its handler sees it. */
export type CallContext = {
  /** Aborted when the client cancels, goes away or its deadline passes; never after the call has been answered. */
  readonly signal: AbortSignal;
  /** Request headers by lower-case name; binary ones (`…-bin`) are left out. */
  readonly headers: ReadonlyMap<string, string>;
  /** Address and port of the client's connection: two calls with the same value came over the same connection. */
  readonly peer: string;
  /** Who calls, where the server asks callers to log in. */
  readonly principal?: Principal;
  /** Sets a response header; to be called before the handler's first result. */
  setHeader(name: string, value: string): void;
};

/** The rows behind a ticket. */
export type DoGetResult =
  /** Encoded batches behind their schema message (a bare flatbuffer), which is sent at once. */
  | { readonly kind: "batches"; readonly schemaHeader: Uint8Array; readonly batches: AsyncIterable<EncodedBatch> }
  /** Whole FlightData messages of another server, schema first, passed on untouched. */
  | { readonly kind: "raw"; readonly messages: AsyncIterable<Uint8Array> };

/** What a Flight server does. Every function may throw EngineError, which reaches the client as a typed gRPC status. */
export interface FlightHandlers {
  /** The `authorization` header to answer with, and the payload for each of the client's payloads (null: as received none). */
  handshake(
    payload: Uint8Array | null,
    context: CallContext,
  ): Promise<{ readonly authorization: string | null; readonly payload: Uint8Array }>;
  getFlightInfo(descriptor: FlightDescriptor, context: CallContext): Promise<FlightInfo>;
  /** The bare schema message. */
  getSchema(descriptor: FlightDescriptor, context: CallContext): Promise<Uint8Array>;
  pollFlightInfo(descriptor: FlightDescriptor, context: CallContext): Promise<PollInfo>;
  doGet(ticket: Uint8Array, context: CallContext): Promise<DoGetResult>;
  /** Puts out the app_metadata of each PutResult. */
  doPut(
    descriptor: FlightDescriptor,
    messages: AsyncIterable<FlightDataParts>,
    context: CallContext,
  ): AsyncIterable<Uint8Array>;
  /** Puts out the body of each Result. */
  doAction(type: string, body: Uint8Array, context: CallContext): Promise<readonly Uint8Array[]>;
  listActions(context: CallContext): Promise<readonly ActionType[]>;
  listFlights(criteria: Uint8Array, context: CallContext): Promise<readonly FlightInfo[]>;
}
