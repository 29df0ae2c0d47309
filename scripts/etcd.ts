/**
 * Starts etcd for tests and for trying clusters out: `node scripts/etcd.ts [--members 3]` prints the address that
 * `--state` takes, and runs until it is interrupted. Needs the program `etcd` (Debian: etcd-server).
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

export type EtcdMember = { readonly child: ChildProcess; readonly port: number };
export type EtcdServers = {
  readonly members: readonly EtcdMember[];
  /** `etcd://h1:p1,…/prefix` */
  url(prefix: string): string;
  stop(): Promise<void>;
};

const startTimeoutMs = 20_000;

/** Members on free ports of this machine with their data in a temporary folder. Resolves when all are healthy. */
export async function startEtcd(count: 1 | 3): Promise<EtcdServers> {
  const folder = mkdtempSync(join(tmpdir(), "onager-etcd-"));
  const ports = await freePorts(count * 2);
  const peers = Array.from({ length: count }, (_, index) => `m${index}=http://127.0.0.1:${ports[count + index]}`);
  const members = Array.from({ length: count }, (_, index): EtcdMember => {
    const client = `http://127.0.0.1:${ports[index]}`;
    const peer = `http://127.0.0.1:${ports[count + index]}`;
    const flags = {
      name: `m${index}`,
      "data-dir": join(folder, `m${index}`),
      "listen-client-urls": client,
      "advertise-client-urls": client,
      "listen-peer-urls": peer,
      "initial-advertise-peer-urls": peer,
      "initial-cluster": peers.join(","),
      "unsafe-no-fsync": "true",
      "heartbeat-interval": "100",
      "election-timeout": "1000",
    };
    const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
    const env = { ...process.env, ETCD_UNSUPPORTED_ARCH: process.arch };
    return { child: spawn("etcd", args, { stdio: "ignore", env }), port: ports[index]! };
  });
  const stop = async (): Promise<void> => {
    await Promise.all(members.map(({ child }) => endProcess(child)));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all(members.map((member) => untilHealthy(member)));
  } catch (error) {
    await stop();
    throw error;
  }
  const hosts = members.map(({ port }) => `127.0.0.1:${port}`).join(",");
  return { members, url: (prefix) => `etcd://${hosts}/${prefix}`, stop };
}

async function untilHealthy({ child, port }: EtcdMember): Promise<void> {
  const problems: Error[] = [];
  child.on("error", (error) => problems.push(error));
  for (const end = Date.now() + startTimeoutMs; Date.now() < end;) {
    if (problems[0] !== undefined) throw problems[0];
    if (child.exitCode !== null) throw new Error(`etcd ended with exit code ${child.exitCode}`);
    try {
      const response = await fetch(`http://127.0.0.1:${port}/health`);
      if (((await response.json()) as { health: string }).health === "true") return;
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`etcd did not become healthy within ${startTimeoutMs} ms`);
}

/** Ports that were free a moment ago: etcd must know those of all members before it starts. */
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

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  // A stopped process would not see anything but this.
  child.kill("SIGKILL");
  await ended;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { members: { type: "string", default: "1" } } });
  const servers = await startEtcd(values.members === "3" ? 3 : 1);
  process.stdout.write(`${servers.url("onager")}\n`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => void servers.stop().then(() => process.exit(0)));
  }
}
