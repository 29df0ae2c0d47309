import { spawn, type ChildProcess } from "node:child_process";
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const programFile = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));

/** One node that can be killed and started again on the same port and work folder. */
export type Node = {
  readonly name: string;
  readonly role: "scheduler" | "executor";
  readonly port: number;
  child: ChildProcess;
  /** Ready lines that it has printed. */
  ready: Promise<void>;
};

export type FaultClusterOptions = {
  readonly dataFolder: string;
  readonly schedulers: number;
  readonly executors: number;
  /** `--state` of the schedulers; without it, each keeps a file in its work folder. */
  readonly state?: string;
  readonly slots?: number;
  readonly memory?: string;
};

/** A cluster for tests of what it survives: its processes have fixed ports and are started, killed and stopped one by one. */
export class FaultCluster {
  readonly folder = mkdtempSync(join(tmpdir(), "onager-faults-"));
  readonly schedulers: Node[] = [];
  readonly executors: Node[] = [];
  readonly #options: FaultClusterOptions;

  private constructor(options: FaultClusterOptions) {
    this.#options = options;
  }

  static async start(options: FaultClusterOptions): Promise<FaultCluster> {
    const cluster = new FaultCluster(options);
    const ports = await freePorts(options.schedulers + options.executors);
    try {
      for (let index = 0; index < options.schedulers; index++)
        cluster.schedulers.push(cluster.#launch(`scheduler-${index}`, "scheduler", ports[index]!));
      await Promise.all(cluster.schedulers.map((node) => node.ready));
      for (let index = 0; index < options.executors; index++)
        cluster.executors.push(cluster.#launch(`executor-${index}`, "executor", ports[options.schedulers + index]!));
      await Promise.all(cluster.executors.map((node) => node.ready));
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  get nodes(): readonly Node[] {
    return [...this.schedulers, ...this.executors];
  }

  urlOf(node: Node): string {
    return `grpc://127.0.0.1:${node.port}`;
  }

  /** The log's text. */
  logOf(node: Node): string {
    return readFileSync(this.#logFile(node.name), "utf8");
  }

  /** The scheduler that said last that it leads. */
  leader(): Node | null {
    let best: { node: Node; at: string } | null = null;
    for (const node of this.schedulers) {
      const states = [...this.logOf(node).matchAll(/^(\S+) info (leading|standing by|leading no more).*$/gm)];
      const last = states.at(-1);
      const alive = node.child.exitCode === null && node.child.signalCode === null;
      if (!alive || last === undefined || last[2] !== "leading") continue;
      if (best === null || last[1]! > best.at) best = { node, at: last[1]! };
    }
    return best?.node ?? null;
  }

  /** kill -9, and waits until it is gone. */
  async kill(node: Node): Promise<void> {
    const { child } = node;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }

  /** Starts a killed node again. */
  async restart(node: Node): Promise<void> {
    const { child, ready } = this.#launch(node.name, node.role, node.port);
    node.child = child;
    node.ready = ready;
    await ready;
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => this.kill(node)));
    rmSync(this.folder, { recursive: true, force: true });
  }

  #logFile(name: string): string {
    return join(this.folder, `${name}.log`);
  }

  #launch(name: string, role: Node["role"], port: number): Node {
    const { dataFolder, state, slots, memory } = this.#options;
    const workFolder = join(this.folder, name);
    mkdirSync(workFolder, { recursive: true });
    const flags =
      role === "scheduler"
        ? ["--data-dir", dataFolder, ...(state === undefined ? [] : ["--state", state])]
        : [
            "--scheduler",
            this.schedulers.map((node) => `127.0.0.1:${node.port}`).join(","),
            "--slots",
            String(slots ?? 1),
            "--memory",
            memory ?? "512MiB",
          ];
    const args = [programFile, role, "--port", String(port), "--work-dir", workFolder, ...flags];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    child.stderr.pipe(createWriteStream(this.#logFile(name), { flags: "a" }));
    const ready = new Promise<void>((resolve, reject) => {
      child.stdout.on("data", (chunk: Buffer) => {
        if (chunk.toString().includes(" listening on ")) resolve();
      });
      child.once("exit", (code) => reject(new Error(`${name} ended with exit code ${code}\n${this.#tail(name)}`)));
    });
    ready.catch(() => {});
    return { name, role, port, child, ready };
  }

  #tail(name: string): string {
    return readFileSync(this.#logFile(name), "utf8").trimEnd().split("\n").slice(-10).join("\n");
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) =>
          server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port)),
        ),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
