import { EngineError } from "../common/engine-error.ts";

/** The reason that a signal was aborted with, or query_canceled. */
export function abortError(signal: AbortSignal): EngineError {
  const reason: unknown = signal.reason;
  return reason instanceof EngineError ? reason : new EngineError("query_canceled", "the query was cancelled");
}

/**
 * The items of a source until the signal is aborted; then throws, at once even if the source does not answer. The source is
 * told to end in either case.
 */
export async function* untilAborted<T>(
  source: AsyncIterable<T>,
  signal: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(abortError(signal));
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  // Nobody may be waiting for it when the signal fires.
  aborted.catch(() => {});
  let ended = false;
  try {
    while (true) {
      const next = await Promise.race([iterator.next(), aborted]);
      if (next.done === true) {
        ended = true;
        return;
      }
      yield next.value;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    // A source that is stuck answers this late or never, so nobody waits for it.
    if (!ended) Promise.resolve(iterator.return?.()).catch(() => {});
  }
}
