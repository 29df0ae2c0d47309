import { assert } from "../common/assert.ts";

type Waiter = { readonly byteSize: number; readonly admit: () => void };

/**
 * Bounds the bytes that many streams hold in flight together. A stream that holds nothing is always admitted, so that none
 * starves behind others whose readers are slow: the bound is exceeded by at most one message per stream.
 */
export class ByteBudget {
  readonly #bytesMax: number;
  #used = 0;
  readonly #waiting: Waiter[] = [];

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get usedBytes(): number {
    return this.#used;
  }

  /** One stream's share; `close` gives back whatever it still holds. */
  openStream(): BudgetStream {
    return new BudgetStream(this);
  }

  /** Runs `admit` (at once, or when others have released) with the bytes taken. */
  take(byteSize: number, mustAdmit: boolean, admit: () => void): Waiter | null {
    if (mustAdmit || (this.#waiting.length === 0 && this.#used + byteSize <= this.#bytesMax)) {
      this.#used += byteSize;
      admit();
      return null;
    }
    const waiter = { byteSize, admit };
    this.#waiting.push(waiter);
    return waiter;
  }

  /** Admits a waiter whose stream has run empty, or forgets one whose stream has closed. */
  remove(waiter: Waiter): boolean {
    const index = this.#waiting.indexOf(waiter);
    if (index >= 0) this.#waiting.splice(index, 1);
    return index >= 0;
  }

  release(byteSize: number): void {
    this.#used -= byteSize;
    assert(this.#used >= 0, "no more bytes are released than were taken");
    for (
      let next = this.#waiting[0];
      next !== undefined && this.#used + next.byteSize <= this.#bytesMax;
      next = this.#waiting[0]
    ) {
      this.#waiting.shift();
      this.#used += next.byteSize;
      next.admit();
    }
  }
}

/** One stream's messages in flight. One `take` may be pending at a time. */
export class BudgetStream {
  readonly #budget: ByteBudget;
  #held = 0;
  #pending: { readonly waiter: Waiter; readonly resolve: () => void } | null = null;
  #closed = false;

  constructor(budget: ByteBudget) {
    this.#budget = budget;
  }

  get heldBytes(): number {
    return this.#held;
  }

  /** Resolves when the bytes may go; at once after `close`. */
  take(byteSize: number): Promise<void> {
    assert(this.#pending === null, "a stream waits for one message at a time");
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      const waiter = this.#budget.take(byteSize, this.#held === 0, () => {
        this.#held += byteSize;
        this.#pending = null;
        resolve();
      });
      if (waiter !== null) this.#pending = { waiter, resolve };
    });
  }

  release(byteSize: number): void {
    if (this.#closed) return;
    this.#held -= byteSize;
    this.#budget.release(byteSize);
    const pending = this.#pending;
    if (this.#held === 0 && pending !== null && this.#budget.remove(pending.waiter)) {
      this.#budget.take(pending.waiter.byteSize, true, pending.waiter.admit);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const pending = this.#pending;
    this.#pending = null;
    if (pending !== null && this.#budget.remove(pending.waiter)) pending.resolve();
    this.#budget.release(this.#held);
    this.#held = 0;
  }
}
