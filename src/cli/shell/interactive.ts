import { createInterface, type Interface } from "node:readline";
import { historyPath, historySize, loadHistory, saveHistory } from "./history-file.ts";
import type { ShellSession } from "./shell-session.ts";
import { isBlank, splitStatements, type ShellItem } from "./split-statements.ts";

const prompt = "onager> ";
const continuationPrompt = "     -> ";

/** Reads statements from a terminal until \q or Ctrl-D. Ctrl-C stops a running query, else drops what was typed. */
export function runInteractive(
  session: ShellSession,
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): Promise<void> {
  return new Promise((resolve) => void new InteractiveShell(session, input, output, resolve));
}

class InteractiveShell {
  readonly #session: ShellSession;
  readonly #output: NodeJS.WritableStream;
  readonly #lines: Interface;
  readonly #historyPath = historyPath();
  /** readline's own list, the latest entry first. */
  #history: string[] | null = null;
  /** The lines of the statement that is being typed. */
  #pending = "";
  #pendingLines = 0;
  readonly #queue: ShellItem[] = [];
  #working = false;

  constructor(session: ShellSession, input: NodeJS.ReadableStream, output: NodeJS.WritableStream, onClose: () => void) {
    this.#session = session;
    this.#output = output;
    const history = loadHistory(this.#historyPath);
    this.#lines = createInterface({
      input,
      output,
      terminal: true,
      history,
      historySize,
      removeHistoryDuplicates: true,
    });
    this.#lines.on("history", (entries) => {
      this.#history = entries;
      saveHistory(this.#historyPath, entries);
    });
    this.#lines.on("line", (line) => this.#onLine(line));
    this.#lines.on("SIGINT", () => this.#onInterrupt());
    this.#lines.on("close", () => {
      session.interrupt();
      output.write("\n");
      onClose();
    });
    this.#ask();
  }

  #ask(): void {
    this.#lines.setPrompt(this.#pending === "" ? prompt : continuationPrompt);
    this.#lines.prompt();
  }

  #onLine(line: string): void {
    if (this.#pending === "" && /^\s*(quit|exit)\s*;?\s*$/i.test(line)) {
      this.#lines.close();
      return;
    }
    this.#pending += `${line}\n`;
    this.#pendingLines++;
    const { items, rest } = splitStatements(this.#pending);
    if (items.length > 0) this.#joinHistory();
    this.#queue.push(...items);
    // An open comment goes on in the next line.
    this.#pending = isBlank(rest) && !rest.includes("/*") ? "" : rest;
    if (this.#pending === "") this.#pendingLines = 0;
    if (this.#queue.length > 0) void this.#work();
    else if (!this.#working) this.#ask();
  }

  async #work(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    for (let item = this.#queue.shift(); item !== undefined && !this.#session.hasLeft; item = this.#queue.shift()) {
      await this.#session.run(item);
    }
    this.#working = false;
    if (this.#session.hasLeft) this.#lines.close();
    else this.#ask();
  }

  #onInterrupt(): void {
    if (this.#session.isRunning) {
      this.#queue.length = 0;
      this.#session.interrupt();
      return;
    }
    this.#output.write("^C\n");
    this.#pending = "";
    this.#pendingLines = 0;
    this.#lines.setPrompt(prompt);
    if (this.#lines.line === "") this.#lines.prompt();
    else for (const name of ["e", "u"]) this.#lines.write(null, { ctrl: true, name });
  }

  /** A statement of several lines is called up again as one, unless a comment to the end of a line forbids it. */
  #joinHistory(): void {
    if (this.#history === null || this.#pendingLines < 2 || this.#pending.includes("--")) return;
    this.#history.splice(0, this.#pendingLines, this.#pending.trim().replace(/\s*\n\s*/g, " "));
    saveHistory(this.#historyPath, this.#history);
  }
}
