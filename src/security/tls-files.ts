import { readFileSync } from "node:fs";
import { EngineError } from "../common/engine-error.ts";

/** Paths of PEM files. */
export type TlsPaths = {
  readonly certificate?: string;
  readonly key?: string;
  /** Authorities whose servers this node trusts when it connects; without it, those of the system. */
  readonly authorities?: string;
  /** Authorities that must have signed the certificate of everyone who connects to this node. */
  readonly clientAuthorities?: string;
};

/** What a server shows, and whom it lets connect (null: everyone). */
export type ServerTls = {
  readonly certificate: Buffer;
  readonly key: Buffer;
  readonly clientAuthorities: Buffer | null;
};

/** Whom a client trusts (null: the system's authorities), and what it shows of itself. */
export type ClientTls = {
  readonly authorities: Buffer | null;
  readonly own: { readonly certificate: Buffer; readonly key: Buffer } | null;
};

export type Tls = { readonly server: ServerTls; readonly client: ClientTls };

/** A node's TLS; null when it is off. Throws invalid_argument for half of a pair, undefined_file for missing files. */
export function readTlsFiles(paths: TlsPaths): Tls | null {
  const { certificate, key, authorities, clientAuthorities } = paths;
  if (certificate === undefined || key === undefined) {
    if (certificate === undefined && key === undefined && authorities === undefined && clientAuthorities === undefined)
      return null;
    throw new EngineError("invalid_argument", "TLS needs both --tls-cert and --tls-key");
  }
  const own = { certificate: read(certificate), key: read(key) };
  const trusted = authorities === undefined ? null : read(authorities);
  return {
    server: { ...own, clientAuthorities: clientAuthorities === undefined ? null : read(clientAuthorities) },
    client: { authorities: trusted, own },
  };
}

/** A client's TLS: for the shell, which may have no certificate. */
export function readClientTls(paths: TlsPaths): ClientTls {
  const { certificate, key, authorities } = paths;
  if ((certificate === undefined) !== (key === undefined))
    throw new EngineError("invalid_argument", "a client's certificate needs both --tls-cert and --tls-key");
  const own =
    certificate === undefined || key === undefined ? null : { certificate: read(certificate), key: read(key) };
  return { authorities: authorities === undefined ? null : read(authorities), own };
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new EngineError("undefined_file", `cannot read ${path}: ${(error as Error).message}`, { file: path });
  }
}
