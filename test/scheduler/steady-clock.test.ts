import assert from "node:assert/strict";
import { SteadyClock } from "../../src/scheduler/steady-clock.ts";

describe("the scheduler's clock", () => {
  it("counts the time in which the process ran, and no jumps of the wall clock", () => {
    let [wall, ran] = [1_000_000, 50];
    const clock = new SteadyClock(
      () => wall,
      () => ran,
    );
    ran += 500;
    wall -= 3_600_000;
    assert.equal(clock.now(), 1_000_500);
    // Stopped for a minute.
    ran += 60_000;
    assert.equal(clock.now(), 1_005_500);
  });
});
