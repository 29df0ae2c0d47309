import type { Logger } from "../common/logger.ts";
import { FlightPeers } from "../flight/flight-client.ts";
import { hostAndPort, startFlightServer, type FlightServerOptions } from "../flight/flight-server.ts";
import { makeFlightSqlHandlers } from "../scheduler/flight-sql/flight-sql-handlers.ts";
import { SchedulerRole, type Leading } from "../scheduler/scheduler-role.ts";
import { openEtcd, parseEtcdUrl } from "../state/etcd-client.ts";
import { EtcdElection } from "../state/etcd-election.ts";
import type { Term } from "../state/leader-election.ts";
import { urlScheme, type NodeSecurity } from "./node-security.ts";
import type { NodeOptions } from "./options.ts";
import { drainMs, untilSignal } from "./run-until-signal.ts";
import { startScheduler } from "./start-scheduler.ts";

/** A standby takes over this long after a leader died, at the latest; one that leaves in order hands over at once. */
const leaseSeconds = 3;

/** Runs a scheduler that shares its state with others in etcd: one leads, the others stand by. */
export async function runOneOfSeveral(
  options: NodeOptions,
  etcdUrl: string,
  security: NodeSecurity,
  logger: Logger,
): Promise<void> {
  const etcd = parseEtcdUrl(etcdUrl);
  const client = openEtcd(etcd);
  const peers = new FlightPeers({
    signer: security.signer,
    tls: security.clientTls,
    authorization: security.nodeAuthorization,
  });
  const lead = async (term: Term): Promise<Leading> => {
    const scheduler = await startScheduler(options, logger, term.store);
    return {
      flight: makeFlightSqlHandlers({
        queries: scheduler,
        peers,
        localPartitions: null,
        logger,
        signer: security.signer,
      }),
      attach: scheduler.attach.bind(scheduler),
      failed: scheduler.failed,
      close: () => scheduler.close(),
    };
  };
  // The role needs the port for its address, and the server the role: calls wait for it.
  let started: (role: SchedulerRole) => void = () => {};
  const role = new Promise<SchedulerRole>((resolve) => (started = resolve));
  const services: FlightServerOptions["services"] = {
    flight: security.guard(whenReady(role)),
    control: {
      onExecutor: (connection) => void role.then((ready) => ready.control.onExecutor(connection)),
      assertMayJoin: security.assertMayJoin,
    },
  };
  const { host, port } = options;
  const server = await startFlightServer({ host, port, services, logger, tls: security.serverTls });
  const address = hostAndPort(options.advertiseHost, server.port);
  const election = new EtcdElection({ client, prefix: etcd.prefix, address, leaseSeconds, logger });
  started(new SchedulerRole({ election, address, peers, logger, lead }));
  process.stdout.write(`onager scheduler listening on ${urlScheme(security)}://${address}\n`);
  const signal = await untilSignal();
  logger.log("info", `${signal}: handing over`);
  // First the lead: others take it up at once, while calls that wait here for rows end.
  await (await role).close();
  await server.close(drainMs);
  peers.close();
}

function whenReady(role: Promise<SchedulerRole>): SchedulerRole["flight"] {
  return {
    handshake: async (payload, context) => (await role).flight.handshake(payload, context),
    getFlightInfo: async (descriptor, context) => (await role).flight.getFlightInfo(descriptor, context),
    getSchema: async (descriptor, context) => (await role).flight.getSchema(descriptor, context),
    pollFlightInfo: async (descriptor, context) => (await role).flight.pollFlightInfo(descriptor, context),
    doGet: async (ticket, context) => (await role).flight.doGet(ticket, context),
    async *doPut(descriptor, messages, context) {
      yield* (await role).flight.doPut(descriptor, messages, context);
    },
    doAction: async (type, body, context) => (await role).flight.doAction(type, body, context),
    listActions: async (context) => (await role).flight.listActions(context),
    listFlights: async (criteria, context) => (await role).flight.listFlights(criteria, context),
  };
}
