import type { Node, WindowDef } from "libpg-query";
import { must } from "../common/assert.ts";
import type { FrameClause, FrameEdge, SqlExpression, WindowDefinition } from "./ast.ts";
import { type ConvertContext, spanAt } from "./convert-context.ts";
import { convertSortItems } from "./convert-sort-items.ts";

/** The grammar's bits for the frame clause; each bound has a bit at its start and the next one at its end. */
const frameBits = {
  nonDefault: 0x1,
  rows: 0x4,
  groups: 0x8,
  unboundedPreceding: 0x20,
  unboundedFollowing: 0x80,
  currentRow: 0x200,
  offsetPreceding: 0x800,
  offsetFollowing: 0x2000,
  excludeCurrentRow: 0x8000,
  excludeGroup: 0x10000,
  excludeTies: 0x20000,
} as const;

/** What stands behind OVER, or behind AS in a WINDOW clause. */
export function convertWindow(
  context: ConvertContext,
  raw: WindowDef,
  convert: (node: Node) => SqlExpression,
): WindowDefinition {
  return {
    name: raw.name ?? null,
    base: raw.refname ?? null,
    partitionBy: (raw.partitionClause ?? []).map(convert),
    orderBy: convertSortItems(context, raw.orderClause, convert),
    frame: convertFrame(raw, convert),
    span: spanAt(context, raw.location),
  };
}

function convertFrame(raw: WindowDef, convert: (node: Node) => SqlExpression): FrameClause | null {
  const bits = raw.frameOptions ?? 0;
  if ((bits & frameBits.nonDefault) === 0) return null;
  const has = (bit: number): boolean => (bits & bit) !== 0;
  const edge = (shift: 0 | 1, offset: Node | undefined): FrameEdge => {
    if (has(frameBits.unboundedPreceding << shift)) return { kind: "unbounded_preceding" };
    if (has(frameBits.unboundedFollowing << shift)) return { kind: "unbounded_following" };
    if (has(frameBits.currentRow << shift)) return { kind: "current_row" };
    const kind = has(frameBits.offsetPreceding << shift) ? "preceding" : "following";
    return { kind, offset: convert(must(offset, "a frame's offset")) };
  };
  return {
    unit: has(frameBits.rows) ? "rows" : has(frameBits.groups) ? "groups" : "range",
    start: edge(0, raw.startOffset),
    end: edge(1, raw.endOffset),
    exclude: has(frameBits.excludeCurrentRow)
      ? "current_row"
      : has(frameBits.excludeGroup)
        ? "group"
        : has(frameBits.excludeTies)
          ? "ties"
          : "nothing",
  };
}
