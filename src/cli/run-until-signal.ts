/**
 * Resolves at the first SIGTERM or SIGINT; a second one ends the process at once, for those who do not want to wait for
 * the drain.
 */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let stopping = false;
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.on(signal, () => {
        if (stopping) process.exit(1);
        stopping = true;
        resolve(signal);
      });
    }
  });
}

/** Queries may run on for this long after the signal. */
export const drainMs = 30_000;
