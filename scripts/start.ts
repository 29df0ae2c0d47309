/**
 * `npm start`: a standalone node on the TPC-H sample, a few queries through its own Flight SQL endpoint to show that it
 * works, how to connect, and then it keeps serving. Flags of `onager standalone` may follow `--`.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const main = `${root}src/cli/main.ts`;
const queries = [
  "select count(*) as lineitems, min(l_shipdate) as first_shipped, max(l_shipdate) as last_shipped from lineitem",
  "select n_name as nation, count(*) as orders, sum(o_totalprice) as revenue from orders join customer on o_custkey = c_custkey join nation on c_nationkey = n_nationkey group by n_name order by revenue desc limit 5",
];

const given = process.argv.slice(2);
const data = given.some((flag) => flag.startsWith("--data-dir") || flag.startsWith("--table")) ? [] : ["--data-dir", `${root}tpch/sample`];
const server = spawn(process.execPath, [main, "standalone", "--log-level", "warn", ...data, ...given], { stdio: ["ignore", "pipe", "inherit"] });

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => server.kill(signal));
server.on("exit", (code) => process.exit(code ?? 1));

createInterface({ input: server.stdout }).on("line", (line) => {
  process.stdout.write(`${line}\n`);
  const url = /listening on (grpc:\/\/\S+)/.exec(line)?.[1];
  if (url !== undefined) void show(url);
});

async function show(url: string): Promise<void> {
  for (const query of data.length === 0 ? ["show tables"] : queries) {
    process.stdout.write(`\n> ${query}\n`);
    await run([main, "sql", "--url", url, "-c", query]);
  }
  process.stdout.write(`
It keeps serving at ${url}; Ctrl-C ends it. Connect with

  npx onager sql --url ${url}

  import adbc_driver_flightsql.dbapi as flightsql
  cursor = flightsql.connect("${url}").cursor()
  cursor.execute("select * from nation"); print(cursor.fetch_arrow_table())

  jdbc:arrow-flight-sql://${url.replace("grpc://", "")}?useEncryption=false
`);
}

function run(args: readonly string[]): Promise<void> {
  return new Promise((resolve) => spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"] }).on("exit", () => resolve()));
}
