import { EngineError } from "../common/engine-error.ts";
import { signedTickets } from "../flight/signed-tickets.ts";
import { authenticatedHandlers } from "../flight/authenticated-handlers.ts";
import type { FlightHandlers } from "../flight/flight-handlers.ts";
import { unsignedTickets, type TicketSigner } from "../flight/tickets.ts";
import { Authenticator } from "../security/authenticator.ts";
import { ClusterSecret } from "../security/cluster-secret.ts";
import { JwtVerifier, type JwtOptions } from "../security/jwt-verifier.ts";
import { assertNode, NodeCredentials } from "../security/node-credentials.ts";
import { readTlsFiles, type ClientTls, type ServerTls, type TlsPaths } from "../security/tls-files.ts";
import { readUsersFile } from "../security/users-file.ts";

/** A node's settings that decide who may do what. */
export type SecurityOptions = {
  readonly tls: TlsPaths;
  readonly usersFile: string | null;
  readonly secretFile: string | null;
  readonly jwt: JwtOptions | null;
};

const noSecurity: SecurityOptions = { tls: {}, usersFile: null, secretFile: null, jwt: null };

/** The settings at work: what a node's servers and connections need of them. */
export type NodeSecurity = {
  readonly serverTls: ServerTls | null;
  readonly clientTls: ClientTls | null;
  readonly signer: TicketSigner;
  /** The `authorization` header for other nodes. */
  readonly nodeAuthorization: (() => string) | null;
  /** The handlers behind the login, if there is one. */
  readonly guard: (handlers: FlightHandlers) => FlightHandlers;
  readonly assertMayJoin: (authorization: string | undefined) => void;
};

/**
 * Reads all files. Throws invalid_argument where logins are asked for, but nodes share no secret: the others could not check
 * tokens. One process by itself (`isAlone`) needs none.
 */
export function openSecurity(options: SecurityOptions = noSecurity, isAlone: boolean): NodeSecurity {
  const tls = readTlsFiles(options.tls);
  const wantsLogin = options.usersFile !== null || options.jwt !== null;
  let secret = options.secretFile === null ? null : ClusterSecret.fromFile(options.secretFile);
  if (secret === null && wantsLogin) {
    if (!isAlone)
      throw new EngineError("invalid_argument", "--users and --jwt-issuer need --secret-file, the same on all nodes");
    secret = ClusterSecret.random();
  }
  const node = secret === null ? null : new NodeCredentials(secret, "node");
  const authenticator =
    secret === null || !wantsLogin
      ? null
      : new Authenticator({
          secret,
          users: options.usersFile === null ? null : readUsersFile(options.usersFile),
          jwt: options.jwt === null ? null : new JwtVerifier(options.jwt),
        });
  return {
    serverTls: tls?.server ?? null,
    clientTls: tls?.client ?? null,
    signer: secret === null ? unsignedTickets : signedTickets(secret),
    nodeAuthorization: node === null ? null : () => node.authorization(),
    guard: (handlers) => (authenticator === null ? handlers : authenticatedHandlers(handlers, authenticator)),
    assertMayJoin: (authorization) => {
      if (secret !== null) assertNode(secret, authorization);
    },
  };
}

/** Of the URL under which the node's server is reached. */
export function urlScheme({ serverTls }: Pick<NodeSecurity, "serverTls">): string {
  return serverTls === null ? "grpc" : "grpc+tls";
}
