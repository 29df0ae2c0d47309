import { forEachExpression } from "./expression-properties.ts";
import type { Expression } from "./expression.ts";

/** Another value at every call, so they are neither folded nor computed again in another place. */
const names: ReadonlySet<string> = new Set(["random", "clock_timestamp"]);

export function isVolatileFunction(name: string): boolean {
  return names.has(name);
}

/** Whether a second evaluation of the expression may give another value. */
export function isVolatile(expression: Expression): boolean {
  let found = false;
  forEachExpression(expression, (part) => {
    if (part.kind === "call" && names.has(part.name)) found = true;
  });
  return found;
}
