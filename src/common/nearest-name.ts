/** The candidates that a mistyped name most likely means, nearest first, at most three. Letter case does not count. */
export function nearestNames(name: string, candidates: Iterable<string>): readonly string[] {
  const wanted = name.toLowerCase();
  // A third of the letters may be wrong, and at least one, but never all of them.
  const limit = Math.min(wanted.length, Math.max(1, Math.floor(wanted.length / 3)) + 1);
  const near: { readonly candidate: string; readonly distance: number }[] = [];
  for (const candidate of new Set(candidates)) {
    const distance = editDistance(wanted, candidate.toLowerCase(), limit);
    if (distance < limit) near.push({ candidate, distance });
  }
  near.sort((left, right) => left.distance - right.distance);
  return near.slice(0, 3).map(({ candidate }) => candidate);
}

/** `perhaps you meant "…"`, or undefined: the hint of an error about an unknown name. */
export function nearestNameHint(name: string, candidates: Iterable<string>): string | undefined {
  const [nearest] = nearestNames(name, candidates);
  return nearest === undefined ? undefined : `perhaps you meant "${nearest}"`;
}

/**
 * Insertions, deletions, substitutions and swaps of neighbours that turn one text into the other (optimal string
 * alignment); any number >= `limit` when it is at least `limit`.
 */
export function editDistance(left: string, right: string, limit = Infinity): number {
  if (Math.abs(left.length - right.length) >= limit) return limit;
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const substitution = previous[column - 1]! + (left[row - 1] === right[column - 1] ? 0 : 1);
      let distance = Math.min(substitution, previous[column]! + 1, current[column - 1]! + 1);
      const swapped =
        row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (swapped) distance = Math.min(distance, beforePrevious[column - 2]! + 1);
      current.push(distance);
    }
    if (Math.min(...current) >= limit) return limit;
    beforePrevious = previous;
    previous = current;
  }
  return previous[right.length]!;
}
