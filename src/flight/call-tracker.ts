import { EngineError } from "../common/engine-error.ts";

/** Counts the open Flight calls of a server, so that it can drain: take no new statements, and end when the rest is done. */
export class CallTracker {
  /** Of each open call, how to cut it off. */
  readonly #open = new Set<() => void>();
  #draining = false;
  #onIdle: (() => void) | null = null;
  readonly #drainListeners: (() => void)[] = [];

  begin(cutOff: () => void): void {
    this.#open.add(cutOff);
  }

  end(cutOff: () => void): void {
    this.#open.delete(cutOff);
    if (this.#open.size === 0) this.#onIdle?.();
  }

  get isDraining(): boolean {
    return this.#draining;
  }

  /** Called once, when the server begins to drain. */
  onDraining(listener: () => void): void {
    this.#drainListeners.push(listener);
  }

  /** Ends what is still open. */
  cutOff(): void {
    for (const cutOff of this.#open) cutOff();
  }

  /** Throws once the server drains. For calls that start statements: those that read their rows go on. */
  assertTakesStatements(): void {
    if (this.#draining) throw new EngineError("unavailable", "the server is shutting down");
  }

  /** Resolves when no call has been open for `quietMs`, or after `graceMs`. */
  async drain(graceMs: number, quietMs: number): Promise<void> {
    this.#draining = true;
    for (const listener of this.#drainListeners.splice(0)) listener();
    await new Promise<void>((resolve) => {
      const deadline = setTimeout(resolve, graceMs);
      let quiet: NodeJS.Timeout | null = null;
      const watch = (): void => {
        if (quiet !== null) clearTimeout(quiet);
        // A client that has its endpoints now may be about to read them.
        quiet = setTimeout(
          () => {
            if (this.#open.size > 0) return;
            clearTimeout(deadline);
            resolve();
          },
          Math.min(quietMs, graceMs),
        );
      };
      this.#onIdle = watch;
      if (this.#open.size === 0) watch();
    });
  }
}
