import { encodeClientSchema } from "../../arrow/arrow-schema.ts";
import type { Schema } from "../../arrow/schema.ts";
import { locationOf } from "../../flight/flight-url.ts";
import { encapsulate } from "../../flight/ipc-message.ts";
import { decodeProto, encodeProto } from "../../flight/proto-codec.ts";
import {
  decodeTicket,
  encodeResultTicket,
  encodeTicket,
  type ResultTicket,
  type TicketSigner,
} from "../../flight/tickets.ts";
import type { FlightDescriptor, FlightEndpoint, FlightInfo } from "../../gen/protos.ts";
import type { ResultEndpoint, StartedQuery } from "../query-service.ts";

/** Tells a client to use the connection it has: the scheduler redeems every ticket by passing the rows through. */
const reuseConnection = "arrow-flight-reuse-connection://?";

const noBytes = new Uint8Array(0);

export type InfoOptions = {
  readonly signer: TicketSigner;
  /** Whether this very process holds a partition; no location is named then, which stands for this server. */
  readonly isLocal: (ticket: ResultTicket) => boolean;
  /** Whether the executors' Flight servers speak TLS. */
  readonly tls: boolean;
};

/** What GetFlightInfo answers for a started statement. One without rows has one endpoint with an empty stream. */
export function flightInfoOf(started: StartedQuery, descriptor: FlightDescriptor, options: InfoOptions): FlightInfo {
  const schemaHeader = encodeClientSchema(started.schema);
  const endpoint = started.isUpdate
    ? [endpointHere(encodeTicket({ kind: "empty", schemaHeader }, options.signer))]
    : started.endpoints.map((one) => endpointOf(one, options));
  return {
    schema: encapsulate(schemaHeader),
    flightDescriptor: descriptor,
    endpoint,
    totalRecords: started.totalRows,
    totalBytes: started.totalBytes,
    ordered: started.ordered,
    appMetadata: queryReference(started.queryId),
  };
}

/** A query that runs, but whose endpoints are not known yet. */
export function pendingInfo(queryId: string, schema: Schema, descriptor: FlightDescriptor): FlightInfo {
  return {
    schema: encapsulate(encodeClientSchema(schema)),
    flightDescriptor: descriptor,
    endpoint: [],
    totalRecords: -1,
    totalBytes: -1,
    ordered: false,
    appMetadata: queryReference(queryId),
  };
}

/** The one endpoint of a metadata result: its ticket is the command. */
export function metadataInfo(schemaHeader: Uint8Array, descriptor: FlightDescriptor, signer: TicketSigner): FlightInfo {
  return {
    schema: encapsulate(schemaHeader),
    flightDescriptor: descriptor,
    endpoint: [endpointHere(encodeTicket({ kind: "command", command: descriptor.cmd }, signer))],
    totalRecords: -1,
    totalBytes: -1,
    ordered: false,
    appMetadata: noBytes,
  };
}

/** The queries that a FlightInfo of ours speaks of. Tickets of others are passed over. */
export function queriesOf(info: FlightInfo, signer: TicketSigner): ReadonlySet<string> {
  const ids = new Set<string>();
  if (info.appMetadata.byteLength > 0) {
    ids.add(decodeProto("onager.flight.v1.QueryReference", info.appMetadata).queryId);
  }
  for (const { ticket } of info.endpoint) {
    if (ticket === undefined) continue;
    const decoded = decodeTicket(ticket.ticket, signer);
    if (decoded.kind === "result") ids.add(decoded.result.jobId);
  }
  return ids;
}

function queryReference(queryId: string): Uint8Array {
  return encodeProto("onager.flight.v1.QueryReference", { queryId });
}

function endpointHere(ticket: Uint8Array): FlightEndpoint {
  return { ticket: { ticket }, location: [], appMetadata: noBytes };
}

function endpointOf(endpoint: ResultEndpoint, { signer, isLocal, tls }: InfoOptions): FlightEndpoint {
  const ticket = encodeResultTicket(endpoint.ticket, signer);
  // Clients take the first location that they reach, so the way through the scheduler comes last.
  const uris =
    isLocal(endpoint.ticket) || endpoint.locations.length === 0
      ? []
      : [...endpoint.locations.map((address) => locationOf(address, tls)), reuseConnection];
  return { ticket: { ticket }, location: uris.map((uri) => ({ uri })), appMetadata: noBytes };
}
