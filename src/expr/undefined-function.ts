import { typeName } from "../arrow/data-type.ts";
import { EngineError, type TextSpan } from "../common/engine-error.ts";
import { nearestNameHint } from "../common/nearest-name.ts";
import { typeOf } from "./expression-properties.ts";
import type { Expression } from "./expression.ts";

/** The error for a call that no function takes; says the types when the name exists, else the nearest names. */
export function undefinedFunction(
  name: string,
  args: readonly Expression[],
  known: readonly string[],
  span?: TextSpan,
): EngineError {
  const types = args.map((arg) => typeName(typeOf(arg))).join(", ");
  const where = span === undefined ? {} : { span };
  if (known.includes(name.toLowerCase())) {
    const hint = "no function of that name takes these argument types; you might need explicit casts";
    return new EngineError("undefined_function", `function ${name}(${types}) does not exist`, { ...where, hint });
  }
  const hint = nearestNameHint(name, known);
  const details = hint === undefined ? where : { ...where, hint };
  return new EngineError("undefined_function", `function ${name}(${types}) does not exist`, details);
}
