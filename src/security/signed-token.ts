import { randomBytes } from "node:crypto";
import { EngineError } from "../common/engine-error.ts";
import type { ClusterSecret, SigningPurpose } from "./cluster-secret.ts";

/** What a token of ours says: who, in which roles, until when. */
export type TokenClaims = {
  readonly subject: string;
  readonly roles: readonly string[];
  /** Milliseconds since the epoch. */
  readonly expiresMs: number;
};

const prefix = "onager1.";

/** Whether a bearer token is meant to be one of ours; others are JWTs of an identity provider. */
export function isSignedToken(token: string): boolean {
  return token.startsWith(prefix);
}

/** A token that every node with the secret accepts without asking another. Each one differs, so it can name a session. */
export function signToken(secret: ClusterSecret, purpose: SigningPurpose, claims: TokenClaims): string {
  const body = {
    sub: claims.subject,
    roles: claims.roles,
    exp: claims.expiresMs,
    id: randomBytes(12).toString("base64url"),
  };
  const payload = Buffer.from(JSON.stringify(body));
  return `${prefix}${payload.toString("base64url")}.${secret.sign(purpose, payload).toString("base64url")}`;
}

/** Throws unauthenticated for a token that is malformed, was changed, was made for something else, or has expired. */
export function verifyToken(secret: ClusterSecret, purpose: SigningPurpose, token: string, nowMs: number): TokenClaims {
  const [payloadText, signatureText, ...rest] = token.slice(prefix.length).split(".");
  if (!isSignedToken(token) || payloadText === undefined || signatureText === undefined || rest.length > 0)
    throw refused("the token is malformed");
  const payload = Buffer.from(payloadText, "base64url");
  if (!secret.verify(purpose, payload, Buffer.from(signatureText, "base64url")))
    throw refused("the token's signature is wrong");
  const { sub, roles, exp } = JSON.parse(payload.toString()) as { sub: string; roles: string[]; exp: number };
  if (nowMs >= exp) throw refused("the token has expired: log in again");
  return { subject: sub, roles, expiresMs: exp };
}

function refused(message: string): EngineError {
  return new EngineError("unauthenticated", message);
}
