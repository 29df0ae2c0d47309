/**
 * Runs the TPC-H queries on Onager and on its peers, one after the other, on the same files with the same number of
 * threads: a cold run, then `--iterations` warm ones, each timed until the client has the last row. Answers are checked
 * against DuckDB's. `npm run bench:peers -- --scale 1 --peers duckdb,datafusion,spark,sail [--iterations 3]
 * [--queries 1,5,9-11] [--threads 2] [--without-onager] [--json FILE]`.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { TpchAnswers } from "./answers.ts";
import { compareAnswer, type ExpectedAnswer } from "./compare-answer.ts";
import { ensureTpchData } from "./make-data.ts";
import { peers, type PeerQuery, type PeerRun } from "./peers.ts";
import { parseQueryNumbers, tpchQuery } from "./queries.ts";
import { median, padTable } from "./report.ts";

type Measure = { readonly cold: number; readonly best: number; readonly median: number };

const { values: options } = parseArgs({
  options: {
    scale: { type: "string", default: "1" },
    peers: { type: "string", default: "duckdb,datafusion,spark,sail" },
    iterations: { type: "string", default: "3" },
    queries: { type: "string" },
    threads: { type: "string", default: "2" },
    "without-onager": { type: "boolean", default: false },
    json: { type: "string" },
  },
});
const scale = Number(options.scale);
const queries = parseQueryNumbers(options.queries).map((number) => tpchQuery(number, scale));
const engines = [...(options["without-onager"] ? [] : ["onager"]), ...options.peers.split(",").filter(Boolean)];

async function expectedAnswers(dataFolder: string): Promise<Map<string, ExpectedAnswer>> {
  const answers = new TpchAnswers(dataFolder);
  const expected = new Map<string, ExpectedAnswer>();
  for (const query of queries) expected.set(query.name, await answers.expected(query));
  answers.close();
  return expected;
}

/** Warm runs only, unless none was asked for. */
function measure(query: PeerQuery | undefined): Measure | undefined {
  if (query === undefined || query.error !== undefined || query.milliseconds.length === 0) return undefined;
  const [cold = NaN, ...warm] = query.milliseconds;
  const runs = warm.length === 0 ? [cold] : warm;
  return { cold, best: Math.min(...runs), median: median(runs) };
}

function complaints(run: PeerRun, expected: Map<string, ExpectedAnswer>): string[] {
  return queries.flatMap(({ name }) => {
    const query = run.queries.get(name);
    if (query === undefined) return [`${name}: did not run`];
    if (query.error !== undefined) return [`${name}: ${query.error}`];
    const differences = compareAnswer(expected.get(name)!, query.answer);
    return differences.length === 0 ? [] : [`${name}: ${differences[0]}`];
  });
}

function sumOver(run: PeerRun, names: readonly string[], pick: (measure: Measure) => number): number {
  return names.reduce((sum, name) => sum + pick(measure(run.queries.get(name))!), 0);
}

function printReport(runs: ReadonlyMap<string, PeerRun>): void {
  const names = [...runs.keys()];
  const first = runs.get(names[0]!)!;
  const cell = (run: PeerRun, name: string): string => {
    const own = measure(run.queries.get(name));
    const base = measure(first.queries.get(name));
    if (own === undefined) return "-";
    const ratio = run === first || base === undefined ? "" : ` (${(base.best / own.best).toFixed(2)})`;
    return `${own.best.toFixed(0)}${ratio}`;
  };
  const table = queries.map(({ name }) => [name, ...names.map((peer) => cell(runs.get(peer)!, name))]);
  console.log(`\nbest of ${options.iterations} warm runs, ms; in brackets how many times as long ${names[0]} takes`);
  console.log(padTable([["query", ...names], ...table]));
  const common = queries
    .map(({ name }) => name)
    .filter((name) => [...runs.values()].every((run) => measure(run.queries.get(name)) !== undefined));
  console.log(`\nsums over the ${common.length} queries that every engine ran, ms`);
  const sums = names.map((peer) => {
    const run = runs.get(peer)!;
    const [cold, best, middle] = [
      sumOver(run, common, (one) => one.cold),
      sumOver(run, common, (one) => one.best),
      sumOver(run, common, (one) => one.median),
    ];
    const ratio = sumOver(first, common, (one) => one.best) / best;
    return [peer, run.version, cold.toFixed(0), best.toFixed(0), middle.toFixed(0), ratio.toFixed(2)];
  });
  console.log(padTable([["engine", "version", "cold", "best", "median", `${names[0]} / it`], ...sums]));
}

const dataFolder = ensureTpchData(scale);
const expected = await expectedAnswers(dataFolder);
const runs = new Map<string, PeerRun>();
for (const engine of engines) {
  const runPeer = peers[engine];
  if (runPeer === undefined) {
    console.error(`no such peer: ${engine} (there are ${Object.keys(peers).join(", ")})`);
    process.exitCode = 2;
    continue;
  }
  try {
    const run = await runPeer({
      dataFolder,
      queries,
      iterations: Number(options.iterations),
      threads: Number(options.threads),
    });
    runs.set(engine, run);
    const wrong = complaints(run, expected);
    console.log(`${engine}: ${run.version}, ${queries.length - wrong.length} of ${queries.length} answers right`);
    for (const complaint of wrong) console.log(`  ${complaint}`);
    if (engine === "onager" && wrong.length > 0) process.exitCode = 1;
  } catch (error) {
    console.log(`${engine}: not measured: ${(error as Error).message}`);
    if (engine === "onager") process.exitCode = 1;
  }
}
if (runs.size > 0) printReport(runs);
if (options.json !== undefined) {
  const plain = Object.fromEntries(
    [...runs].map(([engine, run]) => [
      engine,
      {
        version: run.version,
        queries: Object.fromEntries(
          [...run.queries].map(([name, { milliseconds, error, answer }]) => [
            name,
            { milliseconds, rows: answer.length, ...(error === undefined ? {} : { error }) },
          ]),
        ),
      },
    ]),
  );
  writeFileSync(options.json, `${JSON.stringify({ options, engines: plain }, null, 2)}\n`);
}
