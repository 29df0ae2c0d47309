import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Logger } from "../common/logger.ts";

const namePrefix = "executor-";
const ownerFile = "owner.json";
/** A folder without an owner may belong to a process that is starting at this moment. */
const ownerlessMsMin = 60_000;

type Owner = { readonly host: string; readonly pid: number; readonly startTime: string };

/** Folders of this very process. */
const own = new Set<string>();

/** A new folder for one executor's files; those that processes of this machine left there when they died are removed. */
export function openWorkFolder(parent: string, logger: Logger): string {
  mkdirSync(parent, { recursive: true });
  for (const name of readdirSync(parent)) {
    const folder = join(parent, name);
    if (!name.startsWith(namePrefix) || own.has(folder) || !isOrphan(folder)) continue;
    rmSync(folder, { recursive: true, force: true });
    logger.log("info", "removed the work folder of an executor that died", { folder });
  }
  const folder = mkdtempSync(join(parent, namePrefix));
  own.add(folder);
  const owner: Owner = { host: hostname(), pid: process.pid, startTime: startTimeOf(process.pid) };
  writeFileSync(join(folder, ownerFile), JSON.stringify(owner));
  return folder;
}

export function removeWorkFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  own.delete(folder);
}

function isOrphan(folder: string): boolean {
  let owner: Owner;
  try {
    owner = JSON.parse(readFileSync(join(folder, ownerFile), "utf8")) as Owner;
  } catch {
    try {
      return Date.now() - statSync(folder).mtimeMs > ownerlessMsMin;
    } catch {
      return false;
    }
  }
  // Processes of other machines, on a shared disk, cannot be asked.
  if (owner.host !== hostname()) return false;
  return !isAlive(owner.pid) || startTimeOf(owner.pid) !== owner.startTime;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is alive, too.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Tells a process from a later one with its number; "" where the system does not say. */
function startTimeOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name, in parentheses, may hold spaces; the 22nd field counts from before it.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}
