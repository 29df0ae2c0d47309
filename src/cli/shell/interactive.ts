import { createInterface } from "node:readline";
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
  const path = historyPath();
  const lines = createInterface({
    input,
    output,
    terminal: true,
    history: loadHistory(path),
    historySize,
    prompt,
    removeHistoryDuplicates: true,
  });
  let history: string[] | null = null;
  let pending = "";
  let linesPending = 0;
  const queue: ShellItem[] = [];
  let working = false;

  const ask = (): void => {
    lines.setPrompt(pending === "" ? prompt : continuationPrompt);
    lines.prompt();
  };

  /** A statement of several lines is called up again as one, unless a comment to the end of the line forbids it. */
  const joinHistory = (text: string): void => {
    if (history === null || linesPending < 2 || text.includes("--")) return;
    history.splice(0, linesPending, text.trim().replace(/\s*\n\s*/g, " "));
    saveHistory(path, history);
  };

  const work = async (): Promise<void> => {
    if (working) return;
    working = true;
    for (let item = queue.shift(); item !== undefined && !session.hasLeft; item = queue.shift())
      await session.run(item);
    working = false;
    if (session.hasLeft) lines.close();
    else ask();
  };

  return new Promise((resolve) => {
    lines.on("history", (entries) => {
      history = entries;
      saveHistory(path, entries);
    });
    lines.on("line", (line) => {
      if (pending === "" && /^\s*(quit|exit)\s*;?\s*$/i.test(line)) {
        lines.close();
        return;
      }
      pending += `${line}\n`;
      linesPending++;
      const { items, rest } = splitStatements(pending);
      if (items.length > 0) joinHistory(pending);
      queue.push(...items);
      pending = isBlank(rest) && !rest.includes("/*") ? "" : rest;
      if (pending === "") linesPending = 0;
      if (queue.length > 0) void work();
      else if (!working) ask();
    });
    lines.on("SIGINT", () => {
      if (session.isRunning) {
        queue.length = 0;
        session.interrupt();
        return;
      }
      output.write("^C\n");
      pending = "";
      linesPending = 0;
      lines.setPrompt(prompt);
      if (lines.line === "") lines.prompt();
      else for (const name of ["e", "u"]) lines.write(null, { ctrl: true, name });
    });
    lines.on("close", () => {
      session.interrupt();
      output.write("\n");
      resolve();
    });
    ask();
  });
}
