import { EngineError } from "../common/engine-error.ts";

type Failures = { count: number; firstMs: number };

const windowMs = 60_000;
/** Wrong passwords a minute for one user from one address, and for all users from one address. */
const perUserMax = 5;
const perAddressMax = 30;
const entriesMax = 100_000;

/** Slows down the guessing of passwords. A user is locked out only for the address that guesses, not for all. */
export class LoginLimiter {
  readonly #failures = new Map<string, Failures>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Throws unauthenticated while there were too many failures. */
  assertAllowed(user: string, address: string): void {
    const waitMs = Math.max(
      this.#waitMs(`address ${address}`, perAddressMax),
      this.#waitMs(`user ${address} ${user}`, perUserMax),
    );
    if (waitMs <= 0) return;
    throw new EngineError("unauthenticated", `too many failed logins: try again in ${Math.ceil(waitMs / 1000)} s`);
  }

  failed(user: string, address: string): void {
    this.#count(`address ${address}`);
    this.#count(`user ${address} ${user}`);
  }

  /** Takes back what `failed` counted before the password was checked. */
  succeeded(user: string, address: string): void {
    this.#failures.delete(`user ${address} ${user}`);
    const all = this.#failures.get(`address ${address}`);
    if (all !== undefined) all.count--;
  }

  #waitMs(key: string, max: number): number {
    const failures = this.#failures.get(key);
    if (failures === undefined || failures.count < max) return 0;
    return failures.firstMs + windowMs - this.#now();
  }

  #count(key: string): void {
    const now = this.#now();
    const failures = this.#failures.get(key);
    if (failures !== undefined && now - failures.firstMs < windowMs) {
      failures.count++;
      return;
    }
    this.#failures.delete(key);
    this.#failures.set(key, { count: 1, firstMs: now });
    // The map is in the order of the windows' beginnings.
    for (const [oldest, { firstMs }] of this.#failures) {
      if (now - firstMs < windowMs && this.#failures.size <= entriesMax) break;
      this.#failures.delete(oldest);
    }
  }
}
