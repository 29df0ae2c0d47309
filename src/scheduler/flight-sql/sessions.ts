import { createHash, randomBytes } from "node:crypto";
import { clientHeader } from "../../flight/forwarding-handlers.ts";
import type { CallContext } from "../../flight/flight-handlers.ts";
import type { Session } from "../query-service.ts";

type Entry = { readonly session: Session; lastUsedMs: number };

const cookieName = "arrow_flight_session_id";
const idleMsMax = 8 * 3_600_000;
const sessionsMax = 10_000;

/**
 * Sessions of clients: by their `authorization` header (the bearer token from the handshake, or credentials sent with each
 * call), else by the cookie that drivers with cookies keep, else by their connection.
 */
export class Sessions {
  readonly #entries = new Map<string, Entry>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** The caller's session, made when it has none yet. */
  of(context: CallContext): Session {
    const key = keyOf(context);
    const now = this.#now();
    let entry = this.#entries.get(key);
    if (entry === undefined || now - entry.lastUsedMs > idleMsMax) {
      entry = { session: newSession(context), lastUsedMs: now };
      this.#makeRoom(now);
    }
    entry.lastUsedMs = now;
    // Set again, so that the map's order is that of the last use.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.session;
  }

  /** Gives a client without token a cookie for the session it has, so that it keeps it over connections. */
  offerCookie(context: CallContext): void {
    if (context.headers.has("authorization") || cookieOf(context) !== null) return;
    const session = this.of(context);
    const value = randomBytes(18).toString("base64url");
    this.#entries.set(`cookie ${value}`, { session, lastUsedMs: this.#now() });
    context.setHeader("set-cookie", `${cookieName}=${value}; HttpOnly`);
  }

  close(context: CallContext): void {
    const session = this.#entries.get(keyOf(context))?.session;
    for (const [key, entry] of this.#entries) if (entry.session === session) this.#entries.delete(key);
  }

  #makeRoom(now: number): void {
    for (const [key, entry] of this.#entries) {
      if (this.#entries.size < sessionsMax && now - entry.lastUsedMs <= idleMsMax) return;
      this.#entries.delete(key);
    }
  }
}

function newSession({ principal }: CallContext): Session {
  const session: Session = { sessionId: randomBytes(9).toString("base64url"), settings: new Map() };
  return principal === undefined ? session : { ...session, user: principal.name, access: principal.access };
}

function keyOf(context: CallContext): string {
  const authorization = context.headers.get("authorization");
  // Not the header itself: it may be a password.
  if (authorization !== undefined) return createHash("sha256").update(authorization).digest("base64");
  const cookie = cookieOf(context);
  return cookie === null ? `connection ${context.headers.get(clientHeader) ?? context.peer}` : `cookie ${cookie}`;
}

function cookieOf(context: CallContext): string | null {
  for (const pair of (context.headers.get("cookie") ?? "").split(";")) {
    const [name, value] = pair.split("=", 2);
    if (name?.trim() === cookieName && value !== undefined) return value.trim().replace(/^"|"$/g, "");
  }
  return null;
}
