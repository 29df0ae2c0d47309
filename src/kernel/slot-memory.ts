import { assert } from "../common/assert.ts";
import { EngineError } from "../common/engine-error.ts";

/** Linear memory below this address belongs to the kernels' static data; address 0 always means "none". */
export const arenaBase = 1 << 20;
const chunkByteSize = 1 << 16;

/**
 * The linear memory of one slot and the owner of every byte in it. It has its full size from the start (the operating
 * system commits a page only when it is touched), so it never grows and no typed array over it is ever detached.
 * Memory is handed out as regions; a region is freed whole.
 */
export class SlotMemory {
  readonly memory: WebAssembly.Memory;
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
  readonly i64: BigInt64Array;
  readonly u64: BigUint64Array;
  /** Fill freed memory with a pattern, so that a use after free shows (tests). */
  readonly poison: boolean;
  readonly byteSize: number;
  #usedBytes = 0;
  #peakBytes = 0;
  /** Free chunks by size class: index k holds runs of 2^k chunks. */
  readonly #free: number[][] = Array.from({ length: 17 }, () => []);
  #untouched = arenaBase;

  constructor(byteSize: number, options: { poison?: boolean } = {}) {
    const pages = Math.min(65536, Math.max(64, Math.floor(byteSize / 65536)));
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    this.byteSize = pages * 65536;
    this.poison = options.poison ?? false;
    const buffer = this.memory.buffer;
    this.u8 = new Uint8Array(buffer);
    this.u16 = new Uint16Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.f32 = new Float32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.i64 = new BigInt64Array(buffer);
    this.u64 = new BigUint64Array(buffer);
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** The most bytes that were in use at once since the last call of `resetPeak`. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  get freeBytes(): number {
    return this.byteSize - arenaBase - this.#usedBytes;
  }

  resetPeak(): void {
    this.#peakBytes = this.#usedBytes;
  }

  /** A new, empty region. The caller owns it and must free it. */
  region(): Region {
    return new Region(this);
  }

  /** Whole chunks for a region. Throws out_of_memory: operators that can spill look at `freeBytes` before. */
  takeChunks(byteSize: number): { address: number; byteSize: number } {
    const chunks = Math.ceil(byteSize / chunkByteSize);
    const sizeClass = chunks <= 1 ? 0 : 32 - Math.clz32(chunks - 1);
    const total = chunkByteSize * 2 ** sizeClass;
    let address = this.#free[sizeClass]?.pop();
    if (address === undefined && this.#untouched + total <= this.byteSize) {
      address = this.#untouched;
      this.#untouched += total;
    }
    if (address === undefined) address = this.#split(sizeClass);
    if (address === undefined) {
      this.#coalesce();
      address = this.#free[sizeClass]?.pop() ?? this.#split(sizeClass);
      if (address === undefined && this.#untouched + total <= this.byteSize) {
        address = this.#untouched;
        this.#untouched += total;
      }
    }
    if (address === undefined) {
      throw new EngineError(
        "out_of_memory",
        `the task needs ${byteSize} more bytes, and ${this.freeBytes} of its slot's ${this.byteSize} are free`,
        { hint: "give the executor more memory (--memory) or fewer slots (--slots)" },
      );
    }
    this.#usedBytes += total;
    if (this.#usedBytes > this.#peakBytes) this.#peakBytes = this.#usedBytes;
    return { address, byteSize: total };
  }

  giveChunks(address: number, byteSize: number): void {
    if (this.poison) this.u8.fill(0xdb, address, address + byteSize);
    this.#usedBytes -= byteSize;
    const sizeClass = 31 - Math.clz32(byteSize / chunkByteSize);
    this.#free[sizeClass]!.push(address);
    if (this.#usedBytes > 0) return;
    // Between tasks nothing is in use: begin anew, whatever pieces the memory was in.
    for (const runs of this.#free) runs.length = 0;
    this.#untouched = arenaBase;
  }

  /** Joins free runs that lie side by side, which freeing alone does not do; then cuts them into powers of two again. */
  #coalesce(): void {
    const runs = this.#free.flatMap((addresses, sizeClass) =>
      addresses.map((address) => ({ address, byteSize: chunkByteSize * 2 ** sizeClass })),
    );
    runs.sort((left, right) => left.address - right.address);
    for (const addresses of this.#free) addresses.length = 0;
    const joined: { address: number; byteSize: number }[] = [];
    for (const run of runs) {
      const last = joined.at(-1);
      if (last !== undefined && last.address + last.byteSize === run.address) last.byteSize += run.byteSize;
      else joined.push({ ...run });
    }
    const last = joined.at(-1);
    if (last !== undefined && last.address + last.byteSize === this.#untouched) {
      this.#untouched = last.address;
      joined.pop();
    }
    for (const { address, byteSize } of joined) {
      for (let done = 0; done < byteSize;) {
        const sizeClass = 31 - Math.clz32((byteSize - done) / chunkByteSize);
        this.#free[sizeClass]!.push(address + done);
        done += chunkByteSize * 2 ** sizeClass;
      }
    }
  }

  /** Halves the smallest larger free run until it has the wanted size. */
  #split(sizeClass: number): number | undefined {
    for (let larger = sizeClass + 1; larger < this.#free.length; larger++) {
      const address = this.#free[larger]!.pop();
      if (address === undefined) continue;
      for (let half = larger - 1; half >= sizeClass; half--)
        this.#free[half]!.push(address + chunkByteSize * 2 ** half);
      return address;
    }
    return undefined;
  }
}

/**
 * Memory with one lifetime: a bump allocator over chunks of the slot's memory. Addresses stay where they are until
 * `reset` or `free`. New memory is not zeroed unless asked.
 */
export class Region {
  readonly #owner: SlotMemory;
  #chunks: { address: number; byteSize: number }[] = [];
  #next = 0;
  #end = 0;
  #byteSize = 0;

  constructor(owner: SlotMemory) {
    this.#owner = owner;
  }

  /** Bytes taken from the slot, unused rests of chunks included. */
  get byteSize(): number {
    return this.#byteSize;
  }

  /** 16-byte aligned; a size of 0 gives a valid address too. */
  allocate(byteSize: number): number {
    assert(byteSize >= 0 && Number.isFinite(byteSize), "a size must not be negative");
    const size = Math.max(16, Math.ceil(byteSize / 16) * 16);
    if (this.#next + size > this.#end) {
      const chunk = this.#owner.takeChunks(size);
      this.#chunks.push(chunk);
      this.#byteSize += chunk.byteSize;
      // A large allocation does not end the use of a chunk that still has more room than it leaves.
      if (chunk.byteSize - size <= this.#end - this.#next) return chunk.address;
      this.#next = chunk.address;
      this.#end = chunk.address + chunk.byteSize;
    }
    const address = this.#next;
    this.#next += size;
    return address;
  }

  allocateZeroed(byteSize: number): number {
    const address = this.allocate(byteSize);
    this.#owner.u8.fill(0, address, address + byteSize);
    return address;
  }

  /** Gives everything back but stays usable. */
  reset(): void {
    for (const chunk of this.#chunks) this.#owner.giveChunks(chunk.address, chunk.byteSize);
    this.#chunks = [];
    this.#next = this.#end = this.#byteSize = 0;
  }

  /** Gives everything back. Idempotent. */
  free(): void {
    this.reset();
  }
}
