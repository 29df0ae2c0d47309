import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { TextRow } from "./compare-answer.ts";
import { tpchTables } from "./make-data.ts";
import { ensureVenv } from "./python-venv.ts";
import { Cluster } from "./start-cluster.ts";

/** The same work for every engine. */
export type PeerJob = {
  readonly dataFolder: string;
  readonly queries: readonly { readonly name: string; readonly sql: string }[];
  /** Warm runs per query, after a cold one. */
  readonly iterations: number;
  readonly threads: number;
};

export type PeerQuery = {
  /** Of the cold run, then the warm ones. */
  readonly milliseconds: number[];
  answer: readonly TextRow[];
  error: string | undefined;
};

export type PeerRun = { version: string; readonly queries: Map<string, PeerQuery> };

const driverFolder = fileURLToPath(new URL("peers/", import.meta.url));
const flightPackages = ["adbc-driver-flightsql==1.13.0", "adbc-driver-manager==1.13.0", "pyarrow==26.0.1"];

/** Each starts its engine, runs the job and stops the engine. Throws with the reason when the engine cannot be had. */
export const peers: Readonly<Record<string, (job: PeerJob) => Promise<PeerRun>>> = {
  onager: runOnager,
  duckdb: (job) => runDriver(ensureVenv("duckdb", ["duckdb==2.0.0", "pyarrow==26.0.1"]), "duckdb_driver.py", job),
  datafusion: (job) =>
    runDriver(ensureVenv("datafusion", ["datafusion==55.0.0", "pyarrow==26.0.1"]), "datafusion_driver.py", job),
  spark: runSpark,
  sail: runSail,
  ballista: runBallista,
};

type DriverLine = {
  readonly version?: string;
  readonly query?: string;
  readonly ms?: number;
  readonly answer?: TextRow[];
  readonly error?: string;
};

/** Runs a driver of tpch/peers/ to its end and gathers what it prints. */
async function runDriver(
  bin: string,
  driver: string,
  job: PeerJob,
  settings: Record<string, unknown> = {},
): Promise<PeerRun> {
  const folder = mkdtempSync(join(tmpdir(), "onager-peer-"));
  try {
    const jobFile = join(folder, "job.json");
    const { dataFolder, queries, iterations, threads } = job;
    const text = JSON.stringify({ folder: dataFolder, tables: tpchTables, queries, iterations, threads, ...settings });
    writeFileSync(jobFile, text);
    const child = spawn(`${bin}/python`, [driverFolder + driver, jobFile], {
      stdio: ["ignore", "pipe", "pipe"],
      cwd: folder,
      env: { ...process.env, TOKIO_WORKER_THREADS: String(threads), PYTHONDONTWRITEBYTECODE: "1" },
    });
    return await gather(child);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function gather(child: ChildProcess): Promise<PeerRun> {
  const run: PeerRun = { version: "", queries: new Map() };
  let errors = "";
  child.stderr!.on("data", (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-4000)));
  const closed = once(child, "close");
  for await (const line of createInterface({ input: child.stdout! })) {
    const record = JSON.parse(line) as DriverLine;
    if (record.version !== undefined) run.version = record.version;
    if (record.query === undefined) continue;
    let query = run.queries.get(record.query);
    if (query === undefined)
      run.queries.set(record.query, (query = { milliseconds: [], answer: [], error: undefined }));
    if (record.error !== undefined) query.error = record.error;
    if (record.ms !== undefined) query.milliseconds.push(record.ms);
    if (record.answer !== undefined) query.answer = record.answer;
  }
  const [exitCode] = (await closed) as [number | null];
  if (exitCode !== 0) throw new Error(errors.trim().split("\n").at(-1) ?? `exit code ${exitCode}`);
  return run;
}

/** One scheduler and one executor in one process, reached as a user reaches them. */
async function runOnager(job: PeerJob): Promise<PeerRun> {
  const bin = ensureVenv("flight", flightPackages);
  const cluster = await Cluster.start({ dataFolder: job.dataFolder, executors: 0, slots: job.threads });
  try {
    const settings = { url: cluster.url.replace("grpc://", "grpc+tcp://"), setup: [], version: "Onager" };
    return await runDriver(bin, "flight_sql_driver.py", job, settings);
  } finally {
    await cluster.stop();
  }
}

function runSpark(job: PeerJob): Promise<PeerRun> {
  try {
    execFileSync("java", ["-version"], { stdio: "pipe" });
  } catch {
    throw new Error("it needs Java, and there is no java on PATH");
  }
  return runDriver(ensureVenv("spark", ["pyspark==4.3.0"]), "spark_driver.py", job);
}

async function runSail(job: PeerJob): Promise<PeerRun> {
  const bin = ensureVenv("sail", ["pysail==0.7.2", ...flightPackages]);
  const version = execFileSync(`${bin}/sail`, ["--version"], { encoding: "utf8" }).trim();
  const folder = mkdtempSync(join(tmpdir(), "onager-sail-"));
  const port = await freePort();
  const server = spawn(`${bin}/sail`, ["flight", "server", "--port", String(port)], {
    cwd: folder,
    stdio: "ignore",
    env: {
      ...process.env,
      TOKIO_WORKER_THREADS: String(job.threads),
      SAIL_EXECUTION__DEFAULT_PARALLELISM: String(job.threads),
    },
  });
  const ended = once(server, "exit");
  try {
    const setup = tpchTables.map(
      (table) => `create table ${table} using parquet location '${job.dataFolder}/${table}'`,
    );
    const settings = { url: `grpc+tcp://127.0.0.1:${port}`, setup, version: version.replace(/^sail\S*/i, "Sail") };
    return await runDriver(bin, "flight_sql_driver.py", job, settings);
  } finally {
    server.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Ballista ships no binaries: it takes part where someone has built its command line client. */
async function runBallista(job: PeerJob): Promise<PeerRun> {
  const folder = mkdtempSync(join(tmpdir(), "onager-ballista-"));
  try {
    const version = execFileSync("ballista-cli", ["--version"], { encoding: "utf8" }).trim();
    const run: PeerRun = { version, queries: new Map() };
    const tables = tpchTables.map(
      (table) => `create external table ${table} stored as parquet location '${job.dataFolder}/${table}/';`,
    );
    mkdirSync(folder, { recursive: true });
    for (const { name, sql } of job.queries) {
      const file = join(folder, `${name}.sql`);
      writeFileSync(file, [...tables, ...Array.from({ length: job.iterations + 1 }, () => `${sql};`)].join("\n"));
      const output = execFileSync("ballista-cli", ["--format", "csv", "-f", file], { encoding: "utf8" });
      const times = [...output.matchAll(/Elapsed ([\d.]+) seconds/g)].map((match) => Number(match[1]) * 1000);
      const error = times.length < tables.length + job.iterations + 1 ? "it did not run to the end" : undefined;
      run.queries.set(name, { milliseconds: times.slice(tables.length), answer: [], error });
    }
    return run;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw new Error("there is no ballista-cli on PATH");
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
