import { EngineError } from "../common/engine-error.ts";
import { nearestNameHint } from "../common/nearest-name.ts";
import type { FrameClause, SortItem, SqlExpression, WindowDefinition } from "../sql/ast.ts";

/** A window with everything that it takes from others. */
export type ResolvedDefinition = {
  readonly partitionBy: readonly SqlExpression[];
  readonly orderBy: readonly SortItem[];
  readonly frame: FrameClause | null;
};

export type NamedWindows = ReadonlyMap<string, ResolvedDefinition>;

/** The windows of a WINDOW clause by name; each may start from one before it. */
export function resolveNamedWindows(definitions: readonly WindowDefinition[]): NamedWindows {
  const known = new Map<string, ResolvedDefinition>();
  for (const definition of definitions) {
    const { name, span } = definition;
    if (name === null) continue;
    if (known.has(name)) throw new EngineError("windowing_error", `window "${name}" is already defined`, { span });
    known.set(name, inherit(definition, known));
  }
  return known;
}

/** What stands behind OVER: a window's name, or a definition that may start from a named window. */
export function resolveOver(over: WindowDefinition, known: NamedWindows): ResolvedDefinition {
  return over.name === null ? inherit(over, known) : find(over.name, over, known);
}

function find(name: string, { span }: WindowDefinition, known: NamedWindows): ResolvedDefinition {
  const window = known.get(name);
  if (window !== undefined) return window;
  const hint = nearestNameHint(name, known.keys());
  const details = hint === undefined ? { span } : { span, hint };
  throw new EngineError("undefined_object", `window "${name}" does not exist`, details);
}

function inherit(definition: WindowDefinition, known: NamedWindows): ResolvedDefinition {
  const { base, partitionBy, orderBy, frame, span } = definition;
  if (base === null) return { partitionBy, orderBy, frame };
  const from = find(base, definition, known);
  const fail = (message: string, hint?: string): EngineError =>
    new EngineError("windowing_error", message, hint === undefined ? { span } : { span, hint });
  if (partitionBy.length > 0) throw fail(`cannot override PARTITION BY clause of window "${base}"`);
  if (orderBy.length > 0 && from.orderBy.length > 0) throw fail(`cannot override ORDER BY clause of window "${base}"`);
  if (from.frame !== null) {
    const isBare = definition.name === null && orderBy.length === 0 && frame === null;
    const message = `cannot copy window "${base}" because it has a frame clause`;
    throw fail(message, isBare ? "omit the parentheses in this OVER clause" : undefined);
  }
  return { partitionBy: from.partitionBy, orderBy: from.orderBy.length > 0 ? from.orderBy : orderBy, frame };
}
