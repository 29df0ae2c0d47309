import { readFile } from "node:fs/promises";
import { EngineError } from "../common/engine-error.ts";
import { runShell } from "./shell/run-shell.ts";

const formats = ["table", "csv", "json"] as const;

/** The exit status: 0, or 1 when a statement failed. */
export async function runSql(parsed: {
  url?: string;
  command?: string;
  file?: string;
  format?: string;
}): Promise<number> {
  const format = formats.find((one) => one === (parsed.format ?? "table"));
  if (format === undefined)
    throw new EngineError("invalid_argument", `--format: "${parsed.format}" is none of ${formats.join(", ")}`);
  let script = parsed.command;
  if (parsed.file !== undefined) {
    try {
      script = await readFile(parsed.file, "utf8");
    } catch (error) {
      throw new EngineError("undefined_file", `cannot read ${parsed.file}: ${(error as Error).message}`, {
        file: parsed.file,
      });
    }
  }
  return runShell({
    url: parsed.url ?? process.env["ONAGER_URL"] ?? "grpc://127.0.0.1:50050",
    ...(script === undefined ? {} : { command: script }),
    format,
    input: process.stdin,
    output: process.stdout,
  });
}
