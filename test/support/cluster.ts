import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const mainFile = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const readyTimeoutMs = 30_000;

/** One `onager` process under test, stopped by its pid. */
export class NodeProcess {
  readonly child: ChildProcess;
  readonly url: string;
  readonly stderr: readonly string[];

  private constructor(child: ChildProcess, url: string, stderr: readonly string[]) {
    this.child = child;
    this.url = url;
    this.stderr = stderr;
  }

  /** Starts a command and waits for its ready line. */
  static async start(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<NodeProcess> {
    const child = spawn(process.execPath, [mainFile, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...environment },
    });
    const stderr: string[] = [];
    createInterface({ input: child.stderr }).on("line", (line) => stderr.push(line));
    const url = await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => fail(`no ready line within ${readyTimeoutMs} ms`), readyTimeoutMs);
      const fail = (reason: string): void => {
        clearTimeout(timer);
        child.kill("SIGKILL");
        reject(new Error(`onager ${args.join(" ")}: ${reason}\n${stderr.join("\n")}`));
      };
      child.once("exit", (code) => fail(`exited with ${code}`));
      createInterface({ input: child.stdout }).on("line", (line) => {
        const match = /listening on (grpc:\/\/\S+)/.exec(line);
        if (match === null) return;
        clearTimeout(timer);
        child.removeAllListeners("exit");
        resolve(match[1]!);
      });
    });
    return new NodeProcess(child, url, stderr);
  }

  get port(): number {
    return Number(this.url.slice(this.url.lastIndexOf(":") + 1));
  }

  /** Sends a signal and waits for the end; gives the exit status (null after a kill). */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const ended = new Promise<number | null>((resolve) => this.child.once("exit", (code) => resolve(code)));
    this.child.kill(signal);
    return ended;
  }
}

export type Cluster = {
  readonly scheduler: NodeProcess;
  readonly executors: readonly NodeProcess[];
  readonly url: string;
  /** The work folder of all nodes, to look for files left behind. */
  readonly workDirectory: string;
  stop(): Promise<void>;
};

export type ClusterOptions = {
  readonly executors: number;
  readonly slots?: number;
  readonly memory?: string;
  readonly dataDirs: readonly string[];
  readonly logLevel?: string;
};

/** A scheduler and its executors as real processes on free ports of 127.0.0.1. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const workDirectory = mkdtempSync(join(tmpdir(), "onager-cluster-"));
  const common = ["--port", "0", "--work-dir", workDirectory, "--log-level", options.logLevel ?? "warn"];
  const scheduler = await NodeProcess.start(["scheduler", ...common, ...options.dataDirs.flatMap((dir) => ["--data-dir", dir])]);
  const address = scheduler.url.replace("grpc://", "");
  const executors = await Promise.all(
    Array.from({ length: options.executors }, () =>
      NodeProcess.start([
        "executor",
        ...common,
        "--scheduler",
        address,
        "--slots",
        String(options.slots ?? 1),
        "--memory",
        options.memory ?? "512MiB",
      ]),
    ),
  );
  return {
    scheduler,
    executors,
    url: scheduler.url,
    workDirectory,
    async stop() {
      await Promise.all(executors.map((executor) => executor.stop()));
      await scheduler.stop();
      rmSync(workDirectory, { recursive: true, force: true });
    },
  };
}

/** Files that executors keep at the moment, below the work folder. */
export function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.includes("sqlite"))
    .map((entry) => join(entry.parentPath, entry.name));
}
