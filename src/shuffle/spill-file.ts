import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import * as fs from "node:fs";
import { must } from "../common/assert.ts";

/** One job's shuffle data on disk: appended to, read by range, removed with the job. */
export class SpillFile {
  readonly path: string;
  #fd: number | undefined;
  #byteSize = 0;
  #pending = 0;
  #removed = false;

  constructor(path: string) {
    this.path = path;
    this.#fd = openSync(path, "w+", 0o600);
  }

  get byteSize(): number {
    return this.#byteSize;
  }

  /** Room for so many bytes; gives its offset. */
  reserve(byteSize: number): number {
    const offset = this.#byteSize;
    this.#byteSize += byteSize;
    return offset;
  }

  /** Undoes a reservation if it was the last one. */
  giveBack(offset: number, byteSize: number): boolean {
    if (this.#byteSize !== offset + byteSize) return false;
    this.#byteSize = offset;
    return true;
  }

  writeSync(parts: readonly Uint8Array[], offset: number): void {
    let at = offset;
    for (const part of parts) {
      for (let done = 0; done < part.byteLength;) {
        done += writeSync(must(this.#fd, "the spill file is open"), part, done, part.byteLength - done, at + done);
      }
      at += part.byteLength;
    }
  }

  async write(parts: readonly Uint8Array[], offset: number): Promise<void> {
    let at = offset;
    for (const part of parts) {
      await this.#whole(part, at, fs.write);
      at += part.byteLength;
    }
  }

  /** Fills `target` from `offset`. */
  async read(target: Uint8Array, offset: number): Promise<void> {
    await this.#whole(target, offset, fs.read);
  }

  /** Removes the file once nothing is under way. */
  remove(): void {
    this.#removed = true;
    if (this.#pending > 0 || this.#fd === undefined) return;
    closeSync(this.#fd);
    this.#fd = undefined;
    rmSync(this.path, { force: true });
  }

  async #whole(bytes: Uint8Array, offset: number, operation: typeof fs.write | typeof fs.read): Promise<void> {
    const fd = must(this.#fd, "the spill file is open");
    this.#pending++;
    try {
      for (let done = 0; done < bytes.byteLength;) {
        const count = await transfer(operation, fd, bytes, done, offset + done);
        if (count === 0) throw new Error(`${this.path} ends before byte ${offset + bytes.byteLength}`);
        done += count;
      }
    } finally {
      this.#pending--;
      if (this.#removed) this.remove();
    }
  }
}

function transfer(
  operation: typeof fs.write | typeof fs.read,
  fd: number,
  bytes: Uint8Array,
  start: number,
  offset: number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const done = (error: NodeJS.ErrnoException | null, count: number): void =>
      error === null ? resolve(count) : reject(error);
    (operation as typeof fs.write)(fd, bytes, start, bytes.byteLength - start, offset, done);
  });
}
