import { makeLogger } from "../common/logger.ts";
import { FlightPeers } from "../flight/flight-client.ts";
import { hostAndPort, startFlightServer } from "../flight/flight-server.ts";
import { makeFlightSqlHandlers } from "../scheduler/flight-sql/flight-sql-handlers.ts";
import { openSecurity, urlScheme } from "./node-security.ts";
import { runOneOfSeveral } from "./run-one-of-several.ts";
import { checkOptions, resolveOptions } from "./options.ts";
import { drainMs, untilSignal } from "./run-until-signal.ts";
import { startScheduler } from "./start-scheduler.ts";

export async function runScheduler(parsed: Record<string, unknown>): Promise<void> {
  const options = checkOptions(resolveOptions(parsed, process.env), { port: 50050 });
  const logger = makeLogger(options.logLevel);
  const security = openSecurity(options.security, false);
  if (options.state?.startsWith("etcd://") === true) return runOneOfSeveral(options, options.state, security, logger);
  const scheduler = await startScheduler(options, logger);
  const peers = new FlightPeers({
    signer: security.signer,
    tls: security.clientTls,
    authorization: security.nodeAuthorization,
  });
  const flight = security.guard(
    makeFlightSqlHandlers({ queries: scheduler, peers, localPartitions: null, logger, signer: security.signer }),
  );
  const control = { onExecutor: scheduler.attach.bind(scheduler), assertMayJoin: security.assertMayJoin };
  const server = await startFlightServer({
    host: options.host,
    port: options.port,
    services: { flight, control },
    logger,
    tls: security.serverTls,
  });
  process.stdout.write(
    `onager scheduler listening on ${urlScheme(security)}://${hostAndPort(options.advertiseHost, server.port)}\n`,
  );
  const signal = await untilSignal();
  logger.log("info", `${signal}: draining`);
  await server.close(drainMs);
  await scheduler.close();
  peers.close();
}
