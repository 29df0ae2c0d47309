import { EngineError, type ErrorCode } from "../common/engine-error.ts";
import type { FlightEndpoint } from "../gen/protos.ts";
import type { EncodedBatch } from "../shuffle/encoded-batch.ts";
import type { FlightPeers } from "./flight-client.ts";
import { parseFlightData, toSharedBatch } from "./flight-data.ts";
import { addressOfLocation, type FlightAddress } from "./flight-url.ts";

export type EndpointReading = {
  readonly peers: FlightPeers;
  /** The server that gave out the endpoints; redeems every ticket itself. */
  readonly front: FlightAddress;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
};

/** Endpoints that are opened before their turn, so that the next one's rows are there when its turn comes. */
const endpointsAhead = 4;

/** The batches of all endpoints, in order. Streams that are open when the reader leaves are cancelled. */
export async function* readEndpoints(
  endpoints: readonly FlightEndpoint[],
  reading: EndpointReading,
): AsyncGenerator<EncodedBatch, void, undefined> {
  const open: {
    readonly stream: AsyncGenerator<EncodedBatch, void, undefined>;
    readonly first: Promise<IteratorResult<EncodedBatch, void>>;
  }[] = [];
  const abort = new AbortController();
  const signal = AbortSignal.any([reading.signal, abort.signal]);
  let opened = 0;
  const openNext = (): void => {
    const endpoint = endpoints[opened++];
    if (endpoint === undefined) return;
    const stream = readEndpoint(endpoint, { ...reading, signal });
    const first = stream.next();
    // Its failure is told when its turn comes.
    first.catch(() => {});
    open.push({ stream, first });
  };
  try {
    for (let ahead = 0; ahead < endpointsAhead; ahead++) openNext();
    for (let next = open.shift(); next !== undefined; next = open.shift()) {
      openNext();
      const first = await next.first;
      if (first.done === true) continue;
      yield first.value;
      yield* next.stream;
    }
  } finally {
    abort.abort();
  }
}

/** The server is gone, or another one has taken its place that does not know the rows: the front knows where they are. */
const goneCodes: ReadonlySet<ErrorCode> = new Set(["unavailable", "not_found", "executor_lost"]);

/** One endpoint from the first location that answers, the front last. */
async function* readEndpoint(
  endpoint: FlightEndpoint,
  reading: EndpointReading,
): AsyncGenerator<EncodedBatch, void, undefined> {
  const ticket = endpoint.ticket?.ticket;
  if (ticket === undefined) throw new EngineError("invalid_argument", "the server gave an endpoint without a ticket");
  const named = endpoint.location
    .map((location) => addressOfLocation(location.uri))
    .filter((address) => address !== null)
    // A location without the session's encryption is passed over: others would see the token and the rows.
    .filter((address) => address.tls === reading.peers.usesTls);
  const addresses = [...named, reading.front];
  for (const [position, address] of addresses.entries()) {
    let answered = false;
    try {
      for await (const bytes of reading.peers.readRaw(
        address.host,
        address.port,
        ticket,
        reading.signal,
        reading.headers,
      )) {
        const batch = toSharedBatch(parseFlightData(bytes));
        if (batch === null) continue;
        answered = true;
        yield batch;
      }
      return;
    } catch (error) {
      const isLast = position === addresses.length - 1;
      // Rows that came already cannot be taken back, so only a server that sent none is passed over.
      if (isLast || answered || !goneCodes.has(EngineError.from(error).code)) throw error;
    }
  }
}
