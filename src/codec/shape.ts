import { EngineError } from "../common/engine-error.ts";

/** What data from outside must look like. `check` gives the data, made of what the shape names, or throws. */
export type Shape<T> = { readonly check: (value: unknown, path: string) => T; readonly isOptional?: true };

/** Ends the decoding of foreign data: says where it is wrong and what was expected there. */
export function mismatch(path: string, expected: string, value: unknown): EngineError {
  return new EngineError("invalid_argument", `${path}: expected ${expected}, found ${describe(value)}`);
}

function describe(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  const text =
    typeof value === "string" ? JSON.stringify(value) : String(value as number | bigint | boolean | undefined);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

function simple<T>(expected: string, isValid: (value: unknown) => value is T): Shape<T> {
  return {
    check(value, path) {
      if (!isValid(value)) throw mismatch(path, expected, value);
      return value;
    },
  };
}

export const text = simple("a string", (value): value is string => typeof value === "string");
export const flag = simple("true or false", (value): value is boolean => typeof value === "boolean");
export const number = simple("a number", (value): value is number => typeof value === "number");
/** A whole number from 0 that JavaScript represents exactly: counts, positions, bytes. */
export const count = simple(
  "a count",
  (value): value is number => Number.isSafeInteger(value) && (value as number) >= 0 && !Object.is(value, -0),
);

export function oneOf<const T extends string | number>(...values: readonly T[]): Shape<T> {
  return simple(`one of ${values.join(", ")}`, (value): value is T => (values as readonly unknown[]).includes(value));
}

export function listOf<T>(item: Shape<T>): Shape<readonly T[]> {
  return {
    check(value, path) {
      if (!Array.isArray(value)) throw mismatch(path, "a list", value);
      return value.map((part: unknown, index) => item.check(part, `${path}[${index}]`));
    },
  };
}

export function orNull<T>(shape: Shape<T>): Shape<T | null> {
  return { check: (value, path) => (value === null ? null : shape.check(value, path)) };
}

/** A property that may be absent. */
export function optional<T>(shape: Shape<T>): Shape<T> {
  return { check: shape.check, isOptional: true };
}

/** For shapes that contain themselves. */
export function lazy<T>(shape: () => Shape<T>): Shape<T> {
  return { check: (value, path) => shape().check(value, path) };
}

/** An object with these properties and no others. */
export function objectOf<T extends object>(properties: {
  readonly [K in keyof T]-?: Shape<Exclude<T[K], undefined>>;
}): Shape<T> {
  const entries = Object.entries<Shape<unknown>>(properties as Readonly<Record<string, Shape<unknown>>>);
  return {
    check(value, path) {
      const source = asRecord(value, path);
      const result: Record<string, unknown> = {};
      for (const [key, shape] of entries) {
        if (!Object.hasOwn(source, key)) {
          if (shape.isOptional === true) continue;
          throw mismatch(path, `a property "${key}"`, value);
        }
        result[key] = shape.check(source[key], `${path}.${key}`);
      }
      const unknown = Object.keys(source).find((key) => !Object.hasOwn(properties, key));
      if (unknown !== undefined) throw new EngineError("invalid_argument", `${path}: unexpected property "${unknown}"`);
      return result as T;
    },
  };
}

/** One of several objects, told apart by `kind`. */
export function byKind<T extends { readonly kind: string }>(shapes: {
  readonly [K in T["kind"]]: Shape<Extract<T, { readonly kind: K }>>;
}): Shape<T> {
  const known = shapes as Readonly<Record<string, Shape<T>>>;
  return {
    check(value, path) {
      const { kind } = asRecord(value, path);
      if (typeof kind !== "string" || !Object.hasOwn(known, kind))
        throw mismatch(`${path}.kind`, `one of ${Object.keys(known).join(", ")}`, kind);
      return known[kind]!.check(value, path);
    },
  };
}

export function asRecord(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Uint8Array)
    throw mismatch(path, "an object", value);
  return value as Readonly<Record<string, unknown>>;
}
