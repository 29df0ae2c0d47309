import { EngineError } from "../common/engine-error.ts";
import type { Logger } from "../common/logger.ts";
import { acceptAnyone } from "../flight/anonymous-handshake.ts";
import type { ControlHandlers } from "../flight/control-server.ts";
import type { FlightPeers } from "../flight/flight-client.ts";
import type { FlightHandlers } from "../flight/flight-handlers.ts";
import { makeForwardingHandlers } from "../flight/forwarding-handlers.ts";
import type { SchedulerSideConnection } from "../stage/control-message.ts";
import type { LeaderElection, Term } from "../state/leader-election.ts";

/** A scheduler that leads, with its front end. */
export type Leading = {
  readonly flight: FlightHandlers;
  attach(connection: SchedulerSideConnection): void;
  /** Resolves, with the reason, when it cannot go on: its writes are refused. */
  readonly failed: Promise<string>;
  close(): Promise<void>;
};

export type SchedulerRoleOptions = {
  readonly election: LeaderElection;
  /** What other schedulers are told as this one's address. */
  readonly address: string;
  readonly peers: FlightPeers;
  readonly logger: Logger;
  /** Begins to lead on the term's store: loads what is there. */
  readonly lead: (term: Term) => Promise<Leading>;
};

type Place = { readonly host: string; readonly port: number; readonly over: AbortSignal };

/** How long calls wait for a new leader while there is none. */
const leaderWaitMs = 15_000;
const leaderPollMs = 50;

/**
 * One of several schedulers. While it leads, it serves calls and executors; else it waits for the lead, passes calls on to
 * the leader, and tells executors where that is.
 */
export class SchedulerRole {
  readonly flight: FlightHandlers;
  readonly control: ControlHandlers;
  readonly #options: SchedulerRoleOptions;
  #leading: { readonly term: Term; readonly parts: Leading } | null = null;
  /** The leader that calls were passed on to. */
  #followed: { readonly address: string; readonly over: AbortController } | null = null;
  readonly #watch: NodeJS.Timeout;
  #closed = false;
  #end: () => void = () => {};
  readonly #loop: Promise<void>;

  constructor(options: SchedulerRoleOptions) {
    this.#options = options;
    this.flight = this.#makeHandlers();
    this.control = { onExecutor: (connection) => this.#onExecutor(connection) };
    this.#watch = setInterval(() => this.#leaveOldLeader(), leaderPollMs * 4);
    this.#loop = this.#run();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#watch);
    this.#end();
    await this.#options.election.close();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { election, logger } = this.#options;
    while (!this.#closed) {
      logger.log("info", "standing by");
      const term = await election.campaign();
      if (term === null) return;
      try {
        await this.#leadFor(term);
      } catch (error) {
        logger.log("error", `cannot lead: ${EngineError.from(error).message}`);
        await term.resign();
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
    }
  }

  async #leadFor(term: Term): Promise<void> {
    const { lead, logger } = this.#options;
    const started = performance.now();
    const parts = await lead(term);
    this.#leading = { term, parts };
    logger.log("info", "leading", { loadMs: Math.round(performance.now() - started) });
    const closed = new Promise<string>((resolve) => (this.#end = () => resolve("it is shutting down")));
    const reason = this.#closed ? "it is shutting down" : await Promise.race([term.over, parts.failed, closed]);
    logger.log("info", `leading no more: ${reason}`);
    this.#leading = null;
    await parts.close();
    await term.resign();
  }

  #current(): Leading | null {
    return this.#leading?.term.isCurrent() === true ? this.#leading.parts : null;
  }

  #onExecutor(connection: SchedulerSideConnection): void {
    const current = this.#current();
    if (current !== null) return current.attach(connection);
    const leader = this.#options.election.leader;
    const elsewhere = leader !== null && leader !== this.#options.address;
    const message = elsewhere ? `this scheduler stands by, ${leader} leads` : "no scheduler leads at the moment";
    connection.onMessage(() => {});
    connection.onClose(() => {});
    connection.send({
      kind: "refused",
      error: { code: "unavailable", message, details: {} },
      leader: elsewhere ? leader : "",
    });
    connection.close();
  }

  /** Null when this scheduler has come to lead meanwhile. */
  async #leaderPlace(): Promise<Place | null> {
    const { election, address } = this.#options;
    for (const end = performance.now() + leaderWaitMs; performance.now() < end && !this.#closed;) {
      if (this.#current() !== null) return null;
      const { leader } = election;
      if (leader !== null && leader !== address) return this.#placeOf(leader);
      await new Promise((resolve) => setTimeout(resolve, leaderPollMs));
    }
    throw new EngineError("unavailable", "no scheduler leads at the moment", { hint: "try again in some seconds" });
  }

  #placeOf(address: string): Place {
    const colon = address.lastIndexOf(":");
    const host = address.slice(0, colon).replace(/^\[|\]$/g, "");
    if (this.#followed?.address !== address) {
      this.#leaveOldLeader();
      this.#followed = { address, over: new AbortController() };
    }
    return { host, port: Number(address.slice(colon + 1)), over: this.#followed.over.signal };
  }

  /** Calls that wait for a leader that hangs must not wait longer than it leads. */
  #leaveOldLeader(): void {
    const { leader } = this.#options.election;
    if (this.#followed === null || leader === null || leader === this.#followed.address) return;
    this.#followed.over.abort(new EngineError("unavailable", "another scheduler has come to lead: ask again"));
    this.#followed = null;
  }

  #makeHandlers(): FlightHandlers {
    const forwarding = makeForwardingHandlers(this.#options.peers, async () => {
      const place = await this.#leaderPlace();
      // A call that was to be forwarded goes, over the network, to the new leader: this very process.
      return place ?? this.#placeOf(this.#options.address);
    });
    const handlers = async (): Promise<Omit<FlightHandlers, "handshake">> => {
      if (this.#current() === null) await this.#leaderPlace();
      return this.#current()?.flight ?? forwarding;
    };
    return {
      handshake: (payload, context) => Promise.resolve(acceptAnyone(payload, context)),
      getFlightInfo: async (descriptor, context) => (await handlers()).getFlightInfo(descriptor, context),
      getSchema: async (descriptor, context) => (await handlers()).getSchema(descriptor, context),
      pollFlightInfo: async (descriptor, context) => (await handlers()).pollFlightInfo(descriptor, context),
      doGet: async (ticket, context) => (await handlers()).doGet(ticket, context),
      async *doPut(descriptor, messages, context) {
        yield* (await handlers()).doPut(descriptor, messages, context);
      },
      doAction: async (type, body, context) => (await handlers()).doAction(type, body, context),
      listActions: async (context) => (await handlers()).listActions(context),
      listFlights: async (criteria, context) => (await handlers()).listFlights(criteria, context),
    };
  }
}
