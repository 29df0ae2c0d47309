import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { flightPackages as packages } from "../../tpch/python-engine.ts";
import { ensureVenv } from "../../tpch/python-venv.ts";

const run = promisify(execFile);

/** Makes the environment with the Python clients, unless it is there. */
export function ensurePythonClients(): void {
  ensureVenv("clients", packages);
}

/** Runs a script of test/clients/ with arguments; gives what it printed on stdout, as JSON. */
export async function runPythonClient(script: string, args: readonly string[], timeoutMs = 60_000): Promise<unknown> {
  const path = fileURLToPath(new URL(`../clients/${script}`, import.meta.url));
  const { stdout } = await run(`${ensureVenv("clients", packages)}/python`, [path, ...args], {
    timeout: timeoutMs,
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(stdout);
}
