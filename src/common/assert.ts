/** A broken invariant of ours: a bug, never the user's mistake. */
export class AssertionFailure extends Error {
  override readonly name = "AssertionFailure";
}

/** Throws when an invariant that the caller guarantees does not hold. */
export function assert(condition: unknown, message: string | (() => string)): asserts condition {
  if (condition) return;
  throw new AssertionFailure(typeof message === "string" ? message : message());
}

/** The value, which the caller knows to be there. */
export function must<T>(value: T | null | undefined, message: string): T {
  if (value === null || value === undefined) throw new AssertionFailure(message);
  return value;
}

/** Closes a `switch` over a union: a new member is then a type error at every switch. */
export function unreachable(value: never, what = "value"): never {
  throw new AssertionFailure(`unexpected ${what}: ${JSON.stringify(value)}`);
}
