import { EngineError } from "../common/engine-error.ts";
import { accessOf, fullAccess, type Access, type Grants } from "./access.ts";
import type { ClusterSecret } from "./cluster-secret.ts";
import type { JwtVerifier } from "./jwt-verifier.ts";
import { LoginLimiter } from "./login-limiter.ts";
import { noOnesHash, verifyPassword } from "./password-hash.ts";
import { isSignedToken, signToken, verifyToken } from "./signed-token.ts";
import type { UsersFile } from "./users-file.ts";

/** Who calls. */
export type Principal = {
  readonly name: string;
  readonly access: Access;
  /** Another node of the cluster: it may fetch partitions for those who asked it. */
  readonly isNode: boolean;
};

export type AuthenticatorOptions = {
  readonly secret: ClusterSecret;
  readonly users: UsersFile | null;
  readonly jwt: JwtVerifier | null;
  readonly tokenLifeMs?: number;
  readonly now?: () => number;
};

type Login = { readonly name: string; readonly roles: readonly string[] };

const defaultTokenLifeMs = 12 * 3_600_000;
/** Clients that send a password with every call would cost 80 ms each. */
const basicCacheMs = 60_000;
const basicCacheMax = 1_000;

/** Tells from an `authorization` header who calls: user and password, a token of ours, or an identity provider's JWT. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #roles: ReadonlyMap<string, Grants>;
  readonly #limiter: LoginLimiter;
  readonly #now: () => number;
  readonly #knownBasic = new Map<string, { readonly login: Login; readonly untilMs: number }>();
  readonly #checking = new Map<string, Promise<Login>>();

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    this.#roles = options.users?.roles ?? new Map<string, Grants>();
    this.#now = options.now ?? Date.now;
    this.#limiter = new LoginLimiter(this.#now);
  }

  /** The `authorization` header to answer a handshake with: a token for a password; who brings a valid token keeps it. */
  async login(header: string | undefined, peer: string): Promise<string> {
    const basic = header === undefined ? null : parseBasic(header);
    if (basic === null) {
      await this.authenticate(header, peer);
      return header!;
    }
    const { name, roles } = await this.#checkPassword(basic, peer);
    return `Bearer ${this.#tokenFor(name, roles)}`;
  }

  /** Throws unauthenticated when the header does not prove who calls. */
  async authenticate(header: string | undefined, peer: string): Promise<Principal> {
    if (header === undefined) throw refused("log in first: the call has no authorization header");
    const basic = parseBasic(header);
    if (basic !== null) return this.#principal(await this.#checkPassword(basic, peer));
    const token = /^bearer\s+(\S+)$/i.exec(header)?.[1];
    if (token === undefined) throw refused("the authorization header is neither Basic nor Bearer");
    const { secret, jwt } = this.#options;
    if (isSignedToken(token)) {
      if (isNodeToken(token, secret, this.#now())) return { name: "node", access: fullAccess, isNode: true };
      const { subject, roles } = verifyToken(secret, "login token", token, this.#now());
      return this.#principal({ name: subject, roles });
    }
    if (jwt === null) throw refused("the bearer token was not issued here");
    const { subject, roles } = await jwt.verify(token);
    return this.#principal({ name: subject, roles });
  }

  /** Connections that a driver opens side by side share one check. */
  async #checkPassword(credentials: BasicCredentials, peer: string): Promise<Login> {
    const { user, password } = credentials;
    const key = this.#options.secret.sign("login token", Buffer.from(`basic\0${user}\0${password}`)).toString("base64");
    const cached = this.#knownBasic.get(key);
    if (cached !== undefined && cached.untilMs > this.#now()) return cached.login;
    let checking = this.#checking.get(key);
    if (checking === undefined) {
      checking = this.#check(key, credentials, addressOf(peer)).finally(() => this.#checking.delete(key));
      this.#checking.set(key, checking);
    }
    return checking;
  }

  async #check(key: string, { user, password }: BasicCredentials, address: string): Promise<Login> {
    this.#limiter.assertAllowed(user, address);
    const found = this.#options.users?.users.get(user);
    // Counted before the slow part, so that guesses that run side by side count too.
    this.#limiter.failed(user, address);
    const matches = await verifyPassword(password, found?.password ?? noOnesHash);
    if (!matches || found === undefined) throw refused("user name or password is wrong");
    this.#limiter.succeeded(user, address);
    const login = { name: found.name, roles: found.roles };
    this.#knownBasic.set(key, { login, untilMs: this.#now() + basicCacheMs });
    for (const [oldest, { untilMs }] of this.#knownBasic) {
      if (this.#knownBasic.size <= basicCacheMax && untilMs > this.#now()) break;
      this.#knownBasic.delete(oldest);
    }
    return login;
  }

  #principal({ name, roles }: Login): Principal {
    return { name, access: accessOf(roles, this.#roles), isNode: false };
  }

  #tokenFor(subject: string, roles: readonly string[]): string {
    const expiresMs = this.#now() + (this.#options.tokenLifeMs ?? defaultTokenLifeMs);
    return signToken(this.#options.secret, "login token", { subject, roles, expiresMs });
  }
}

function isNodeToken(token: string, secret: ClusterSecret, nowMs: number): boolean {
  try {
    verifyToken(secret, "node token", token, nowMs);
    return true;
  } catch {
    return false;
  }
}

type BasicCredentials = { readonly user: string; readonly password: string };

/** Null for other schemes. Some clients leave out base64's padding. */
function parseBasic(header: string): BasicCredentials | null {
  const encoded = /^basic\s+([A-Za-z0-9+/_-]*=*)$/i.exec(header)?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? { user: text, password: "" } : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Without the port, which each connection changes. */
function addressOf(peer: string): string {
  return peer.replace(/:\d+$/, "");
}

function refused(message: string): EngineError {
  return new EngineError("unauthenticated", message);
}
