/** Writes src/expr/functions.md from the registry and the examples that the SQL logic tests run. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { functionDocs, namesWithoutExample } from "./function-docs.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const examples = readFileSync(`${root}test/slt/function/examples.slt`, "utf8");
const missing = namesWithoutExample(examples);
if (missing.length > 0) {
  console.error(`without an example in test/slt/function/examples.slt: ${missing.join(", ")}`);
  process.exitCode = 1;
}
writeFileSync(`${root}src/expr/functions.md`, functionDocs(examples));
