import type { SpillFile, TaskContext } from "./operator.ts";

/**
 * What the rows of a probe side on disk came to, where it is read once for every piece of the build side: a byte each, bit 0 = has a match,
 * else bit 1 = unknown because of a NULL. A pass reads what the pass before it wrote, in the same blocks.
 */
export class ProbeFlags {
  readonly #context: TaskContext;
  #before: SpillFile | null = null;
  #after: SpillFile | null = null;
  #offset = 0;
  /** Flags of the current block before this pass. */
  #saved: Uint8Array = new Uint8Array(0);

  constructor(context: TaskContext) {
    this.#context = context;
  }

  /** The next pass begins at the first block. */
  nextPass(): void {
    this.#before?.remove();
    this.#before = this.#after;
    this.#after = null;
    this.#offset = 0;
  }

  /** Sets the flags (all zero) of rows that have had a match. A row that is unknown may still find one. */
  restore(flags: number, rowCount: number): void {
    if (this.#before === null) return;
    if (this.#saved.length < rowCount) this.#saved = new Uint8Array(rowCount);
    const saved = this.#saved.subarray(0, rowCount);
    this.#before.read(this.#offset, saved);
    const target = this.#context.memory.u8.subarray(flags, flags + rowCount);
    saved.forEach((flag, row) => {
      if ((flag & 1) !== 0) target[row] = 1;
    });
  }

  /** After the block's matches: the flags become those of all passes so far, and are kept for the next one unless this is the last. */
  complete(flags: number, rowCount: number, isLast: boolean): void {
    const target = this.#context.memory.u8.subarray(flags, flags + rowCount);
    if (this.#before !== null) {
      this.#saved.subarray(0, rowCount).forEach((flag, row) => {
        if (flag === 2 && target[row] === 0) target[row] = 2;
      });
    }
    this.#offset += rowCount;
    if (isLast) return;
    this.#after ??= this.#context.spill.create("probe-flags");
    this.#after.write(target);
  }

  /** Removes the files. Idempotent. */
  remove(): void {
    this.#before?.remove();
    this.#after?.remove();
    this.#before = this.#after = null;
  }
}
