import { assert } from "../common/assert.ts";
import { EngineError } from "../common/engine-error.ts";

/**
 * Plain data as canonical JSON: equal data gives equal bytes. What JSON lacks is an object with one tag:
 * {"$bigint":"-5"}, {"$bytes":"base64"}, {"$number":"NaN"} (also Infinity, -Infinity, -0). Properties that are
 * undefined are left out. Data with property names that start with $ has no form here.
 */
export function toPlainJson(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(tagged(value)), "utf8");
}

function tagged(value: unknown): unknown {
  if (typeof value === "bigint") return { $bigint: value.toString() };
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))) {
    return { $number: Object.is(value, -0) ? "-0" : String(value) };
  }
  if (typeof value !== "object" || value === null) {
    assert(typeof value !== "function" && typeof value !== "symbol", `no JSON form of a ${typeof value}`);
    return value;
  }
  if (value instanceof Uint8Array)
    return { $bytes: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64") };
  if (Array.isArray(value)) return value.map(tagged);
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort()) {
    assert(!key.startsWith("$"), `no JSON form of a property named ${key}`);
    const part = (value as Readonly<Record<string, unknown>>)[key];
    if (part !== undefined) result[key] = tagged(part);
  }
  return result;
}

export type JsonLimits = { readonly byteSizeMax: number; readonly depthMax: number };

/** Far above what a statement within the parser's limits gives. */
export const defaultJsonLimits: JsonLimits = { byteSizeMax: 256 * 1024 * 1024, depthMax: 2000 };

/** Reads what toPlainJson wrote. Throws invalid_argument, naming `what`, on anything else or beyond the limits. */
export function fromPlainJson(bytes: Uint8Array, what: string, limits: JsonLimits = defaultJsonLimits): unknown {
  if (bytes.byteLength > limits.byteSizeMax)
    throw invalid(what, `it has ${bytes.byteLength} bytes, more than ${limits.byteSizeMax}`);
  if (depthOf(bytes) > limits.depthMax) throw invalid(what, `it is nested more than ${limits.depthMax} deep`);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return JSON.parse(text, untag) as unknown;
  } catch (cause) {
    throw invalid(what, cause instanceof Error ? cause.message : "it is no JSON", cause);
  }
}

function invalid(what: string, why: string, cause?: unknown): EngineError {
  return new EngineError("invalid_argument", `${what} cannot be decoded: ${why}`, {}, cause);
}

const quote = 0x22;
const backslash = 0x5c;

/** Levels of brackets outside of strings; ASCII bytes are never part of another character in UTF-8. */
function depthOf(bytes: Uint8Array): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < bytes.byteLength; index++) {
    const byte = bytes[index]!;
    if (inString) {
      if (byte === backslash) index++;
      else if (byte === quote) inString = false;
    } else if (byte === quote) inString = true;
    else if (byte === 0x5b || byte === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (byte === 0x5d || byte === 0x7d) depth--;
  }
  return deepest;
}

const specialNumbers = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["-0", -0],
]);

function untag(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const keys = Object.keys(value);
  const [tag] = keys;
  if (tag === undefined || !tag.startsWith("$")) return value;
  const content = (value as Readonly<Record<string, unknown>>)[tag];
  if (keys.length !== 1 || typeof content !== "string") throw new Error(`a malformed ${tag}`);
  if (tag === "$bigint" && /^(0|-?[1-9][0-9]*)$/.test(content)) return BigInt(content);
  if (tag === "$bytes" && /^[A-Za-z0-9+/]*={0,2}$/.test(content)) return new Uint8Array(Buffer.from(content, "base64"));
  const special = tag === "$number" ? specialNumbers.get(content) : undefined;
  if (special === undefined) throw new Error(`a malformed ${tag}`);
  return special;
}
