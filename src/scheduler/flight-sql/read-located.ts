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
  for (;;) {
    const place = await locate(ticket, signal);
    let messages = 0;
    try {
      const bytes = encodeResultTicket(place.ticket, signer);
      let schema: Uint8Array | null = null;
      for await (const message of peers.readRaw(place.host, place.port, bytes, signal)) {
        // The schema says nothing about rows: it is held back until some of them, or their end, are here.
        if (schema === null && messages === 0) {
          schema = message;
          continue;
        }
        if (messages === 0 && schema !== null) yield schema;
        messages++;
        yield message;
      }
      if (messages === 0 && schema !== null) yield schema;
      return;
    } catch (thrown) {
      const { code } = EngineError.from(thrown);
      const passing =
        code === "unavailable" || code === "not_found" || code === "executor_lost" || code === "fetch_failed";
      if (messages > 0 || !passing || performance.now() > end || signal.aborted) throw thrown;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
