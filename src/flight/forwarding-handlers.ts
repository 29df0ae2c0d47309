import type { ServiceError } from "@grpc/grpc-js";
import { EngineError } from "../common/engine-error.ts";
import type { FlightPeers } from "./flight-client.ts";
import type { FlightConnection } from "./flight-connection.ts";
import { withClientText } from "./call-wrappers.ts";
import type { CallContext, FlightHandlers } from "./flight-handlers.ts";
import { flightMethods, method, protoCodec, rawCodec } from "./flight-methods.ts";
import { unwrapEncapsulated } from "./ipc-message.ts";
import { encodeProto } from "./proto-codec.ts";

/** Headers of a client that mean something to the server behind. */
const passedHeaders = ["authorization", "cookie"];
/** Tells that server which connections of clients stand behind a forwarded call. */
export const clientHeader = "onager-client";

const rawDoPut = method(
  "arrow.flight.protocol.FlightService",
  "DoPut",
  "both",
  rawCodec,
  protoCodec("arrow.flight.protocol.PutResult"),
);

/** A server that died is still named for a while; then another one is. */
const reachWaitMs = 15_000;
const reachPauseMs = 100;

/** `over` aborts when the server there is the wrong one to ask from then on, also if it hangs. */
type Place = { readonly host: string; readonly port: number; readonly over: AbortSignal };

/** Answers every call by asking another server. `place` tells which; it may wait, and throws when there is none. */
export function makeForwardingHandlers(
  peers: FlightPeers,
  place: () => Promise<Place>,
): Omit<FlightHandlers, "handshake"> {
  const ask = async <T>(
    context: CallContext,
    run: (connection: FlightConnection, options: ReturnType<typeof optionsOf>) => Promise<T>,
  ): Promise<T> => {
    for (const end = performance.now() + reachWaitMs; ;) {
      const { host, port, over } = await place();
      try {
        return await run(peers.connection(host, port), optionsOf(context, over));
      } catch (thrown) {
        if (!wasNotSent(thrown) || performance.now() > end || context.signal.aborted) throw passOn(thrown);
      }
      await new Promise((resolve) => setTimeout(resolve, reachPauseMs));
    }
  };
  return {
    getFlightInfo: (descriptor, context) =>
      ask(context, (connection, options) => connection.unary(flightMethods.GetFlightInfo, descriptor, options)),
    pollFlightInfo: (descriptor, context) =>
      ask(context, (connection, options) => connection.unary(flightMethods.PollFlightInfo, descriptor, options)),
    getSchema: (descriptor, context) =>
      ask(context, async (connection, options) => {
        const { schema } = await connection.unary(flightMethods.GetSchema, descriptor, options);
        return unwrapEncapsulated(schema);
      }),
    async doGet(ticket, context) {
      const { host, port, over } = await place();
      const { headers, signal } = optionsOf(context, over);
      return { kind: "raw", messages: explained(peers.readRaw(host, port, ticket, signal, headers)) };
    },
    async *doPut(descriptor, messages, context) {
      const requests: Buffer[] = [];
      for await (const { header, body } of messages) {
        const flightDescriptor = requests.length === 0 ? { flightDescriptor: descriptor } : {};
        const parts = { dataHeader: header, dataBody: body, appMetadata: new Uint8Array(0), ...flightDescriptor };
        requests.push(encodeProto("arrow.flight.protocol.FlightData", parts));
      }
      const { responses } = await ask(context, (connection, options) =>
        connection.exchange(rawDoPut, requests, options),
      );
      for (const { appMetadata } of responses) yield appMetadata;
    },
    doAction: (type, body, context) =>
      ask(context, async (connection, options) => {
        const results = await connection.collect(flightMethods.DoAction, { type, body }, options);
        return results.map((result) => result.body);
      }),
    listActions: (context) =>
      ask(context, (connection, options) => connection.collect(flightMethods.ListActions, {}, options)),
    listFlights: (expression, context) =>
      ask(context, (connection, options) => connection.collect(flightMethods.ListFlights, { expression }, options)),
  };
}

function optionsOf(context: CallContext, over: AbortSignal): { signal: AbortSignal; headers: Record<string, string> } {
  const headers: Record<string, string> = { [clientHeader]: context.peer };
  for (const name of passedHeaders) {
    const value = context.headers.get(name);
    if (value !== undefined) headers[name] = value;
  }
  return { signal: AbortSignal.any([context.signal, over]), headers };
}

/** Whether there was no connection at all, so that nothing can have happened: the call may be made again. */
function wasNotSent(thrown: unknown): boolean {
  const error = EngineError.from(thrown);
  const details = (error.cause as Partial<ServiceError> | undefined)?.details;
  return error.code === "unavailable" && typeof details === "string" && details.startsWith("No connection established");
}

/** The same error with the text that the other server wrote for people. */
function passOn(thrown: unknown): EngineError {
  const error = EngineError.from(thrown);
  const details = (error.cause as Partial<ServiceError> | undefined)?.details;
  return typeof details === "string" && details !== "" ? withClientText(error, details) : error;
}

async function* explained(messages: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* messages;
  } catch (thrown) {
    throw passOn(thrown);
  }
}
