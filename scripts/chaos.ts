/**
 * `npm run chaos -- --minutes 30 --seed 1 [--schedulers 3] [--executors 3] [--clients 2]`: TPC-H at scale 0.01 on real
 * processes that are killed, stopped and continued at random moments; every answer is compared. Exit code 1 when an answer
 * is wrong or a query hangs. The seed repeats the plan of faults and queries; how they meet is up to the machine.
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { EngineError } from "../src/common/engine-error.ts";
import { formatValue } from "../src/expr/format-value.ts";
import { FlightSqlClient } from "../src/flight/flight-sql-client.ts";
import { Random } from "../test/simulation/simulated-time.ts";
import { TpchAnswers } from "../tpch/answers.ts";
import { compareAnswer, type TextRow } from "../tpch/compare-answer.ts";
import { FaultCluster, type Node } from "../tpch/fault-cluster.ts";
import { ensureTpchData } from "../tpch/make-data.ts";
import { queryNumbers, tpchQuery } from "../tpch/queries.ts";
import { median } from "../tpch/report.ts";
import { startEtcd } from "./etcd.ts";

const { values: options } = parseArgs({
  options: {
    minutes: { type: "string", default: "5" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    schedulers: { type: "string", default: "3" },
    executors: { type: "string", default: "3" },
    clients: { type: "string", default: "2" },
    verbose: { type: "boolean", default: false },
  },
});

const scale = 0.01;
const hungMs = 120_000;
const settings = ["set small_query_bytes_max = 0", "set target_partitions = 3"];

const faults = new Map<string, number>();
const failures = new Map<string, number>();
const takeoversMs: number[] = [];
const durationsMs: number[] = [];
let [right, wrong, hung, repeated] = [0, 0, 0, 0];
/** A statement whose scheduler dies before it is acknowledged is asked again, of another one, so often. */
const askedMax = 5;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const count = (counts: Map<string, number>, what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);
const isUp = ({ child }: Node): boolean => child.exitCode === null && child.signalCode === null;
const note = (text: string): void => {
  if (options.verbose) process.stderr.write(`${new Date().toISOString()} ${text}\n`);
};

/** One client after the other, each over a connection of its own to any scheduler. */
async function runClient(cluster: FaultCluster, answers: TpchAnswers, random: Random, endMs: number): Promise<void> {
  let asked = 0;
  for (let number = 1; Date.now() < endMs;) {
    if (asked === 0) number = random.pick(queryNumbers)!;
    const query = tpchQuery(number, scale);
    asked++;
    const schedulers = random.chance(0.5) ? cluster.schedulers : cluster.schedulers.toReversed();
    const startedMs = Date.now();
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), hungMs);
    let client: FlightSqlClient | null = null;
    try {
      client = await connectToAny(cluster, schedulers);
      for (const setting of settings) await client.update(setting, abort.signal);
      const { schema, rows } = await client.queryWithProgress(query.sql, () => {}, abort.signal);
      const text: TextRow[] = [];
      for await (const row of rows)
        text.push(row.map((value, index) => (value === null ? null : formatValue(schema[index]!.type, value))));
      const differences = compareAnswer(await answers.expected(query), text);
      if (differences.length === 0) right++;
      else {
        wrong++;
        process.stdout.write(`WRONG ${query.name}: ${differences[0]}\n`);
      }
      durationsMs.push(Date.now() - startedMs);
      asked = 0;
    } catch (thrown) {
      const error = EngineError.from(thrown);
      if (abort.signal.aborted) {
        hung++;
        process.stdout.write(`HUNG ${query.name}\n`);
        asked = 0;
      } else if (error.code === "unavailable" && asked < askedMax) {
        repeated++;
      } else {
        count(failures, error.code);
        asked = 0;
      }
      note(`${query.name} failed: ${error.code}: ${error.message}`);
    } finally {
      clearTimeout(timer);
      await client?.close().catch(() => {});
    }
  }
}

async function connectToAny(cluster: FaultCluster, schedulers: readonly Node[]): Promise<FlightSqlClient> {
  for (const end = Date.now() + 30_000; ; await pause(200)) {
    for (const node of schedulers) {
      if (!isUp(node) || stopped.has(node)) continue;
      try {
        return await FlightSqlClient.connect(cluster.urlOf(node));
      } catch (error) {
        if (Date.now() > end) throw error;
      }
    }
    if (Date.now() > end) throw new EngineError("unavailable", "no scheduler can be reached");
  }
}

const stopped = new Set<Node>();
/** From then on the cluster's folder is not there. */
let isOver = false;

async function runFaults(cluster: FaultCluster, random: Random, endMs: number): Promise<void> {
  while (Date.now() < endMs) {
    await pause(random.between(1_000, 8_000));
    const kind = random.pick(["kill executor", "kill executor", "stop executor", "kill leader", "stop leader"])!;
    const living = cluster.executors.filter((node) => isUp(node) && !stopped.has(node));
    const node = kind.endsWith("executor") ? random.pick(living) : cluster.leader();
    // One executor stays, and so does one scheduler: no more faults at once than the cluster is made for.
    if (node === undefined || node === null || stopped.has(node)) continue;
    if (kind.endsWith("executor") && living.length < 2) continue;
    if (kind.endsWith("leader") && cluster.schedulers.filter((one) => isUp(one) && !stopped.has(one)).length < 2)
      continue;
    count(faults, kind);
    note(`${kind}: ${node.name}`);
    if (kind.endsWith("leader")) watchTakeover(cluster, node);
    if (kind.startsWith("kill")) {
      await cluster.kill(node);
      void pause(random.between(500, 4_000)).then(() => cluster.restart(node).catch(() => {}));
    } else {
      stopped.add(node);
      node.child.kill("SIGSTOP");
      void pause(random.between(1_000, 9_000)).then(() => {
        node.child.kill("SIGCONT");
        stopped.delete(node);
      });
    }
  }
}

function watchTakeover(cluster: FaultCluster, old: Node): void {
  const startedMs = Date.now();
  const look = (): void => {
    if (isOver) return;
    const leader = cluster.leader();
    if (leader !== null && leader !== old) takeoversMs.push(Date.now() - startedMs);
    else if (Date.now() - startedMs < 30_000) setTimeout(look, 50);
  };
  look();
}

const list = (counts: Map<string, number>): string =>
  [...counts].map(([what, times]) => `${what} ${times}`).join(", ") || "none";
const spread = (values: readonly number[]): string =>
  values.length === 0 ? "none" : `median ${Math.round(median(values))} ms, worst ${Math.round(Math.max(...values))} ms`;

if (spawnSync("etcd", ["--version"]).status !== 0)
  throw new Error("chaos needs the program etcd (Debian: etcd-server)");
const random = new Random(Number(options.seed));
const dataFolder = ensureTpchData(scale);
const answers = new TpchAnswers(dataFolder);
for (const number of queryNumbers) await answers.expected(tpchQuery(number, scale));
process.stdout.write(`seed ${options.seed}\n`);
const etcd = await startEtcd(1);
const cluster = await FaultCluster.start({
  dataFolder,
  schedulers: Number(options.schedulers),
  executors: Number(options.executors),
  state: etcd.url("chaos"),
});
try {
  const endMs = Date.now() + Number(options.minutes) * 60_000;
  const clients = Array.from({ length: Number(options.clients) }, (_, index) =>
    runClient(cluster, answers, new Random(Number(options.seed) + index + 1), endMs),
  );
  await Promise.all([...clients, runFaults(cluster, random, endMs)]);
  for (const node of stopped) node.child.kill("SIGCONT");
} finally {
  process.stdout.write(
    `queries right ${right}, wrong ${wrong}, hung ${hung}, failed: ${list(failures)}; asked again of another scheduler ${repeated}\n` +
      `faults: ${list(faults)}\ntakeovers: ${takeoversMs.length}, ${spread(takeoversMs)}\nqueries: ${spread(durationsMs)}\n`,
  );
  if (options.verbose && (wrong > 0 || hung > 0))
    for (const node of cluster.nodes) process.stderr.write(`== ${node.name}\n${cluster.logOf(node)}\n`);
  isOver = true;
  await cluster.stop();
  await etcd.stop();
}
process.exit(wrong > 0 || hung > 0 ? 1 : 0);
