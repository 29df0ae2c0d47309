import assert from "node:assert/strict";
import { PreparedStatements, preparedIdleMsMax } from "../../../src/scheduler/flight-sql/prepared-statements.ts";

const description = { schema: [], parameterTypes: [], isUpdate: false };

describe("prepared statements", () => {
  it("are known to the scheduler that takes over", () => {
    const { handle } = new PreparedStatements().add("select 'ü'", description);
    const other = new PreparedStatements();
    assert.equal(other.get(handle).sql, "select 'ü'");
    assert.equal(other.get(handle).description, null);
  });

  it("are gone when they were closed, or not used for long", () => {
    let nowMs = 0;
    const statements = new PreparedStatements(() => nowMs);
    const closed = statements.add("select 1", description);
    statements.close(closed.handle);
    assert.throws(() => statements.get(closed.handle), { code: "not_found" });
    const idle = statements.add("select 2", description);
    nowMs = preparedIdleMsMax + 1;
    statements.add("select 3", description);
    assert.throws(() => statements.get(idle.handle), { code: "not_found" });
  });

  it("refuse handles that nobody has given out", () => {
    for (const bytes of ["", "x", "OPS1", "y".repeat(100)])
      assert.throws(() => new PreparedStatements().get(Buffer.from(bytes)), { code: "not_found" });
  });
});
