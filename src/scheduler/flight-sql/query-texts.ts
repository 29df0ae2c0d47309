import { EngineError } from "../../common/engine-error.ts";
import { withClientText } from "../../flight/call-wrappers.ts";
import { formatErrorWithPosition } from "../../sql/format-error-with-position.ts";

const rememberedMax = 10_000;

/** The texts of the latest queries, so that errors of their tasks can be shown with their place in the statement. */
export class QueryTexts {
  readonly #texts = new Map<string, string>();

  remember(queryId: string, sql: string): void {
    this.#texts.set(queryId, sql);
    for (const oldest of this.#texts.keys()) {
      if (this.#texts.size <= rememberedMax) break;
      this.#texts.delete(oldest);
    }
  }

  /** The error with the text that clients are to see. */
  explain(queryId: string, thrown: unknown): EngineError {
    const error = EngineError.from(thrown);
    const sql = this.#texts.get(queryId);
    return sql === undefined ? error : withClientText(error, formatErrorWithPosition(error, sql));
  }

  /** The same rows; an error among them is explained. */
  async *explainRows<T>(queryId: string, rows: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    try {
      yield* rows;
    } catch (thrown) {
      throw this.explain(queryId, thrown);
    }
  }
}
