import { EngineError } from "../common/engine-error.ts";
import type { EncodedBatch } from "../shuffle/encoded-batch.ts";
import { acceptAnyone } from "./anonymous-handshake.ts";
import type { FlightHandlers } from "./flight-handlers.ts";
import { decodeResultTicket, unsignedTickets, type ResultTicket, type TicketSigner } from "./tickets.ts";

/** The partitions that an executor holds. */
export interface PartitionSource {
  /** The bare schema message of the partition. Throws not_found for a job or task that is not (or no longer) here. */
  schemaOf(ticket: ResultTicket): Uint8Array | Promise<Uint8Array>;
  /** Its batches, also while they are still being written. The signal aborts when the reader goes away. */
  read(ticket: ResultTicket, signal: AbortSignal): AsyncIterable<EncodedBatch>;
}

/** An executor's Flight service: it redeems tickets and does nothing else. */
export function makeExecutorHandlers(source: PartitionSource, signer: TicketSigner = unsignedTickets): FlightHandlers {
  const notHere = (what: string): EngineError =>
    new EngineError("feature_not_supported", `an executor serves tickets only: send ${what} to the scheduler`);
  return {
    handshake: (payload, context) => Promise.resolve(acceptAnyone(payload, context)),
    async doGet(bytes, context) {
      const ticket = decodeResultTicket(bytes, signer);
      return {
        kind: "batches",
        schemaHeader: await source.schemaOf(ticket),
        batches: source.read(ticket, context.signal),
      };
    },
    getFlightInfo: () => Promise.reject(notHere("statements")),
    getSchema: () => Promise.reject(notHere("statements")),
    pollFlightInfo: () => Promise.reject(notHere("statements")),
    doPut: () => {
      throw notHere("updates");
    },
    doAction: (type) => Promise.reject(notHere(type)),
    listActions: () => Promise.resolve([]),
    listFlights: () => Promise.resolve([]),
  };
}
