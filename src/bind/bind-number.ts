import { decimalType, maxDecimalPrecision, simpleType } from "../arrow/data-type.ts";
import { fitsInt64 } from "../common/bigints.ts";
import { EngineError, type TextSpan } from "../common/engine-error.ts";
import type { LiteralExpression } from "../expr/expression.ts";

/**
 * A numeric literal: int32, int64 or decimal, whichever is the first to hold it exactly; double precision beyond 38
 * digits.
 */
export function bindNumber(text: string, span?: TextSpan): LiteralExpression {
  const where = span === undefined ? {} : { span };
  const plain = text.replaceAll("_", "");
  const negative = plain.startsWith("-");
  const digits = plain.replace(/^[+-]/, "");
  if (/^0[xob]/i.test(digits) || /^\d+$/.test(digits)) {
    const value = negative ? -BigInt(digits) : BigInt(digits);
    const small = Number(value);
    if (small >= -(2 ** 31) && small < 2 ** 31)
      return { kind: "literal", type: simpleType("int32"), value: small, ...where };
    if (fitsInt64(value)) return { kind: "literal", type: simpleType("int64"), value, ...where };
    return bindDecimal(`${negative ? "-" : ""}${BigInt(digits)}`, span);
  }
  return bindDecimal(plain, span);
}

function bindDecimal(text: string, span: TextSpan | undefined): LiteralExpression {
  const where = span === undefined ? {} : { span };
  const match = /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(text);
  const exponent = Number(match?.[4] ?? 0);
  if (match !== null && Math.abs(exponent) <= 2 * maxDecimalPrecision) {
    const [, sign, whole, fraction] = match;
    const scale = fraction!.length - exponent;
    const unscaled = BigInt(`${whole}${fraction}` || "0") * 10n ** BigInt(Math.max(0, -scale));
    const precision = Math.max(String(unscaled).length, scale);
    if (precision <= maxDecimalPrecision) {
      return {
        kind: "literal",
        type: decimalType(precision, Math.max(0, scale)),
        value: sign === "-" ? -unscaled : unscaled,
        ...where,
      };
    }
  }
  const float = Number(text);
  if (!Number.isFinite(float))
    throw new EngineError("numeric_value_out_of_range", `number "${text.slice(0, 60)}" is out of range`, where);
  return { kind: "literal", type: simpleType("float64"), value: float, ...where };
}
