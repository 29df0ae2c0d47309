import type { Node } from "libpg-query";
import { EngineError } from "../common/engine-error.ts";
import type { SqlExpression } from "./ast.ts";
import { type ConvertContext, spanAt } from "./convert-context.ts";

/**
 * GROUP BY as plain data: all expressions in the order of the text, and the sets of them (as positions) that rows are grouped by;
 * null = one set of all of them.
 */
export type GroupBy = {
  readonly expressions: readonly SqlExpression[];
  readonly sets: readonly (readonly number[])[] | null;
};

type Sets = readonly (readonly number[])[];

/** As many as PostgreSQL takes. */
const maxSets = 4096;
const maxCubeColumns = 12;

/** Expands ROLLUP, CUBE and GROUPING SETS; several elements of a GROUP BY multiply. */
export function convertGroupBy(
  context: ConvertContext,
  nodes: readonly Node[] | undefined,
  convert: (node: Node) => SqlExpression,
): GroupBy {
  const expressions: SqlExpression[] = [];
  let isPlain = true;
  const single = (node: Node): readonly number[] => {
    const expression = convert(node);
    const items = expression.kind === "row" ? expression.items : [expression];
    return items.map((item) => expressions.push(item) - 1);
  };
  const setsOf = (node: Node): Sets => {
    if (!("GroupingSet" in node)) return [single(node)];
    isPlain = false;
    const { kind, content, location } = node.GroupingSet;
    const parts = content ?? [];
    if (kind === "GROUPING_SET_EMPTY") return [[]];
    if (kind === "GROUPING_SET_SETS") return parts.flatMap(setsOf);
    const columns = parts.map(single);
    if (kind === "GROUPING_SET_ROLLUP") {
      return Array.from({ length: columns.length + 1 }, (_, dropped) =>
        columns.slice(0, columns.length - dropped).flat(),
      );
    }
    if (columns.length > maxCubeColumns) {
      throw new EngineError("feature_not_supported", `CUBE is limited to ${maxCubeColumns} elements`, {
        span: spanAt(context, location),
      });
    }
    return Array.from({ length: 1 << columns.length }, (_, mask) =>
      columns.filter((_column, index) => (mask & (1 << index)) === 0).flat(),
    );
  };
  let sets: Sets = [[]];
  for (const node of nodes ?? []) {
    const own = setsOf(node);
    if (sets.length * own.length > maxSets)
      throw new EngineError("feature_not_supported", `too many grouping sets present (maximum ${maxSets})`);
    sets = sets.flatMap((left) => own.map((right) => [...left, ...right]));
  }
  if (isPlain) return { expressions, sets: null };
  return { expressions, sets };
}
