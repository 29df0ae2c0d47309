import type { ClusterSecret } from "../security/cluster-secret.ts";
import type { TicketSigner } from "./tickets.ts";

/** A driver may read the endpoints of a large result one after the other, so their tickets last as long as a login. */
const ticketLifeMs = 12 * 3_600_000;

/** Tickets that every node with the cluster's secret accepts, and nobody else can make. */
export function signedTickets(secret: ClusterSecret, lifeMs = ticketLifeMs): TicketSigner {
  return {
    sign: (payload) => secret.sign("ticket", payload),
    verify: (payload, signature) => secret.verify("ticket", payload, signature),
    lifeMs,
  };
}
