/**
 * `npm run bench:stream -- [--scale 1] [--query SQL] [--streams 1,4] [--iterations 3] [--json FILE]`: how fast computed
 * partitions come out of our Flight server, as a share of what a pyarrow C++ server does with the same batches, read by
 * the same client in the same run; and the query's first read, computing included.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ensureTpchData } from "./make-data.ts";
import { flightPackages } from "./python-engine.ts";
import { ensureVenv } from "./python-venv.ts";
import { padTable } from "./report.ts";
import { Cluster } from "./start-cluster.ts";

type Rate = { readonly seconds: number; readonly megabytes_per_second: number };
type StreamReport = {
  readonly bytes: number;
  readonly rows: number;
  readonly endpoints: number;
  readonly first_read: Rate;
  readonly onager: Rate;
  readonly pyarrow: Rate;
  readonly ratio: number;
};

const { values: options } = parseArgs({
  options: {
    scale: { type: "string", default: "1" },
    query: { type: "string", default: "select * from lineitem" },
    streams: { type: "string", default: "1,4" },
    iterations: { type: "string", default: "3" },
    memory: { type: "string", default: "8GB" },
    json: { type: "string" },
  },
});

const dataFolder = ensureTpchData(Number(options.scale));
const python = `${ensureVenv("clients", flightPackages)}/python`;
const script = fileURLToPath(new URL("./peers/stream_reader.py", import.meta.url));
const cluster = await Cluster.start({ dataFolder, executors: 0, memory: options.memory });
const reports: Record<string, StreamReport> = {};
try {
  for (const streams of options.streams.split(",")) {
    const output = execFileSync(python, [script, cluster.url, options.query, streams, options.iterations], {
      encoding: "utf8",
      maxBuffer: 1 << 24,
    });
    reports[streams] = JSON.parse(output) as StreamReport;
  }
} finally {
  await cluster.stop();
}
const megabytes = (rate: Rate): string => rate.megabytes_per_second.toFixed(0);
const rows = Object.entries(reports).map(([streams, report]) => [
  streams,
  String(report.rows),
  (report.bytes / 1e6).toFixed(0),
  megabytes(report.first_read),
  megabytes(report.onager),
  megabytes(report.pyarrow),
  report.ratio.toFixed(2),
]);
const header = ["streams", "rows", "MB", "first read MB/s", "onager MB/s", "pyarrow MB/s", "ratio"];
process.stdout.write(`${padTable([header, ...rows])}\n`);
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(reports, null, 2)}\n`);
