import type { StateStore } from "./state-store.ts";

/** The time in which one scheduler leads. */
export interface Term {
  /** Refuses every write once another scheduler may lead. */
  readonly store: StateStore;
  /** False as soon as the lease may have run out, also while nothing has noticed yet. */
  isCurrent(): boolean;
  /** Resolves when the term is over, with the reason. */
  readonly over: Promise<string>;
  /** Gives up the lead at once, so that a standby need not wait for the lease to run out. */
  resign(): Promise<void>;
}

/** Which of several schedulers leads. */
export interface LeaderElection {
  /** Waits until this scheduler leads; null once the election is closed. */
  campaign(): Promise<Term | null>;
  /** The leader's address as it gave it; null while nobody leads. */
  readonly leader: string | null;
  close(): Promise<void>;
}
