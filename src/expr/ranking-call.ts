import { simpleType } from "../arrow/data-type.ts";
import type { WindowCall } from "./expression.ts";

/** A call of row_number or rank, whose frame does not matter. */
export function rankingCall(name: "row_number" | "rank"): WindowCall {
  return {
    name,
    args: [],
    filter: null,
    frame: {
      unit: "range",
      start: { kind: "unbounded_preceding" },
      end: { kind: "current_row" },
      exclude: "nothing",
    },
    type: simpleType("int64"),
  };
}
