// Pairs of rows of two sides, and what a row's pairs came to: a byte per row, bit 0 = a pair is true, bit 1 = a pair is NULL.

/** The next `count` pairs after (probe, build), the build row counting up first. */
export function crossPairs(probe: u32, build: u32, count: u32, buildCount: u32, outProbe: usize, outBuild: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    store<u32>(outProbe + (<usize>i << 2), probe);
    store<u32>(outBuild + (<usize>i << 2), build);
    if (++build == buildCount) {
      build = 0;
      probe++;
    }
  }
}

/** Sets bits of the flags of rows `indices`; gives how many had one of them before, repeated rows counted each time. */
export function setFlags(flags: usize, indices: usize, count: u32, bits: u32): u32 {
  let before: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const at = flags + <usize>load<u32>(indices + (<usize>i << 2));
    const old = <u32>load<u8>(at);
    before += (old & bits) != 0 ? 1 : 0;
    store<u8>(at, <u8>(old | bits));
  }
  return before;
}

/** IN's three values: true with a true pair, else NULL with a NULL pair, else false. Gives the number of NULLs. */
export function flagsToMark(flags: usize, count: u32, data: usize, validity: usize): u32 {
  let nulls: u32 = 0;
  for (let first: u32 = 0; first < count; first += 64) {
    let word: u64 = 0;
    const end = min<u32>(64, count - first);
    for (let bit: u32 = 0; bit < end; bit++) {
      const flag = load<u8>(flags + first + bit);
      store<u8>(data + first + bit, flag & 1);
      const isNull = (flag & 3) == 2;
      nulls += isNull ? 1 : 0;
      word |= <u64>!isNull << <u64>bit;
    }
    store<u64>(validity + (<usize>first >> 3), word);
  }
  return nulls;
}
