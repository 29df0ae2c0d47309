import assert from "node:assert/strict";
import type { ErrorCode } from "../../src/common/engine-error.ts";
import { simulate } from "./simulate.ts";

/** ONAGER_SEED repeats one history, ONAGER_HISTORIES sets how many there are. */
const only = process.env["ONAGER_SEED"];
const histories = only === undefined ? Number(process.env["ONAGER_HISTORIES"] ?? 1_000) : 1;
const firstSeed = only === undefined ? 1 : Number(only);

describe("simulated clusters", function () {
  this.timeout(600_000);

  it(`survive ${histories} histories of faults`, () => {
    const failed = new Map<ErrorCode, number>();
    let [right, faults] = [0, 0];
    for (let seed = firstSeed; seed < firstSeed + histories; seed++) {
      try {
        const outcome = simulate(seed);
        right += outcome.right;
        for (const [code, count] of outcome.failed) failed.set(code, (failed.get(code) ?? 0) + count);
        for (const count of Object.values(outcome.faults)) faults += count;
      } catch (error) {
        throw new Error(`ONAGER_SEED=${seed}: ${(error as Error).message}`, { cause: error });
      }
    }
    // Only what is tried again too often, or finds nobody to run it, may fail.
    for (const code of failed.keys()) assert.ok(["io_error", "fetch_failed", "unavailable"].includes(code), code);
    if (only === undefined) assert.ok(right > histories, `${right} queries right, ${faults} faults`);
  });

  it("repeat a history from its seed", () => assert.deepEqual(simulate(42), simulate(42)));
});
