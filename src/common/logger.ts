export const logLevels = ["error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof logLevels)[number];
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Logger {
  log(level: LogLevel, message: string, fields?: LogFields): void;
  /** A logger that adds these fields to each line. */
  with(fields: LogFields): Logger;
}

/** Writes `time level message key=value …` lines to stderr, since stdout belongs to what a user reads. */
export function makeLogger(threshold: LogLevel, fields: LogFields = {}): Logger {
  return {
    log(level, message, extra) {
      if (logLevels.indexOf(level) > logLevels.indexOf(threshold)) return;
      const pairs = Object.entries({ ...fields, ...extra })
        .filter(([, value]) => value !== undefined)
        .map(
          ([key, value]) =>
            ` ${key}=${typeof value === "string" && /[\s="]/.test(value) ? JSON.stringify(value) : value}`,
        );
      process.stderr.write(`${new Date().toISOString()} ${level} ${message}${pairs.join("")}\n`);
    },
    with: (more) => makeLogger(threshold, { ...fields, ...more }),
  };
}

export const silentLogger: Logger = { log() {}, with: () => silentLogger };
