import { EngineError } from "../../../src/common/engine-error.ts";
import type { FlightHandlers } from "../../../src/flight/flight-handlers.ts";
import { encapsulate } from "../../../src/flight/ipc-message.ts";
import { encodeProto } from "../../../src/flight/proto-codec.ts";
import { endpoint, flightInfo, scenario } from "./scenario.ts";

const noBytes = new Uint8Array(0);

/** Takes what clients put under a path, acknowledges each batch by its metadata, and gives it back as it came. */
export function putAndGet(port: () => number): FlightHandlers {
  const uploads = new Map<string, { readonly schemaHeader: Uint8Array; readonly messages: Uint8Array[] }>();
  const uploadOf = (path: string) => {
    const upload = uploads.get(path);
    if (upload === undefined) throw new EngineError("not_found", `nothing was put under ${path}`);
    return upload;
  };
  return scenario({
    async getFlightInfo(descriptor) {
      const path = descriptor.path[0] ?? "";
      const location = [{ uri: `grpc+tcp://127.0.0.1:${port()}` }];
      const info = flightInfo(descriptor, [], [endpoint(path, { location })]);
      return { ...info, schema: encapsulate(uploadOf(path).schemaHeader) };
    },
    async doGet(ticket) {
      const { messages } = uploadOf(Buffer.from(ticket).toString());
      const all = async function* (): AsyncGenerator<Uint8Array> {
        yield* messages;
      };
      return { kind: "raw", messages: all() };
    },
    async *doPut(descriptor, incoming) {
      let upload: { schemaHeader: Uint8Array; messages: Uint8Array[] } | null = null;
      for await (const { header, body, appMetadata } of incoming) {
        const isSchema = upload === null;
        if (upload === null) {
          upload = { schemaHeader: Buffer.from(header), messages: [] };
          uploads.set(descriptor.path[0] ?? "", upload);
        }
        const parts = { dataHeader: header, dataBody: body, appMetadata: appMetadata ?? noBytes };
        upload.messages.push(encodeProto("arrow.flight.protocol.FlightData", parts));
        // arrow-go puts the first batch's metadata on the schema too.
        if (appMetadata !== null && !isSchema) yield Buffer.from(appMetadata);
      }
    },
  });
}
