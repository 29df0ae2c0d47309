import type { Node } from "libpg-query";
import { must } from "../common/assert.ts";
import type { SortItem, SqlExpression } from "./ast.ts";
import { type ConvertContext, tagOf, unsupported } from "./convert-context.ts";

/** ORDER BY, of a query, a window or an aggregate. */
export function convertSortItems(
  context: ConvertContext,
  nodes: readonly Node[] | undefined,
  convert: (node: Node) => SqlExpression,
): readonly SortItem[] {
  return (nodes ?? []).map((node) => {
    if (!("SortBy" in node)) throw unsupported(tagOf(node), context.statement);
    const { node: key, sortby_dir: direction, sortby_nulls: nulls } = node.SortBy;
    const expression = convert(must(key, "a sort key"));
    if (direction === "SORTBY_USING") throw unsupported("ORDER BY … USING is", expression.span);
    const nullsFirst = nulls === "SORTBY_NULLS_FIRST" ? true : nulls === "SORTBY_NULLS_LAST" ? false : null;
    return { expression, descending: direction === "SORTBY_DESC", nullsFirst };
  });
}
