import { EngineError } from "../../common/engine-error.ts";

/** Texts longer than this are refused before they are built. */
export const textBytesMax = 1 << 26;

function invalid(message: string): EngineError {
  return new EngineError("invalid_parameter_value", message);
}

/** Number of characters (code points). */
export function lengthOf(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** Characters from the 1-based `start`, `count` of them (null = to the end); positions before the text count too. */
export function substring(text: string, start: bigint, count: bigint | null): string {
  if (count !== null && count < 0n) throw invalid("negative substring length not allowed");
  const characters = [...text];
  const length = BigInt(characters.length);
  const end = count === null ? length : start - 1n + count;
  const from = start < 1n ? 0n : start - 1n;
  if (from >= length || end <= from) return "";
  return characters.slice(Number(from), Number(end > length ? length : end)).join("");
}

export function leftOf(text: string, count: bigint): string {
  const characters = [...text];
  return characters.slice(0, clampedCount(characters.length, count)).join("");
}

export function rightOf(text: string, count: bigint): string {
  const characters = [...text];
  return characters.slice(characters.length - clampedCount(characters.length, count)).join("");
}

/** A negative count leaves out that many characters. */
function clampedCount(length: number, count: bigint): number {
  const wanted = count < 0n ? BigInt(length) + count : count;
  return Number(wanted < 0n ? 0n : wanted > BigInt(length) ? BigInt(length) : wanted);
}

export function trim(text: string, characters: string, atStart: boolean, atEnd: boolean): string {
  const set = new Set(characters);
  const list = [...text];
  let start = 0;
  let end = list.length;
  while (atStart && start < end && set.has(list[start]!)) start += 1;
  while (atEnd && end > start && set.has(list[end - 1]!)) end -= 1;
  return list.slice(start, end).join("");
}

export function pad(text: string, width: bigint, fill: string, atStart: boolean): string {
  if (width > BigInt(textBytesMax)) throw new EngineError("numeric_value_out_of_range", "requested length too large");
  const characters = [...text];
  const wanted = Number(width < 0n ? 0n : width);
  if (characters.length >= wanted) return characters.slice(0, wanted).join("");
  const filler = [...fill];
  if (filler.length === 0) return text;
  const missing = wanted - characters.length;
  const padding = Array.from({ length: missing }, (_, index) => filler[index % filler.length]!).join("");
  return atStart ? padding + text : text + padding;
}

export function repeatText(text: string, count: bigint): string {
  if (count <= 0n || text === "") return "";
  if (BigInt(Buffer.byteLength(text)) * count > BigInt(textBytesMax)) {
    throw new EngineError("numeric_value_out_of_range", "requested length too large");
  }
  return text.repeat(Number(count));
}

/** The `index`-th part (from 1; negative from the end), or an empty text. */
export function splitPart(text: string, delimiter: string, index: bigint): string {
  if (index === 0n) throw invalid("field position must not be zero");
  const parts = delimiter === "" ? [text] : text.split(delimiter);
  const at = index > 0n ? index - 1n : BigInt(parts.length) + index;
  return at < 0n || at >= BigInt(parts.length) ? "" : parts[Number(at)]!;
}

export function characterOf(code: bigint): string {
  if (code === 0n) throw invalid("null character not permitted");
  if (code < 0n || code > 0x10ffffn || (code >= 0xd800n && code <= 0xdfffn)) {
    throw invalid(`requested character too large for encoding: ${code}`);
  }
  return String.fromCodePoint(Number(code));
}

/** Replaces each character of `from` by the one at its place in `to`; those without a counterpart are removed. */
export function translate(text: string, from: string, to: string): string {
  const targets = [...to];
  const replacements = new Map<string, string>();
  [...from].forEach((character, index) => {
    if (!replacements.has(character)) replacements.set(character, targets[index] ?? "");
  });
  return [...text].map((character) => replacements.get(character) ?? character).join("");
}

/** Case mapping one character to one, as PostgreSQL's: what would become several characters stays. */
export function mapCase(text: string, upper: boolean): string {
  let result = "";
  for (const character of text) {
    const mapped = upper ? character.toUpperCase() : character.toLowerCase();
    result += lengthOf(mapped) === 1 ? mapped : character;
  }
  return result;
}

export function initcap(text: string): string {
  return mapCase(text, false).replace(/[\p{L}\p{N}]+/gu, (word) => {
    const [first = "", ...rest] = [...word];
    return mapCase(first, true) + rest.join("");
  });
}

/** A LIKE pattern with another escape character, as one whose escape character is the backslash. */
export function likeEscape(pattern: string, escape: string): string {
  if (lengthOf(escape) > 1) {
    throw new EngineError("invalid_parameter_value", "invalid escape string", {
      hint: "it must be empty or one character",
    });
  }
  if (escape === "\\") return pattern;
  let result = "";
  let afterEscape = false;
  for (const character of pattern) {
    if (character === escape && !afterEscape) {
      result += "\\";
      afterEscape = true;
    } else {
      result += character === "\\" && !afterEscape ? "\\\\" : character;
      afterEscape = false;
    }
  }
  return result;
}

/** One element of a LIKE pattern: a character, `_` (any character) or `%` (any text). */
export type LikeElement =
  | { readonly kind: "character"; readonly character: string }
  | { readonly kind: "any" | "rest" };

/** The elements of a pattern whose escape character is the backslash. */
export function parseLikePattern(pattern: string): LikeElement[] {
  const elements: LikeElement[] = [];
  const characters = [...pattern];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]!;
    if (character === "\\") {
      at += 1;
      if (at === characters.length) throw invalid("LIKE pattern must not end with escape character");
      elements.push({ kind: "character", character: characters[at]! });
    } else if (character === "%") {
      if (elements.at(-1)?.kind !== "rest") elements.push({ kind: "rest" });
    } else {
      elements.push(character === "_" ? { kind: "any" } : { kind: "character", character });
    }
  }
  return elements;
}

export function matchesLike(text: string, pattern: string): boolean {
  const elements = parseLikePattern(pattern);
  const characters = [...text];
  let element = 0;
  let at = 0;
  let lastRest = -1;
  let resumeAt = 0;
  // On a mismatch the latest `%` takes one character more; earlier ones never need to.
  while (at < characters.length) {
    const current = elements[element];
    if (current?.kind === "rest") {
      lastRest = element++;
      resumeAt = at;
    } else if (current !== undefined && (current.kind === "any" || isCharacter(current, characters[at]!))) {
      element += 1;
      at += 1;
    } else if (lastRest >= 0) {
      element = lastRest + 1;
      at = ++resumeAt;
    } else {
      return false;
    }
  }
  while (elements[element]?.kind === "rest") element += 1;
  return element === elements.length;
}

function isCharacter(element: LikeElement, character: string): boolean {
  return element.kind === "character" && element.character === character;
}
