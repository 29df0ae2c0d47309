/** Where the bar is drawn: a terminal, or nothing. */
export type BarStream = { readonly isTTY?: boolean | undefined; write(text: string): unknown };

const showAfterMs = 600;
const drawEveryMs = 100;
const cells = 30;

/** A line that tells how far a query is; only for queries that take long, and only on a terminal. */
export class ProgressBar {
  readonly #stream: BarStream;
  readonly #startedMs = Date.now();
  readonly #timer: NodeJS.Timeout | null;
  #fraction = 0;
  #drawn = false;

  constructor(stream: BarStream) {
    this.#stream = stream;
    this.#timer = stream.isTTY === true ? setInterval(() => this.#draw(), drawEveryMs) : null;
  }

  /** Never goes back: a query that is planned anew counts more tasks. */
  update(fraction: number): void {
    this.#fraction = Math.max(this.#fraction, Math.min(1, fraction));
  }

  /** Takes the line away again. */
  clear(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    if (this.#drawn) this.#stream.write("\r\u001b[K");
    this.#drawn = false;
  }

  #draw(): void {
    const elapsedMs = Date.now() - this.#startedMs;
    if (elapsedMs < showAfterMs) return;
    const full = Math.round(this.#fraction * cells);
    const percent = String(Math.floor(this.#fraction * 100)).padStart(3);
    this.#stream.write(
      `\r\u001b[K[${"█".repeat(full)}${"░".repeat(cells - full)}] ${percent} %  ${(elapsedMs / 1000).toFixed(1)} s`,
    );
    this.#drawn = true;
  }
}
