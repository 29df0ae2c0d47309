import { EngineError } from "../../common/engine-error.ts";
import { FlightSqlClient, type ConnectOptions } from "../../flight/flight-sql-client.ts";
import type { OutputFormat, Write } from "./format-rows.ts";
import { runInteractive } from "./interactive.ts";
import type { BarStream } from "./progress-bar.ts";
import { ShellSession } from "./shell-session.ts";
import { isBlank, splitStatements } from "./split-statements.ts";

export type ShellOptions = {
  readonly url: string;
  /** A script to run in place of reading `input`. */
  readonly command?: string;
  readonly format?: OutputFormat;
  readonly login?: ConnectOptions;
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
  /** Where errors and the progress bar go. */
  readonly errors?: BarStream;
};

/** The `onager sql` shell. Gives the exit status: 0, or 1 when a script's statement failed or nobody answers at the URL. */
export async function runShell(options: ShellOptions): Promise<number> {
  const { command, input, output, errors = process.stderr } = options;
  let client: FlightSqlClient;
  try {
    client = await FlightSqlClient.connect(options.url, options.login);
  } catch (thrown) {
    errors.write(`ERROR: cannot reach ${options.url}: ${EngineError.from(thrown).message}\n`);
    return 1;
  }
  const isInteractive = command === undefined && input.isTTY === true;
  const onGone = (): void => session.leave();
  const streams = { write: writerTo(output, onGone), errors };
  const session: ShellSession = new ShellSession(client, streams, {
    format: options.format ?? "table",
    timing: isInteractive,
  });
  try {
    if (isInteractive) {
      output.write(`Connected to ${options.url}. \\? for help.\n`);
      await runInteractive(session, input, output);
      return 0;
    }
    return await runScript(session, command === undefined ? chunksOf(input) : [command]);
  } finally {
    await client.close();
  }
}

/** Runs statements as they come, up to the first that fails. */
async function runScript(session: ShellSession, chunks: AsyncIterable<string> | Iterable<string>): Promise<number> {
  let pending = "";
  const runAll = async (script: string): Promise<boolean> => {
    const { items, rest } = splitStatements(script);
    for (const item of items) {
      if (!(await session.run(item))) return false;
      if (session.hasLeft) return true;
    }
    pending = rest;
    return true;
  };
  for await (const chunk of chunks) {
    if (session.hasLeft) return 0;
    // Only whole lines: a backslash command ends with its line.
    const script = pending + chunk;
    const whole = script.lastIndexOf("\n") + 1;
    const tail = script.slice(whole);
    if (!(await runAll(script.slice(0, whole)))) return 1;
    pending += tail;
  }
  if (session.hasLeft) return 0;
  if (!(await runAll(`${pending}\n`))) return 1;
  // The last statement needs no semicolon.
  if (session.hasLeft || isBlank(pending)) return 0;
  return (await session.run({ kind: "statement", text: pending.trim() })) ? 0 : 1;
}

async function* chunksOf(input: NodeJS.ReadableStream): AsyncGenerator<string> {
  input.setEncoding("utf8");
  for await (const chunk of input) yield String(chunk);
}

/** Writes with backpressure. A reader that has gone (`onager sql … | head`) ends the shell, quietly. */
function writerTo(output: NodeJS.WritableStream, onGone: () => void): Write {
  let gone = false;
  output.on("error", () => {
    gone = true;
    onGone();
  });
  return (text) => {
    if (gone || output.write(text)) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        for (const event of ["drain", "error", "close"]) output.off(event, done);
        resolve();
      };
      for (const event of ["drain", "error", "close"]) output.on(event, done);
    });
  };
}
