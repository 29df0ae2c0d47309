import type { StateStore } from "./state-store.ts";

/** Keeps nothing: for a scheduler whose executors end with it, so that nobody could take up its jobs. */
export class NoStore implements StateStore {
  readonly keepsNothing = true;

  async load(): Promise<readonly { readonly key: string; readonly value: Uint8Array }[]> {
    return [];
  }

  write(): void {}

  async close(): Promise<void> {}
}
