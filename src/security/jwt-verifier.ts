import { readFileSync } from "node:fs";
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  jwtVerify,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from "jose";
import { EngineError } from "../common/engine-error.ts";

export type JwtOptions = {
  /** Must equal the token's `iss`. */
  readonly issuer: string;
  /** Must be in the token's `aud`. */
  readonly audience: string;
  /** The identity provider's public keys: a file, or an https (or http) URL. */
  readonly jwks: string;
};

export type JwtClaims = { readonly subject: string; readonly roles: readonly string[]; readonly expiresMs: number };

/** Public-key signatures only: `none` and shared-secret ones would let a client sign its own. */
const algorithms = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];
const clockToleranceSeconds = 30;

/** Checks tokens of an identity provider. The only user of the JOSE library. */
export class JwtVerifier {
  readonly #options: JwtOptions;
  readonly #keys: JWTVerifyGetKey;

  /** Throws for a key file that cannot be used; keys behind a URL are fetched at first use and again when they change. */
  constructor(options: JwtOptions) {
    this.#options = options;
    this.#keys = /^https?:\/\//.test(options.jwks)
      ? createRemoteJWKSet(new URL(options.jwks), { timeoutDuration: 5_000 })
      : localKeys(options.jwks);
  }

  /** Throws unauthenticated for a token that does not prove who its bearer is, unavailable when keys cannot be fetched. */
  async verify(token: string): Promise<JwtClaims> {
    const { issuer, audience } = this.#options;
    try {
      const { payload } = await jwtVerify(token, this.#keys, {
        issuer,
        audience,
        algorithms,
        clockTolerance: clockToleranceSeconds,
        requiredClaims: ["exp", "sub"],
      });
      return { subject: payload.sub ?? "", roles: rolesOf(payload["roles"]), expiresMs: (payload.exp ?? 0) * 1000 };
    } catch (error) {
      // The library's messages name claims, never the token.
      if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError))
        throw new EngineError("unavailable", "the identity provider's keys cannot be fetched", {}, error);
      throw new EngineError("unauthenticated", `the bearer token is not valid: ${error.message}`, {}, error);
    }
  }
}

function localKeys(path: string): JWTVerifyGetKey {
  try {
    return createLocalJWKSet(JSON.parse(readFileSync(path, "utf8")) as JSONWebKeySet);
  } catch (error) {
    throw new EngineError(
      "invalid_argument",
      `${path} holds no JSON Web Key Set: ${(error as Error).message}`,
      {},
      error,
    );
  }
}

/** A list, or names separated by spaces. */
function rolesOf(claim: unknown): readonly string[] {
  if (Array.isArray(claim)) return claim.filter((role) => typeof role === "string");
  return typeof claim === "string" ? claim.split(/\s+/).filter((role) => role !== "") : [];
}
