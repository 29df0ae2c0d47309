import { EngineError } from "../common/engine-error.ts";
import type { JobState } from "./core/cluster-state.ts";

/** Raised when JobState changes; records of another version are refused, not guessed at. */
const formatVersion = 2;

/** A job as the store keeps it: JSON, where bytes and infinite times are tagged. */
export function encodeJob(job: JobState): Uint8Array {
  const text = JSON.stringify({ formatVersion, job }, function (this: Record<string, unknown>, key, value: unknown) {
    // Not `value`: a Buffer has become a list of numbers by then.
    const held = this[key];
    if (held instanceof Uint8Array)
      return { $bytes: Buffer.from(held.buffer, held.byteOffset, held.byteLength).toString("base64") };
    return value === Infinity ? { $infinity: true } : value;
  });
  return Buffer.from(text);
}

export function decodeJob(bytes: Uint8Array): JobState {
  const record = JSON.parse(Buffer.from(bytes).toString("utf8"), (_key, value: unknown) => {
    if (typeof value !== "object" || value === null) return value;
    if ("$bytes" in value) return new Uint8Array(Buffer.from(value.$bytes as string, "base64"));
    return "$infinity" in value ? Infinity : value;
  }) as { formatVersion: number; job: JobState };
  if (record.formatVersion !== formatVersion) {
    throw new EngineError(
      "io_error",
      `the state store holds a job of format ${record.formatVersion}, this program reads ${formatVersion}`,
    );
  }
  return record.job;
}
