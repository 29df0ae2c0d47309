import { closeSync, ftruncateSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { EngineError } from "../common/engine-error.ts";
import type { SpillFile, SpillSpace } from "../operator/operator.ts";

/** Spill files of one task, in one folder; `removeAll` at the task's end leaves nothing. */
export class SpillDirectory implements SpillSpace {
  readonly #directory: string;
  readonly #prefix: string;
  readonly #bytesMax: number;
  readonly #open = new Set<TaskSpillFile>();
  #created = 0;
  /** Bytes of the files that there are now; `spilledBytes` counts those of removed ones too. */
  #heldBytes = 0;
  spilledBytes = 0;

  constructor(directory: string, prefix: string, bytesMax: number) {
    this.#directory = directory;
    this.#prefix = prefix;
    this.#bytesMax = bytesMax;
  }

  create(label: string): SpillFile {
    const path = join(this.#directory, `${this.#prefix}-${this.#created++}-${label}.spill`);
    const file = new TaskSpillFile(path, this, () => {
      this.#open.delete(file);
      this.#heldBytes -= file.byteSize;
    });
    this.#open.add(file);
    return file;
  }

  /** Counts bytes against the quota before they are written. */
  charge(byteSize: number): void {
    if (this.#heldBytes + byteSize > this.#bytesMax) {
      throw new EngineError(
        "disk_full",
        `the task would spill more than ${this.#bytesMax} bytes to ${this.#directory}`,
        { file: this.#directory },
      );
    }
    this.#heldBytes += byteSize;
    this.spilledBytes += byteSize;
  }

  removeAll(): void {
    for (const file of this.#open) file.remove();
  }
}

class TaskSpillFile implements SpillFile {
  readonly #path: string;
  readonly #space: SpillDirectory;
  readonly #onRemove: () => void;
  #descriptor: number;
  byteSize = 0;

  constructor(path: string, space: SpillDirectory, onRemove: () => void) {
    this.#path = path;
    this.#space = space;
    this.#onRemove = onRemove;
    try {
      this.#descriptor = openSync(path, "wx+", 0o600);
    } catch (error) {
      throw spillError(error, path);
    }
  }

  write(bytes: Uint8Array): number {
    this.#space.charge(bytes.byteLength);
    const offset = this.byteSize;
    try {
      let written = 0;
      while (written < bytes.byteLength) {
        written += writeSync(this.#descriptor, bytes, written, bytes.byteLength - written, offset + written);
      }
    } catch (error) {
      throw spillError(error, this.#path);
    }
    this.byteSize += bytes.byteLength;
    return offset;
  }

  read(offset: number, target: Uint8Array): void {
    let done = 0;
    while (done < target.byteLength) {
      const count = readSync(this.#descriptor, target, done, target.byteLength - done, offset + done);
      if (count === 0) throw new EngineError("io_error", `spill file ${this.#path} ended early`, { file: this.#path });
      done += count;
    }
  }

  remove(): void {
    if (this.#descriptor < 0) return;
    try {
      ftruncateSync(this.#descriptor, 0);
      closeSync(this.#descriptor);
      unlinkSync(this.#path);
    } finally {
      this.#descriptor = -1;
      this.#onRemove();
    }
  }
}

function spillError(error: unknown, path: string): EngineError {
  const code = (error as NodeJS.ErrnoException).code;
  const full = code === "ENOSPC" || code === "EDQUOT";
  return new EngineError(
    full ? "disk_full" : "io_error",
    `cannot spill to ${path}: ${(error as Error).message}`,
    { file: path },
    error,
  );
}
