/**
 * TPC-H data as Parquet, made once per scale factor by tpchgen-cli: .cache/tpch/sf<scale>/<table>/<table>.parquet.
 * `node tpch/make-data.ts 10` makes scale 10.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ensureVenv } from "./python-venv.ts";

export const tpchTables = [
  "customer",
  "lineitem",
  "nation",
  "orders",
  "part",
  "partsupp",
  "region",
  "supplier",
] as const;

const sampleScale = 0.01;

/** The folder with one subfolder per table; the committed sample for scale 0.01. */
export function ensureTpchData(scale: number): string {
  if (scale === sampleScale) return fileURLToPath(new URL("sample", import.meta.url));
  const folder = fileURLToPath(new URL(`../.cache/tpch/sf${scale}`, import.meta.url));
  if (tpchTables.every((table) => existsSync(`${folder}/${table}/${table}.parquet`))) return folder;
  const bin = ensureVenv("tpchgen", ["tpchgen-cli==4.0.0"]);
  const partial = `${folder}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  try {
    console.error(`making TPC-H data at scale ${scale} in ${folder}`);
    execFileSync(`${bin}/tpchgen-cli`, ["parquet", "-s", String(scale), "-q", `--output-dir=${partial}`], {
      stdio: ["ignore", "inherit", "inherit"],
    });
    for (const table of tpchTables) {
      mkdirSync(`${folder}/${table}`, { recursive: true });
      renameSync(`${partial}/${table}.parquet`, `${folder}/${table}/${table}.parquet`);
    }
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return folder;
}

if (import.meta.main) {
  const scale = Number(process.argv[2] ?? "1");
  if (!(scale > 0)) {
    console.error("usage: node tpch/make-data.ts SCALE");
    process.exit(2);
  }
  console.log(ensureTpchData(scale));
}
