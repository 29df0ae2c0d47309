import { spawn, type ChildProcessByStdio } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { TextResult } from "./flight-engine.ts";
import { ensureVenv } from "./python-venv.ts";

export type PythonClient = "adbc" | "pyarrow";

export const flightPackages = ["pyarrow==26.0.1", "adbc-driver-flightsql==1.13.0", "adbc-driver-manager==1.13.0"];

type Answer = { readonly error?: string; readonly columns?: string[]; readonly rows?: (string | null)[][] };

const script = fileURLToPath(new URL("peers/query_loop.py", import.meta.url));

/** A server as a Python client sees it: a process that runs one query at a time, its values as text. */
export class PythonEngine {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;

  constructor(client: PythonClient, url: string) {
    const python = `${ensureVenv("clients", flightPackages)}/python`;
    this.#child = spawn(python, [script, client, url.replace(/^\w+(\+\w+)?:\/\//, "")], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#reader = createInterface({ input: this.#child.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  async run(sql: string): Promise<TextResult> {
    this.#child.stdin.write(`${JSON.stringify({ sql })}\n`);
    const line = await this.#lines.next();
    if (line.done === true) throw new Error("the Python client ended");
    const answer = JSON.parse(line.value) as Answer;
    if (answer.error !== undefined) throw new Error(answer.error);
    return { columns: answer.columns!, rows: answer.rows! };
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.stdin.end();
    await ended;
    this.#reader.close();
  }
}
