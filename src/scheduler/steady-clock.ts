/** More time than this between two readings has not been lived through: the process was stopped, or the machine asleep. */
const gapMsMax = 5_000;

/**
 * Begins at the wall clock and then counts the time in which the process ran: jumps of the wall clock do not show, and a
 * process that was stopped does not take everybody else for silent when it goes on. To be read at least every few seconds.
 */
export class SteadyClock {
  readonly #monotonic: () => number;
  #time: number;
  #readAt: number;

  constructor(wall: () => number = Date.now, monotonic: () => number = () => performance.now()) {
    this.#monotonic = monotonic;
    this.#time = wall();
    this.#readAt = monotonic();
  }

  /** Milliseconds, as Date.now() gives them. */
  now(): number {
    const readAt = this.#monotonic();
    this.#time += Math.min(readAt - this.#readAt, gapMsMax);
    this.#readAt = readAt;
    return Math.floor(this.#time);
  }
}
