import type { DataType } from "../../arrow/data-type.ts";
import type { Value } from "../../arrow/value.ts";
import { compareValues } from "../interpreter/compare-values.ts";
import type { SortKey } from "../expression.ts";

/** How one key of an aggregate's ORDER BY sorts. */
export type KeyOrder = { readonly descending: boolean; readonly nullsFirst: boolean };

/** The literal that carries an aggregate's DISTINCT and ORDER BY among its arguments: `distinct;desc first,asc last`. */
export function formatOrder(distinct: boolean, keys: readonly SortKey[]): string {
  const orders = keys.map((key) => `${key.descending ? "desc" : "asc"} ${key.nullsFirst ? "first" : "last"}`);
  return `${distinct ? "distinct" : "all"};${orders.join(",")}`;
}

export function parseOrder(text: string): { readonly distinct: boolean; readonly keys: readonly KeyOrder[] } {
  const [mode, orders] = text.split(";") as [string, string];
  const keys = orders === "" ? [] : orders.split(",");
  return {
    distinct: mode === "distinct",
    keys: keys.map((key) => ({ descending: key.startsWith("desc"), nullsFirst: key.endsWith("first") })),
  };
}

/** Order of two rows of keys: negative, 0 or positive. */
export function compareRows(
  types: readonly DataType[],
  orders: readonly KeyOrder[],
  left: readonly Value[],
  right: readonly Value[],
): number {
  for (const [index, { descending, nullsFirst }] of orders.entries()) {
    const [first, second] = [left[index]!, right[index]!];
    if (first === null || second === null) {
      if (first === second) continue;
      return (first === null) === nullsFirst ? -1 : 1;
    }
    const order = compareValues(types[index]!, first, second);
    if (order !== 0) return descending ? -order : order;
  }
  return 0;
}
