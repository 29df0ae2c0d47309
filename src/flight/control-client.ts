import { Client, Metadata, type ClientDuplexStream } from "@grpc/grpc-js";
import type * as gen from "../gen/protos.ts";
import type { ClientTls } from "../security/tls-files.ts";
import type { ExecutorSideConnection } from "../stage/control-message.ts";
import { executorMessageToProto, schedulerMessageFromProto } from "./control-codec.ts";
import { controlMethods } from "./control-methods.ts";
import { hostAndPort } from "./flight-server.ts";
import { errorOfStatus } from "./grpc-status.ts";
import { connectionOverStream } from "./stream-connection.ts";
import { announcedName, channelCredentials } from "./tls-credentials.ts";

/** How a node proves to the scheduler that it belongs to the cluster. */
export type JoinOptions = { readonly tls?: ClientTls | null; readonly authorization?: string | null };

/**
 * Opens the control stream to a scheduler. Returns at once: a scheduler that cannot be reached is told through onClose (with
 * `unavailable`), and so is one that vanishes later; connecting again is the caller's.
 */
export function connectControl(host: string, port: number, options: JoinOptions = {}): ExecutorSideConnection {
  const client = new Client(hostAndPort(host, port), channelCredentials(options.tls ?? null, host), {
    ...announcedName(options.tls ?? null, host),
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
    "grpc.enable_channelz": 0,
    // A scheduler that hangs must be noticed before a standby that leads gives this executor up.
    "grpc.keepalive_time_ms": 3_000,
    "grpc.keepalive_timeout_ms": 3_000,
    "grpc.keepalive_permit_without_calls": 1,
    // Two connections to one address would otherwise share a broken channel's back-off.
    "grpc.use_local_subchannel_pool": 1,
  });
  const { path, requestSerialize, responseDeserialize } = controlMethods.Connect;
  const metadata = new Metadata();
  if (typeof options.authorization === "string") metadata.set("authorization", options.authorization);
  const call: ClientDuplexStream<gen.ExecutorMessage, gen.SchedulerMessage> = client.makeBidiStreamRequest(
    path,
    requestSerialize,
    responseDeserialize,
    metadata,
  );
  const connection = connectionOverStream(call, {
    encode: executorMessageToProto,
    decode: schedulerMessageFromProto,
    errorOf: errorOfStatus,
    hangUp: () => {
      call.end();
      // What was sent is flushed first; a scheduler that does not answer the end is left behind.
      setTimeout(() => call.cancel(), 1_000).unref();
    },
  });
  call.on("status", () => client.close());
  return connection;
}
