import { encodePlainSchema } from "../../../src/arrow/arrow-schema.ts";
import type { Schema } from "../../../src/arrow/schema.ts";
import type { Value } from "../../../src/arrow/value.ts";
import { encodeRows } from "../../../src/arrow/write-batch.ts";
import { EngineError } from "../../../src/common/engine-error.ts";
import type { DoGetResult, FlightHandlers } from "../../../src/flight/flight-handlers.ts";
import { encapsulate } from "../../../src/flight/ipc-message.ts";
import type { FlightDescriptor, FlightEndpoint, FlightInfo } from "../../../src/gen/protos.ts";
import type { EncodedBatch } from "../../../src/shuffle/encoded-batch.ts";

const noBytes = new Uint8Array(0);

/** Handlers of a server that does what a scenario is about and nothing else. */
export function scenario(own: Partial<FlightHandlers>): FlightHandlers {
  const missing = (): Promise<never> =>
    Promise.reject(new EngineError("feature_not_supported", "not in this scenario"));
  return {
    handshake: missing,
    getFlightInfo: missing,
    getSchema: missing,
    pollFlightInfo: missing,
    doGet: missing,
    doPut: () => {
      throw new EngineError("feature_not_supported", "not in this scenario");
    },
    doAction: missing,
    listActions: missing,
    listFlights: missing,
    ...own,
  };
}

export function endpoint(ticket: string, more: Partial<FlightEndpoint> = {}): FlightEndpoint {
  return { ticket: { ticket: Buffer.from(ticket) }, location: [], appMetadata: noBytes, ...more };
}

export function flightInfo(
  descriptor: FlightDescriptor,
  schema: Schema,
  endpoints: readonly FlightEndpoint[],
  more: Partial<FlightInfo> = {},
): FlightInfo {
  return {
    schema: encapsulate(encodePlainSchema(schema)),
    flightDescriptor: descriptor,
    endpoint: endpoints,
    totalRecords: -1,
    totalBytes: -1,
    ordered: false,
    appMetadata: noBytes,
    ...more,
  };
}

export function rows(schema: Schema, values: readonly (readonly Value[])[]): DoGetResult {
  return { kind: "batches", schemaHeader: encodePlainSchema(schema), batches: once(encodeRows(schema, values)) };
}

async function* once(batch: EncodedBatch): AsyncGenerator<EncodedBatch, void, undefined> {
  yield batch;
}
