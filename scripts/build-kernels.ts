/**
 * Compiles src/kernel/assembly to build/kernels.wasm with AssemblyScript. Skips the work when neither a source nor a
 * flag has changed since the last build; `--force` compiles anyway.
 */
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import asc from "assemblyscript/asc";

const root = new URL("../", import.meta.url);
const entryFile = "src/kernel/assembly/index.ts";
const wasmFile = new URL("build/kernels.wasm", root);
const stampFile = new URL("build/kernels.stamp", root);
/** Where the slot's arena begins (`arenaBase` in slot-memory.ts): the kernels' static data must end below it. */
const staticBytesMax = 1 << 20;

const flags = [
  "-O3",
  "--noAssert",
  // Kernels never allocate: the memory they work on is the slot's, and SlotMemory owns all of it.
  "--runtime",
  "stub",
  // The host's memory has initial == maximum pages, anything from 64 to 65,536: the import's limits must admit them all.
  "--importMemory",
  "--initialMemory",
  "64",
  "--maximumMemory",
  "65536",
  "--memoryBase",
  "1024",
  "--zeroFilledMemory",
  "--enable",
  "simd",
  "--enable",
  "bulk-memory",
];

function sourceHash(): string {
  const hash = createHash("sha256").update(flags.join(" ")).update(asc.version);
  const sources = globSync("src/kernel/assembly/**/*.ts", { cwd: root }).sort();
  for (const file of [...sources, "scripts/build-kernels.ts"]) {
    hash.update(`\0${file}\0`).update(readFileSync(new URL(file, root)));
  }
  return hash.digest("hex");
}

/** The address after the last byte of the data section, from the module's own text. */
function staticDataEnd(text: string): number {
  let end = 0;
  for (const match of text.matchAll(/^ \(data \$\S+ \(i32\.const (\d+)\) "((?:[^"\\]|\\.)*)"/gm)) {
    const byteSize = match[2]!.replaceAll(/\\[0-9a-f]{2}|\\./g, "x").length;
    end = Math.max(end, Number(match[1]) + byteSize);
  }
  return end;
}

async function compile(): Promise<{ readonly wasm: Uint8Array; readonly text: string }> {
  const outputs = new Map<string, string | Uint8Array>();
  const result = await asc.main(
    [entryFile, "--baseDir", ".", ...flags, "--outFile", "kernels.wasm", "--textFile", "kernels.wat"],
    {
      stdout: process.stdout,
      stderr: process.stderr,
      readFile: (name: string) => {
        const file = new URL(name, root);
        return existsSync(file) ? readFileSync(file, "utf8") : null;
      },
      writeFile: (name: string, contents: string | Uint8Array) => void outputs.set(name, contents),
    },
  );
  if (result.error !== null) throw new Error(`asc failed: ${result.error.message}`);
  return { wasm: outputs.get("kernels.wasm") as Uint8Array, text: String(outputs.get("kernels.wat")) };
}

function check(text: string, wasm: Uint8Array): void {
  const end = staticDataEnd(text);
  if (end > staticBytesMax) throw new Error(`static data ends at ${end}, above the arena's base ${staticBytesMax}`);
  if (text.includes("$~lib/rt/stub/offset")) {
    throw new Error("a kernel allocates on AssemblyScript's heap (new, array or string literal), which the arena owns");
  }
  for (const pages of [64, 1000, 65536]) {
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    new WebAssembly.Instance(new WebAssembly.Module(wasm.slice().buffer), { env: { memory, abort() {} } });
  }
}

/** Readers see the old file or the new one, never half of it. */
function replaceFile(file: URL, contents: string | Uint8Array): void {
  const temporary = new URL(`${file.href}.${process.pid}`);
  writeFileSync(temporary, contents);
  renameSync(temporary, file);
}

const hash = sourceHash();
const upToDate = existsSync(wasmFile) && existsSync(stampFile) && readFileSync(stampFile, "utf8") === hash;
if (!upToDate || process.argv.includes("--force")) {
  const started = performance.now();
  const { wasm, text } = await compile();
  check(text, wasm);
  mkdirSync(new URL("build/", root), { recursive: true });
  replaceFile(wasmFile, wasm);
  replaceFile(stampFile, hash);
  console.log(`build/kernels.wasm: ${wasm.length} bytes in ${Math.round(performance.now() - started)} ms`);
}
