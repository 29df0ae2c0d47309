import { print, simplifications, sizeOf, type Sql } from "./sql-tree.ts";

/** The smallest tree that is found, by leaving out parts, to fail still; `fails` is asked at most `attemptsMax` times. */
export async function shrink(tree: Sql, fails: (smaller: Sql) => Promise<boolean>, attemptsMax = 1500): Promise<Sql> {
  let smallest = tree;
  let attempts = 0;
  const tried = new Set<string>();
  let improved = true;
  while (improved && attempts < attemptsMax) {
    improved = false;
    for (const candidate of candidatesOf(smallest)) {
      const text = print(candidate, "ours");
      if (tried.has(text)) continue;
      tried.add(text);
      if (++attempts > attemptsMax) break;
      if (await fails(candidate)) {
        smallest = candidate;
        improved = true;
        break;
      }
    }
  }
  return smallest;
}

/** Smaller texts first come those that cut most. */
function candidatesOf(tree: Sql): Sql[] {
  const length = print(tree, "ours").length;
  const candidates = [...simplifications(tree)].filter(
    (candidate) =>
      sizeOf(candidate) < sizeOf(tree) ||
      print(candidate, "ours").length < length ||
      print(candidate, "ours") !== print(tree, "ours"),
  );
  const weight = (candidate: Sql): number => print(candidate, "ours").length + sizeOf(candidate);
  const limit = weight(tree);
  return candidates
    .map((candidate) => ({ candidate, weight: weight(candidate) }))
    .filter((one) => one.weight <= limit + 1)
    .sort((left, right) => left.weight - right.weight)
    .map(({ candidate }) => candidate);
}
