import { simpleType } from "../arrow/data-type.ts";
import { EngineError, type TextSpan } from "../common/engine-error.ts";
import { coerceTo } from "../expr/coerce.ts";
import type { Expression } from "../expr/expression.ts";
import { typeOf } from "../expr/expression-properties.ts";
import { resolveFunction } from "../expr/function-registry.ts";

const utf8 = simpleType("utf8");

/** `format(template, …)`: the template is read here, so that what remains is a concatenation. */
export function formatTemplate(args: readonly Expression[], span: TextSpan): Expression {
  const [template, ...values] = args;
  if (template === undefined) return resolveFunction("format", args, span);
  if (template.kind !== "literal" || (template.value !== null && typeof template.value !== "string"))
    throw new EngineError("feature_not_supported", "format() is supported with a constant template only", { span });
  if (template.value === null) return { kind: "literal", type: utf8, value: null };
  const parts: Expression[] = [textLiteral("")];
  let next = 0;
  const pattern = /%(?:(%)|(?:(\d+)\$)?(-?)(\d*)([\s\S])?)|[^%]+/g;
  for (const [text, percent, position, minus, width, letter] of template.value.matchAll(pattern)) {
    if (!text.startsWith("%") || percent !== undefined) {
      parts.push(textLiteral(percent ?? text));
      continue;
    }
    if (letter === undefined || !"sIL".includes(letter)) throw badSpecifier(letter, span);
    if (position !== undefined) next = Number(position) - 1;
    const value = values[next];
    if (value === undefined)
      throw new EngineError("invalid_parameter_value", "too few arguments for format()", { span });
    next += 1;
    const formatted = formatPart(letter, coerceTo(typed(value), utf8, "explicit", span), span);
    parts.push(width === "" || width === undefined ? formatted : padded(formatted, Number(width), minus === "-", span));
  }
  return resolveFunction("||", [...parts, textLiteral("")], span);
}

function typed(value: Expression): Expression {
  return typeOf(value).kind === "null" ? coerceTo(value, utf8, "implicit") : value;
}

function textLiteral(value: string): Expression {
  return { kind: "literal", type: utf8, value };
}

function badSpecifier(letter: string | undefined, span: TextSpan): EngineError {
  const message =
    letter === undefined ? "unterminated format() type specifier" : `unrecognized format() type specifier "${letter}"`;
  return new EngineError("invalid_parameter_value", message, { span });
}

function formatPart(letter: string, value: Expression, span: TextSpan): Expression {
  if (letter === "s") return resolveFunction("coalesce", [value, textLiteral("")], span);
  return resolveFunction(letter === "L" ? "quote_nullable" : "quote_ident", [value], span);
}

/** A width only ever adds blanks: lpad and rpad would cut what is longer. */
function padded(value: Expression, width: number, atEnd: boolean, span: TextSpan): Expression {
  const count: Expression = { kind: "literal", type: simpleType("int32"), value: Math.min(width, 1 << 20) };
  const isShort = resolveFunction("lt", [resolveFunction("length", [value], span), count], span);
  const wide = resolveFunction(atEnd ? "rpad" : "lpad", [value, count], span);
  return { kind: "case", branches: [{ when: isShort, then: wide }], otherwise: value, type: utf8 };
}
