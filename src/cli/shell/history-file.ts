import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

export const historySize = 1_000;

/** The shell's history in the user's state folder; ONAGER_HISTORY names another file. */
export function historyPath(env: NodeJS.ProcessEnv = process.env): string {
  const stateFolder = env["XDG_STATE_HOME"] ?? join(homedir(), ".local", "state");
  return env["ONAGER_HISTORY"] ?? join(stateFolder, "onager", "history");
}

/** Entries, the latest first, as node:readline wants them; none when there is no file yet. */
export function loadHistory(path: string): string[] {
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .reverse()
      .slice(0, historySize);
  } catch {
    return [];
  }
}

/** A history that cannot be written is no reason to disturb the user. */
export function saveHistory(path: string, entries: readonly string[]): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, `${entries.slice(0, historySize).toReversed().join("\n")}\n`, { mode: 0o600 });
  } catch {
    return;
  }
}
