import assert from "node:assert/strict";
import type { StateStore } from "../../src/state/state-store.ts";

export const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

/** What every store promises; each kind of store runs the same cases. */
export function storeContract(name: string, open: () => StateStore): void {
  describe(`${name} as a state store`, () => {
    let store: StateStore;
    beforeEach(() => (store = open()));
    afterEach(() => store.close());

    it("starts empty", async () => {
      assert.deepEqual(await store.load("job"), []);
    });

    it("gives back what was written, by kind, last value first", async () => {
      await store.write([
        { kind: "job", key: "a", value: bytes(1) },
        { kind: "view", key: "a", value: bytes(2) },
      ]);
      await store.write([{ kind: "job", key: "a", value: bytes(3, 0, 255) }]);
      assert.deepEqual(plain(await store.load("job")), [["a", [3, 0, 255]]]);
      assert.deepEqual(plain(await store.load("view")), [["a", [2]]]);
    });

    it("deletes, also what is not there", async () => {
      await store.write([{ kind: "job", key: "a", value: bytes(1) }]);
      await store.write([
        { kind: "job", key: "a", value: null },
        { kind: "job", key: "b", value: null },
      ]);
      assert.deepEqual(await store.load("job"), []);
    });

    it("keeps its own copy of the bytes", async () => {
      const value = bytes(1, 2);
      await store.write([{ kind: "job", key: "a", value }]);
      value[0] = 9;
      assert.deepEqual(plain(await store.load("job")), [["a", [1, 2]]]);
    });
  });
}

export const plain = (records: readonly { key: string; value: Uint8Array }[]) =>
  records.map(({ key, value }) => [key, [...value]]);
