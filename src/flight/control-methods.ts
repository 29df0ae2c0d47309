import type { ServiceDefinition } from "@grpc/grpc-js";
import type * as gen from "../gen/protos.ts";
import { method, protoCodec } from "./flight-methods.ts";

/** The one method of the control service as grpc-js wants it described. */
export const controlMethods = {
  Connect: method<gen.ExecutorMessage, gen.SchedulerMessage>(
    "onager.control.v1.Control",
    "Connect",
    "both",
    protoCodec("onager.control.v1.ExecutorMessage"),
    protoCodec("onager.control.v1.SchedulerMessage"),
  ),
} satisfies ServiceDefinition;
