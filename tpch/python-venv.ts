import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const cacheFolder = fileURLToPath(new URL("../.cache/", import.meta.url));

/**
 * A Python virtual environment under .cache/ with the given packages; made on first use and again when the list changes.
 * Returns the folder of its programs. Throws with pip's own words when a package cannot be had.
 */
export function ensureVenv(name: string, packages: readonly string[]): string {
  const folder = `${cacheFolder}venv-${name}`;
  const stampFile = `${folder}/onager-packages`;
  const wanted = packages.join("\n");
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === wanted) return `${folder}/bin`;
  mkdirSync(cacheFolder, { recursive: true });
  rmSync(folder, { recursive: true, force: true });
  try {
    execFileSync("python3", ["-m", "venv", folder], { stdio: "pipe" });
    execFileSync(`${folder}/bin/pip`, ["install", "--quiet", "--disable-pip-version-check", ...packages], {
      stdio: "pipe",
    });
  } catch (error) {
    const words = String((error as { stderr?: Buffer }).stderr ?? error).trim();
    throw new Error(`cannot install ${packages.join(" ")}: ${words.split("\n").at(-1)}`, { cause: error });
  }
  writeFileSync(stampFile, wanted);
  return `${folder}/bin`;
}
