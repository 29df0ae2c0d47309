/**
 * Compiles src/ to dist/src/ and puts the kernels and package.json where compiled files look for them, seen from their own
 * folder as from the source's.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));

rmSync(`${root}dist`, { recursive: true, force: true });
const compiler = spawnSync("tsc", ["-p", "tsconfig.build.json"], { cwd: root, stdio: "inherit" });
if (compiler.status !== 0) process.exit(compiler.status ?? 1);
mkdirSync(`${root}dist/build`, { recursive: true });
copyFileSync(`${root}build/kernels.wasm`, `${root}dist/build/kernels.wasm`);
copyFileSync(`${root}package.json`, `${root}dist/package.json`);
chmodSync(`${root}dist/src/cli/main.js`, 0o755);
console.log("dist/ is ready");
