import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { functionDocs, namesWithoutExample } from "../../scripts/function-docs.ts";

describe("the table of functions", () => {
  const examples = readFileSync(new URL("../slt/function/examples.slt", import.meta.url), "utf8");

  it("has an example of every function", () => {
    assert.deepEqual(namesWithoutExample(examples), []);
  });

  it("is what npm run docs:functions writes", () => {
    assert.equal(readFileSync(new URL("../../src/expr/functions.md", import.meta.url), "utf8"), functionDocs(examples));
  });
});
