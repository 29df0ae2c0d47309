import { existsSync } from "node:fs";
import { EngineError, type ErrorCode } from "../common/engine-error.ts";

/** DuckDB's complaint about a file as an error that names the file. */
export function scanError(path: string, message: string | null): EngineError {
  const text = (message ?? "no reason given").split("\n")[0]!.trim();
  if (!existsSync(path)) return new EngineError("undefined_file", `the file ${path} is gone`, { file: path });
  const missing = /Referenced column "(.*)" (?:not found|was not found)/.exec(text);
  if (missing !== null) {
    return new EngineError("datatype_mismatch", `the file ${path} has no column "${missing[1]}"`, { file: path });
  }
  const code = codeOf(text);
  const verb = code === "corrupt_file" ? "is damaged" : "cannot be read";
  return new EngineError(code, `the file ${path} ${verb}: ${text}`, { file: path });
}

function codeOf(text: string): ErrorCode {
  if (/^(IO|Permission) Error/i.test(text)) return "io_error";
  if (/^Out of Memory Error/i.test(text)) return "out_of_memory";
  if (/^(Not implemented|Binder) Error/i.test(text)) return "feature_not_supported";
  if (/^INTERRUPT/i.test(text)) return "query_canceled";
  if (/^INTERNAL Error/i.test(text)) return "internal";
  return "corrupt_file";
}
