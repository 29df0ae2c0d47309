import { EngineError } from "../../common/engine-error.ts";
import type { FlightPeers } from "../../flight/flight-client.ts";
import { encodeResultTicket, type ResultTicket, type TicketSigner } from "../../flight/tickets.ts";
import type { QueryService } from "../query-service.ts";

const patienceMs = 60_000;
const pauseMs = 100;

/**
 * The rows of a result partition from wherever it is now. While none has come, an executor that is lost, or does not know
 * the task yet, is asked again: the partition is made anew elsewhere.
 */
export async function* readLocated(
  locate: NonNullable<QueryService["locate"]>,
  peers: FlightPeers,
  ticket: ResultTicket,
  signer: TicketSigner,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const end = performance.now() + patienceMs;
  let schemaSent = false;
  for (;;) {
    const place = await locate(ticket, signal);
    let batches = 0;
    try {
      const bytes = encodeResultTicket(place.ticket, signer);
      let isFirst = true;
      for await (const message of peers.readRaw(place.host, place.port, bytes, signal)) {
        // The schema says nothing about rows, and is the same for every attempt.
        const isSchema = isFirst;
        isFirst = false;
        if (isSchema && schemaSent) continue;
        if (isSchema) schemaSent = true;
        else batches++;
        yield message;
      }
      return;
    } catch (thrown) {
      const { code } = EngineError.from(thrown);
      const passing =
        code === "unavailable" || code === "not_found" || code === "executor_lost" || code === "fetch_failed";
      if (batches > 0 || !passing || performance.now() > end || signal.aborted) throw thrown;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
