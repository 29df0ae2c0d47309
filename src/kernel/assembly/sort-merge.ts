// Merging sorted lists of entries (sort.ts). A source is 16 bytes: address of its next entry, address behind its last, two unused
// words. `heap` holds the numbers of the sources that have entries, a binary heap by their next entry; of equal entries the
// source with the lower number goes first.

import { compareSortEntries } from "./sort";

// @ts-ignore: decorator
@inline
function goesBefore(sources: usize, left: u32, right: u32): bool {
  const order = compareSortEntries(<usize>load<u32>(sources + (<usize>left << 4)), <usize>load<u32>(sources + (<usize>right << 4)));
  return order < 0 || (order == 0 && left < right);
}

function siftDown(sources: usize, heap: usize, size: u32, from: u32): void {
  const moved = load<u32>(heap + (<usize>from << 2));
  let at = from;
  for (;;) {
    let child: u32 = 2 * at + 1;
    if (child >= size) break;
    let best: u32 = load<u32>(heap + (<usize>child << 2));
    if (child + 1 < size) {
      const other = load<u32>(heap + (<usize>(child + 1) << 2));
      if (goesBefore(sources, other, best)) {
        best = other;
        child++;
      }
    }
    if (!goesBefore(sources, best, moved)) break;
    store<u32>(heap + (<usize>at << 2), best);
    at = child;
  }
  store<u32>(heap + (<usize>at << 2), moved);
}

/** Orders a heap whose numbers are in any order. */
export function mergeBuild(sources: usize, heap: usize, size: u32): void {
  for (let i = <i32>(size >> 1) - 1; i >= 0; i--) siftDown(sources, heap, size, <u32>i);
}

/**
 * Takes up to `most` entries in order: their sources go to `pickSources`, their rows to `pickRows` (u32s). Stops early when a
 * source runs out, which then is the first of the heap still: the caller refills or removes it and builds the heap anew.
 */
export function mergePick(sources: usize, heap: usize, size: u32, most: u32, pickSources: usize, pickRows: usize): u32 {
  let picked: u32 = 0;
  while (picked < most) {
    const source = load<u32>(heap);
    const at = sources + (<usize>source << 4);
    const entry = <usize>load<u32>(at);
    store<u32>(pickSources + (<usize>picked << 2), source);
    store<u32>(pickRows + (<usize>picked << 2), load<u32>(entry, 12));
    picked++;
    store<u32>(at, <u32>entry + 16);
    if (<u32>entry + 16 == load<u32>(at, 4)) break;
    siftDown(sources, heap, size, 0);
  }
  return picked;
}

/** Gathers picks: `table` holds the data address of each source. */
export function mergeGather1(pickSources: usize, pickRows: usize, count: u32, table: usize, out: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const data = load<u32>(table + (<usize>load<u32>(pickSources + (<usize>i << 2)) << 2));
    store<u8>(out + i, load<u8>(<usize>(data + load<u32>(pickRows + (<usize>i << 2)))));
  }
}

export function mergeGather2(pickSources: usize, pickRows: usize, count: u32, table: usize, out: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const data = load<u32>(table + (<usize>load<u32>(pickSources + (<usize>i << 2)) << 2));
    store<u16>(out + (<usize>i << 1), load<u16>(<usize>(data + (load<u32>(pickRows + (<usize>i << 2)) << 1))));
  }
}

export function mergeGather4(pickSources: usize, pickRows: usize, count: u32, table: usize, out: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const data = load<u32>(table + (<usize>load<u32>(pickSources + (<usize>i << 2)) << 2));
    store<u32>(out + (<usize>i << 2), load<u32>(<usize>(data + (load<u32>(pickRows + (<usize>i << 2)) << 2))));
  }
}

export function mergeGather8(pickSources: usize, pickRows: usize, count: u32, table: usize, out: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const data = load<u32>(table + (<usize>load<u32>(pickSources + (<usize>i << 2)) << 2));
    store<u64>(out + (<usize>i << 3), load<u64>(<usize>(data + (load<u32>(pickRows + (<usize>i << 2)) << 3))));
  }
}

export function mergeGather16(pickSources: usize, pickRows: usize, count: u32, table: usize, out: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const data = load<u32>(table + (<usize>load<u32>(pickSources + (<usize>i << 2)) << 2));
    v128.store(out + (<usize>i << 4), v128.load(<usize>(data + (load<u32>(pickRows + (<usize>i << 2)) << 4))));
  }
}

/** `table` holds the validity of each source, 0 = no NULL; `out` is written in whole words. */
export function mergeGatherValidity(pickSources: usize, pickRows: usize, count: u32, table: usize, out: usize): void {
  for (let first: u32 = 0; first < count; first += 64) {
    let word: u64 = 0;
    const end = min<u32>(64, count - first);
    for (let bit: u32 = 0; bit < end; bit++) {
      const i = first + bit;
      const validity = <usize>load<u32>(table + (<usize>load<u32>(pickSources + (<usize>i << 2)) << 2));
      const row = load<u32>(pickRows + (<usize>i << 2));
      const isValid = validity == 0 || ((<u32>load<u8>(validity + (row >> 3)) >> (row & 7)) & 1) != 0;
      word |= <u64>isValid << <u64>bit;
    }
    store<u64>(out + (<usize>first >> 3), word);
  }
}
