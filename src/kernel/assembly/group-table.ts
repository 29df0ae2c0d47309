// An open-addressing table of slots (u64): the high 32 bits of a row's hash, then the row's address; 0 = free. A slot's place is
// given by the highest bits of the hash (`hash >>> shift`), so that the table grows without a look at the rows.

/**
 * Looks up the rows of a batch whose numbers stand at `positions` (0 = rows 0 to count - 1). For each either a slot with the
 * same 32 bits of hash is found, a candidate whose keys must be compared; or a free slot is, and then becomes a new row of
 * `width` bytes from `nextRow` on. `resume`: go on after the slot where the last search of that row ended (`slots`).
 * Stops when a new row is needed and `room` of them are made.
 *
 * Per row of the batch: `slots` and `found` (the row's address). `out`: how many positions were looked up, how many candidates
 * (candidatePositions, candidateRows), how many new rows (createdPositions, createdRows).
 */
export function groupProbe(
  table: usize, mask: u32, shift: u32, hashes: usize, positions: usize, first: u32, count: u32, resume: bool,
  slots: usize, found: usize, candidatePositions: usize, candidateRows: usize,
  createdPositions: usize, createdRows: usize, nextRow: usize, width: u32, room: u32, out: usize,
): void {
  let candidates: u32 = 0;
  let created: u32 = 0;
  let i = first;
  for (; i < count; i++) {
    if (!resume && (i & 255) == 0) {
      // Loads the slots of a block first, without a branch, so that many cache misses are under way at once (see join.ts).
      const end = min(i + 256, count);
      let touched: u32 = 0;
      for (let j = i; j < end; j++) touched |= load<u32>(table + (<usize>(load<u64>(hashes + (<usize>j << 3)) >> <u64>shift) << 3));
      store<u32>(out, touched);
    }
    const position = positions == 0 ? i : load<u32>(positions + (<usize>i << 2));
    const hash = load<u64>(hashes + (<usize>position << 3));
    const tag = hash & 0xffffffff00000000;
    let slot = resume ? (load<u32>(slots + (<usize>position << 2)) + 1) & mask : <u32>(hash >> <u64>shift);
    let entry = load<u64>(table + (<usize>slot << 3));
    while (entry != 0 && (entry & 0xffffffff00000000) != tag) {
      slot = (slot + 1) & mask;
      entry = load<u64>(table + (<usize>slot << 3));
    }
    if (entry == 0) {
      if (created == room) break;
      entry = tag | <u64>nextRow;
      nextRow += width;
      store<u64>(table + (<usize>slot << 3), entry);
      store<u32>(createdPositions + (<usize>created << 2), position);
      store<u32>(createdRows + (<usize>created << 2), <u32>entry);
      created++;
    } else {
      store<u32>(candidatePositions + (<usize>candidates << 2), position);
      store<u32>(candidateRows + (<usize>candidates << 2), <u32>entry);
      candidates++;
    }
    store<u32>(slots + (<usize>position << 2), slot);
    store<u32>(found + (<usize>position << 2), <u32>entry);
  }
  store<u32>(out, i);
  store<u32>(out, candidates, 4);
  store<u32>(out, created, 8);
}

/** Moves all slots of a table into a larger, zeroed one. */
export function groupRehash(table: usize, slotCount: u32, larger: usize, mask: u32, shift: u32): void {
  for (let i: u32 = 0; i < slotCount; i++) {
    const entry = load<u64>(table + (<usize>i << 3));
    if (entry == 0) continue;
    let slot = <u32>(entry >> <u64>shift);
    while (load<u64>(larger + (<usize>slot << 3)) != 0) slot = (slot + 1) & mask;
    store<u64>(larger + (<usize>slot << 3), entry);
  }
}

/** Sets NULL flags in rows. */
export function setRowNulls(rows: usize, count: u32, nullOffset: u32, nullMask: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const at = <usize>load<u32>(rows + (<usize>i << 2)) + nullOffset;
    store<u8>(at, <u8>(<u32>load<u8>(at) | nullMask));
  }
}

/**
 * Partition of each hash (4 bits from `shift` up), as a stable counting sort: `positions` receives the row numbers partition by partition,
 * `counts` (16 u32s) the rows of each.
 */
export function spillPartition(hashes: usize, count: u32, shift: u32, positions: usize, counts: usize): void {
  memory.fill(counts, 0, 64);
  for (let i: u32 = 0; i < count; i++) {
    const at = counts + (<usize>((load<u64>(hashes + (<usize>i << 3)) >> <u64>shift) & 15) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
  let start: u32 = 0;
  for (let p: u32 = 0; p < 16; p++) {
    const at = counts + (<usize>p << 2);
    const size = load<u32>(at);
    store<u32>(at, start);
    start += size;
  }
  for (let i: u32 = 0; i < count; i++) {
    const at = counts + (<usize>((load<u64>(hashes + (<usize>i << 3)) >> <u64>shift) & 15) << 2);
    const next = load<u32>(at);
    store<u32>(positions + (<usize>next << 2), i);
    store<u32>(at, next + 1);
  }
  // Ends of the runs now; back to sizes.
  let end: u32 = 0;
  for (let p: u32 = 0; p < 16; p++) {
    const at = counts + (<usize>p << 2);
    const own = load<u32>(at);
    store<u32>(at, own - end);
    end = own;
  }
}
