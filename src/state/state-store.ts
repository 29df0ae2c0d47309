/** What the scheduler keeps beyond its own life. Keys are unique within a kind. */
export type RecordKind = "job" | "view" | "executor" | "session";

export type StateWrite = {
  readonly kind: RecordKind;
  readonly key: string;
  /** null deletes. */ readonly value: Uint8Array | null;
};

/**
 * The scheduler's backing store. `write` applies all of a batch or nothing, and is durable when it returns (or when
 * its promise resolves): the scheduler sends nothing before that. A store that answers at once returns no promise, which
 * keeps small queries free of needless turns of the event loop.
 */
export interface StateStore {
  /** True: what is written is gone, so that nobody needs to encode it. */
  readonly keepsNothing?: boolean;
  load(kind: RecordKind): Promise<readonly { readonly key: string; readonly value: Uint8Array }[]>;
  write(writes: readonly StateWrite[]): void | Promise<void>;
  close(): Promise<void>;
}
