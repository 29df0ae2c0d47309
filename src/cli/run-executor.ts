import { randomBytes } from "node:crypto";
import { EngineError } from "../common/engine-error.ts";
import { makeLogger } from "../common/logger.ts";
import { Executor } from "../executor/executor.ts";
import { connectControl } from "../flight/control-client.ts";
import { makeExecutorHandlers, type PartitionSource } from "../flight/executor-flight.ts";
import { FlightPeers } from "../flight/flight-client.ts";
import { hostAndPort, startFlightServer } from "../flight/flight-server.ts";
import { openSecurity, urlScheme } from "./node-security.ts";
import { checkOptions, resolveOptions } from "./options.ts";
import { drainMs, untilSignal } from "./run-until-signal.ts";
import { SchedulerFinder } from "./scheduler-finder.ts";
import { version } from "./version.ts";

export async function runExecutor(parsed: Record<string, unknown>): Promise<void> {
  const options = checkOptions(resolveOptions(parsed, process.env), { port: 50051 });
  if (options.schedulers.length === 0)
    throw new EngineError("invalid_argument", "an executor needs a scheduler to join: --scheduler HOST:PORT");
  const logger = makeLogger(options.logLevel);
  const security = openSecurity(options.security, false);
  const peers = new FlightPeers({
    signer: security.signer,
    tls: security.clientTls,
    authorization: security.nodeAuthorization,
  });
  // The server comes first, since the executor registers with its port; no ticket names it before.
  let executor: Executor | null = null;
  const partitions: PartitionSource = {
    schemaOf: (ticket) => present(executor).schemaOf(ticket),
    read: (ticket, signal) => present(executor).read(ticket, signal),
  };
  const server = await startFlightServer({
    host: options.host,
    port: options.port,
    services: { flight: security.guard(makeExecutorHandlers(partitions, security.signer)) },
    logger,
    tls: security.serverTls,
  });
  const finder = new SchedulerFinder(options.schedulers);
  executor = new Executor({
    executorId: `${hostAndPort(options.advertiseHost, server.port)}-${randomBytes(3).toString("hex")}`,
    host: options.advertiseHost,
    port: server.port,
    slots: options.slots,
    memoryBytes: options.memoryBytes,
    workDirectory: options.workDirectory,
    diskBytesMax: options.diskBytes,
    version,
    logger,
    peers,
    connect: async (leader) => {
      const scheduler = finder.next(leader);
      return connectControl(scheduler.host, scheduler.port, {
        tls: security.clientTls,
        authorization: security.nodeAuthorization?.() ?? null,
      });
    },
  });
  const stopped = untilSignal();
  await Promise.race([executor.start(), stopped]);
  process.stdout.write(
    `onager executor listening on ${urlScheme(security)}://${hostAndPort(options.advertiseHost, server.port)}\n`,
  );
  const signal = await stopped;
  logger.log("info", `${signal}: draining`);
  await executor.close(drainMs);
  await server.close(drainMs);
  peers.close();
}

function present(executor: Executor | null): Executor {
  if (executor === null) throw new EngineError("unavailable", "the executor is starting");
  return executor;
}
