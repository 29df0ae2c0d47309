/**
 * Runs the TPC-H queries through Flight SQL on a cluster of real processes and checks every answer.
 * `npm run tpch -- --scale 1 [--executors 2 | --standalone] [--queries 1,5,9-11] [--iterations 3] [--memory 4GB]
 * [--slots N] [--client onager|adbc|pyarrow] [--url grpc://HOST:PORT] [--json FILE]`. Exit code 1 when an answer is wrong or a query fails.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { TpchAnswers } from "./answers.ts";
import { compareAnswer } from "./compare-answer.ts";
import { FlightEngine } from "./flight-engine.ts";
import { ensureTpchData } from "./make-data.ts";
import { PythonEngine } from "./python-engine.ts";
import { parseQueryNumbers, tpchQuery } from "./queries.ts";
import { median, padTable } from "./report.ts";
import { Cluster } from "./start-cluster.ts";

type Engine = Pick<FlightEngine, "run" | "close">;

type QueryResult = {
  readonly query: string;
  readonly rows: number;
  readonly milliseconds: readonly number[];
  /** What is wrong, if anything. */
  readonly differences: readonly string[];
};

const { values: options } = parseArgs({
  options: {
    scale: { type: "string", default: "1" },
    executors: { type: "string", default: "1" },
    standalone: { type: "boolean", default: false },
    queries: { type: "string" },
    iterations: { type: "string", default: "1" },
    memory: { type: "string" },
    slots: { type: "string" },
    client: { type: "string", default: "onager" },
    url: { type: "string" },
    json: { type: "string" },
  },
});

async function runQuery(engine: Engine, answers: TpchAnswers, number: number): Promise<QueryResult> {
  const query = tpchQuery(number, Number(options.scale));
  const milliseconds: number[] = [];
  const differences = new Set<string>();
  let rows = 0;
  for (let iteration = 0; iteration < Number(options.iterations); iteration++) {
    const started = performance.now();
    try {
      const result = await engine.run(query.sql);
      milliseconds.push(performance.now() - started);
      rows = result.rows.length;
      for (const difference of compareAnswer(await answers.expected(query), result.rows)) differences.add(difference);
    } catch (error) {
      differences.add(error instanceof Error ? error.message : String(error));
      break;
    }
  }
  return { query: query.name, rows, milliseconds, differences: [...differences] };
}

async function connect(url: string): Promise<Engine> {
  const { client } = options;
  if (client === "adbc" || client === "pyarrow") return new PythonEngine(client, url);
  if (client === "onager") return FlightEngine.connect(url);
  throw new Error(`--client: "${client}" is none of onager, adbc, pyarrow`);
}

async function runAll(url: string, dataFolder: string): Promise<QueryResult[]> {
  const answers = new TpchAnswers(dataFolder);
  const engine = await connect(url);
  const results: QueryResult[] = [];
  try {
    for (const number of parseQueryNumbers(options.queries)) {
      const result = await runQuery(engine, answers, number);
      results.push(result);
      for (const difference of result.differences) console.error(`${result.query}: ${difference}`);
    }
  } finally {
    await engine.close();
    answers.close();
  }
  return results;
}

function printTable(results: readonly QueryResult[]): void {
  const rows = results.map(({ query, rows, milliseconds, differences }) => [
    query,
    String(rows),
    milliseconds.length === 0 ? "-" : Math.min(...milliseconds).toFixed(0),
    milliseconds.length === 0 ? "-" : median(milliseconds).toFixed(0),
    differences.length === 0 ? "ok" : "WRONG",
  ]);
  console.log(padTable([["query", "rows", "best ms", "median ms", "answer"], ...rows]));
  const best = results.reduce((sum, { milliseconds }) => sum + Math.min(...milliseconds, Infinity), 0);
  const right = results.filter(({ differences }) => differences.length === 0).length;
  console.log(`${right} of ${results.length} right, best summed ${Number.isFinite(best) ? best.toFixed(0) : "-"} ms`);
}

const dataFolder = ensureTpchData(Number(options.scale));
const cluster =
  options.url === undefined
    ? await Cluster.start({
        dataFolder,
        executors: options.standalone ? 0 : Number(options.executors),
        slots: options.slots === undefined ? undefined : Number(options.slots),
        memory: options.memory,
      })
    : undefined;
const stop = (): void => {
  void cluster?.stop().then(() => process.exit(130));
};
process.once("SIGINT", stop);
process.once("SIGTERM", stop);
try {
  const results = await runAll(options.url ?? cluster!.url, dataFolder);
  printTable(results);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ options, results }, null, 2)}\n`);
  if (results.some(({ differences }) => differences.length > 0)) process.exitCode = 1;
} finally {
  await cluster?.stop();
}
