import type { DataType } from "../arrow/data-type.ts";
import { typeName } from "../arrow/data-type.ts";

/** Code and message of the error, as `raiseIf` takes them. */
export const divisionByZero = ["division_by_zero", "division by zero"] as const;

export function outOfRange(type: DataType): string {
  return `${typeName(type)} out of range`;
}
