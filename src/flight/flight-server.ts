import { logVerbosity, Server, setLogVerbosity, type ServerCredentials } from "@grpc/grpc-js";
import { EngineError } from "../common/engine-error.ts";
import type { Logger } from "../common/logger.ts";
import type { ServerTls } from "../security/tls-files.ts";
import { ByteBudget } from "./byte-budget.ts";
import { CallTracker } from "./call-tracker.ts";
import { addControlService, type ControlHandlers } from "./control-server.ts";
import type { FlightHandlers } from "./flight-handlers.ts";
import { addFlightService } from "./flight-service.ts";
import { addHealthService } from "./health-service.ts";
import { serverCredentials } from "./tls-credentials.ts";

export type FlightServerOptions = {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly services: { readonly flight?: FlightHandlers; readonly control?: ControlHandlers };
  readonly logger: Logger;
  /** Without it, plain TCP. */
  readonly tls?: ServerTls | null;
  /** Bytes of all DoGet streams together that wait for their clients. */
  readonly sendBudgetBytes?: number;
  /** How long a client may take no rows before its stream is ended. */
  readonly slowReaderMs?: number;
};

export type FlightServer = {
  readonly port: number;
  /** Takes no new statements, lets running calls end for `graceMs`, then cuts everything off. */
  close(graceMs: number): Promise<void>;
};

const flightServiceName = "arrow.flight.protocol.FlightService";
const controlServiceName = "onager.control.v1.Control";
const defaultSendBudgetBytes = 256 * 1024 * 1024;
/** Of one message: rows of parameters and reports of tasks stay far below; what a client sends must fit in memory. */
const receiveBytesMax = 64 * 1024 * 1024;
const defaultSlowReaderMs = 15 * 60_000;
const quietMs = 200;
const lastWordsMs = 30;
/** Sockets of peers that do not answer the end of a connection are left to the operating system. */
const closedMs = 500;

// Its messages for developers would stand between our own log lines; errors reach us as errors.
if (process.env["GRPC_VERBOSITY"] === undefined) setLogVerbosity(logVerbosity.NONE);

/** Serves Flight, the control protocol, or both on one port. Throws unavailable when the port is taken. */
export async function startFlightServer(options: FlightServerOptions): Promise<FlightServer> {
  const server = new Server({
    "grpc.max_receive_message_length": receiveBytesMax,
    "grpc.max_send_message_length": -1,
    "grpc.enable_channelz": 0,
    // Finds peers that vanished without closing their connection.
    "grpc.keepalive_time_ms": 30_000,
    "grpc.keepalive_timeout_ms": 20_000,
  });
  const tracker = new CallTracker();
  if (options.services.flight !== undefined) {
    addFlightService(server, options.services.flight, {
      budget: new ByteBudget(options.sendBudgetBytes ?? defaultSendBudgetBytes),
      slowReaderMs: options.slowReaderMs ?? defaultSlowReaderMs,
      tracker,
      logger: options.logger,
    });
  }
  const { control } = options.services;
  const hangUp = control === undefined ? () => {} : addControlService(server, control, options.logger);
  const names = Object.entries({ [flightServiceName]: options.services.flight, [controlServiceName]: control });
  const endWatchers = addHealthService(
    server,
    names.filter(([, handlers]) => handlers !== undefined).map(([name]) => name),
    tracker,
  );
  const port = await bind(server, options.host, options.port, serverCredentials(options.tls ?? null));
  return {
    port,
    async close(graceMs) {
      await tracker.drain(graceMs, quietMs);
      tracker.cutOff();
      hangUp();
      endWatchers();
      // Lets the last words reach their clients.
      await new Promise((resolve) => setTimeout(resolve, lastWordsMs));
      await shutDown(server);
    },
  };
}

/** `host:port`, with brackets around an IPv6 address. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function bind(server: Server, host: string, port: number, credentials: ServerCredentials): Promise<number> {
  const address = hostAndPort(host, port);
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, bound) => {
      if (error === null) resolve(bound);
      else if (error.message.includes("EADDRINUSE")) {
        reject(new EngineError("unavailable", `port ${port} of ${host} is in use already`, {}, error));
      } else reject(new EngineError("invalid_argument", `cannot listen on ${address}: ${error.message}`, {}, error));
    });
  });
}

/**
 * Cuts all connections. No call is open any more: grpc-js's own way of waiting would wait for control streams, which never
 * end by themselves, and peers notice streams that are cut off with their session only by their keepalive.
 */
function shutDown(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.forceShutdown();
    const timer = setTimeout(resolve, closedMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
