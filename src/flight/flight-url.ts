import { EngineError } from "../common/engine-error.ts";
import { hostAndPort } from "./flight-server.ts";

export type FlightAddress = { readonly host: string; readonly port: number; readonly tls: boolean };

export const defaultFlightPort = 50050;

/** The location form that pyarrow, ADBC, JDBC and ODBC all accept. */
export function locationOf(address: { readonly host: string; readonly port: number }, tls: boolean): string {
  return `grpc+${tls ? "tls" : "tcp"}://${hostAndPort(address.host, address.port)}`;
}

/** Reads `grpc://host:port`, `grpc+tcp://…`, `grpc+tls://…` or bare `host:port`; null for other schemes, such as "use this connection". */
export function addressOfLocation(uri: string): FlightAddress | null {
  const match = /^(?:(grpc|grpc\+tcp|grpc\+tls):\/\/)?(\[[^\]]+\]|[^:/?#[\]]+)(?::(\d{1,5}))?\/?$/.exec(uri);
  if (match === null) return null;
  const port = match[3] === undefined ? defaultFlightPort : Number(match[3]);
  return { host: match[2]!.replace(/^\[|\]$/g, ""), port, tls: match[1] === "grpc+tls" };
}

/** As addressOfLocation, for what a user typed: throws invalid_argument. */
export function parseFlightUrl(url: string): FlightAddress {
  const address = addressOfLocation(url);
  if (address === null || address.port > 65_535) {
    throw new EngineError(
      "invalid_argument",
      `"${url}" is no address of a Flight server; write it like grpc://127.0.0.1:${defaultFlightPort}`,
    );
  }
  return address;
}
