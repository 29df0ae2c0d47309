import { integerDigits } from "../arrow/data-type.ts";
import type { DataType } from "../arrow/data-type.ts";
import { isFloat, sameType } from "../arrow/data-type.ts";
import type { Value } from "../arrow/value.ts";
import type { Expression } from "../expr/expression.ts";
import { andAll, conjuncts, typeOf } from "../expr/expression-properties.ts";
import { exactLiteral } from "../expr/coerce.ts";

/** `pushed` is decided by the source, exactly; `remaining` by a filter above it. Both over the scan's positions. */
export type SplitPredicate = { readonly pushed: Expression | null; readonly remaining: Expression | null };

const mirrored = new Map([
  ["eq", "eq"],
  ["ne", "ne"],
  ["lt", "gt"],
  ["le", "ge"],
  ["gt", "lt"],
  ["ge", "le"],
]);

/**
 * Splits a scan's predicate. Pushed: comparisons of a column with a constant, IN lists, IS [NOT] NULL, and beside those
 * comparisons of two columns. Floats stay
 * here, for NaN has its place in SQL's order but not in Parquet's statistics. `LIKE 'abc%'` pushes the range that its
 * prefix implies, in addition to the filter.
 */
export function splitPredicate(predicate: Expression | null): SplitPredicate {
  const pushed: Expression[] = [];
  const remaining: Expression[] = [];
  const ofColumns: Expression[] = [];
  for (const part of predicate === null ? [] : conjuncts(predicate)) {
    const exact = pushable(part);
    if (exact !== null) pushed.push(exact);
    else if (comparesColumns(part)) ofColumns.push(part);
    else {
      remaining.push(part);
      pushed.push(...prefixRange(part));
    }
  }
  // Comparing columns costs the source more than it costs the filter; but where it looks at few rows only, it gives full chunks.
  (pushed.length > 0 ? pushed : remaining).push(...ofColumns);
  return { pushed: andAll(pushed), remaining: andAll(remaining) };
}

function comparesColumns(part: Expression): boolean {
  if (part.kind !== "call" || !mirrored.has(part.name)) return false;
  const [first, second] = part.args;
  if (first?.kind !== "input" || second?.kind !== "input") return false;
  return hasSourceOrder(first.type) && sameType(first.type, second.type);
}

/** The predicate in the form that a source takes, or null. */
function pushable(part: Expression): Expression | null {
  if (part.kind === "in_list") {
    if (part.arg.kind !== "input" || !hasSourceOrder(part.arg.type)) return null;
    // In a filter a NULL in the list never makes a row pass.
    return { ...part, values: part.values.filter((value) => value !== null) };
  }
  if (part.kind !== "call") return null;
  const [first, second] = part.args;
  if (first === undefined) return null;
  if (part.name === "is_null" || part.name === "is_not_null") return first.kind === "input" ? part : null;
  const flipped = mirrored.get(part.name);
  if (second === undefined || flipped === undefined) return null;
  return comparison(part, part.name, first, second) ?? comparison(part, flipped, second, first);
}

type Call = Expression & { readonly kind: "call" };

function comparison(part: Call, name: string, column: Expression, literal: Expression): Expression | null {
  if (literal.kind !== "literal" || literal.value === null) return null;
  if (column.kind === "input") {
    return hasSourceOrder(column.type) && sameType(column.type, literal.type)
      ? { ...part, name, args: [column, literal] }
      : null;
  }
  // CAST(column AS wider) compared with a constant that the column's own type can hold.
  if (column.kind !== "cast" || column.arg.kind !== "input" || !isExactWidening(column.arg.type, column.type))
    return null;
  const narrowed = exactLiteral(literal, column.arg.type);
  return narrowed === null ? null : { ...part, name, args: [column.arg, narrowed] };
}

/** Not bytes: DuckDB hashes a BLOB constant otherwise than its Bloom filters do, and then skips row groups that match. */
function hasSourceOrder(type: DataType): boolean {
  return !isFloat(type) && type.kind !== "interval" && type.kind !== "null" && type.kind !== "binary";
}

/** Whether the cast keeps every value and their order. */
function isExactWidening(from: DataType, to: DataType): boolean {
  const fromDigits = wholeAndScale(from);
  const toDigits = wholeAndScale(to);
  if (fromDigits === null || toDigits === null) return false;
  return toDigits.whole >= fromDigits.whole && toDigits.scale >= fromDigits.scale;
}

function wholeAndScale(type: DataType): { readonly whole: number; readonly scale: number } | null {
  if (type.kind === "decimal") return { whole: type.precision - type.scale, scale: type.scale };
  const digits = integerDigits[type.kind];
  return digits === undefined ? null : { whole: digits, scale: 0 };
}

/** `column LIKE 'prefix%…'` lies between the prefix and the next string of its length. */
function prefixRange(part: Expression): Expression[] {
  if (part.kind !== "call" || part.name !== "like" || part.args.length !== 2) return [];
  const [column, pattern] = part.args as [Expression, Expression];
  if (
    column.kind !== "input" ||
    column.type.kind !== "utf8" ||
    pattern.kind !== "literal" ||
    typeof pattern.value !== "string"
  )
    return [];
  const prefix = /^[^%_\\]*/.exec(pattern.value)![0];
  if (prefix === "" || prefix === pattern.value) return [];
  const type = typeOf(column);
  const bound = (name: string, value: Value): Expression => ({
    kind: "call",
    name,
    args: [column, { kind: "literal", type, value }],
    type: typeOf(part),
  });
  const next = successor(prefix);
  return [bound("ge", prefix), ...(next === null ? [] : [bound("lt", next)])];
}

/** The least string above all that start with the prefix, in the order of UTF-8 bytes; null where there is none. */
function successor(prefix: string): string | null {
  const characters = [...prefix];
  while (characters.length > 0) {
    const point = characters.pop()!.codePointAt(0)!;
    // Surrogates are no characters: what follows U+D7FF is U+E000.
    const next = point === 0xd7ff ? 0xe000 : point + 1;
    if (next <= 0x10ffff) return characters.join("") + String.fromCodePoint(next);
  }
  return null;
}
