import { EngineError } from "../common/engine-error.ts";
import { decodeProto, encodeProto } from "./proto-codec.ts";

/** Names one partition that a task has written (a result, or shuffle data). */
export type ResultTicket = {
  readonly jobId: string;
  readonly stageId: number;
  /** The task that wrote it, and which of its attempts. */
  readonly task: number;
  readonly attempt: number;
  /** Partition of that task's output. */
  readonly partition: number;
  readonly executorId: string;
};

/** What a Flight ticket of ours stands for. */
export type FlightTicket =
  | { readonly kind: "result"; readonly result: ResultTicket }
  /** A metadata command, answered again when the ticket is redeemed. */
  | { readonly kind: "command"; readonly command: Uint8Array }
  /** A statement without rows, already run: the bare schema message that its stream consists of. */
  | { readonly kind: "empty"; readonly schemaHeader: Uint8Array };

/** Signs tickets so that a node serves only what some scheduler of the cluster has handed out. */
export interface TicketSigner {
  sign(payload: Uint8Array): Uint8Array;
  verify(payload: Uint8Array, signature: Uint8Array): boolean;
  /** How long its tickets are accepted; without it, for ever. */
  readonly lifeMs?: number;
}

/** Accepts every well-formed ticket: for clusters without a shared secret. */
export const unsignedTickets: TicketSigner = { sign: () => new Uint8Array(0), verify: () => true };

const magic = 0x4f4e5431;

export function encodeTicket(ticket: FlightTicket, signer: TicketSigner = unsignedTickets): Buffer {
  const expiresMs = signer.lifeMs === undefined ? 0 : Date.now() + signer.lifeMs;
  const payload = encodeProto(
    "onager.flight.v1.TicketPayload",
    ticket.kind === "result"
      ? { result: ticket.result, expiresMs }
      : ticket.kind === "command"
        ? { command: ticket.command, expiresMs }
        : { emptySchema: ticket.schemaHeader, expiresMs },
  );
  return encodeProto("onager.flight.v1.TicketEnvelope", { magic, payload, signature: signer.sign(payload) });
}

/** Throws invalid_argument for bytes that are no ticket of ours, unauthenticated for a wrong signature or too late a call. */
export function decodeTicket(bytes: Uint8Array, signer: TicketSigner = unsignedTickets): FlightTicket {
  const foreign = (): EngineError => new EngineError("invalid_argument", "this ticket was not issued by Onager");
  let envelope;
  try {
    envelope = decodeProto("onager.flight.v1.TicketEnvelope", bytes);
  } catch {
    throw foreign();
  }
  if (envelope.magic !== magic) throw foreign();
  if (!signer.verify(envelope.payload, envelope.signature)) {
    throw new EngineError("unauthenticated", "the ticket's signature is wrong");
  }
  const payload = decodeProto("onager.flight.v1.TicketPayload", envelope.payload);
  if (payload.expiresMs > 0 && Date.now() >= payload.expiresMs)
    throw new EngineError("unauthenticated", "the ticket has expired: run the query again");
  if (payload.result !== undefined) return { kind: "result", result: payload.result };
  if (payload.command !== undefined) return { kind: "command", command: payload.command };
  if (payload.emptySchema !== undefined) return { kind: "empty", schemaHeader: payload.emptySchema };
  throw foreign();
}

export function encodeResultTicket(result: ResultTicket, signer: TicketSigner = unsignedTickets): Buffer {
  return encodeTicket({ kind: "result", result }, signer);
}

/** As decodeTicket, for servers that hold partitions only. */
export function decodeResultTicket(bytes: Uint8Array, signer: TicketSigner = unsignedTickets): ResultTicket {
  const ticket = decodeTicket(bytes, signer);
  if (ticket.kind !== "result")
    throw new EngineError("invalid_argument", "this ticket names no partition of an executor");
  return ticket.result;
}
