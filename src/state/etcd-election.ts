import type { Etcd3, Lease } from "etcd3";
import type { Logger } from "../common/logger.ts";
import { EtcdStore } from "./etcd-store.ts";
import type { LeaderElection, Term } from "./leader-election.ts";

export type EtcdElectionOptions = {
  readonly client: Etcd3;
  readonly prefix: string;
  /** What others find as the leader's address. */
  readonly address: string;
  /** A leader that does not renew its lease for so long leads no more. */
  readonly leaseSeconds: number;
  readonly logger: Logger;
};

const pollMs = 200;
const renewTimeoutMs = 1_000;

/**
 * Leads whoever made the key PREFIX/leader, for as long as its lease lives. The key is looked at often rather than watched:
 * a watch that was broken, compacted away or hung on a stopped member would have to be noticed by looking as well.
 */
export class EtcdElection implements LeaderElection {
  readonly #options: EtcdElectionOptions;
  readonly #key: string;
  readonly #loop: Promise<void>;
  #closed = false;
  #leader: string | null = null;
  #lead: EtcdTerm | null = null;
  #candidate: ((term: Term | null) => void) | null = null;

  constructor(options: EtcdElectionOptions) {
    this.#options = options;
    this.#key = `${options.prefix}/leader`;
    this.#loop = this.#follow();
  }

  get leader(): string | null {
    return this.#leader;
  }

  campaign(): Promise<Term | null> {
    if (this.#closed) return Promise.resolve(null);
    return new Promise((resolve) => (this.#candidate = resolve));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#candidate?.(null);
    await this.#lead?.resign();
    await this.#loop;
    this.#options.client.close();
  }

  async #follow(): Promise<void> {
    let silentSince: number | null = null;
    while (!this.#closed) {
      try {
        await this.#look();
        silentSince = null;
      } catch (error) {
        // The leader may have changed meanwhile, but the last one known is the best guess.
        silentSince ??= performance.now();
        if (silentSince > 0 && performance.now() - silentSince > 5_000) {
          this.#options.logger.log("warn", `etcd does not answer: ${(error as Error).message}`);
          silentSince = performance.now();
        }
      }
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }

  async #look(): Promise<void> {
    const { kvs } = await this.#options.client.kv.range({ key: Buffer.from(this.#key) });
    const found = kvs[0];
    this.#leader = found === undefined ? null : found.value.toString("utf8");
    const lead = this.#lead;
    if (lead !== null) {
      if (found?.create_revision !== lead.revision) lead.end("another scheduler leads");
      if (lead.ended) this.#lead = null;
      return;
    }
    if (found === undefined && this.#candidate !== null) await this.#stand();
  }

  async #stand(): Promise<void> {
    const { client, address, leaseSeconds } = this.#options;
    const grantedAt = performance.now();
    const lease = client.lease(leaseSeconds, { autoKeepAlive: false });
    lease.on("lost", () => {});
    const id = await lease.grant();
    const { succeeded, header } = await client
      .if(this.#key, "Create", "==", 0)
      .then(client.put(this.#key).value(address).lease(id))
      .commit();
    if (!succeeded || this.#closed) {
      await lease.revoke();
      return;
    }
    const candidate = this.#candidate!;
    this.#candidate = null;
    this.#leader = address;
    this.#lead = new EtcdTerm(this.#options, lease, this.#key, header.revision, grantedAt);
    candidate(this.#lead);
  }
}

class EtcdTerm implements Term {
  readonly store: EtcdStore;
  readonly over: Promise<string>;
  readonly revision: string;
  readonly #lease: Lease;
  readonly #leaseMs: number;
  readonly #renewal: NodeJS.Timeout;
  #renewedAt: number;
  #end: (reason: string) => void = () => {};
  ended = false;

  constructor(options: EtcdElectionOptions, lease: Lease, key: string, revision: string, grantedAt: number) {
    this.revision = revision;
    this.#lease = lease;
    this.#leaseMs = options.leaseSeconds * 1000;
    this.#renewedAt = grantedAt;
    this.over = new Promise((resolve) => (this.#end = resolve));
    this.store = new EtcdStore(options.client, options.prefix, { key, revision, isCurrent: () => this.isCurrent() });
    this.#renewal = setInterval(() => this.#renew(), this.#leaseMs / 4);
  }

  /** Counted from before the renewal was sent: etcd's own count began later. */
  isCurrent(): boolean {
    return !this.ended && performance.now() - this.#renewedAt < this.#leaseMs;
  }

  end(reason: string): void {
    if (this.ended) return;
    this.ended = true;
    clearInterval(this.#renewal);
    this.#lease.release();
    this.#end(reason);
  }

  async resign(): Promise<void> {
    this.end("it resigned");
    await Promise.race([
      this.#lease.revoke().catch(() => {}),
      new Promise((resolve) => setTimeout(resolve, renewTimeoutMs).unref()),
    ]);
  }

  #renew(): void {
    if (!this.isCurrent()) return this.end("its lease ran out");
    const sentAt = performance.now();
    this.#lease.keepaliveOnce({ deadline: Date.now() + renewTimeoutMs }).then(
      () => (this.#renewedAt = Math.max(this.#renewedAt, sentAt)),
      () => {
        if (!this.isCurrent()) this.end("its lease ran out");
      },
    );
  }
}
