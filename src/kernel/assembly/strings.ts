// Functions on 16-byte string views (see kernel/batch.ts). Arguments and results are addresses of views. A function
// that writes bytes takes them from the heap that `frame` describes: next free address (u32), end (u32), and where
// it says how many bytes it lacked (u32). Such a function gives 0 for success, 1 when the heap is too small (the
// caller enlarges it and calls again), or 9 when the host must do the work (letters beyond ASCII).

// @ts-ignore: decorator
@inline
function bytesOf(view: usize): usize {
  return load<u32>(view) <= 12 ? view + 4 : <usize>load<u32>(view, 12);
}

// @ts-ignore: decorator
@inline
function isContinuation(address: usize): bool {
  return (load<u8>(address) & 0xc0) == 0x80;
}

/** Makes `out` a view of bytes that stay where they are. `out` must not be a view whose inline bytes these are. */
function pointTo(out: usize, bytes: usize, length: u32): void {
  if (length > 12) {
    const prefix = load<u32>(bytes);
    store<u32>(out, length);
    store<u32>(out, prefix, 4);
    store<u32>(out, 0, 8);
    store<u32>(out, <u32>bytes, 12);
    return;
  }
  let low: u64 = <u64>length;
  let high: u64 = 0;
  for (let index: u32 = 0; index < length; index++) {
    const byte = <u64>load<u8>(bytes + index);
    if (index < 4) low |= byte << (32 + (<u64>index << 3));
    else high |= byte << (<u64>(index - 4) << 3);
  }
  store<u64>(out, low);
  store<u64>(out, high, 8);
}

/** Room for `length` bytes: inline in `out`, or in the heap; 0 when the heap is too small. */
function reserve(length: u32, out: usize, frame: usize): usize {
  if (length <= 12) {
    store<u64>(out, <u64>length);
    store<u64>(out, 0, 8);
    return out + 4;
  }
  const next = load<u32>(frame);
  if (length > load<u32>(frame, 4) - next) {
    store<u32>(frame, length, 8);
    return 0;
  }
  store<u32>(frame, next + length);
  store<u32>(out, length);
  store<u32>(out, 0, 8);
  store<u32>(out, next, 12);
  return <usize>next;
}

/** Completes a view made by `reserve` once its bytes are written. */
// @ts-ignore: decorator
@inline
function finish(out: usize, bytes: usize): void {
  if (load<u32>(out) > 12) store<u32>(out, load<u32>(bytes), 4);
}

export function textBytesEqual(left: usize, right: usize, length: u32): i32 {
  let at: u32 = 0;
  for (; at + 8 <= length; at += 8) {
    if (load<u64>(left + at) != load<u64>(right + at)) return 0;
  }
  for (; at < length; at++) {
    if (load<u8>(left + at) != load<u8>(right + at)) return 0;
  }
  return 1;
}

export function textEqual(left: usize, right: usize): i32 {
  const head = load<u64>(left);
  if (head != load<u64>(right)) return 0;
  const length = <u32>head;
  if (length <= 12) return load<u64>(left, 8) == load<u64>(right, 8) ? 1 : 0;
  return textBytesEqual(<usize>load<u32>(left, 12), <usize>load<u32>(right, 12), length);
}

/** Order by bytes: negative, 0 or positive. */
export function textCompare(left: usize, right: usize): i32 {
  const leftPrefix = bswap<u32>(load<u32>(left, 4));
  const rightPrefix = bswap<u32>(load<u32>(right, 4));
  // Bytes past the end of a short string are zero, so a differing prefix decides except against real zero bytes.
  if (leftPrefix != rightPrefix) return leftPrefix < rightPrefix ? -1 : 1;
  const leftLength = load<u32>(left);
  const rightLength = load<u32>(right);
  const shorter = min(leftLength, rightLength);
  const leftBytes = bytesOf(left);
  const rightBytes = bytesOf(right);
  for (let at: u32 = 4; at < shorter; at++) {
    const difference = <i32>load<u8>(leftBytes + at) - <i32>load<u8>(rightBytes + at);
    if (difference != 0) return difference;
  }
  return leftLength < rightLength ? -1 : leftLength > rightLength ? 1 : 0;
}

/** Number of characters of UTF-8 bytes. */
function countCharacters(bytes: usize, length: u32): u32 {
  let count: u32 = 0;
  let at: u32 = 0;
  for (; at + 8 <= length; at += 8) {
    const word = load<u64>(bytes + at);
    // Continuation bytes are 10xxxxxx: bit 7 set and bit 6 clear.
    const continuations = (word >> 7) & ~(word >> 6) & 0x0101010101010101;
    count += 8 - <u32>popcnt(continuations);
  }
  for (; at < length; at++) count += isContinuation(bytes + at) ? 0 : 1;
  return count;
}

export function textLength(view: usize): i32 {
  return <i32>countCharacters(bytesOf(view), load<u32>(view));
}

/** Byte offset of the character number `count` (from 0), at most `length`. */
function offsetOfCharacter(bytes: usize, length: u32, count: u64): u32 {
  if (count >= <u64>length) return length;
  let at: u32 = 0;
  let left = count;
  while (left > 0 && at < length) {
    at += 1;
    while (at < length && isContinuation(bytes + at)) at += 1;
    left -= 1;
  }
  return at;
}

/** Characters from 1-based `start`, `count` of them; `count` is not negative, i64 maximum = to the end. */
export function textSubstring(view: usize, start: i64, count: i64, out: usize): void {
  const bytes = bytesOf(view);
  const length = load<u32>(view);
  const first: i64 = start < 1 ? 0 : start - 1;
  let wanted: u64;
  if (count == i64.MAX_VALUE) {
    wanted = u64.MAX_VALUE;
  } else if (start < 1) {
    // Positions before the text use up the count.
    const skipped: u64 = <u64>1 - <u64>start;
    wanted = <u64>count > skipped ? <u64>count - skipped : 0;
  } else {
    wanted = <u64>count;
  }
  const from = offsetOfCharacter(bytes, length, <u64>first);
  const size = offsetOfCharacter(bytes + from, length - from, wanted);
  pointTo(out, bytes + from, size);
}

/** How many characters `left` and `right` keep: a negative count leaves that many out. */
function keptCharacters(bytes: usize, length: u32, count: i64): u64 {
  if (count >= 0) return <u64>count;
  const total = <i64>countCharacters(bytes, length);
  return count <= -total ? 0 : <u64>(total + count);
}

export function textLeft(view: usize, count: i64, out: usize): void {
  const bytes = bytesOf(view);
  const length = load<u32>(view);
  pointTo(out, bytes, offsetOfCharacter(bytes, length, keptCharacters(bytes, length, count)));
}

export function textRight(view: usize, count: i64, out: usize): void {
  const bytes = bytesOf(view);
  const length = load<u32>(view);
  const total = <u64>countCharacters(bytes, length);
  const kept = keptCharacters(bytes, length, count);
  const from = kept >= total ? 0 : offsetOfCharacter(bytes, length, total - kept);
  pointTo(out, bytes + from, length - from);
}

// @ts-ignore: decorator
@inline
function characterSize(bytes: usize, end: usize): u32 {
  let at = bytes + 1;
  while (at < end && isContinuation(at)) at += 1;
  return <u32>(at - bytes);
}

function isAmongCharacters(character: usize, size: u32, characters: usize, end: usize): bool {
  let at = characters;
  while (at < end) {
    const otherSize = characterSize(at, end);
    if (otherSize == size && textBytesEqual(at, character, size) != 0) return true;
    at += otherSize;
  }
  return false;
}

/** Mode: bit 0 trims the start, bit 1 the end. */
export function textTrim(view: usize, characters: usize, mode: i32, out: usize): void {
  const set = bytesOf(characters);
  const setEnd = set + load<u32>(characters);
  let start = bytesOf(view);
  let end = start + load<u32>(view);
  if (mode & 1) {
    while (start < end) {
      const size = characterSize(start, end);
      if (!isAmongCharacters(start, size, set, setEnd)) break;
      start += size;
    }
  }
  if (mode & 2) {
    while (start < end) {
      let last = end - 1;
      while (last > start && isContinuation(last)) last -= 1;
      if (!isAmongCharacters(last, <u32>(end - last), set, setEnd)) break;
      end = last;
    }
  }
  pointTo(out, start, <u32>(end - start));
}

/** Joins the texts whose views' addresses stand at `views`. */
export function textConcat(views: usize, count: i32, out: usize, frame: usize): i32 {
  let total: u64 = 0;
  for (let index = 0; index < count; index++) total += <u64>load<u32>(<usize>load<u32>(views + (<usize>index << 2)));
  if (total > 0x3ffffff) return 2;
  const target = reserve(<u32>total, out, frame);
  if (target == 0) return 1;
  let at = target;
  for (let index = 0; index < count; index++) {
    const view = <usize>load<u32>(views + (<usize>index << 2));
    const length = load<u32>(view);
    memory.copy(at, bytesOf(view), length);
    at += length;
  }
  finish(out, target);
  return 0;
}

/** The digits of an integer with the decimal point before its last `scale` ones. */
export function textOfNumber(value: i64, unsigned: i32, scale: i32, out: usize, frame: usize): i32 {
  const negative = unsigned == 0 && value < 0;
  let rest: u64 = negative ? 0 - <u64>value : <u64>value;
  let digits = 1;
  for (let left = rest; left >= 10; left /= 10) digits += 1;
  if (digits <= scale) digits = scale + 1;
  const length = <u32>(digits + (scale > 0 ? 1 : 0) + (negative ? 1 : 0));
  const target = reserve(length, out, frame);
  if (target == 0) return 1;
  let at = target + length;
  for (let digit = 0; digit < digits; digit++) {
    if (scale > 0 && digit == scale) {
      at -= 1;
      store<u8>(at, 0x2e);
    }
    at -= 1;
    store<u8>(at, <u8>(0x30 + rest % 10));
    rest /= 10;
  }
  if (negative) store<u8>(target, 0x2d);
  finish(out, target);
  return 0;
}

/** ASCII case mapping; 9 for texts with other letters. */
export function textMapCase(view: usize, upper: i32, out: usize, frame: usize): i32 {
  const bytes = bytesOf(view);
  const length = load<u32>(view);
  for (let at: u32 = 0; at < length; at++) {
    if (load<u8>(bytes + at) >= 0x80) return 9;
  }
  const target = reserve(length, out, frame);
  if (target == 0) return 1;
  const first: u32 = upper != 0 ? 0x61 : 0x41;
  for (let at: u32 = 0; at < length; at++) {
    const byte = <u32>load<u8>(bytes + at);
    store<u8>(target + at, byte - first < 26 ? byte ^ 0x20 : byte);
  }
  finish(out, target);
  return 0;
}

/** Offset of the first occurrence at or after `from`, or -1. */
export function textFind(bytes: usize, length: u32, part: usize, partLength: u32, from: u32): i32 {
  if (partLength == 0) return <i32>from;
  if (partLength > length) return -1;
  const head = load<u8>(part);
  const last = length - partLength;
  const heads = i8x16.splat(head);
  let at = from;
  // 16 candidates at a time; the loads stay within the text.
  while (at + 16 <= length && at <= last) {
    let mask = <u32>i8x16.bitmask(i8x16.eq(v128.load(bytes + at), heads));
    while (mask != 0) {
      const candidate = at + ctz(mask);
      if (candidate > last) return -1;
      if (textBytesEqual(bytes + candidate, part, partLength) != 0) return <i32>candidate;
      mask &= mask - 1;
    }
    at += 16;
  }
  for (; at <= last; at++) {
    if (load<u8>(bytes + at) == head && textBytesEqual(bytes + at, part, partLength) != 0) return <i32>at;
  }
  return -1;
}

/** 1-based position in characters, 0 = not found. */
export function textPosition(view: usize, part: usize): i32 {
  const bytes = bytesOf(view);
  const at = textFind(bytes, load<u32>(view), bytesOf(part), load<u32>(part), 0);
  return at < 0 ? 0 : <i32>countCharacters(bytes, <u32>at) + 1;
}

/** Where the part must stand: 0 at the start, 1 at the end, 2 anywhere. */
export function textContains(view: usize, part: usize, where: i32): i32 {
  const length = load<u32>(view);
  const partLength = load<u32>(part);
  if (partLength > length) return 0;
  const bytes = bytesOf(view);
  if (where == 2) return textFind(bytes, length, bytesOf(part), partLength, 0) >= 0 ? 1 : 0;
  return textBytesEqual(where == 0 ? bytes : bytes + (length - partLength), bytesOf(part), partLength);
}

export function textReplace(view: usize, from: usize, to: usize, out: usize, frame: usize): i32 {
  const bytes = bytesOf(view);
  const length = load<u32>(view);
  const part = bytesOf(from);
  const partLength = load<u32>(from);
  const other = bytesOf(to);
  const otherLength = load<u32>(to);
  let count: u64 = 0;
  if (partLength != 0) {
    let at = textFind(bytes, length, part, partLength, 0);
    while (at >= 0) {
      count += 1;
      at = textFind(bytes, length, part, partLength, <u32>at + partLength);
    }
  }
  const total = <u64>length - count * <u64>partLength + count * <u64>otherLength;
  if (total > 0x3ffffff) return 2;
  const target = reserve(<u32>total, out, frame);
  if (target == 0) return 1;
  let write = target;
  let read: u32 = 0;
  while (count > 0) {
    const at = <u32>textFind(bytes, length, part, partLength, read);
    memory.copy(write, bytes + read, at - read);
    write += at - read;
    memory.copy(write, other, otherLength);
    write += otherLength;
    read = at + partLength;
    count -= 1;
  }
  memory.copy(write, bytes + read, length - read);
  finish(out, target);
  return 0;
}

/** The code point of the first character, 0 for an empty text. */
export function textFirstCode(view: usize): i32 {
  const length = load<u32>(view);
  if (length == 0) return 0;
  const bytes = bytesOf(view);
  const first = <i32>load<u8>(bytes);
  if (first < 0x80) return first;
  const size = characterSize(bytes, bytes + length);
  let code = first & (0xff >> (size + 1));
  for (let index: u32 = 1; index < size; index++) code = (code << 6) | (<i32>load<u8>(bytes + index) & 0x3f);
  return code;
}

/** Whether a text is among `count` views sorted by their first 8 bytes as an unsigned word. */
export function textIsAmong(view: usize, sorted: usize, count: i32): i32 {
  const head = load<u64>(view);
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (load<u64>(sorted + (<usize>middle << 4)) < head) low = middle + 1;
    else high = middle;
  }
  for (; low < count; low++) {
    const candidate = sorted + (<usize>low << 4);
    if (load<u64>(candidate) != head) return 0;
    if (textEqual(view, candidate) != 0) return 1;
  }
  return 0;
}
