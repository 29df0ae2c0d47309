/**
 * `npm start`: a standalone server on the TPC-H sample, a few queries through its own Flight SQL endpoint, and how to
 * connect. Serves until it is stopped. Arguments go to `onager standalone`; `--data-dir` replaces the sample.
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { FlightEngine } from "../tpch/flight-engine.ts";
import { padTable } from "../tpch/report.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

const sampleQueries = [
  {
    title: "Orders by priority",
    sql: "select o_orderpriority, count(*) as orders, sum(o_totalprice) as total from orders group by 1 order by 1",
  },
  {
    title: "The three nations that buy most",
    sql: `select n_name, count(distinct c_custkey) as customers, sum(l_extendedprice * (1 - l_discount)) as revenue
from nation join customer on c_nationkey = n_nationkey join orders on o_custkey = c_custkey
     join lineitem on l_orderkey = o_orderkey
group by n_name order by revenue desc limit 3`,
  },
];

function howToConnect(url: string): string {
  return `
Serving on ${url} until Ctrl-C. Connect with
  npx onager sql --url ${url}                      (after npm run build)
  node_modules/.bin/node src/cli/main.ts sql --url ${url}
or from Python (pip install adbc-driver-flightsql pyarrow):
  import adbc_driver_flightsql.dbapi as flight_sql
  cursor = flight_sql.connect("${url}").cursor()
  cursor.execute("select count(*) from lineitem")
  print(cursor.fetchall())`;
}

async function showSample(url: string): Promise<void> {
  const engine = await FlightEngine.connect(url);
  for (const { title, sql } of sampleQueries) {
    const started = performance.now();
    const { columns, rows } = await engine.run(sql);
    const milliseconds = Math.round(performance.now() - started);
    const table = padTable([columns, ...rows.map((row) => row.map((cell) => cell ?? "NULL"))]);
    console.log(`\n${title} (${milliseconds} ms)\n${sql}\n\n${table}`);
  }
  await engine.close();
}

const args = process.argv.slice(2);
const ownData = args.some((arg) => /^--(data-dir|table|config)\b/.test(arg));
const server = spawn(
  process.execPath,
  [`${root}src/cli/main.ts`, "standalone", ...(ownData ? [] : ["--data-dir", `${root}tpch/sample`]), ...args],
  { stdio: ["ignore", "pipe", "inherit"] },
);
server.on("exit", (code, signal) => (process.exitCode = code ?? (signal === null ? 1 : 0)));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => server.kill(signal));

let output = "";
let ready = false;
server.stdout.on("data", (chunk: Buffer) => {
  process.stdout.write(chunk);
  output += chunk.toString();
  const url = /^onager \w+ listening on (grpc\S*:\/\/\S+)$/m.exec(output)?.[1];
  if (url === undefined || ready) return;
  ready = true;
  const shown = ownData ? Promise.resolve() : showSample(url);
  shown.then(
    () => console.log(howToConnect(url)),
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      server.kill("SIGTERM");
    },
  );
});
