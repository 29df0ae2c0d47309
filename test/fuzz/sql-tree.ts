/**
 * SQL as a tree that can be printed for both engines and cut down. A node's `ours` and `duck` are its text with {0}, {1} …
 * where its parts stand; two nodes with the same tag may stand for one another.
 */
export type Sql = {
  readonly tag: string;
  readonly ours: string;
  readonly duck: string;
  readonly parts: readonly Sql[];
  /** The clause may be left out. */
  readonly optional?: true;
  /** Set: the parts are a list of at least so many, `ours` is what separates them. */
  readonly atLeast?: number;
  /** Simpler texts that may stand here instead. */
  readonly instead?: readonly string[];
};

export type Dialect = "ours" | "duck";

export function sql(tag: string, ours: string, parts: readonly Sql[] = [], duck = ours): Sql {
  return { tag, ours, duck, parts };
}

/** Text that is taken as it is, braces and all. */
export function leaf(tag: string, ours: string, duck = ours, instead?: readonly string[]): Sql {
  const escape = (text: string): string => text.replaceAll("{", "{{");
  return { tag, ours: escape(ours), duck: escape(duck), parts: [], ...(instead === undefined ? {} : { instead }) };
}

export function list(tag: string, separator: string, parts: readonly Sql[], atLeast = 1): Sql {
  return { tag, ours: separator, duck: separator, parts, atLeast };
}

/** A clause with its leading keyword, or nothing. */
export function clause(ours: string, parts: readonly Sql[], duck = ours): Sql {
  return { tag: "clause", ours, duck, parts, optional: true };
}

export const nothing: Sql = { tag: "nothing", ours: "", duck: "", parts: [] };

export function print(node: Sql, dialect: Dialect): string {
  const parts = node.parts.map((part) => print(part, dialect));
  if (node.atLeast !== undefined) return parts.join(node[dialect]);
  return node[dialect].replaceAll(/\{\{|\{(\d+)\}/g, (found: string, index: string) =>
    found === "{{" ? "{" : parts[Number(index)]!,
  );
}

export function sizeOf(node: Sql): number {
  return node.parts.reduce((sum, part) => sum + sizeOf(part), 1);
}

function* descendants(node: Sql): Generator<Sql> {
  for (const part of node.parts) {
    yield part;
    yield* descendants(part);
  }
}

/** Every tree that is this one with one thing left out or made simpler, the largest cuts first within each node. */
export function* simplifications(node: Sql): Generator<Sql> {
  if (node.optional === true) yield nothing;
  for (const below of descendants(node)) if (below.tag === node.tag) yield below;
  for (const text of node.instead ?? []) yield leaf(node.tag, text);
  if (node.parts.length > 0) {
    const literal = plainLiterals[node.tag];
    if (literal !== undefined) yield* literal.map((text) => leaf(node.tag, text));
  }
  if (node.atLeast !== undefined && node.parts.length > node.atLeast) {
    for (const index of node.parts.keys()) yield { ...node, parts: node.parts.toSpliced(index, 1) };
  }
  for (const [index, part] of node.parts.entries()) {
    for (const simpler of simplifications(part)) yield { ...node, parts: node.parts.with(index, simpler) };
  }
}

const plainLiterals: Readonly<Record<string, readonly string[]>> = {
  bool: ["true", "false", "cast(null as boolean)"],
  int: ["1", "0", "cast(null as integer)"],
  dec: ["1.5"],
  float: ["cast(0.5 as double precision)"],
  text: ["'a'", "''"],
  date: ["date '2020-01-01'"],
  ts: ["timestamp '2020-01-01 00:00:00'"],
};
