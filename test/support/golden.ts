import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const testFolder = fileURLToPath(new URL("../", import.meta.url));

/**
 * Compares `actual` with test/<path>. `UPDATE_GOLDEN=1` accepts what is new instead; the diff then shows in git.
 */
export function assertGolden(path: string, actual: string): void {
  const file = `${testFolder}${path}`;
  const text = actual.endsWith("\n") ? actual : `${actual}\n`;
  if (process.env["UPDATE_GOLDEN"] === "1") {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return;
  }
  assert.equal(text, readIfPresent(file), `test/${path} differs (UPDATE_GOLDEN=1 accepts the new text)`);
}

function readIfPresent(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
