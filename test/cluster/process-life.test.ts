import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FlightSqlClient } from "../../src/flight/flight-sql-client.ts";
import { ensureTpchData } from "../../tpch/make-data.ts";
import { Cluster } from "../../tpch/start-cluster.ts";

const program = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const sample = ensureTpchData(0.01);

/** Twelve million rows from 60 thousand: long enough to be caught in the middle. */
const longQuery =
  "select a.l_orderkey, b.l_comment from lineitem a join lineitem b on a.l_linenumber = b.l_linenumber where a.l_orderkey < 20000";

async function onager(...args: string[]): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { status, stdout, stderr };
}

describe("onager's processes", function () {
  this.timeout(60_000);

  describe("say what is wrong in one line and exit with 2", () => {
    const cases: readonly [string, readonly string[], RegExp][] = [
      ["an unknown flag", ["standalone", "--colour", "red"], /unknown option '--colour'/],
      ["a flag without its value", ["standalone", "--port"], /argument missing/],
      ["a port that is no number", ["scheduler", "--port", "http"], /--port: "http" is no whole number/],
      ["a missing data folder", ["standalone", "--port", "0", "--data-dir", "no/such/folder"], /no\/such\/folder/],
      ["a table without a path", ["scheduler", "--port", "0", "--table", "lineitem"], /NAME=PATH_OR_GLOB/],
      ["an executor without a scheduler", ["executor", "--port", "0"], /--scheduler HOST:PORT/],
      ["a memory size without sense", ["standalone", "--memory", "much"], /"much" is no size/],
      ["too little memory", ["standalone", "--memory", "1MB", "--slots", "2"], /2 slots need at least/],
      ["an unknown log level", ["standalone", "--log-level", "loud"], /"loud" is none of error, warn, info, debug/],
      ["a missing configuration file", ["standalone", "--config", "no/such.json"], /no\/such\.json/],
      [
        "an address that others cannot reach",
        ["executor", "--host", "0.0.0.0", "--scheduler", "127.0.0.1:1"],
        /--advertise-host/,
      ],
      ["an unknown command", ["frobnicate"], /unknown command 'frobnicate'/],
    ];
    for (const [name, args, message] of cases) {
      it(name, async () => {
        const { status, stderr } = await onager(...args);
        assert.equal(status, 2, stderr);
        assert.match(stderr, message);
        assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
      });
    }

    it("a port in use", async () => {
      const taken = createServer();
      await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
      const { port } = taken.address() as { port: number };
      try {
        const { status, stderr } = await onager(
          "scheduler",
          "--port",
          String(port),
          "--state",
          "memory",
          "--data-dir",
          sample,
        );
        assert.equal(status, 2);
        assert.match(stderr, new RegExp(`^onager: port ${port} of 127\\.0\\.0\\.1 is in use already\n$`));
      } finally {
        taken.close();
      }
    });
  });

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it(`drain and exit with 0 at ${signal}`, async () => {
      const cluster = await Cluster.start({ dataFolder: sample, executors: 1, slots: 1, memory: "512MiB" });
      const ends = cluster.processes.map(({ child }) => new Promise((resolve) => child.once("exit", resolve)));
      for (const { child } of cluster.processes.toReversed()) child.kill(signal);
      assert.deepEqual(await Promise.all(ends), [0, 0]);
      await cluster.stop();
    });
  }

  for (const executors of [0, 2]) {
    it(`leave no task and no file behind when a client goes away in mid-stream (${executors} executors)`, async () => {
      const cluster = await Cluster.start({ dataFolder: sample, executors, slots: 1, memory: "512MiB" });
      try {
        const client = await FlightSqlClient.connect(cluster.url);
        const { batches } = await client.query(longQuery);
        let seen = 0;
        for await (const batch of batches) if ((seen += batch.length) > 0) break;
        assert.ok(seen > 0);
        await client.close();
        // The same answer as at any time: slots are free again, or this would wait behind the long query.
        const other = await FlightSqlClient.connect(cluster.url);
        const deadline = Date.now() + 20_000;
        while (dataFiles(cluster.folder).length > 0 && Date.now() < deadline)
          await new Promise((resolve) => setTimeout(resolve, 100));
        const started = Date.now();
        const answer: unknown[] = [];
        for await (const row of (await other.query("select count(*) from nation")).rows) answer.push(...row);
        assert.deepEqual(answer, [25n]);
        assert.ok(Date.now() - started < 10_000);
        assert.deepEqual(dataFiles(cluster.folder), []);
        await other.close();
      } finally {
        await cluster.stop();
      }
    });
  }
});

/** Shuffle and spill files of all nodes. */
function dataFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(shuffle|spill)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}
