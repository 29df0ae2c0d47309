import { createHash } from "node:crypto";
import { EngineError } from "../../common/engine-error.ts";

export function md5(bytes: string | Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}

export function sha(bits: number, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash(`sha${bits}`).update(bytes).digest());
}

/** encode(bytes, format): hex, base64 (in lines of 76 characters) or escape. */
export function encodeBytes(bytes: Uint8Array, format: string): string {
  switch (format.toLowerCase()) {
    case "hex":
      return Buffer.from(bytes).toString("hex");
    case "base64":
      return Buffer.from(bytes)
        .toString("base64")
        .replaceAll(/.{76}(?=.)/g, "$&\n");
    case "escape":
      return [...bytes].map(escapeByte).join("");
    default:
      throw unknownFormat(format);
  }
}

function escapeByte(byte: number): string {
  if (byte === 92) return "\\\\";
  return byte === 0 || byte >= 128 ? `\\${byte.toString(8).padStart(3, "0")}` : String.fromCharCode(byte);
}

export function decodeText(text: string, format: string): Uint8Array {
  switch (format.toLowerCase()) {
    case "hex": {
      const digits = text.replaceAll(/\s/g, "");
      const wrong = /[^0-9a-f]/i.exec(digits);
      if (wrong !== null) throw new EngineError("invalid_parameter_value", `invalid hexadecimal digit: "${wrong[0]}"`);
      if (digits.length % 2 === 1)
        throw new EngineError("invalid_parameter_value", "invalid hexadecimal data: odd number of digits");
      return new Uint8Array(Buffer.from(digits, "hex"));
    }
    case "base64": {
      const digits = text.replaceAll(/\s/g, "");
      if (!/^[A-Za-z0-9+/]*={0,2}$/.test(digits) || digits.length % 4 !== 0)
        throw new EngineError("invalid_parameter_value", "invalid base64 data");
      return new Uint8Array(Buffer.from(digits, "base64"));
    }
    case "escape":
      return unescapeBytes(text);
    default:
      throw unknownFormat(format);
  }
}

function unescapeBytes(text: string): Uint8Array {
  const parts = [...text.matchAll(/\\\\|\\[0-3][0-7]{2}|\\|[^\\]+/g)].map(([part]) => {
    if (part === "\\\\") return Buffer.from("\\");
    if (part === "\\") throw new EngineError("invalid_text_representation", "invalid input syntax for type bytea");
    return part.startsWith("\\") ? Buffer.from([parseInt(part.slice(1), 8)]) : Buffer.from(part);
  });
  return new Uint8Array(Buffer.concat(parts));
}

function unknownFormat(format: string): EngineError {
  return new EngineError("invalid_parameter_value", `unrecognized encoding: "${format}"`);
}

/** The text of UTF-8 bytes. Throws for bytes that are none. */
export function textOfBytes(bytes: Uint8Array, encoding: string): string {
  checkEncoding(encoding);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new EngineError("invalid_text_representation", 'invalid byte sequence for encoding "UTF8"');
  }
}

export function bytesOfText(text: string, encoding: string): Uint8Array {
  checkEncoding(encoding);
  return new TextEncoder().encode(text);
}

function checkEncoding(encoding: string): void {
  if (/^utf-?8$/i.test(encoding)) return;
  throw new EngineError("feature_not_supported", `encoding "${encoding}" is not supported, only UTF8`);
}

export function byteAt(bytes: Uint8Array, index: number): number {
  const byte = index < 0 ? undefined : bytes[index];
  if (byte !== undefined) return byte;
  const message = `index ${index} out of valid range, 0..${bytes.length - 1}`;
  throw new EngineError("invalid_parameter_value", message);
}
