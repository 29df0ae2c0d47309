import type { DataType } from "../arrow/data-type.ts";
import type { Value } from "../arrow/value.ts";
import type { SlotMemory } from "../kernel/slot-memory.ts";
import { writeValue } from "./value-memory.ts";

type Constant = {
  readonly offset: number;
  readonly write: (memory: SlotMemory, address: number, allocate: (byteSize: number) => number) => void;
};

/** The constants and scratch places of compiled code: offsets in its frame, and how to fill them in a slot's memory. */
export class ConstantPool {
  readonly #constants: Constant[] = [];
  readonly #views = new Map<string, number>();
  readonly #shortWords = new Map<number, readonly [bigint, bigint]>();
  #byteSize: number;
  #emptyView = 0;

  constructor(headerBytes: number) {
    this.#byteSize = headerBytes;
  }

  /** Bytes of the whole frame. */
  get byteSize(): number {
    return this.#byteSize;
  }

  /** A place that the code writes. Zero at first. */
  reserve(byteSize: number): number {
    const offset = this.#byteSize;
    this.#byteSize += Math.ceil(byteSize / 16) * 16;
    return offset;
  }

  /** A view of the empty string, also a zero interval. */
  emptyView(): number {
    if (this.#emptyView === 0) this.#emptyView = this.reserve(16);
    return this.#emptyView;
  }

  /** The 16 bytes of a string, binary or interval. */
  view(type: DataType, value: Value): number {
    const key = typeof value === "string" ? value : null;
    const known = key === null ? undefined : this.#views.get(key);
    if (known !== undefined) return known;
    const offset = this.views(type, [value]);
    if (key !== null) this.#views.set(key, offset);
    if (type.kind !== "interval") this.#keepShortWords(offset, value);
    return offset;
  }

  /** The two words of a string constant of at most 12 bytes, else null. */
  shortWords(offset: number): readonly [bigint, bigint] | null {
    return this.#shortWords.get(offset) ?? null;
  }

  #keepShortWords(offset: number, value: Value): void {
    const bytes = typeof value === "string" ? Buffer.from(value, "utf8") : (value as Uint8Array);
    if (bytes.length > 12) return;
    const view = Buffer.alloc(16);
    view.writeUInt32LE(bytes.length);
    view.set(bytes, 4);
    this.#shortWords.set(offset, [view.readBigInt64LE(0), view.readBigInt64LE(8)]);
  }

  /** The values side by side, 16 bytes each. */
  views(type: DataType, values: readonly Value[]): number {
    const offset = this.reserve(values.length * 16);
    values.forEach((value, index) => {
      this.#constants.push({
        offset: offset + index * 16,
        write: (memory, address, allocate) => writeValue(memory, type, address, value, allocate),
      });
    });
    return offset;
  }

  /** 64-bit words side by side. */
  words(words: readonly bigint[]): number {
    const offset = this.reserve(words.length * 8);
    this.#constants.push({
      offset,
      write: (memory, address) =>
        words.forEach((word, index) => (memory.i64[(address >>> 3) + index] = BigInt.asIntN(64, word))),
    });
    return offset;
  }

  /** Fills a new, zeroed frame; `allocate` gives room with the frame's lifetime. */
  fill(memory: SlotMemory, frame: number, allocate: (byteSize: number) => number): void {
    for (const { offset, write } of this.#constants) write(memory, frame + offset, allocate);
  }
}
