import type { RecordKind, StateStore, StateWrite } from "./state-store.ts";

/** Keeps records for the life of the process: for tests and for `onager standalone`. */
export class MemoryStore implements StateStore {
  readonly #records = new Map<string, { kind: RecordKind; key: string; value: Uint8Array }>();

  async load(kind: RecordKind): Promise<{ key: string; value: Uint8Array }[]> {
    return [...this.#records.values()]
      .filter((record) => record.kind === kind)
      .map(({ key, value }) => ({ key, value }));
  }

  write(writes: readonly StateWrite[]): void {
    for (const { kind, key, value } of writes) {
      if (value === null) this.#records.delete(`${kind}/${key}`);
      else this.#records.set(`${kind}/${key}`, { kind, key, value: value.slice() });
    }
  }

  async close(): Promise<void> {}
}
