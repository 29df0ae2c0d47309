/** Compiles src/ to dist/src/ and puts the kernels at dist/build/, where the compiled loader looks for them. */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));

rmSync(`${root}dist`, { recursive: true, force: true });
const compiler = spawnSync("tsc", ["-p", "tsconfig.build.json"], { cwd: root, stdio: "inherit" });
if (compiler.status !== 0) process.exit(compiler.status ?? 1);
mkdirSync(`${root}dist/build`, { recursive: true });
copyFileSync(`${root}build/kernels.wasm`, `${root}dist/build/kernels.wasm`);
console.log("dist/ is ready");
