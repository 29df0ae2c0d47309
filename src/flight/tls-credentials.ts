import { isIP } from "node:net";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { credentials, ServerCredentials, type ChannelCredentials, type ChannelOptions } from "@grpc/grpc-js";
import { EngineError } from "../common/engine-error.ts";
import type { ClientTls, ServerTls } from "../security/tls-files.ts";

/** Plain TCP for null. */
export function serverCredentials(tls: ServerTls | null): ServerCredentials {
  if (tls === null) return ServerCredentials.createInsecure();
  const { certificate, key, clientAuthorities } = tls;
  return refusingBadFiles(() =>
    ServerCredentials.createSsl(
      clientAuthorities,
      [{ cert_chain: certificate, private_key: key }],
      clientAuthorities !== null,
    ),
  );
}

/** For a connection to `host`; plain TCP for null. */
export function channelCredentials(tls: ClientTls | null, host: string): ChannelCredentials {
  if (tls === null) return credentials.createInsecure();
  // grpc-js checks the name that it announces, which `announcedName` may have replaced.
  const verify = { checkServerIdentity: (_: string, shown: PeerCertificate) => checkServerIdentity(host, shown) };
  return refusingBadFiles(() => credentials.createSsl(tls.authorities, tls.own?.key, tls.own?.certificate, verify));
}

/** TLS announces names only, and Node refuses to announce an IP address; grpc-js would. */
export function announcedName(tls: ClientTls | null, host: string): ChannelOptions {
  return tls === null || isIP(host) === 0 ? {} : { "grpc.ssl_target_name_override": "ip-address.invalid" };
}

function refusingBadFiles<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new EngineError("invalid_argument", `TLS files cannot be used: ${(error as Error).message}`, {}, error);
  }
}
