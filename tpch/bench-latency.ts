/**
 * Times small queries from a client's view: SELECT 1 and TPC-H Q6 at SF 0.01 (tpch/sample) through ADBC prepared statements,
 * one client alone, then many at once. Says how much of the processor the node took for each query, too: on a busy machine
 * that tells more than the clock. `npm run bench:latency -- [--repeats 500] [--clients 16] [--seconds 5] [--url grpc://HOST:PORT]
 * [--json FILE]`.
 */
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ensureVenv } from "./python-venv.ts";
import { flightPackages } from "./python-engine.ts";
import { tpchQuery } from "./queries.ts";
import { median, padTable } from "./report.ts";
import { Cluster } from "./start-cluster.ts";

type Times = { readonly single: readonly number[]; readonly concurrent: readonly number[] };

const { values: options } = parseArgs({
  options: {
    repeats: { type: "string", default: "500" },
    clients: { type: "string", default: "16" },
    seconds: { type: "string", default: "5" },
    url: { type: "string" },
    json: { type: "string" },
  },
});

const queries: Readonly<Record<string, string>> = { "select 1": "select 1", "Q6 SF 0.01": tpchQuery(6, 0.01).sql };

async function measure(url: string, name: string): Promise<Times> {
  const { repeats, clients, seconds } = options;
  const script = fileURLToPath(new URL("peers/latency.py", import.meta.url));
  const python = `${ensureVenv("clients", flightPackages)}/python`;
  const child = spawn(python, [script, url, repeats, clients, seconds], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(JSON.stringify({ [name]: queries[name] }));
  let output = "";
  for await (const chunk of child.stdout) output += String(chunk);
  if (output === "") throw new Error(`the client failed on ${name}`);
  return (JSON.parse(output) as Record<string, Times>)[name]!;
}

/** Milliseconds of processor time that a process has had, all its threads; NaN where the system does not tell. */
function processorMs(pid: number | undefined): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return NaN;
  }
}

function quantile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

const dataFolder = fileURLToPath(new URL("sample", import.meta.url));
const cluster = options.url === undefined ? await Cluster.start({ dataFolder, executors: 0 }) : null;
const results: Record<string, Readonly<Record<string, number>>> = {};
try {
  for (const name of Object.keys(queries)) {
    const pid = cluster?.processes[0]!.child.pid;
    const before = processorMs(pid);
    const { single, concurrent } = await measure(options.url ?? cluster!.url, name);
    results[name] = {
      medianMs: median(single),
      bestMs: Math.min(...single),
      p99Ms: quantile(single, 0.99),
      concurrentPerSecond: concurrent.length / Number(options.seconds),
      concurrentMedianMs: median(concurrent),
      concurrentP99Ms: quantile(concurrent, 0.99),
      processorMsPerQuery: (processorMs(pid) - before) / (single.length + concurrent.length),
    };
  }
} finally {
  await cluster?.stop();
}
const header = [
  "query",
  "median ms",
  "best",
  "p99",
  `${options.clients} clients: q/s`,
  "median ms",
  "p99",
  "cpu ms/query",
];
const rows = Object.entries(results).map(([name, figures]) => [
  name,
  ...Object.values(figures).map((figure) => figure.toFixed(figure < 100 ? 2 : 0)),
]);
console.log(padTable([header, ...rows]));
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
