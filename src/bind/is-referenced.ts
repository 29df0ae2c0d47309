/** Whether any relation of that name stands in the syntax tree: a test that may err towards yes. */
export function isReferenced(tree: unknown, name: string): boolean {
  if (typeof tree !== "object" || tree === null) return false;
  if ("kind" in tree && tree.kind === "table" && "name" in tree) {
    const reference = tree.name as { readonly name: string; readonly qualifiers: readonly string[] };
    if (reference.name === name && reference.qualifiers.length === 0) return true;
  }
  return Object.values(tree).some((part) => isReferenced(part, name));
}
