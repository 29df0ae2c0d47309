import type { Logger } from "../common/logger.ts";
import { Executor } from "../executor/executor.ts";
import { FlightPeers } from "../flight/flight-client.ts";
import { hostAndPort, startFlightServer } from "../flight/flight-server.ts";
import { connectInProcess } from "../flight/in-process-control.ts";
import { makeFlightSqlHandlers } from "../scheduler/flight-sql/flight-sql-handlers.ts";
import { openSecurity, urlScheme } from "./node-security.ts";
import { startScheduler } from "./start-scheduler.ts";
import type { NodeOptions } from "./options.ts";
import { version } from "./version.ts";

export type Standalone = {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  close(graceMs: number): Promise<void>;
};

const executorId = "standalone";

/**
 * Scheduler and executor in one process, joined by an in-process channel; all else is as in a cluster. Its one Flight
 * server redeems result tickets from the executor's store directly.
 */
export async function startStandalone(options: NodeOptions, logger: Logger, poison = false): Promise<Standalone> {
  const security = openSecurity(options.security, true);
  const scheduler = await startScheduler({ ...options, state: options.state ?? "memory" }, logger);
  const peers = new FlightPeers({
    signer: security.signer,
    tls: security.clientTls,
    authorization: security.nodeAuthorization,
  });
  let executor: Executor | null = null;
  const handlers = makeFlightSqlHandlers({
    queries: scheduler,
    peers,
    localPartitions: {
      holds: (ticket) => ticket.executorId === executorId && executor !== null,
      schemaOf: (ticket) => executor!.schemaOf(ticket),
      read: (ticket, signal) => executor!.read(ticket, signal),
    },
    logger,
    signer: security.signer,
  });
  const control = { onExecutor: scheduler.attach.bind(scheduler), assertMayJoin: security.assertMayJoin };
  const server = await startFlightServer({
    host: options.host,
    port: options.port,
    services: { flight: security.guard(handlers), control },
    logger,
    tls: security.serverTls,
  });
  executor = new Executor({
    executorId,
    host: options.advertiseHost,
    port: server.port,
    slots: options.slots,
    memoryBytes: options.memoryBytes,
    workDirectory: options.workDirectory,
    diskBytesMax: options.diskBytes,
    version,
    logger,
    peers,
    poison,
    servesWhileDraining: false,
    connect: async () => {
      const { scheduler: schedulerSide, executor: executorSide } = connectInProcess();
      scheduler.attach(schedulerSide);
      return executorSide;
    },
  });
  await executor.start();
  return {
    host: options.advertiseHost,
    port: server.port,
    url: `${urlScheme(security)}://${hostAndPort(options.advertiseHost, server.port)}`,
    async close(graceMs) {
      await executor.close(graceMs);
      await server.close(graceMs);
      await scheduler.close();
      peers.close();
    },
  };
}
