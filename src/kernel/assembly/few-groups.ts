// Aggregation into a few groups (few-groups.ts beside hash-aggregate.ts): a small open-addressing cache of the groups' rows in front of the
// group table, and sums of 64-bit values through partial sums per group. Keys are dense, without NULLs, of 4 or 8 bytes, or
// strings; an entry of the cache (u64) is the row's address and, above it, the group's number; 0 = free.

const cacheMask: u32 = 1023;
const multiplier: u64 = 0x9e3779b97f4a7c15;
/** Partial sums of all groups, four times over, so that neighbouring rows of one group do not wait for each other. */
const copyBytes: usize = 64 << 3;
/** Sums of 8,192 values below this bound stay in 64 bits. */
const partialMax: u64 = 1 << 49;

// @ts-ignore: decorator
@inline
function wordOf(width: u32, at: usize): u64 {
  if (width == 4) return <u64>load<u32>(at);
  if (width == 8) return load<u64>(at);
  return load<u64>(at) ^ rotl<u64>(load<u64>(at, 8), 23);
}

/** Equal words are equal values; a long string in another place counts as another, which the group table then puts right. */
// @ts-ignore: decorator
@inline
function same(width: u32, left: usize, right: usize): bool {
  if (width == 4) return load<u32>(left) == load<u32>(right);
  if (width == 8) return load<u64>(left) == load<u64>(right);
  return load<u64>(left) == load<u64>(right) && load<u64>(left, 8) == load<u64>(right, 8);
}

// @ts-ignore: decorator
@inline
function placeOf(first: u64, second: u64): u32 {
  return <u32>(((first * multiplier) ^ rotl<u64>(second * multiplier, 31)) * multiplier >> 54);
}

// @ts-ignore: decorator
@inline
function recall(firstWidth: u32, secondWidth: u32, cache: usize, first: usize, firstOffset: u32, second: usize, secondOffset: u32, count: u32, found: usize, ids: usize): u32 {
  for (let i: u32 = 0; i < count; i++) {
    const a = first + <usize>i * firstWidth;
    const b = second + <usize>i * secondWidth;
    let place = placeOf(wordOf(firstWidth, a), secondWidth == 0 ? 0 : wordOf(secondWidth, b));
    let entry: u64 = 0;
    for (;;) {
      entry = load<u64>(cache + (<usize>place << 3));
      if (entry == 0) return 0;
      const row = <usize>(entry & 0xffffffff);
      if (same(firstWidth, a, row + firstOffset) && (secondWidth == 0 || same(secondWidth, b, row + secondOffset))) break;
      place = (place + 1) & cacheMask;
    }
    store<u32>(found + (<usize>i << 2), <u32>entry);
    store<u8>(ids + i, <u8>(entry >> 32));
  }
  return 1;
}

// @ts-ignore: decorator
@inline
function remember(firstWidth: u32, secondWidth: u32, cache: usize, first: usize, second: usize, count: u32, found: usize, rows: usize, groupCount: u32): u32 {
  for (let i: u32 = 0; i < count; i++) {
    const a = wordOf(firstWidth, first + <usize>i * firstWidth);
    const b: u64 = secondWidth == 0 ? 0 : wordOf(secondWidth, second + <usize>i * secondWidth);
    const row = load<u32>(found + (<usize>i << 2));
    let place = placeOf(a, b);
    let entry = load<u64>(cache + (<usize>place << 3));
    while (entry != 0 && <u32>entry != row) {
      place = (place + 1) & cacheMask;
      entry = load<u64>(cache + (<usize>place << 3));
    }
    if (entry != 0) continue;
    if (groupCount == 64) return 65;
    store<u32>(rows + (<usize>groupCount << 2), row);
    store<u64>(cache + (<usize>place << 3), ((<u64>groupCount) << 32) | <u64>row);
    groupCount++;
  }
  return groupCount;
}

/** Rows and group numbers (u8) of the keys, to `found` and `ids`. Gives 0 when a key is not in the cache. */
export function recallGroups_4_0(cache: usize, first: usize, firstOffset: u32, second: usize, secondOffset: u32, count: u32, found: usize, ids: usize): u32 {
  return recall(4, 0, cache, first, firstOffset, second, secondOffset, count, found, ids);
}

export function recallGroups_4_4(cache: usize, first: usize, firstOffset: u32, second: usize, secondOffset: u32, count: u32, found: usize, ids: usize): u32 {
  return recall(4, 4, cache, first, firstOffset, second, secondOffset, count, found, ids);
}

export function recallGroups_4_8(cache: usize, first: usize, firstOffset: u32, second: usize, secondOffset: u32, count: u32, found: usize, ids: usize): u32 {
  return recall(4, 8, cache, first, firstOffset, second, secondOffset, count, found, ids);
}

export function recallGroups_4_16(cache: usize, first: usize, firstOffset: u32, second: usize, secondOffset: u32, count: u32, found: usize, ids: usize): u32 {
  return recall(4, 16, cache, first, firstOffset, second, secondOffset, count, found, ids);
}

export function recallGroups_8_0(cache: usize, first: usize, firstOffset: u32, second: usize, secondOffset: u32, count: u32, found: usize, ids: usize): u32 {
  return recall(8, 0, cache, first, firstOffset, second, secondOffset, count, found, ids);
}

export function recallGroups_8_4(cache: usize, first: usize, firstOffset: u32, second: usize, secondOffset: u32, count: u32, found: usize, ids: usize): u32 {
  return recall(8, 4, cache, first, firstOffset, second, secondOffset, count, found, ids);
}

export function recallGroups_8_8(cache: usize, first: usize, firstOffset: u32, second: usize, secondOffset: u32, count: u32, found: usize, ids: usize): u32 {
  return recall(8, 8, cache, first, firstOffset, second, secondOffset, count, found, ids);
}

export function recallGroups_8_16(cache: usize, first: usize, firstOffset: u32, second: usize, secondOffset: u32, count: u32, found: usize, ids: usize): u32 {
  return recall(8, 16, cache, first, firstOffset, second, secondOffset, count, found, ids);
}

export function recallGroups_16_0(cache: usize, first: usize, firstOffset: u32, second: usize, secondOffset: u32, count: u32, found: usize, ids: usize): u32 {
  return recall(16, 0, cache, first, firstOffset, second, secondOffset, count, found, ids);
}

export function recallGroups_16_4(cache: usize, first: usize, firstOffset: u32, second: usize, secondOffset: u32, count: u32, found: usize, ids: usize): u32 {
  return recall(16, 4, cache, first, firstOffset, second, secondOffset, count, found, ids);
}

export function recallGroups_16_8(cache: usize, first: usize, firstOffset: u32, second: usize, secondOffset: u32, count: u32, found: usize, ids: usize): u32 {
  return recall(16, 8, cache, first, firstOffset, second, secondOffset, count, found, ids);
}

export function recallGroups_16_16(cache: usize, first: usize, firstOffset: u32, second: usize, secondOffset: u32, count: u32, found: usize, ids: usize): u32 {
  return recall(16, 16, cache, first, firstOffset, second, secondOffset, count, found, ids);
}

/** Takes the keys and the rows that the group table found into the cache, new groups to the end of `rows`. Gives the number of groups; 65 = too many. */
export function rememberGroups_4_0(cache: usize, first: usize, second: usize, count: u32, found: usize, rows: usize, groupCount: u32): u32 {
  return remember(4, 0, cache, first, second, count, found, rows, groupCount);
}

export function rememberGroups_4_4(cache: usize, first: usize, second: usize, count: u32, found: usize, rows: usize, groupCount: u32): u32 {
  return remember(4, 4, cache, first, second, count, found, rows, groupCount);
}

export function rememberGroups_4_8(cache: usize, first: usize, second: usize, count: u32, found: usize, rows: usize, groupCount: u32): u32 {
  return remember(4, 8, cache, first, second, count, found, rows, groupCount);
}

export function rememberGroups_4_16(cache: usize, first: usize, second: usize, count: u32, found: usize, rows: usize, groupCount: u32): u32 {
  return remember(4, 16, cache, first, second, count, found, rows, groupCount);
}

export function rememberGroups_8_0(cache: usize, first: usize, second: usize, count: u32, found: usize, rows: usize, groupCount: u32): u32 {
  return remember(8, 0, cache, first, second, count, found, rows, groupCount);
}

export function rememberGroups_8_4(cache: usize, first: usize, second: usize, count: u32, found: usize, rows: usize, groupCount: u32): u32 {
  return remember(8, 4, cache, first, second, count, found, rows, groupCount);
}

export function rememberGroups_8_8(cache: usize, first: usize, second: usize, count: u32, found: usize, rows: usize, groupCount: u32): u32 {
  return remember(8, 8, cache, first, second, count, found, rows, groupCount);
}

export function rememberGroups_8_16(cache: usize, first: usize, second: usize, count: u32, found: usize, rows: usize, groupCount: u32): u32 {
  return remember(8, 16, cache, first, second, count, found, rows, groupCount);
}

export function rememberGroups_16_0(cache: usize, first: usize, second: usize, count: u32, found: usize, rows: usize, groupCount: u32): u32 {
  return remember(16, 0, cache, first, second, count, found, rows, groupCount);
}

export function rememberGroups_16_4(cache: usize, first: usize, second: usize, count: u32, found: usize, rows: usize, groupCount: u32): u32 {
  return remember(16, 4, cache, first, second, count, found, rows, groupCount);
}

export function rememberGroups_16_8(cache: usize, first: usize, second: usize, count: u32, found: usize, rows: usize, groupCount: u32): u32 {
  return remember(16, 8, cache, first, second, count, found, rows, groupCount);
}

export function rememberGroups_16_16(cache: usize, first: usize, second: usize, count: u32, found: usize, rows: usize, groupCount: u32): u32 {
  return remember(16, 16, cache, first, second, count, found, rows, groupCount);
}

/** How many rows each group has: 64 u64s at `counts`, of which three more such blocks behind it are working space. */
export function countFewGroups(ids: usize, count: u32, counts: usize): void {
  memory.fill(counts, 0, copyBytes * 4);
  let i: u32 = 0;
  for (; i + 4 <= count; i += 4) {
    const four = load<u32>(ids + i);
    addOne(counts, four & 255);
    addOne(counts + copyBytes, (four >> 8) & 255);
    addOne(counts + copyBytes * 2, (four >> 16) & 255);
    addOne(counts + copyBytes * 3, four >> 24);
  }
  for (; i < count; i++) addOne(counts, <u32>load<u8>(ids + i));
  foldCopies(counts);
}

// @ts-ignore: decorator
@inline
function addOne(counts: usize, id: u32): void {
  const at = counts + (<usize>id << 3);
  store<u64>(at, load<u64>(at) + 1);
}

function foldCopies(sums: usize): void {
  for (let at = sums; at < sums + copyBytes; at += 8) {
    store<i64>(at, load<i64>(at) + load<i64>(at + copyBytes) + load<i64>(at + copyBytes * 2) + load<i64>(at + copyBytes * 3));
  }
}

/** Sums of 64-bit values by group, like countFewGroups. Gives 0, and sums that mean nothing, when a value is too large. */
export function sumFewGroups(data: usize, ids: usize, count: u32, sums: usize): u32 {
  memory.fill(sums, 0, copyBytes * 4);
  let spread: u64 = 0;
  let i: u32 = 0;
  for (; i + 4 <= count; i += 4) {
    const four = load<u32>(ids + i);
    const at = data + (<usize>i << 3);
    spread |= addValue(sums, four & 255, load<i64>(at));
    spread |= addValue(sums + copyBytes, (four >> 8) & 255, load<i64>(at, 8));
    spread |= addValue(sums + copyBytes * 2, (four >> 16) & 255, load<i64>(at, 16));
    spread |= addValue(sums + copyBytes * 3, four >> 24, load<i64>(at, 24));
  }
  for (; i < count; i++) spread |= addValue(sums, <u32>load<u8>(ids + i), load<i64>(data + (<usize>i << 3)));
  if (spread >= partialMax) return 0;
  foldCopies(sums);
  return 1;
}

// @ts-ignore: decorator
@inline
function addValue(sums: usize, id: u32, value: i64): u64 {
  const at = sums + (<usize>id << 3);
  store<i64>(at, load<i64>(at) + value);
  return <u64>(value ^ (value >> 63));
}

/**
 * Adds the partial sums of groups that have rows to the accumulators at `offset` of their rows, of 64 or (`wide`) 128 bits; NULL flags as
 * in aggregates.ts. Gives 1 when a sum left its range.
 */
export function addFewGroups(sums: usize, counts: usize, rows: usize, groupCount: u32, wide: bool, offset: u32, nullOffset: u32, nullMask: u32): u32 {
  let overflow: i64 = 0;
  for (let group: u32 = 0; group < groupCount; group++) {
    if (load<u64>(counts + (<usize>group << 3)) == 0) continue;
    const row = <usize>load<u32>(rows + (<usize>group << 2));
    const value = load<i64>(sums + (<usize>group << 3));
    const old = load<i64>(row + offset);
    const low = old + value;
    if (wide) {
      const sign = value >> 63;
      const high = load<i64>(row + offset, 8);
      const next = high + sign + (<u64>low < <u64>value ? 1 : 0);
      overflow |= (high ^ next) & (sign ^ next);
      store<i64>(row + offset, next, 8);
    } else {
      overflow |= (old ^ low) & (value ^ low);
    }
    store<i64>(row + offset, low);
    if (nullMask != 0) store<u8>(row + nullOffset, <u8>(<u32>load<u8>(row + nullOffset) & ~nullMask));
  }
  return overflow < 0 ? 1 : 0;
}
