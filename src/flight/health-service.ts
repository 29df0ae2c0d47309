import {
  status,
  type Server,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { HealthCheckResponseServingStatus, type HealthCheckRequest, type HealthCheckResponse } from "../gen/protos.ts";
import type { CallTracker } from "./call-tracker.ts";
import { method, protoCodec } from "./flight-methods.ts";

const service = "grpc.health.v1.Health";
const request = protoCodec("grpc.health.v1.HealthCheckRequest");
const response = protoCodec("grpc.health.v1.HealthCheckResponse");

const healthMethods = {
  Check: method(service, "Check", "unary", request, response),
  Watch: method(service, "Watch", "server", request, response),
};

type Watcher = ServerWritableStream<HealthCheckRequest, HealthCheckResponse>;

/**
 * Adds gRPC's health protocol, for load balancers and probes: open to everyone, and not serving as soon as the server drains.
 * An empty service name asks about the server as a whole. Gives what ends all watchers.
 */
export function addHealthService(server: Server, serviceNames: readonly string[], tracker: CallTracker): () => void {
  const known = new Set(["", ...serviceNames]);
  const watchers = new Set<Watcher>();
  const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = HealthCheckResponseServingStatus;
  const statusOf = (name: string): number =>
    !known.has(name) ? SERVICE_UNKNOWN : tracker.isDraining ? NOT_SERVING : SERVING;
  server.addService(healthMethods, {
    Check(
      call: ServerUnaryCall<HealthCheckRequest, HealthCheckResponse>,
      callback: sendUnaryData<HealthCheckResponse>,
    ) {
      const answer = statusOf(call.request.service);
      if (answer === SERVICE_UNKNOWN) callback({ code: status.NOT_FOUND, details: "there is no such service here" });
      else callback(null, { status: answer });
    },
    Watch(call: Watcher) {
      watchers.add(call);
      call.on("cancelled", () => watchers.delete(call));
      call.write({ status: statusOf(call.request.service) });
    },
  });
  tracker.onDraining(() => {
    for (const call of watchers) call.write({ status: statusOf(call.request.service) });
  });
  return () => {
    for (const call of watchers) call.end();
  };
}
