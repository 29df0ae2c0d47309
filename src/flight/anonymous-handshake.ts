import { randomBytes } from "node:crypto";
import type { CallContext } from "./flight-handlers.ts";

/**
 * The handshake of a server that lets everyone in: any user and password get a token of their own; a client that brings
 * a token keeps it. The token names a session and proves nothing.
 */
export function acceptAnyone(
  _payload: Uint8Array | null,
  context: CallContext,
): { readonly authorization: string; readonly payload: Uint8Array } {
  const given = context.headers.get("authorization") ?? "";
  const token = /^bearer\s+\S/i.test(given) ? given.replace(/^bearer\s+/i, "") : randomBytes(18).toString("base64url");
  // The payload is for clients of Flight's older handshake, which send it back as `auth-token-bin`.
  return { authorization: `Bearer ${token}`, payload: Buffer.from(token) };
}
