import { credentials, ServerCredentials, type ChannelCredentials } from "@grpc/grpc-js";
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

/** Plain TCP for null. */
export function channelCredentials(tls: ClientTls | null): ChannelCredentials {
  if (tls === null) return credentials.createInsecure();
  return refusingBadFiles(() => credentials.createSsl(tls.authorities, tls.own?.key, tls.own?.certificate));
}

function refusingBadFiles<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new EngineError("invalid_argument", `TLS files cannot be used: ${(error as Error).message}`, {}, error);
  }
}
