import { parseAddress } from "./options.ts";

type Address = { readonly host: string; readonly port: number };

/** Which of several schedulers an executor asks next: where the last one sent it, else one after the other. */
export class SchedulerFinder {
  readonly #addresses: readonly Address[];
  #position = 0;

  constructor(addresses: readonly Address[]) {
    this.#addresses = addresses;
  }

  next(leader: string): Address {
    if (leader !== "") return parseAddress(leader, "the leader's address");
    return this.#addresses[this.#position++ % this.#addresses.length]!;
  }
}
