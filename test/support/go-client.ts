import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

const arrowVersion = "v18.7.0";
const programs = fileURLToPath(new URL("../../.cache/clients/go", import.meta.url));
const source = fileURLToPath(new URL("../clients/go", import.meta.url));

export function hasGo(): boolean {
  try {
    execFileSync("go", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Builds test/clients/go and runs it against a server; gives what it printed. */
export async function runGoClient(url: string): Promise<Record<string, unknown>> {
  mkdirSync(programs, { recursive: true });
  const program = join(programs, "flightsql");
  // Go's own cache makes this short when nothing has changed.
  await run("go", ["build", "-o", program, "."], { cwd: source, timeout: 600_000 });
  const { stdout } = await run(program, [url.replace(/^.*:\/\//, "")], { timeout: 60_000 });
  return JSON.parse(stdout) as Record<string, unknown>;
}

const integrationClient =
  "github.com/apache/arrow-go/v18/arrow/internal/flight_integration/cmd/arrow-flight-integration-client";

/** Installs Archery's integration client, as arrow-go has it, unless it is there; gives its path. */
export async function ensureIntegrationClient(): Promise<string> {
  const program = join(programs, "arrow-flight-integration-client");
  if (!existsSync(program)) {
    mkdirSync(programs, { recursive: true });
    const environment = { ...process.env, GOBIN: programs };
    await run("go", ["install", `${integrationClient}@${arrowVersion}`], { env: environment, timeout: 600_000 });
  }
  return program;
}

/** Runs one of Archery's scenarios against a server on this machine. Throws with the client's words when it fails. */
export async function runScenario(program: string, scenario: string, port: number): Promise<void> {
  await run(program, ["-host", "127.0.0.1", "-port", String(port), "-scenario", scenario], { timeout: 30_000 });
}

/** As runScenario, for the one without a name: batches of a JSON file go to the server and come back. */
export async function runDefaultScenario(program: string, file: string, port: number): Promise<void> {
  await run(program, ["-host", "127.0.0.1", "-port", String(port), "-path", file], { timeout: 30_000 });
}
