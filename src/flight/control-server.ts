import type * as grpc from "@grpc/grpc-js";
import { EngineError } from "../common/engine-error.ts";
import type { Logger } from "../common/logger.ts";
import type * as gen from "../gen/protos.ts";
import type { SchedulerSideConnection } from "../stage/control-message.ts";
import { executorMessageFromProto, schedulerMessageToProto } from "./control-codec.ts";
import { controlMethods } from "./control-methods.ts";
import { statusOf } from "./grpc-status.ts";
import { connectionOverStream } from "./stream-connection.ts";

export type ControlHandlers = {
  /** Called for each executor that connects, before any message of it; listeners must be set right away. */
  onExecutor(connection: SchedulerSideConnection): void;
  /** Throws for a peer that may not join, by the `authorization` header that it came with. */
  assertMayJoin?(authorization: string | undefined): void;
};

/** Adds the scheduler's end of the control protocol to a gRPC server; gives what hangs up on all executors. */
export function addControlService(server: grpc.Server, handlers: ControlHandlers, logger: Logger): () => void {
  const connections = new Set<SchedulerSideConnection>();
  let closing = false;
  server.addService(controlMethods, {
    Connect(call: grpc.ServerDuplexStream<gen.ExecutorMessage, gen.SchedulerMessage>) {
      if (closing) {
        // An executor that was hung up on comes back at once.
        call.emit("error", statusOf(new EngineError("unavailable", "the scheduler is shutting down")));
        return;
      }
      try {
        const authorization = call.metadata.get("authorization")[0];
        handlers.assertMayJoin?.(typeof authorization === "string" ? authorization : undefined);
      } catch (error) {
        logger.log("warn", `refused an executor: ${EngineError.from(error).message}`, { peer: call.getPeer() });
        call.emit("error", statusOf(error));
        return;
      }
      const connection = connectionOverStream(call, {
        encode: schedulerMessageToProto,
        decode: executorMessageFromProto,
        errorOf: (error) => error,
        hangUp: () => call.end(),
      });
      logger.log("debug", "an executor connected", { peer: call.getPeer() });
      connections.add(connection);
      call.on("cancelled", () => connections.delete(connection));
      handlers.onExecutor(connection);
    },
  });
  return () => {
    closing = true;
    for (const connection of connections) connection.close();
  };
}
