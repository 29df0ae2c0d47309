import { EngineError } from "../common/engine-error.ts";

const units: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1024,
  kb: 1000,
  kib: 1024,
  m: 1024 ** 2,
  mb: 1000 ** 2,
  mib: 1024 ** 2,
  g: 1024 ** 3,
  gb: 1000 ** 3,
  gib: 1024 ** 3,
  t: 1024 ** 4,
  tb: 1000 ** 4,
  tib: 1024 ** 4,
};

/** "4GB", "512MiB", "2g", "1000000" → bytes. KB, MB, GB are decimal; KiB, MiB, GiB and single letters binary. */
export function parseByteSize(text: string, what: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text);
  const unit = match === null ? undefined : units[match[2]!.toLowerCase()];
  if (match === null || unit === undefined) {
    throw new EngineError("invalid_argument", `${what}: "${text}" is no size; write it like 4GB or 512MiB`);
  }
  return Math.floor(Number(match[1]) * unit);
}
