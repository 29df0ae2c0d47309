import type { DataType } from "../arrow/data-type.ts";
import { typeName } from "../arrow/data-type.ts";
import { EngineError } from "../common/engine-error.ts";

/** The error for text that is no value of a type. */
export function invalidText(type: DataType, text: string): EngineError {
  return new EngineError("invalid_text_representation", `invalid input syntax for type ${typeName(type)}: "${text}"`);
}
