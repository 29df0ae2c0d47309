import type { CommonTable } from "../sql/ast.ts";
import type { Scope } from "./scope.ts";

/** The WITH queries that a place in the statement sees: a list, innermost and latest first. */
export type CommonTables = {
  readonly table: CommonTable;
  /** Set by WITH RECURSIVE: the query could see itself. */
  readonly recursive: boolean;
  /** The names around the WITH, to bind the query in at each reference. */
  readonly outer: Scope | null;
  readonly next: CommonTables | null;
  /** Set in the list that the query itself sees under WITH RECURSIVE. */
  readonly isBeingBound: boolean;
};

export function findCommonTable(tables: CommonTables | null, name: string): CommonTables | null {
  for (let current = tables; current !== null; current = current.next) {
    if (current.table.name.name === name) return current;
  }
  return null;
}
