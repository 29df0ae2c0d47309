import { textBytesEqual, textFind } from "./strings";

// @ts-ignore: decorator
@inline
function bytesOf(view: usize): usize {
  return load<u32>(view) <= 12 ? view + 4 : <usize>load<u32>(view, 12);
}

/**
 * A pattern without `_` as literal parts in order. `parts`: their number (u32), flags (u32: bit 0 = the first part starts the
 * text, bit 1 = the last part ends it), then a view per part from byte 16 on. A pattern without `%` never comes here.
 */
export function likeParts(view: usize, parts: usize): i32 {
  const count = load<u32>(parts);
  const flags = load<u32>(parts, 4);
  const bytes = bytesOf(view);
  let end = load<u32>(view);
  let at: u32 = 0;
  let first: u32 = 0;
  let last = count;
  if (flags & 1) {
    const part = parts + 16;
    const length = load<u32>(part);
    if (length > end || textBytesEqual(bytes, bytesOf(part), length) == 0) return 0;
    at = length;
    first = 1;
  }
  if (flags & 2) {
    last -= 1;
    const part = parts + 16 + (<usize>last << 4);
    const length = load<u32>(part);
    if (length > end - at || textBytesEqual(bytes + (end - length), bytesOf(part), length) == 0) return 0;
    end -= length;
  }
  for (let index = first; index < last; index++) {
    const part = parts + 16 + (<usize>index << 4);
    const length = load<u32>(part);
    const found = textFind(bytes, end, bytesOf(part), length, at);
    if (found < 0) return 0;
    at = <u32>found + length;
  }
  return 1;
}

/** Any pattern, escape character backslash: 0 or 1, or 2 when it ends with the escape character. */
export function likeAny(view: usize, pattern: usize): i32 {
  const text = bytesOf(view);
  const end = load<u32>(view);
  const elements = bytesOf(pattern);
  const elementsEnd = load<u32>(pattern);
  if (endsWithEscape(elements, elementsEnd)) return 2;
  let at: u32 = 0;
  let element: u32 = 0;
  let afterRest: u32 = 0xffffffff;
  let resumeAt: u32 = 0;
  // On a mismatch the latest `%` takes one byte more; earlier ones never need to.
  while (at < end) {
    if (element < elementsEnd) {
      const byte = load<u8>(elements + element);
      if (byte == 0x25) {
        element += 1;
        afterRest = element;
        resumeAt = at;
        continue;
      }
      if (byte == 0x5f) {
        element += 1;
        at = nextCharacter(text, at, end);
        continue;
      }
      const escaped: u32 = byte == 0x5c ? 1 : 0;
      if (load<u8>(elements + element + escaped) == load<u8>(text + at)) {
        element += 1 + escaped;
        at += 1;
        continue;
      }
    }
    if (afterRest == 0xffffffff) return 0;
    element = afterRest;
    resumeAt = nextCharacter(text, resumeAt, end);
    at = resumeAt;
  }
  while (element < elementsEnd && load<u8>(elements + element) == 0x25) element += 1;
  return element == elementsEnd ? 1 : 0;
}

// @ts-ignore: decorator
@inline
function nextCharacter(text: usize, at: u32, end: u32): u32 {
  let next = at + 1;
  while (next < end && (load<u8>(text + next) & 0xc0) == 0x80) next += 1;
  return next;
}

function endsWithEscape(elements: usize, end: u32): bool {
  let at: u32 = 0;
  while (at < end) {
    if (load<u8>(elements + at) == 0x5c) {
      if (at + 1 == end) return true;
      at += 2;
    } else {
      at += 1;
    }
  }
  return false;
}
