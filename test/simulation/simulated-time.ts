/** Numbers that a seed decides. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 up to, not including, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  between(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.next() * items.length)];
  }
}

type Event = { readonly atMs: number; readonly order: number; readonly run: () => void };

/** A clock that jumps from event to event; events of the same time in the order in which they were planned. */
export class SimulatedTime {
  readonly random: Random;
  /** A heap, the next event first. */
  readonly #events: Event[] = [];
  #order = 0;
  nowMs = 0;

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  after(delayMs: number, run: () => void): void {
    this.at(this.nowMs + delayMs, run);
  }

  at(atMs: number, run: () => void): void {
    const events = this.#events;
    let position = events.push({ atMs, order: this.#order++, run }) - 1;
    while (position > 0) {
      const parent = (position - 1) >> 1;
      if (!isBefore(events[position]!, events[parent]!)) break;
      [events[position], events[parent]] = [events[parent]!, events[position]!];
      position = parent;
    }
  }

  /** Runs until `done` says so, or the time is over. */
  run(untilMs: number, done: () => boolean = () => false): void {
    for (let next = this.#events[0]; next !== undefined && next.atMs <= untilMs && !done(); next = this.#events[0]) {
      this.#takeFirst();
      this.nowMs = next.atMs;
      next.run();
    }
  }

  #takeFirst(): void {
    const events = this.#events;
    const last = events.pop()!;
    if (events.length === 0) return;
    events[0] = last;
    for (let position = 0; ;) {
      let first = position;
      for (const child of [2 * position + 1, 2 * position + 2])
        if (child < events.length && isBefore(events[child]!, events[first]!)) first = child;
      if (first === position) return;
      [events[position], events[first]] = [events[first]!, events[position]!];
      position = first;
    }
  }
}

function isBefore(left: Event, right: Event): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
}
