import { EngineError } from "../../common/engine-error.ts";

type NumberFormat = {
  /** One entry per place of the number before the point, from the left: 9, 0 or a literal. */
  readonly parts: readonly string[];
  readonly whole: number;
  readonly fraction: number;
  readonly fillMode: boolean;
  readonly sign: "none" | "S first" | "S last" | "MI" | "PL" | "SG" | "PR";
};

function parse(format: string): NumberFormat {
  const parts: string[] = [];
  let fillMode = false;
  let sign: NumberFormat["sign"] = "none";
  let [whole, fraction, hasPoint] = [0, 0, false];
  const matcher = /FM|MI|PL|SG|PR|EEEE|RN|TH|"((?:[^"\\]|\\.)*)"|[09.,DGSLV]|[\s\S]/gi;
  for (const [text, quoted] of format.matchAll(matcher)) {
    const upper = quoted === undefined ? text.toUpperCase() : "";
    if (upper === "FM") fillMode = true;
    else if (upper === "EEEE" || upper === "RN" || upper === "V" || upper === "TH")
      throw new EngineError("feature_not_supported", `"${text}" in a number format is not supported`);
    else if (upper === "S") sign = whole + fraction === 0 ? "S first" : "S last";
    else if (upper === "MI" || upper === "PL" || upper === "SG" || upper === "PR") {
      sign = upper;
      if (upper !== "PR") parts.push(upper);
    } else if (upper === "." || upper === "D") {
      if (hasPoint) throw new EngineError("invalid_parameter_value", "multiple decimal points");
      hasPoint = true;
      parts.push(".");
    } else if (upper === "," || upper === "G") parts.push(",");
    else if (upper === "L") parts.push(" ");
    else if (upper === "9" || upper === "0") {
      parts.push(upper);
      if (hasPoint) fraction += 1;
      else whole += 1;
    } else parts.push(`"${quoted ?? text}`);
  }
  return { parts, whole, fraction, fillMode, sign };
}

/** Digits of a decimal text, rounded half away from zero to `scale` places. */
function rounded(text: string, scale: number): { readonly digits: string; readonly isZero: boolean } {
  const [whole = "0", fraction = ""] = text.replace("-", "").split(".");
  const kept = BigInt(whole + fraction.slice(0, scale).padEnd(scale, "0"));
  const value = (fraction[scale] ?? "0") >= "5" ? kept + 1n : kept;
  return { digits: value.toString().padStart(scale + 1, "0"), isZero: value === 0n };
}

/** to_char of a number given as plain decimal text. */
export function formatNumberAs(text: string, template: string): string {
  const format = parse(template);
  const { digits, isZero } = rounded(text, format.fraction);
  const isNegative = text.startsWith("-") && !isZero;
  let whole = digits.slice(0, digits.length - format.fraction).replace(/^0+(?=\d)/, "");
  const fraction = digits.slice(digits.length - format.fraction);
  const overflows = whole.length > format.whole && whole !== "0";
  if (whole === "0" && (format.fraction > 0 || format.whole === 0))
    whole = format.whole > 0 && format.fraction === 0 ? "0" : "";
  const firstZero = format.parts.filter((part) => "90.".includes(part)).indexOf("0");
  const point = format.parts.indexOf(".");
  const zeroFrom = firstZero >= 0 && firstZero < format.whole ? firstZero : format.whole;
  let place = 0;
  let fractionPlace = 0;
  let started = false;
  let body = "";
  /** Where in the text the number's first place is: signs stand before it, literals before them. */
  let numberAt = -1;
  const lastNeeded = lastNeededFraction(format, fraction);
  format.parts.forEach((part, index) => {
    const isBehindPoint = point >= 0 && index > point;
    if (numberAt < 0 && /^[90.]$/.test(part)) numberAt = body.length;
    if (part.startsWith('"')) body += part.slice(1);
    else if (part === "MI") body += isNegative ? "-" : format.fillMode ? "" : " ";
    else if (part === "PL") body += isNegative ? (format.fillMode ? "" : " ") : "+";
    else if (part === "SG") body += isNegative ? "-" : "+";
    else if (part === ".") body += ".";
    else if (part === ",") body += started || format.fillMode === false ? (started ? "," : " ") : "";
    else if (part === " ") body += " ";
    else if (isBehindPoint) {
      if (!format.fillMode || fractionPlace < lastNeeded) body += overflows ? "#" : fraction[fractionPlace]!;
      fractionPlace += 1;
    } else {
      const digit = whole[whole.length - (format.whole - place)];
      if (overflows) {
        body += "#";
        started = true;
      } else if (digit !== undefined) {
        body += digit;
        started = true;
      } else if (place >= zeroFrom) {
        body += "0";
        started = true;
      } else if (!format.fillMode) body += " ";
      place += 1;
    }
  });
  const start = Math.max(0, numberAt);
  return body.slice(0, start) + signed(body.slice(start), isNegative, format);
}

/** With FM trailing zeros behind the point go, but for those the format asks for by 0. */
function lastNeededFraction({ parts }: NumberFormat, fraction: string): number {
  const point = parts.indexOf(".");
  if (point < 0) return 0;
  const places = parts.slice(point + 1).filter((part) => part === "9" || part === "0");
  return Math.max(places.lastIndexOf("0") + 1, fraction.replace(/0+$/, "").length);
}

function signed(body: string, isNegative: boolean, { sign, fillMode }: NumberFormat): string {
  if (sign === "MI" || sign === "SG" || sign === "PL") return sign === "PL" && isNegative ? withSign(body, "-") : body;
  if (sign === "S last") return body + (isNegative ? "-" : "+");
  if (sign === "S first") return withSign(body, isNegative ? "-" : "+");
  if (sign === "PR") {
    if (isNegative) return `${withSign(body, "<")}>`;
    return fillMode ? body : ` ${body} `;
  }
  if (isNegative) return withSign(body, "-");
  return fillMode ? body : ` ${body}`;
}

/** The sign stands directly before the first digit. */
function withSign(body: string, sign: string): string {
  const blanks = /^ */.exec(body)![0];
  return blanks + sign + body.slice(blanks.length);
}
