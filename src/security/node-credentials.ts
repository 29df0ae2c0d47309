import { EngineError } from "../common/engine-error.ts";
import type { ClusterSecret } from "./cluster-secret.ts";
import { signToken, verifyToken } from "./signed-token.ts";

const lifeMs = 5 * 60_000;
const renewMs = 60_000;

/** How a node proves to others that it knows the cluster's secret: a fresh token now and then. */
export class NodeCredentials {
  readonly #secret: ClusterSecret;
  readonly #nodeName: string;
  #token = "";
  #madeMs = Number.NEGATIVE_INFINITY;

  constructor(secret: ClusterSecret, nodeName: string) {
    this.#secret = secret;
    this.#nodeName = nodeName;
  }

  /** The value of an `authorization` header. */
  authorization(): string {
    const now = Date.now();
    if (now - this.#madeMs > renewMs) {
      this.#token = signToken(this.#secret, "node token", {
        subject: this.#nodeName,
        roles: [],
        expiresMs: now + lifeMs,
      });
      this.#madeMs = now;
    }
    return `Bearer ${this.#token}`;
  }
}

/** Throws unauthenticated for a peer that does not know the secret. */
export function assertNode(secret: ClusterSecret, authorization: string | undefined): void {
  const token = /^bearer\s+(\S+)$/i.exec(authorization ?? "")?.[1];
  if (token === undefined)
    throw new EngineError(
      "unauthenticated",
      "only nodes with the cluster's secret may join: start it with --secret-file",
    );
  verifyToken(secret, "node token", token, Date.now());
}
