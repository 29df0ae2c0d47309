/** Fails when src/gen/ is not what scripts/gen-protos.ts makes of protos/ today. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const scripts = dirname(fileURLToPath(import.meta.url));
const committed = join(dirname(scripts), "src", "gen");
const fresh = mkdtempSync(join(tmpdir(), "onager-gen-"));
try {
  execFileSync(process.execPath, [join(scripts, "gen-protos.ts"), fresh], { stdio: "inherit" });
  const names = [...new Set([...readdirSync(committed), ...readdirSync(fresh)])].sort();
  const read = (folder: string, name: string): string | null => {
    try {
      return readFileSync(join(folder, name), "utf8");
    } catch {
      return null;
    }
  };
  const stale = names.filter((name) => read(committed, name) !== read(fresh, name));
  if (stale.length > 0) {
    process.stderr.write(`src/gen/ is stale (${stale.join(", ")}): run node scripts/gen-protos.ts\n`);
    process.exitCode = 1;
  }
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
