import { readFile } from "node:fs/promises";
import { EngineError } from "../common/engine-error.ts";
import type { ConnectOptions } from "../flight/flight-sql-client.ts";
import { readClientTls } from "../security/tls-files.ts";
import { runShell } from "./shell/run-shell.ts";

const formats = ["table", "csv", "json"] as const;

export type SqlOptions = {
  url?: string;
  command?: string;
  file?: string;
  format?: string;
  user?: string;
  tlsCa?: string;
  tlsCert?: string;
  tlsKey?: string;
};

/** The exit status: 0, or 1 when a statement failed. */
export async function runSql(parsed: SqlOptions): Promise<number> {
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
    login: loginOf(parsed, process.env),
    input: process.stdin,
    output: process.stdout,
  });
}

/** Secrets come from the environment: others on the machine can read a process's arguments. */
function loginOf({ user, tlsCa, tlsCert, tlsKey }: SqlOptions, environment: NodeJS.ProcessEnv): ConnectOptions {
  const name = user ?? environment["ONAGER_USER"];
  const password = environment["ONAGER_PASSWORD"];
  const token = environment["ONAGER_TOKEN"];
  const tls = readClientTls({
    ...(tlsCa === undefined ? {} : { authorities: tlsCa }),
    ...(tlsCert === undefined ? {} : { certificate: tlsCert }),
    ...(tlsKey === undefined ? {} : { key: tlsKey }),
  });
  return {
    tls,
    ...(name === undefined ? {} : { user: name }),
    ...(password === undefined ? {} : { password }),
    ...(token === undefined ? {} : { token }),
  };
}
