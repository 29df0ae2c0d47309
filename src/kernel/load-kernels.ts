import { readFileSync } from "node:fs";
import { must } from "../common/assert.ts";
import { EngineError } from "../common/engine-error.ts";
import type { SlotMemory } from "./slot-memory.ts";

/** Every kernel takes and returns numbers (addresses, counts, flags) and bigints (i64). */
export type Kernels = Readonly<Record<string, (...args: (number | bigint)[]) => number>>;

const kernelFile = new URL("../../build/kernels.wasm", import.meta.url);
let compiled: WebAssembly.Module | undefined;

/** The kernels (assembly/, built by scripts/build-kernels.ts) over one slot's memory. */
export function loadKernels(memory: SlotMemory): Kernels {
  compiled ??= new WebAssembly.Module(readFileSync(kernelFile));
  const instance = new WebAssembly.Instance(compiled, {
    env: {
      memory: memory.memory,
      abort(_message: number, _file: number, line: number, column: number): never {
        throw new EngineError("internal", `kernel abort at ${line}:${column}`);
      },
    },
  });
  return instance.exports as unknown as Kernels;
}

/** A kernel by name, for callers that choose one by type. */
export function kernelNamed(kernels: Kernels, name: string): (...args: (number | bigint)[]) => number {
  return must(kernels[name], `no kernel ${name}`);
}
