import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startEngine } from "../support/engine.ts";
import { parseSlt } from "../support/slt-file.ts";
import { appliesTo, runRecord } from "../support/slt-runner.ts";
import type { SqlEngine } from "../support/sql-engine.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));

describe("SQL logic tests", () => {
  let engine: SqlEngine;

  before(async function () {
    this.timeout(90_000);
    engine = await startEngine();
  });

  after(async () => {
    await engine?.close();
  });

  for (const file of globSync("**/*.slt", { cwd: folder }).sort()) {
    describe(file, () => {
      for (const record of parseSlt(readFileSync(`${folder}${file}`, "utf8"), file)) {
        it(`${file}:${record.line} ${record.sql.replaceAll(/\s+/g, " ").slice(0, 80)}`, async function () {
          if (!appliesTo(record, engine)) this.skip();
          await runRecord(record, engine);
        });
      }
    });
  }
});
