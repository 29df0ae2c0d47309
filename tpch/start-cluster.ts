import { spawn, type ChildProcess } from "node:child_process";
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const programFile = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));
const startTimeoutMs = 60_000;
const stopTimeoutMs = 10_000;

/** One started process. `url` is what its ready line says. */
export type OnagerProcess = {
  readonly role: "standalone" | "scheduler" | "executor";
  readonly url: string;
  readonly child: ChildProcess;
  /** Everything it wrote to stderr. */
  readonly logFile: string;
};

export type ClusterOptions = {
  /** A folder with one subfolder of Parquet files per table. */
  readonly dataFolder: string;
  /** Executor processes beside one scheduler; 0 starts a single standalone process. */
  readonly executors: number;
  /** Per executor. */
  readonly slots?: number | undefined;
  /** Per executor, as `--memory` takes it. */
  readonly memory?: string | undefined;
  /** More arguments for every process. */
  readonly extra?: readonly string[];
};

/** A running cluster of real processes on free ports of this machine. */
export class Cluster {
  readonly #folder = mkdtempSync(join(tmpdir(), "onager-cluster-"));
  readonly #processes: OnagerProcess[] = [];
  readonly #options: ClusterOptions;

  private constructor(options: ClusterOptions) {
    this.#options = options;
  }

  /** Returns when every process has said that it is ready; throws with its log's last lines when one does not. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const cluster = new Cluster(options);
    try {
      if (options.executors === 0) {
        await cluster.#launch("standalone", [...cluster.#dataFlags(), ...cluster.#executorFlags()]);
      } else {
        await cluster.#launch("scheduler", cluster.#dataFlags());
        for (let index = 0; index < options.executors; index++) await cluster.addExecutor();
      }
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** Where clients connect: grpc://HOST:PORT. */
  get url(): string {
    return this.#processes[0]!.url;
  }

  /** Below it each process has its work folder and its log. */
  get folder(): string {
    return this.#folder;
  }

  get processes(): readonly OnagerProcess[] {
    return this.#processes;
  }

  async addExecutor(): Promise<OnagerProcess> {
    const scheduler = this.url.replace(/^.*:\/\//, "");
    return this.#launch("executor", ["--scheduler", scheduler, ...this.#executorFlags()]);
  }

  /** Ends every process, politely first, and removes what they left in the temporary folder. */
  async stop(): Promise<void> {
    await Promise.all(this.#processes.toReversed().map(({ child }) => endProcess(child)));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #dataFlags(): string[] {
    return ["--data-dir", this.#options.dataFolder];
  }

  #executorFlags(): string[] {
    const { slots, memory } = this.#options;
    return [
      ...(slots === undefined ? [] : ["--slots", String(slots)]),
      ...(memory === undefined ? [] : ["--memory", memory]),
    ];
  }

  async #launch(role: OnagerProcess["role"], flags: readonly string[]): Promise<OnagerProcess> {
    const name = `${role}-${this.#processes.length}`;
    const workFolder = join(this.#folder, name);
    mkdirSync(workFolder, { recursive: true });
    const logFile = join(this.#folder, `${name}.log`);
    const args = [programFile, role, "--port", "0", "--work-dir", workFolder, ...flags, ...(this.#options.extra ?? [])];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    child.stderr.pipe(createWriteStream(logFile));
    const url = await readyUrl(child).catch((error: unknown) => {
      child.kill("SIGKILL");
      const log = readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-20).join("\n");
      throw new Error(`${name} did not start: ${(error as Error).message}\n${log}`);
    });
    const started: OnagerProcess = { role, url, child, logFile };
    this.#processes.push(started);
    return started;
  }
}

/** The address in the line that a process prints when it is ready. */
function readyUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    const timer = setTimeout(() => reject(new Error(`not ready after ${startTimeoutMs} ms`)), startTimeoutMs);
    child.stdout!.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      const url = /^onager \w+ listening on (grpc\S*:\/\/\S+)$/m.exec(output)?.[1];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve(url);
    });
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      reject(new Error(`ended with exit code ${code}`));
    });
  });
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs);
  await ended;
  clearTimeout(timer);
}
