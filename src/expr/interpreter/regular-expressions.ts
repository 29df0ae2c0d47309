import { RE2JS, RE2JSSyntaxException } from "re2js";
import type { Value } from "../../arrow/value.ts";
import { EngineError } from "../../common/engine-error.ts";
import { lengthOf } from "./text-functions.ts";

// Matching takes time linear in the text: no pattern a user writes can keep a task busy for ever.

type Flags = { readonly text: string; readonly isGlobal: boolean };

const compiled = new Map<string, RE2JS>();
const compiledMax = 500;

/** PostgreSQL's single-letter options; `g` is for functions that replace. */
function parseFlags(flags: string): Flags {
  const unknown = /[^gicmnpqstwx]/.exec(flags);
  if (unknown !== null) {
    throw new EngineError("invalid_parameter_value", `invalid regular expression option: "${unknown[0]}"`);
  }
  return { text: flags.replaceAll("g", ""), isGlobal: flags.includes("g") };
}

/** A PostgreSQL pattern as a program; kept, since a query asks for the same one in every row. */
function compile(pattern: string, flags: string): RE2JS {
  const key = `${flags}/${pattern}`;
  const known = compiled.get(key);
  if (known !== undefined) return known;
  let bits = 0;
  const has = (letter: string): boolean => flags.lastIndexOf(letter) >= 0;
  if (flags.lastIndexOf("i") > flags.lastIndexOf("c")) bits |= RE2JS.CASE_INSENSITIVE;
  // By default a line break is an ordinary character; n (or m) makes it end lines for all, p for `.` and w for ^ and $ only.
  if (!has("n") && !has("m") && !has("p")) bits |= RE2JS.DOTALL;
  if (has("n") || has("m") || has("w")) bits |= RE2JS.MULTILINE;
  let source = has("q") ? RE2JS.quote(pattern) : translate(pattern);
  if (has("x")) source = withoutComments(source);
  // As in PostgreSQL the longest match counts, unless the pattern asks for the shortest.
  if (!/[*+?}]\?/.test(source)) bits |= RE2JS.LONGEST_MATCH;
  try {
    const program = RE2JS.compile(source, bits);
    if (compiled.size >= compiledMax) compiled.clear();
    compiled.set(key, program);
    return program;
  } catch (thrown) {
    if (!(thrown instanceof RE2JSSyntaxException) && !(thrown instanceof Error)) throw thrown;
    const message = `invalid regular expression: ${(thrown as Error).message}`;
    throw new EngineError("invalid_parameter_value", message, {}, thrown);
  }
}

/** PostgreSQL's own escapes, in the engine's syntax. */
function translate(pattern: string): string {
  const text = pattern.startsWith("***:") ? pattern.slice(4) : pattern;
  return text.replaceAll(/\\([\s\S])/g, (escape: string, letter: string) => {
    if (letter === "y") return "\\b";
    if (letter === "Y") return "\\B";
    if (letter === "Z") return "\\z";
    if (letter === "m" || letter === "M") return unsupported(`the escape \\${letter}`);
    if (/[1-9]/.test(letter)) return unsupported("a back reference");
    return escape;
  });
}

function unsupported(what: string): never {
  throw new EngineError("feature_not_supported", `${what} in a regular expression is not supported`);
}

function withoutComments(source: string): string {
  return source.replaceAll(/\\[\s\S]|\[(?:\\.|[^\]])*\]|\s+|#[^\n]*/g, (part) => (/^[\s#]/.test(part) ? "" : part));
}

type Match = { readonly start: number; readonly end: number; readonly groups: readonly (string | null)[] };

/** All matches from the character `from` on (0-based, UTF-16), an empty one after each other match left out. */
function* matches(text: string, pattern: string, flags: string, from = 0): Generator<Match> {
  const matcher = compile(pattern, flags).matcher(text);
  let found = from === 0 ? matcher.find() : from <= text.length && matcher.find(from);
  while (found) {
    const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, index) => matcher.group(index));
    yield { start: matcher.start(), end: matcher.end(), groups };
    found = matcher.find();
  }
}

export function regexpLike(text: string, pattern: string, flags: string): boolean {
  const parsed = parseFlags(flags);
  if (parsed.isGlobal)
    throw new EngineError("invalid_parameter_value", 'regexp_like() does not support the "global" option');
  return compile(pattern, parsed.text).matcher(text).find();
}

/** Replaces the `nth` match from the character `start` on (0 = all of them). */
export function regexpReplace(
  text: string,
  pattern: string,
  replacement: string,
  start: number,
  nth: number | null,
  flags: string,
): string {
  const parsed = parseFlags(flags);
  const wanted = nth ?? (parsed.isGlobal ? 0 : 1);
  const from = offsetOf(text, start);
  let result = "";
  let done = 0;
  let count = 0;
  for (const match of matches(text, pattern, parsed.text, from)) {
    count += 1;
    if (wanted !== 0 && count < wanted) continue;
    result += text.slice(done, match.start) + expand(replacement, match.groups);
    done = match.end;
    if (wanted !== 0) break;
  }
  return result + text.slice(done);
}

/** `\1` … `\9` are groups, `\&` the whole match, `\\` a backslash. */
function expand(replacement: string, groups: readonly (string | null)[]): string {
  return replacement.replaceAll(/\\([\s\S])/g, (escape: string, letter: string) => {
    if (letter === "&") return groups[0] ?? "";
    if (letter === "\\") return "\\";
    return /[1-9]/.test(letter) ? (groups[Number(letter)] ?? "") : escape;
  });
}

function nthMatch(text: string, pattern: string, start: number, nth: number, flags: string): Match | null {
  if (nth <= 0) throw new EngineError("invalid_parameter_value", 'invalid value for parameter "n": ' + String(nth));
  let count = 0;
  for (const match of matches(text, pattern, parseFlags(flags).text, offsetOf(text, start))) {
    count += 1;
    if (count === nth) return match;
  }
  return null;
}

/** The `nth` match, or one of its groups; NULL when there is none. */
export function regexpSubstr(
  text: string,
  pattern: string,
  start: number,
  nth: number,
  flags: string,
  group: number,
): Value {
  return nthMatch(text, pattern, start, nth, flags)?.groups[group] ?? null;
}

/** `substring(text from pattern)`: the first group where there is one, else the match; NULL without a match. */
export function substringByPattern(text: string, pattern: string): Value {
  const match = nthMatch(text, pattern, 1, 1, "");
  if (match === null) return null;
  return match.groups.length > 1 ? (match.groups[1] ?? null) : (match.groups[0] ?? null);
}

export function regexpCount(text: string, pattern: string, start: number, flags: string): number {
  let count = 0;
  for (const _ of matches(text, pattern, parseFlags(flags).text, offsetOf(text, start))) count += 1;
  return count;
}

/** The position, from 1, at which the `nth` match begins, or with `atEnd` = 1 the one behind it; 0 without a match. */
export function regexpInstr(
  text: string,
  pattern: string,
  start: number,
  nth: number,
  atEnd: number,
  flags: string,
): number {
  const match = nthMatch(text, pattern, start, nth, flags);
  if (match === null) return 0;
  return lengthOf(text.slice(0, atEnd === 1 ? match.end : match.start)) + 1;
}

/** The UTF-16 offset of the 1-based character `start`. */
function offsetOf(text: string, start: number): number {
  if (start <= 0)
    throw new EngineError("invalid_parameter_value", `invalid value for parameter "start": ${String(start)}`);
  return start === 1 ? 0 : [...text].slice(0, start - 1).join("").length + (start - 1 > [...text].length ? 1 : 0);
}

/** A SIMILAR TO pattern as a regular expression over the whole text. */
export function similarToEscape(pattern: string, escape: string): string {
  let result = "";
  let inBrackets = false;
  const characters = [...pattern];
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index]!;
    if (escape !== "" && character === escape) {
      index += 1;
      const next = characters[index];
      if (next === undefined) break;
      result += /\w/.test(next) ? next : `\\${next}`;
    } else if (inBrackets) {
      if (character === "]") inBrackets = false;
      result += character === "\\" ? "\\\\" : character;
    } else if (character === "[") {
      inBrackets = true;
      result += character;
    } else if (character === "%") result += ".*";
    else if (character === "_") result += ".";
    else if (character === "(") result += "(?:";
    else if (/[\\.^$]/.test(character)) result += `\\${character}`;
    else result += character;
  }
  return `^(?:${result})$`;
}
