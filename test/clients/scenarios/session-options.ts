import { randomUUID } from "node:crypto";
import { EngineError } from "../../../src/common/engine-error.ts";
import type { CallContext, FlightHandlers } from "../../../src/flight/flight-handlers.ts";
import { decodeProto, encodeProto } from "../../../src/flight/proto-codec.ts";
import {
  CloseSessionResultStatus,
  SetSessionOptionsResultErrorValue,
  type SessionOptionValue,
  type SetSessionOptionsResultError,
} from "../../../src/gen/protos.ts";
import { scenario } from "./scenario.ts";

const flightPackage = "arrow.flight.protocol.";

/** Sessions that a cookie names, with options of every type. */
export function sessionOptions(): FlightHandlers {
  const sessions = new Map<string, Map<string, SessionOptionValue>>();
  const sessionOf = (context: CallContext): { id: string; options: Map<string, SessionOptionValue> } => {
    const known = /arrow_flight_session_id="?([^;"]+)/.exec(context.headers.get("cookie") ?? "")?.[1];
    const id = known ?? randomUUID();
    let options = sessions.get(id);
    if (options === undefined) sessions.set(id, (options = new Map()));
    if (known === undefined) context.setHeader("set-cookie", `arrow_flight_session_id=${id}; HttpOnly`);
    return { id, options };
  };
  return scenario({
    async doAction(type, body, context) {
      const { id, options } = sessionOf(context);
      switch (type) {
        case "GetSessionOptions":
          return [
            encodeProto(`${flightPackage}GetSessionOptionsResult`, { sessionOptions: Object.fromEntries(options) }),
          ];
        case "SetSessionOptions":
          return [encodeProto(`${flightPackage}SetSessionOptionsResult`, { errors: set(options, body) })];
        case "CloseSession":
          sessions.delete(id);
          return [encodeProto(`${flightPackage}CloseSessionResult`, { status: CloseSessionResultStatus.CLOSED })];
        default:
          throw new EngineError("feature_not_supported", type);
      }
    },
  });
}

function set(options: Map<string, SessionOptionValue>, body: Uint8Array): Record<string, SetSessionOptionsResultError> {
  const errors: Record<string, SetSessionOptionsResultError> = {};
  const request = decodeProto(`${flightPackage}SetSessionOptionsRequest`, body);
  for (const [name, value] of Object.entries(request.sessionOptions)) {
    if (name === "lol_invalid") errors[name] = { value: SetSessionOptionsResultErrorValue.INVALID_NAME };
    else if (value.stringValue === "lol_invalid")
      errors[name] = { value: SetSessionOptionsResultErrorValue.INVALID_VALUE };
    else if (Object.keys(value).length === 0) options.delete(name);
    else options.set(name, value);
  }
  return errors;
}
