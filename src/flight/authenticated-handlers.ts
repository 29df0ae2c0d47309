import { EngineError } from "../common/engine-error.ts";
import type { Authenticator } from "../security/authenticator.ts";
import { decodeProto } from "./proto-codec.ts";
import type { CallContext, FlightHandlers } from "./flight-handlers.ts";

/** Clients of Flight's older handshake send user and password in its payload. */
function basicOf(payload: Uint8Array | null): string | undefined {
  if (payload === null) return undefined;
  const { username, password } = decodeProto("arrow.flight.protocol.BasicAuth", payload);
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** The same handlers, for callers that have proven who they are; the context then says who. */
export function authenticatedHandlers(handlers: FlightHandlers, authenticator: Authenticator): FlightHandlers {
  const known = async (context: CallContext): Promise<CallContext> => {
    const principal = await authenticator.authenticate(context.headers.get("authorization"), context.peer);
    return { ...context, principal };
  };
  /** Nodes fetch partitions of each other and do nothing else. */
  const user = async (context: CallContext): Promise<CallContext> => {
    const checked = await known(context);
    if (checked.principal?.isNode === true)
      throw new EngineError("permission_denied", "nodes of the cluster only fetch partitions");
    return checked;
  };
  return {
    async handshake(payload, context) {
      const given = context.headers.get("authorization") ?? basicOf(payload);
      const authorization = await authenticator.login(given, context.peer);
      return { authorization, payload: Buffer.from(authorization.replace(/^bearer\s+/i, "")) };
    },
    getFlightInfo: async (descriptor, context) => handlers.getFlightInfo(descriptor, await user(context)),
    getSchema: async (descriptor, context) => handlers.getSchema(descriptor, await user(context)),
    pollFlightInfo: async (descriptor, context) => handlers.pollFlightInfo(descriptor, await user(context)),
    doGet: async (ticket, context) => handlers.doGet(ticket, await known(context)),
    async *doPut(descriptor, messages, context) {
      yield* handlers.doPut(descriptor, messages, await user(context));
    },
    doAction: async (type, body, context) => handlers.doAction(type, body, await user(context)),
    listActions: async (context) => handlers.listActions(await user(context)),
    listFlights: async (criteria, context) => handlers.listFlights(criteria, await user(context)),
  };
}
