import type { Readable } from "node:stream";
import type * as grpc from "@grpc/grpc-js";
import { EngineError } from "../common/engine-error.ts";
import type { Logger } from "../common/logger.ts";
import type { ByteBudget } from "./byte-budget.ts";
import type { CallTracker } from "./call-tracker.ts";
import { CallWrappers } from "./call-wrappers.ts";
import type { OpenCall } from "./call-context.ts";
import { DoGetWriter, type OutgoingFlightData } from "./do-get-writer.ts";
import { parseFlightData, type FlightDataParts } from "./flight-data.ts";
import type { FlightHandlers } from "./flight-handlers.ts";
import { flightMethods, rawCodec } from "./flight-methods.ts";
import { encapsulate } from "./ipc-message.ts";
import { decodeProto } from "./proto-codec.ts";
import { untilAborted } from "./until-aborted.ts";
import type * as gen from "../gen/protos.ts";

export type FlightServiceOptions = {
  readonly budget: ByteBudget;
  readonly slowReaderMs: number;
  readonly tracker: CallTracker;
  readonly logger: Logger;
};

/** Requests stay bytes until a handler's try block: what grpc-js cannot decode it would call an internal error of ours. */
const servedMethods: grpc.ServiceDefinition = Object.fromEntries(
  Object.entries(flightMethods).map(([name, definition]) => [
    name,
    { ...definition, requestDeserialize: rawCodec.deserialize },
  ]),
);

const emptyBody = new Uint8Array(0);

/** Adds the Flight service to a gRPC server. */
export function addFlightService(server: grpc.Server, handlers: FlightHandlers, options: FlightServiceOptions): void {
  const wrap = new CallWrappers(options.tracker, options.logger);
  server.addService(servedMethods, {
    Handshake: wrap.duplex<Buffer, gen.HandshakeResponse>("Handshake", (call, open) => handshake(handlers, call, open)),
    ListFlights: wrap.streaming<Buffer, gen.FlightInfo>("ListFlights", async (call, open) => {
      const { expression } = decodeProto("arrow.flight.protocol.Criteria", call.request);
      for (const info of await handlers.listFlights(expression, open.context)) call.write(info);
    }),
    GetFlightInfo: wrap.unary<Buffer, gen.FlightInfo>("GetFlightInfo", async (request, open) => {
      options.tracker.assertTakesStatements();
      return handlers.getFlightInfo(descriptorOf(request), open.context);
    }),
    PollFlightInfo: wrap.unary<Buffer, gen.PollInfo>("PollFlightInfo", async (request, open) =>
      handlers.pollFlightInfo(descriptorOf(request), open.context),
    ),
    GetSchema: wrap.unary<Buffer, gen.SchemaResult>("GetSchema", async (request, open) => ({
      schema: encapsulate(await handlers.getSchema(descriptorOf(request), open.context)),
    })),
    DoGet: wrap.streaming<Buffer, OutgoingFlightData>("DoGet", (call, open) => doGet(handlers, call, open, options)),
    DoPut: wrap.duplex<Buffer, gen.PutResult>("DoPut", async (call, open) => {
      options.tracker.assertTakesStatements();
      await doPut(handlers, call, open);
    }),
    DoExchange: wrap.duplex<Buffer, OutgoingFlightData>("DoExchange", () =>
      Promise.reject(new EngineError("feature_not_supported", "DoExchange is not supported")),
    ),
    DoAction: wrap.streaming<Buffer, gen.Result>("DoAction", async (call, open) => {
      const { type, body: request } = decodeProto("arrow.flight.protocol.Action", call.request);
      const bodies = await handlers.doAction(type, request, open.context);
      open.sendHeaders();
      for (const body of bodies) call.write({ body });
    }),
    ListActions: wrap.streaming<Buffer, gen.ActionType>("ListActions", async (call, open) => {
      for (const action of await handlers.listActions(open.context)) call.write(action);
    }),
  });
}

function descriptorOf(bytes: Uint8Array): gen.FlightDescriptor {
  return decodeProto("arrow.flight.protocol.FlightDescriptor", bytes);
}

async function handshake(
  handlers: FlightHandlers,
  call: grpc.ServerDuplexStream<Buffer, gen.HandshakeResponse>,
  open: OpenCall,
): Promise<void> {
  const answer = async (payload: Uint8Array | null): Promise<Uint8Array> => {
    const result = await handlers.handshake(payload, open.context);
    if (result.authorization !== null) open.context.setHeader("authorization", result.authorization);
    open.sendHeaders();
    return result.payload;
  };
  // SQL drivers send the `authorization` header and no payload; older clients the other way round.
  let answered = false;
  if (open.context.headers.has("authorization")) {
    await answer(null);
    answered = true;
  }
  for await (const message of requestsOf<Buffer>(call)) {
    const payload = await answer(decodeProto("arrow.flight.protocol.HandshakeRequest", message).payload);
    answered = true;
    call.write({ protocolVersion: 0, payload });
  }
  if (!answered) await answer(null);
}

/** The client's messages. Node would destroy a duplex stream after its iteration, and with it the answer. */
function requestsOf<Request>(call: Readable): AsyncIterable<Request> {
  return call.iterator({ destroyOnReturn: false }) as AsyncIterable<Request>;
}

async function doGet(
  handlers: FlightHandlers,
  call: grpc.ServerWritableStream<Buffer, OutgoingFlightData>,
  open: OpenCall,
  options: FlightServiceOptions,
): Promise<void> {
  const { ticket } = decodeProto("arrow.flight.protocol.Ticket", call.request);
  const { signal } = open.context;
  const writer = new DoGetWriter(call, signal, options.budget, options.slowReaderMs);
  try {
    const result = await handlers.doGet(ticket, open.context);
    open.sendHeaders();
    if (result.kind === "raw") {
      for await (const message of untilAborted(result.messages, signal)) await writer.write(message);
    } else {
      await writer.write({ header: result.schemaHeader, body: emptyBody });
      for await (const batch of untilAborted(result.batches, signal)) await writer.write(batch);
    }
    await writer.finish();
  } finally {
    writer.close();
  }
}

async function doPut(
  handlers: FlightHandlers,
  call: grpc.ServerDuplexStream<Buffer, gen.PutResult>,
  open: OpenCall,
): Promise<void> {
  const incoming = parsedMessages(requestsOf<Buffer>(call));
  const first = await incoming.next();
  if (first.done === true) throw new EngineError("invalid_argument", "DoPut needs a message with a descriptor");
  const { descriptor } = first.value;
  if (descriptor === null) throw new EngineError("invalid_argument", "the first message of DoPut has no descriptor");
  const messages = (async function* (): AsyncGenerator<FlightDataParts> {
    yield first.value;
    yield* incoming;
  })();
  const results = handlers.doPut(descriptorOf(descriptor), messages, open.context);
  for await (const appMetadata of untilAborted(results, open.context.signal)) {
    open.sendHeaders();
    call.write({ appMetadata });
  }
}

async function* parsedMessages(call: AsyncIterable<Buffer>): AsyncGenerator<FlightDataParts, void, undefined> {
  for await (const bytes of call) yield parseFlightData(bytes);
}
