import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ensureTpchData } from "../../tpch/make-data.ts";
import { flightPackages } from "../../tpch/python-engine.ts";
import { ensureVenv } from "../../tpch/python-venv.ts";
import { Cluster } from "../../tpch/start-cluster.ts";
import { ensureJdbcClient, hasJava, jdbcClassPath } from "../support/jdbc-client.ts";

const run = promisify(execFile);
const readme = readFileSync(fileURLToPath(new URL("../../README.md", import.meta.url)), "utf8");
const section = /\n## Connect\n(.*?)\n## /s.exec(readme)?.[1] ?? "";
const packages = [...flightPackages, "pandas==3.1.1", "polars==2.1.0"];

/** The code blocks of the README's part on clients. */
function snippetsIn(language: string): string[] {
  const blocks = section.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "gs"));
  return Array.from(blocks, (block) => block[1]!);
}

describe("the README's ways to connect", function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), "onager-snippets-"));
  let cluster: Cluster | null = null;

  before(async () => {
    cluster = await Cluster.start({ dataFolder: ensureTpchData(0.01), executors: 1, slots: 1, memory: "300MB" });
  });
  after(async () => {
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const aimed = (snippet: string): string =>
    snippet.replaceAll("127.0.0.1:50050", (cluster?.url ?? "").replace(/^.*:\/\//, ""));

  const python = snippetsIn("python");
  it("has a snippet for ADBC, pandas and polars", () => assert.equal(python.length, 3));
  for (const snippet of python) {
    const name = /^import (pandas|polars)$/m.exec(snippet)?.[1] ?? "ADBC";
    it(`Python: ${name}`, async () => {
      const programs = ensureVenv("snippets", packages);
      const { stdout } = await run(`${programs}/python`, ["-c", aimed(snippet)], { timeout: 60_000 });
      assert.match(stdout, /CANADA/);
    });
  }

  for (const snippet of snippetsIn("java")) {
    it("Java", async function () {
      if (!hasJava()) this.skip();
      await ensureJdbcClient();
      const file = join(folder, "Example.java");
      writeFileSync(file, aimed(snippet));
      const args = ["--add-opens=java.base/java.nio=ALL-UNNAMED", "-cp", jdbcClassPath, file];
      const { stdout } = await run("java", args, { timeout: 60_000 });
      assert.equal(stdout.trim(), "CANADA");
    });
  }
});
