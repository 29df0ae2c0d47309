import { simpleType } from "../../../src/arrow/data-type.ts";
import { ClusterSecret } from "../../../src/security/cluster-secret.ts";
import { EngineError } from "../../../src/common/engine-error.ts";
import { Authenticator } from "../../../src/security/authenticator.ts";
import { hashPassword, parsePasswordHash } from "../../../src/security/password-hash.ts";
import { authenticatedHandlers } from "../../../src/flight/authenticated-handlers.ts";
import type { FlightHandlers } from "../../../src/flight/flight-handlers.ts";
import { endpoint, flightInfo, rows, scenario } from "./scenario.ts";

const int32Numbers = [{ name: "number", type: simpleType("int32"), nullable: true }];
const uint32Numbers = [{ name: "number", type: simpleType("uint32"), nullable: true }];

/** The older handshake, with our own login behind it. */
export async function authBasicProto(): Promise<FlightHandlers> {
  const user = { name: "arrow", password: parsePasswordHash(await hashPassword("flight")), roles: [] };
  const users = { users: new Map([["arrow", user]]), roles: new Map() };
  const authenticator = new Authenticator({ secret: ClusterSecret.random(), users, jwt: null });
  const handlers = scenario({
    doAction: (_type, _body, context) => Promise.resolve([Buffer.from(context.principal?.name ?? "")]),
  });
  return authenticatedHandlers(handlers, authenticator);
}

/** A response header on a call that fails and on one that does not. */
export function middleware(): FlightHandlers {
  return scenario({
    async getFlightInfo(descriptor, context) {
      const received = context.headers.get("x-middleware");
      if (received !== undefined) context.setHeader("x-middleware", received);
      if (Buffer.from(descriptor.cmd).toString() !== "success") throw new EngineError("invalid_argument", "unknown");
      return flightInfo(descriptor, [], [endpoint("foo", { location: [{ uri: "grpc+tcp://localhost:10010" }] })]);
    },
  });
}

export function ordered(): FlightHandlers {
  return scenario({
    getFlightInfo: (descriptor) =>
      Promise.resolve(
        flightInfo(
          descriptor,
          int32Numbers,
          ["1", "2", "3"].map((ticket) => endpoint(ticket)),
          {
            ordered: Buffer.from(descriptor.cmd).toString() === "ordered",
          },
        ),
      ),
    doGet(ticket) {
      const factor = 10 ** (Number(Buffer.from(ticket).toString()) - 1);
      return Promise.resolve(
        rows(
          int32Numbers,
          [1, 2, 3].map((number) => [number * factor]),
        ),
      );
    },
  });
}

export function reuseConnection(): FlightHandlers {
  const location = [{ uri: "arrow-flight-reuse-connection://?" }];
  return scenario({
    getFlightInfo: (descriptor) => Promise.resolve(flightInfo(descriptor, [], [endpoint("reuse", { location })])),
  });
}

export function pollFlightInfo(): FlightHandlers {
  return scenario({
    async pollFlightInfo(descriptor) {
      const info = flightInfo(descriptor, uint32Numbers, [endpoint("long-running query")]);
      if (Buffer.from(descriptor.cmd).toString() === "poll") return { info, progress: 1 };
      const flightDescriptor = { type: 2, cmd: Buffer.from("poll"), path: [] };
      const expirationTime = { seconds: Math.floor(Date.now() / 1000) + 10, nanos: 0 };
      return { info, flightDescriptor, progress: 0.1, expirationTime };
    },
  });
}

export function appMetadata(): FlightHandlers {
  return scenario({
    getFlightInfo: (descriptor) =>
      Promise.resolve(
        flightInfo(descriptor, uint32Numbers, [endpoint("", { appMetadata: descriptor.cmd })], {
          appMetadata: descriptor.cmd,
        }),
      ),
  });
}
