import { EngineError } from "../../src/common/engine-error.ts";
import { differenceOf } from "./compare-rows.ts";
import { variants, type OnagerUnderTest, type Oracle, type Rows } from "./engines.ts";

export type QueryTexts = { readonly ours: string; readonly duck: string; readonly ordered: boolean };

/**
 * `skipped`: an engine refused the query, and ours for a reason it may have. `failed`: rows differ, or ours broke.
 * `kind` is what a smaller query must share to be the same failure.
 */
export type Outcome =
  | { readonly outcome: "same"; readonly rows: number }
  | { readonly outcome: "skipped"; readonly by: "ours" | "duck"; readonly reason: string }
  | { readonly outcome: "failed"; readonly kind: string; readonly variant: string; readonly detail: string };

export async function checkQuery(
  query: QueryTexts,
  ours: OnagerUnderTest,
  oracle: Oracle,
  only?: readonly number[],
): Promise<Outcome> {
  let expected: Rows | null = null;
  let refusal = "";
  try {
    expected = await oracle.run(query.duck);
  } catch (error) {
    refusal = (error as Error).message;
  }
  let refused: { readonly message: string; readonly variant: string } | null = null;
  let first: Rows | null = null;
  for (const [index, variant] of variants.entries()) {
    if (only !== undefined && !only.includes(index)) continue;
    let rows: Rows;
    try {
      rows = await ours.run(query.ours, index);
    } catch (error) {
      const failure = failureOf(error, variant.name);
      if (failure !== null) return failure;
      if (variant.isTight === true) continue;
      refused = { message: (error as Error).message, variant: variant.name };
      break;
    }
    first ??= rows;
    const against = expected ?? first;
    const difference = differenceOf(rows, against, query.ordered);
    if (difference !== null)
      return {
        outcome: "failed",
        kind: expected === null ? "variants differ" : "rows",
        variant: variant.name,
        detail: difference,
      };
  }
  if (expected === null) return { outcome: "skipped", by: "duck", reason: refusal };
  if (refused !== null) return { outcome: "skipped", by: "ours", reason: refused.message };
  return { outcome: "same", rows: expected.length };
}

/** A failure that no query may have, or null. */
export function failureOf(error: unknown, variant: string): (Outcome & { outcome: "failed" }) | null {
  const { code, message } = EngineError.from(error);
  if (code !== "internal" && code !== "query_canceled" && code !== "unavailable") return null;
  return {
    outcome: "failed",
    kind: `${code}: ${message.replaceAll(/[0-9]+|input .*/g, "#").slice(0, 60)}`,
    variant,
    detail: `${code}: ${message}`,
  };
}
