/**
 * Nanoseconds per row of the hot kernels, on batches of 8,192 rows, beside the same loops in C where a compiler is there (`cc -O3
 * -march=native`, which also makes wide vectors of loops like hash8).
 * `npm run bench:kernels`. The best of many rounds, in time on the CPU.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { batchRowCount as rows } from "../src/kernel/batch.ts";
import { kernelNamed, loadKernels } from "../src/kernel/load-kernels.ts";
import { SlotMemory } from "../src/kernel/slot-memory.ts";
import { padTable } from "./report.ts";

const keyCount = 1 << 20;
const rounds = 400;
const memory = new SlotMemory(256 * 2 ** 20);
const kernels = loadKernels(memory);
const region = memory.region();
const list = (width: number, count = rows): number => region.allocate(count * width + 64);
const [values, hashes, out, places, ids] = [list(8), list(8), list(16), list(4), list(1)];
const [positions, found, starts, sums] = [list(4), list(4), list(4, 64), list(8, 256)];
const array = region.allocateZeroed((keyCount + 1) * 4);
const rowStore = region.allocateZeroed(64 * 64);

/** A linear congruential generator: the same rows in every run. */
let state = 1;
const random = (below: number): number => {
  state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};

function fill(): void {
  for (let row = 0; row < rows; row++) {
    memory.i64[values / 8 + row] = BigInt(random(keyCount));
    memory.u32[places / 4 + row] = random(rows);
    memory.u8[ids + row] = random(6);
    memory.u32[found / 4 + row] = rowStore + memory.u8[ids + row]! * 64;
  }
  for (let key = 0; key < keyCount; key++) memory.u32[array / 4 + key] = key + 1;
}

type Loop = { readonly name: string; readonly run: () => void };

function loops(): readonly Loop[] {
  const kernel = (name: string, ...args: (number | bigint)[]): Loop => {
    const run = kernelNamed(kernels, name);
    return { name, run: () => run(...args) };
  };
  return [
    kernel("hash8", values, 0, rows, 1, hashes),
    kernel("gather8", values, places, rows, out),
    kernel("joinProbeDirect8", array, 0n, keyCount, values, 0, rows, positions, out),
    kernel("sumFewGroups", values, ids, rows, sums),
    kernel("countFewGroups", ids, rows, sums),
    kernel("sum64_int64", values, 0, found, 0, rows, 16, 0, 0),
    kernel("sum128_signed8", values, 0, found, 0, rows, 16, 0, 0),
    kernel("partitionRows", hashes, 0, rows, 16, starts, out),
    kernel("widen64To128", values, out, rows),
    { name: "copy", run: () => memory.u8.copyWithin(out, values, values + rows * 8) },
  ];
}

/** Nanoseconds a row of the fastest round. */
function time({ run }: Loop): number {
  let best = Infinity;
  // A round alone is too short for the clock.
  const repeats = 20;
  for (let round = 0; round < rounds; round++) {
    const start = process.hrtime.bigint();
    for (let repeat = 0; repeat < repeats; repeat++) run();
    best = Math.min(best, Number(process.hrtime.bigint() - start) / repeats);
  }
  return best / rows;
}

/** Of the loops that exist in C; empty without a compiler. */
function timesInC(): ReadonlyMap<string, number> {
  const folder = mkdtempSync(join(tmpdir(), "onager-kernels-"));
  try {
    const program = join(folder, "bench");
    const source = fileURLToPath(new URL("bench-kernels.c", import.meta.url));
    execFileSync("cc", ["-O3", "-march=native", "-o", program, source], { stdio: "ignore" });
    const lines = execFileSync(program, { encoding: "utf8" }).trim().split("\n");
    return new Map(lines.map((line) => [line.split(" ")[0]!, Number(line.split(" ")[1])]));
  } catch {
    return new Map();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

fill();
const inC = timesInC();
const table = loops().map((loop) => {
  const nanos = time(loop);
  const c = inC.get(loop.name);
  return [loop.name, nanos.toFixed(2), c?.toFixed(2) ?? "-", c === undefined ? "-" : (nanos / c).toFixed(2)];
});
console.log(padTable([["kernel", "ns a row", "in C", "times C"], ...table]));
