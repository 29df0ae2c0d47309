import type { Value } from "../../arrow/value.ts";
import { EngineError } from "../../common/engine-error.ts";

/** A value in JSON text, by its place there. */
type Slice = { readonly start: number; readonly end: number };

const blank = /[ \t\n\r]*/y;
const scalar = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** Finds the members of one array or object without building values: numbers and spaces stay as they are written. */
class Scanner {
  readonly #text: string;
  #at: number;

  constructor(text: string, at: number) {
    this.#text = text;
    this.#at = at;
  }

  /** The value that begins here. */
  value(): Slice {
    this.#skip();
    const start = this.#at;
    const first = this.#text[start];
    if (first === "{" || first === "[") {
      for (const _ of this.members()) void _;
    } else {
      scalar.lastIndex = start;
      const match = scalar.exec(this.#text);
      if (match === null) throw invalid();
      this.#at = scalar.lastIndex;
    }
    return { start, end: this.#at };
  }

  /** The members of the array or object that begins here; moves behind it. */
  *members(): Generator<{ readonly key: string | null; readonly value: Slice }> {
    const isObject = this.#text[this.#at] === "{";
    const close = isObject ? "}" : "]";
    this.#at += 1;
    this.#skip();
    if (this.#text[this.#at] === close) {
      this.#at += 1;
      return;
    }
    for (;;) {
      let key: string | null = null;
      if (isObject) {
        const name = this.value();
        key = JSON.parse(this.#text.slice(name.start, name.end)) as string;
        this.#expect(":");
      }
      yield { key, value: this.value() };
      this.#skip();
      const next = this.#text[this.#at];
      this.#at += 1;
      if (next === close) return;
      if (next !== ",") throw invalid();
    }
  }

  #expect(character: string): void {
    this.#skip();
    if (this.#text[this.#at] !== character) throw invalid();
    this.#at += 1;
  }

  #skip(): void {
    blank.lastIndex = this.#at;
    blank.exec(this.#text);
    this.#at = blank.lastIndex;
  }
}

function invalid(): EngineError {
  return new EngineError("invalid_text_representation", "invalid input syntax for type json");
}

function rootOf(text: string): Slice {
  try {
    JSON.parse(text);
  } catch {
    throw invalid();
  }
  return new Scanner(text, 0).value();
}

function member(text: string, from: Slice, step: string | number): Slice | null {
  const opening = text[from.start];
  if (opening === "{" && typeof step === "string") {
    let found: Slice | null = null;
    for (const { key, value } of new Scanner(text, from.start).members()) if (key === step) found = value;
    return found;
  }
  if (opening !== "[" || typeof step !== "number") return null;
  const items = [...new Scanner(text, from.start).members()];
  return items.at(step)?.value ?? null;
}

/** The text of the value that the steps (names, and positions from 0) lead to, as it is written; NULL where there is none. */
export function jsonGet(text: string, steps: readonly (string | number)[]): string | null {
  let slice: Slice | null = rootOf(text);
  for (const step of steps) {
    if (slice === null) return null;
    slice = member(text, slice, step);
  }
  return slice === null ? null : text.slice(slice.start, slice.end);
}

/** The same as plain text: a string without its quotes; null is NULL. */
export function jsonGetText(text: string, steps: readonly (string | number)[]): string | null {
  const found = jsonGet(text, steps);
  if (found === null || found === "null") return null;
  return found.startsWith('"') ? (JSON.parse(found) as string) : found;
}

/** Steps of `$.name[0]."other name"`, or of a bare name. */
export function jsonPath(path: string): readonly (string | number)[] {
  if (!path.startsWith("$")) return [path];
  const steps: (string | number)[] = [];
  const step = /\.(?:"((?:[^"\\]|\\.)*)"|([^.[\]"]+))|\[(-?\d+)\]/y;
  step.lastIndex = 1;
  while (step.lastIndex < path.length) {
    const match = step.exec(path);
    if (match === null) throw new EngineError("invalid_parameter_value", `invalid JSON path: "${path}"`);
    steps.push(match[3] === undefined ? (match[1] ?? match[2]!) : Number(match[3]));
  }
  return steps;
}

/** The text itself. Throws when it is not JSON. */
export function jsonText(text: string): string {
  rootOf(text);
  return text;
}

export function jsonTypeof(text: string): string {
  const { start } = rootOf(text);
  const first = text[start]!;
  const names: Readonly<Record<string, string>> = { "{": "object", "[": "array", '"': "string", n: "null" };
  return names[first] ?? (first === "t" || first === "f" ? "boolean" : "number");
}

export function jsonArrayLength(text: string): Value {
  const { start } = rootOf(text);
  if (text[start] !== "[") throw new EngineError("invalid_parameter_value", "cannot get array length of a non-array");
  return [...new Scanner(text, start).members()].length;
}
